import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { partitionFolder, partitionText } from '../../lib/lake/partition.ts';
import type { Key } from '../../lib/merge/key.ts';
import { rowHash } from '../../lib/merge/key-hash.ts';
import { batchKeys, keyColumns } from '../../lib/merge/key.ts';
import type { RowBatch } from '../../lib/merge/row-batch.ts';
import { WantedKeys } from '../../lib/merge/wanted-keys.ts';
import { BloomFilter } from '../../lib/parquet/bloom-filter.ts';
import type { Column, ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import type { ChunkStatistics } from '../../lib/parquet/statistics.ts';
import { chunkStatistics } from '../../lib/parquet/statistics.ts';
import type { BytesVector, DictionaryVector, Vector } from '../../lib/parquet/vector.ts';
import { vectorOf } from '../../lib/parquet/vector.ts';
import type { SampleType } from '../parquet/sample-types.ts';
import {
  BIGINT,
  DATE,
  decimal,
  DOUBLE,
  FLOAT,
  INT,
  INT96,
  integer,
  SAMPLE_TYPES,
  sampleType,
  storedDecimal,
  TEXT,
  utf8,
} from '../parquet/sample-types.ts';
import { lakeKeys } from './lake-keys.ts';

type Row = readonly PhysicalValue[];
type Form = (type: ColumnType, values: readonly PhysicalValue[]) => Vector;

const flat: Form = vectorOf;

/** As files hold columns of few values; an entry for each row, so that entries repeat as writers may let them. */
const dictionary: Form = (type, values): DictionaryVector => {
  const present = values.filter((value) => value !== null);
  let next = 0;
  const indices = Int32Array.from(values, (value) => (value === null ? -1 : next++));
  return { kind: 'DICTIONARY', length: values.length, dictionary: vectorOf(type, present), indices };
};

/** A view into the middle of a longer one, as a page is of a chunk. */
const view: Form = (type, values) => {
  const vector = vectorOf(type, [...values, ...values]);
  const { length } = values;
  const valid = 'valid' in vector ? vector.valid?.subarray(length) : undefined;
  if (vector.kind === 'LIST') return vectorOf(type, values);
  if (vector.kind === 'BYTES') return { ...vector, length, offsets: vector.offsets.subarray(length), valid };
  return { ...vector, length, data: vector.data.subarray(length), valid } as Vector;
};

const columnsOf = (types: readonly ColumnType[]): Column[] => types.map((type, i) => ({ name: `k${i}`, type }));
const columnOf = (rows: readonly Row[], i: number): PhysicalValue[] => rows.map((row) => row[i] ?? null);
const vectorsOf = (types: readonly ColumnType[], rows: readonly Row[], form = flat): Vector[] =>
  types.map((type, i) => form(type, columnOf(rows, i)));

/** A table whose key columns have these types, some of which are partition columns. */
class KeyedTable {
  readonly columns: Column[];
  readonly keys;
  private readonly partitioned: readonly number[];
  private readonly stored: readonly number[];

  constructor(types: readonly ColumnType[], partition: readonly number[] = []) {
    this.columns = columnsOf(types);
    this.keys = keyColumns(
      this.columns,
      this.columns.filter((_, i) => partition.includes(i)),
    );
    this.partitioned = types.flatMap((_, i) => (partition.includes(i) ? [i] : []));
    this.stored = types.flatMap((_, i) => (partition.includes(i) ? [] : [i]));
  }

  batchKeyOf(rows: readonly Row[]): (row: number) => Key {
    const values = new Map(this.columns.map(({ name, type }, i) => [name, vectorOf(type, columnOf(rows, i))]));
    return batchKeys({ rows: rows.length, columns: this.columns, values } as unknown as RowBatch, this.keys);
  }

  folderOf(row: Row): string {
    return partitionFolder(
      this.keys.partition,
      this.partitioned.map((i) => row[i] ?? null),
    );
  }

  storedRows(rows: readonly Row[]): Row[] {
    return rows.map((row) => this.stored.map((i) => row[i] ?? null));
  }

  storedVectors(rows: readonly Row[], form: Form = flat): Vector[] {
    return vectorsOf(
      this.keys.stored.map(({ type }) => type),
      this.storedRows(rows),
      form,
    );
  }

  /** The rows, each key once, by the number of its last row. */
  wanted(rows: readonly Row[], form: Form = flat): WantedKeys {
    const last = [...this.lastRows(rows).values()];
    const texts = this.partitioned.map((i) =>
      last.map((row) => partitionText(this.columns[i]!, rows[row]![i] ?? null)),
    );
    return new WantedKeys(this.keys, this.storedVectors(rows, form), last, texts);
  }

  lastRows(rows: readonly Row[]): Map<Key, number> {
    const keyOf = this.batchKeyOf(rows);
    return new Map(rows.map((_, row) => [keyOf(row), row]));
  }

  /** What `Key` finds. */
  expected(batch: readonly Row[], group: readonly Row[], folder: string): [number, number][] {
    const last = this.lastRows(batch);
    const keyOf = lakeKeys(this.storedVectors(group), folder, this.keys);
    return group.flatMap((_, row): [number, number][] => {
      const found = last.get(keyOf(row));
      return found === undefined ? [] : [[row, found]];
    });
  }

  found(wanted: WantedKeys, group: readonly Row[], folder: string, form: Form = flat): [number, number][] {
    const found: [number, number][] = [];
    const values = this.storedVectors(group, form);
    wanted.find(group.length, values, folder, (row, batchRow) => found.push([row, batchRow]));
    return found;
  }

  statistics(group: readonly Row[]): ChunkStatistics[] {
    return this.keys.stored.map(({ type }, i) => chunkStatistics(this.storedVectors(group)[i]!, type));
  }

  filters(group: readonly Row[]): (BloomFilter | undefined)[] {
    return this.storedVectors(group).map((vector) => BloomFilter.of(vector));
  }
}

/** Values of which some repeat, so that wanted keys are found. */
const valuesOf = ({ any, edges }: SampleType) =>
  fc.option(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...edges.slice(0, 4)) }, any, fc.constantFrom(...edges)));

const FORMS: [string, Form][] = [
  ['flat', flat],
  ['dictionary', dictionary],
  ['view', view],
];

describe('wanted keys', () => {
  const merges = (samples: fc.Arbitrary<readonly SampleType[]>, partitioned: boolean) =>
    samples.chain((types) => {
      const row: fc.Arbitrary<Row> = fc.tuple(...types.map(valuesOf));
      const textual = types.flatMap(({ type }, i) => (type.logical.kind === 'bytes' ? [] : [i]));
      return fc.record({
        table: (partitioned ? fc.subarray(textual) : fc.constant([])).map(
          (partition) =>
            new KeyedTable(
              types.map(({ type }) => type),
              partition,
            ),
        ),
        batch: fc.array(row, { maxLength: 12 }),
        group: fc.array(row, { minLength: 1, maxLength: 24 }),
      });
    });

  const isFoundAsByKeys = ({ table, batch, group }: { table: KeyedTable; batch: Row[]; group: Row[] }) => {
    const folder = table.folderOf(group[0]!);
    const expected = table.expected(batch, group, folder);
    for (const [, batchForm] of FORMS) {
      const wanted = table.wanted(batch, batchForm);
      for (const [, form] of FORMS) expect(table.found(wanted, group, folder, form)).toEqual(expected);
      const statistics = table.statistics(group);
      if (expected.length > 0) {
        expect(wanted.mayBeIn(statistics, folder)).toBe(true);
        expect(wanted.mayBeIn([], folder)).toBe(true);
        expect(wanted.mayBeInFilters(statistics, table.filters(group), folder)).toBe(true);
      }
    }
    return expected.length;
  };

  it.each(SAMPLE_TYPES)('are found where their `Key` is: $label', (sample) => {
    let found = 0;
    fc.assert(
      fc.property(merges(fc.constant([sample]), false), (merge) => {
        found += isFoundAsByKeys(merge);
      }),
      { numRuns: 30 },
    );
    expect(found).toBeGreaterThan(0);
  });

  const several = fc.array(fc.constantFrom(...SAMPLE_TYPES), { minLength: 2, maxLength: 3 });
  it.each([
    ['composite', false],
    ['composite, some of their columns partition columns', true],
  ])('are found where their `Key` is: %s', (_, partitioned) => {
    let found = 0;
    fc.assert(
      fc.property(merges(several, partitioned), (merge) => {
        found += isFoundAsByKeys(merge);
      }),
      { numRuns: 150 },
    );
    expect(found).toBeGreaterThan(0);
  });

  it('are found among thousands, whatever bits they have in common', () => {
    const scales = [1n, 3n, 64n, 1_000_000n, 2n ** 32n, 2n ** 40n];
    for (const scale of scales) {
      const table = new KeyedTable([BIGINT]);
      const group = Array.from({ length: 4000 }, (_, i) => [BigInt(i - 2000) * scale]);
      const batch = Array.from({ length: 3000 }, (_, i) => [BigInt(2 * i - 3000) * scale]);
      const wanted = table.wanted(batch);
      expect(table.found(wanted, group, '')).toEqual(table.expected(batch, group, ''));
    }
    const texts = (count: number, step: number) =>
      Array.from({ length: count }, (_, i) => [utf8(`order-${String(i * step).padStart(6, '0')}-of-the-same-shop`)]);
    const table = new KeyedTable([TEXT]);
    const [group, batch] = [texts(4000, 1), texts(3000, 2)];
    expect(table.found(table.wanted(batch), group, '')).toEqual(table.expected(batch, group, ''));
  });

  it('are told from others of the same hash', () => {
    const texts = [0, 12].flatMap((digits) =>
      Array.from({ length: 250_000 }, (_, i) => `${String(i * 7919).padStart(digits, '0')} with the same end`),
    );
    const hashOf = rowHash([vectorOf(TEXT, texts.map(utf8)) as BytesVector]);
    const byHash = new Map<number, string>();
    const pairs = texts.flatMap((text, i) => {
      const other = byHash.get(hashOf(i));
      byHash.set(hashOf(i), text);
      return other === undefined ? [] : [[other, text] as const];
    });
    const areOfOneLength = pairs.map(([a, b]) => a.length === b.length);
    expect(areOfOneLength).toEqual(expect.arrayContaining([true, false]));
    const table = new KeyedTable([TEXT]);
    for (const [wanted, other] of pairs) {
      expect(table.found(table.wanted([[utf8(wanted)]]), [[utf8(other)], [utf8(wanted)]], '')).toEqual([[1, 0]]);
    }
  });

  it('are found in every row that holds them', () => {
    const table = new KeyedTable([TEXT]);
    const group = ['a', 'b', 'a', 'c', 'a'].map((text) => [utf8(text)]);
    for (const [, form] of FORMS) {
      expect(table.found(table.wanted([[utf8('c')], [utf8('a')]]), group, '', form)).toEqual([
        [0, 1],
        [2, 1],
        [3, 0],
        [4, 1],
      ]);
    }
  });

  it('of partition columns alone are in every row of their folder', () => {
    const table = new KeyedTable([DATE], [0]);
    const wanted = table.wanted([[17_878], [null]]);
    const found = (folder: string) => table.found(wanted, [[], []], folder);
    expect(found('k0=2018-12-13/')).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(found('k0=__HIVE_DEFAULT_PARTITION__/')).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(found('k0=2018-12-14/')).toEqual([]);
    expect(wanted.mayBeIn([], 'k0=2018-12-13/')).toBe(true);
    expect(wanted.mayBeIn([], 'k0=2018-12-14/')).toBe(false);
  });

  it('are not there where nothing is wanted', () => {
    const table = new KeyedTable([BIGINT]);
    const wanted = table.wanted([]);
    expect(wanted.mayBeIn([undefined], '')).toBe(false);
    expect(table.found(wanted, [[1n], [null]], '')).toEqual([]);
  });

  it('find NaN whatever its bits', () => {
    const bits = BigInt64Array.of(0x7ff8000000000000n, 0x7ff8000000000001n, -1n);
    const nans: Vector = { kind: 'DOUBLE', length: 3, data: new Float64Array(bits.buffer), valid: undefined };
    const table = new KeyedTable([DOUBLE]);
    for (const row of [0, 1, 2]) {
      const found: number[] = [];
      new WantedKeys(table.keys, [nans], [row]).find(3, [nans], '', (inGroup) => found.push(inGroup));
      expect(found).toEqual([0, 1, 2]);
    }
  });

  it('find INT96 as any type', () => {
    const table = new KeyedTable([INT96, INT]);
    const batch = [
      [2n ** 70n, 1],
      [5n, 2],
    ];
    const group = [
      [5n, 1],
      [5n, 2],
      [2n ** 70n, 1],
      [null, 1],
    ];
    expect(table.found(table.wanted(batch), group, '')).toEqual([
      [1, 1],
      [2, 0],
    ]);
    expect(table.wanted(batch).mayBeIn(table.statistics(group), '')).toBe(true);
  });

  it('are not looked up in columns of another type, or in fewer', () => {
    const table = new KeyedTable([BIGINT, TEXT]);
    const wanted = table.wanted([[1n, utf8('a')]]);
    const find = (vectors: Vector[]) => () => wanted.find(1, vectors, '', () => undefined);
    const text = vectorOf(TEXT, [utf8('a')]);
    expect(find([vectorOf(INT, [1]), text])).toThrow(TypeError);
    expect(find([vectorOf(BIGINT, [1n])])).toThrow();
  });
});

describe('statistics', () => {
  const decimals = (physical: 9 | 'INT64' | 'BYTE_ARRAY', ...values: bigint[]) =>
    values.map((value) => storedDecimal(value, decimal(18, 2, physical)));

  it.each<[string, ColumnType, PhysicalValue[], PhysicalValue[]]>([
    ['integers below', BIGINT, [1n, 9n], [10n, 20n]],
    ['integers above', BIGINT, [21n, 2n ** 62n], [10n, 20n]],
    ['integers on both sides', INT, [-5, 9, 21], [10, 20]],
    ['negative integers', BIGINT, [-1n, 5n], [-(2n ** 40n), -2n]],
    ['integers whose lower halves are within', BIGINT, [2n ** 32n + 5n], [0n, 10n]],
    ['unsigned integers above 2^31', integer(32, false), [-1], [0, -2]],
    ['unsigned integers above 2^63', integer(64, false), [-1n], [0n, -(2n ** 63n)]],
    ['dates', DATE, [17_000], [17_001, 18_000]],
    ['text', TEXT, [utf8('a'), utf8('c')], [utf8('aa'), utf8('b')]],
    [
      'text that begins alike',
      TEXT,
      [utf8('customer-1'), utf8('customer-4')],
      [utf8('customer-2'), utf8('customer-3')],
    ],
    ['text of which bounds hold the beginning', TEXT, [utf8('y')], [utf8('x'.repeat(100))]],
    ['empty text', TEXT, [utf8('')], [utf8('\u0000')]],
    ['bytes', sampleType('uuid').type, [new Uint8Array(16).fill(0x90)], [new Uint8Array(16).fill(0x80)]],
    ['decimals in INT64', decimal(18, 2, 'INT64'), decimals('INT64', -3n, 3n), decimals('INT64', -2n, 2n)],
    ['decimals in bytes', decimal(18, 2, 9), decimals(9, -3n, 300n), decimals(9, -2n, 200n)],
    [
      'decimals in bytes of any length',
      decimal(18, 2, 'BYTE_ARRAY'),
      decimals('BYTE_ARRAY', -300n, 300n),
      decimals('BYTE_ARRAY', -2n, 200n),
    ],
    ['doubles', DOUBLE, [0.1, Infinity], [0.2, 1e300]],
    ['floats', FLOAT, [Math.fround(0.1)], [Math.fround(0.2)]],
    ['booleans', sampleType('boolean').type, [true], [false]],
    ['null where there is none', BIGINT, [null], [1n, 2n]],
    ['null where there is none, and values elsewhere', BIGINT, [null, 7n], [1n, 2n]],
  ])('tell that keys are elsewhere: %s', (_, type, batch, group) => {
    const table = new KeyedTable([type]);
    const rows = (values: PhysicalValue[]) => values.map((value) => [value]);
    expect(table.wanted(rows(batch)).mayBeIn(table.statistics(rows(group)), '')).toBe(false);
    expect(table.wanted(rows([...batch, group[0]!])).mayBeIn(table.statistics(rows(group)), '')).toBe(true);
  });

  const bound = (...bytes: number[]) => ({ bytes: Uint8Array.from(bytes), exact: true });
  const int32 = (value: number) => bound(value, 0, 0, 0);

  it.each<[string, ColumnType, PhysicalValue, ChunkStatistics | undefined, boolean]>([
    ['no statistics', INT, 5, undefined, true],
    ['no bounds', INT, 5, { nulls: 0, min: undefined, max: undefined }, true],
    ['a lower bound alone that lets it pass', INT, 5, { nulls: 0, min: int32(5), max: undefined }, true],
    ['a lower bound alone that does not', INT, 5, { nulls: 0, min: int32(6), max: undefined }, false],
    ['an upper bound alone that lets it pass', INT, 5, { nulls: 0, min: undefined, max: int32(5) }, true],
    ['an upper bound alone that does not', INT, 5, { nulls: 0, min: undefined, max: int32(4) }, false],
    ['bounds that enclose nothing', INT, 5, { nulls: 0, min: int32(9), max: int32(7) }, true],
    ['bounds of another width', INT, 5, { nulls: 0, min: bound(9, 0, 0, 0, 0, 0, 0, 0), max: undefined }, true],
    ['bounds of another width than INT64', BIGINT, 5n, { nulls: 0, min: int32(9), max: undefined }, true],
    ['NaN, which bounds leave out', FLOAT, NaN, { nulls: 0, min: bound(0, 0, 0, 0), max: bound(0, 0, 0, 0) }, true],
    ['NaN as bounds', FLOAT, 1, { nulls: 0, min: bound(0, 0, 0xc0, 0x7f), max: bound(0, 0, 0xc0, 0x7f) }, true],
    ['−0 between zeros', FLOAT, -0, { nulls: 0, min: bound(0, 0, 0, 0), max: bound(0, 0, 0, 0) }, true],
    ['null and no count of nulls', INT, null, { nulls: undefined, min: int32(1), max: int32(1) }, true],
    ['null and nulls', INT, null, { nulls: 1, min: int32(1), max: int32(1) }, true],
    ['null and no nulls', INT, null, { nulls: 0, min: undefined, max: undefined }, false],
  ])('that are incomplete, strange or wrong say no only where they know: %s', (_, type, value, statistics, maybe) => {
    expect(new KeyedTable([type]).wanted([[value]]).mayBeIn([statistics], '')).toBe(maybe);
  });

  it('say no to composite keys whose columns are each within, but never together', () => {
    const table = new KeyedTable([TEXT, BIGINT]);
    const wanted = table.wanted([
      [utf8('a'), 1n],
      [utf8('b'), 100n],
      [null, 50n],
    ]);
    const group = (...rows: [string, bigint][]) => table.statistics(rows.map(([text, id]) => [utf8(text), id]));
    expect(wanted.mayBeIn(group(['a', 90n], ['a', 110n]), '')).toBe(false);
    expect(wanted.mayBeIn(group(['b', 90n], ['c', 99n]), '')).toBe(false);
    expect(wanted.mayBeIn(group(['b', 90n], ['c', 110n]), '')).toBe(true);
    const withNull = table.statistics([
      [null, 40n],
      [utf8('z'), 60n],
    ]);
    expect(wanted.mayBeIn(withNull, '')).toBe(true);
    expect(wanted.mayBeIn([withNull[0], group(['a', 60n])[1]], '')).toBe(false);
  });

  it('say nothing of NaN in a composite key', () => {
    const table = new KeyedTable([DOUBLE, INT]);
    const wanted = table.wanted([
      [NaN, 1],
      [2, 50],
      [3, 60],
    ]);
    const group = (id: number) =>
      table.statistics([
        [2, id],
        [3, id],
      ]);
    expect(wanted.mayBeIn(group(1), '')).toBe(true);
    expect(wanted.mayBeIn(group(2), '')).toBe(false);
  });

  it('prune by the second column where the first is the same everywhere', () => {
    const table = new KeyedTable([INT, BIGINT]);
    const wanted = table.wanted(Array.from({ length: 1000 }, (_, i) => [1, BigInt(5000 + i)]));
    const group = (first: bigint) =>
      table.statistics([
        [1, first],
        [1, first + 499n],
      ]);
    expect([0n, 4500n, 5000n, 5500n, 6000n].map((first) => wanted.mayBeIn(group(first), ''))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  it('count for the keys of their partition only', () => {
    const table = new KeyedTable([INT, BIGINT], [0]);
    const wanted = table.wanted([
      [1, 10n],
      [2, 20n],
    ]);
    const statistics = (id: bigint) => [chunkStatistics(vectorOf(BIGINT, [id]), BIGINT)];
    expect(wanted.mayBeIn(statistics(10n), 'k0=1/')).toBe(true);
    expect(wanted.mayBeIn(statistics(10n), 'k0=2/')).toBe(false);
    expect(wanted.mayBeIn(statistics(20n), 'k0=2/')).toBe(true);
    expect(wanted.mayBeIn(statistics(20n), 'k0=3/')).toBe(false);
  });
});

describe('bloom filters', () => {
  const UUID = sampleType('uuid').type;
  const uuid = (i: number) => Uint8Array.from({ length: 16 }, (_, at) => (i * 31 + at * 57) & 0xff);
  const table = new KeyedTable([UUID]);
  const lake = Array.from({ length: 100 }, (_, i) => [uuid(i)]);

  it('tell that keys are elsewhere where bounds cannot', () => {
    const elsewhere = table.wanted([[uuid(150)]]);
    const statistics = table.statistics([...lake, [new Uint8Array(16)], [new Uint8Array(16).fill(0xff)]]);
    expect(elsewhere.mayBeIn(statistics, '')).toBe(true);
    expect(elsewhere.mayBeInFilters(statistics, table.filters(lake), '')).toBe(false);
    expect(elsewhere.mayBeInFilters(statistics, [undefined], '')).toBe(true);
    expect(table.wanted([[uuid(150)], [uuid(50)]]).mayBeInFilters(statistics, table.filters(lake), '')).toBe(true);
  });

  it('say nothing of null', () => {
    const unknown = { nulls: undefined, min: undefined, max: undefined };
    expect(table.wanted([[null]]).mayBeInFilters([unknown], table.filters(lake), '')).toBe(true);
    expect(table.wanted([[null]]).mayBeInFilters([{ ...unknown, nulls: 0 }], table.filters(lake), '')).toBe(false);
  });

  it('are asked for the keys within the bounds alone', () => {
    const wanted = table.wanted([[uuid(50)]]);
    const statistics = table.statistics([[new Uint8Array(16).fill(0xff)]]);
    expect(wanted.mayBeInFilters(statistics, table.filters(lake), '')).toBe(false);
  });

  it('are asked for all parts of one key', () => {
    const pairs = new KeyedTable([BIGINT, TEXT]);
    const filters = pairs.filters([[1n, utf8('a')]]);
    const mayBe = (...rows: Row[]) => pairs.wanted(rows).mayBeInFilters([], filters, '');
    expect(mayBe([1n, utf8('a')])).toBe(true);
    expect(mayBe([1n, utf8('b')], [2n, utf8('a')])).toBe(false);
    expect(mayBe([1n, null])).toBe(true);
  });

  it('are not asked where one value has several forms', () => {
    const type = decimal(38, 4, 'BYTE_ARRAY');
    const decimals = new KeyedTable([type]);
    const filters = decimals.filters([[Uint8Array.of(5)]]);
    expect(decimals.wanted([[Uint8Array.of(0, 5)]]).mayBeInFilters([], filters, '')).toBe(true);
    const doubles = new KeyedTable([DOUBLE]);
    expect(doubles.wanted([[-0]]).mayBeInFilters([], doubles.filters([[0]]), '')).toBe(true);
  });

  it('are worth reading for a few hundred keys, and not for thousands', () => {
    const ids = new KeyedTable([INT]);
    const wanted = (count: number) => ids.wanted(Array.from({ length: count }, (_, i) => [i]));
    expect([1, 300, 2000].map((count) => wanted(count).isFew)).toEqual([true, true, false]);
  });
});
