import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundValue, lowerBound, upperBound } from '../../lib/parquet/bound.ts';
import type { ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import type { Bound, ChunkStatistics } from '../../lib/parquet/statistics.ts';
import { chunkStatistics, comparison, statisticsAfter, statisticsStruct } from '../../lib/parquet/statistics.ts';
import { vectorOf } from '../../lib/parquet/vector.ts';
import { DuckDb } from './duckdb.ts';
import { literalSql } from './exact-form.ts';
import { lakeBytes } from './lake-bytes.ts';
import type { SampleType, Stored } from './sample-types.ts';
import {
  BYTES,
  decimal,
  DOUBLE,
  INT,
  INT96,
  integer,
  SAMPLE_TYPES,
  sampleType,
  storedDecimal,
  TEXT,
  utf8,
} from './sample-types.ts';

describe('filters on a file with statistics', () => {
  let duckdb: DuckDb;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
  });
  afterAll(() => duckdb.close());

  /** How many rows are below, at and above each value: found by statistics, and by counting in a scan of all rows. */
  async function counts(path: string, sample: SampleType, values: readonly Stored[]) {
    const filters = values.flatMap((value) => ['<', '=', '>'].map((op) => `c ${op} ${literalSql(sample, value)}`));
    const pruned = filters.map((filter) => `(SELECT count(*) FROM '${path}' WHERE ${filter})`);
    const scanned = filters.map((filter) => `count(*) FILTER (${filter})`);
    const [found] = await duckdb.query(`SELECT ${pruned.join(', ')}`);
    const [present] = await duckdb.query(`SELECT ${scanned.join(', ')} FROM '${path}'`);
    return { found: found!, present: present! };
  }

  it.each(SAMPLE_TYPES)('find exactly the rows that a scan finds: $label', async (sample) => {
    const { type, edges, any } = sample;
    const others = fc.sample(any, { numRuns: 8, seed: 3 });
    const sorted = [...edges, ...others].sort(comparison(type));
    const third = Math.ceil(sorted.length / 3);
    const groups: PhysicalValue[][] = [
      ...[0, 1, 2].map((i) => sorted.slice(i * third, (i + 1) * third)),
      [null, sorted[0]!, null],
      [sorted.at(-1)!],
      [...edges],
      [null],
      ...others.map((value) => [value]),
    ];
    const path = await duckdb.save(
      lakeBytes(
        [{ name: 'c', type }],
        groups.map((values) => [values]),
      ),
    );
    const probes = [...edges, ...others.slice(0, 4), ...fc.sample(any, { numRuns: 2, seed: 4 })];
    const { found, present } = await counts(path, sample, probes);
    expect(found).toEqual(present);
    // Each value is in two row groups or more.
    const equal = found.filter((_, i) => i % 3 === 1).slice(0, edges.length + 4);
    expect(equal.filter((count) => Number(count) < 2)).toEqual([]);
  });

  it('let row groups be passed over', async () => {
    const path = await duckdb.save(
      lakeBytes(
        [{ name: 'c', type: decimal(20, 2) }],
        [-3n, 0n, 5n].map((value) => [[storedDecimal(value, decimal(20, 2))]]),
      ),
    );
    const bounds = await duckdb.query(`SELECT stats_min_value, stats_max_value FROM parquet_metadata('${path}')`);
    expect(bounds).toEqual([
      ['-0.03', '-0.03'],
      ['0.00', '0.00'],
      ['0.05', '0.05'],
    ]);
  });

  it.each([
    ['unsigned above 2^31', 'uint32', [2 ** 31 - 1, -(2 ** 31), -1], -1],
    ['unsigned above 2^63', 'uint64', [2n ** 63n - 1n, -(2n ** 63n), -1n], -1n],
    [
      'negative decimals in bytes',
      'decimal(20,3) as FIXED_LEN_BYTE_ARRAY',
      [-5n, 3n].map((v) => storedDecimal(v, decimal(20, 3, 9))),
      storedDecimal(-5n, decimal(20, 3, 9)),
    ],
    [
      'decimals of one and two bytes',
      'decimal(38,4) as BYTE_ARRAY',
      [127n, 128n].map((v) => storedDecimal(v, decimal(38, 4, 'BYTE_ARRAY'))),
      storedDecimal(128n, decimal(38, 4, 'BYTE_ARRAY')),
    ],
    ['NaN', 'double', [1, NaN], NaN],
    ['0 where −0 is', 'double', [-0], 0],
    ['−0 where 0 is', 'float', [0], -0],
    ['long text', 'text', [utf8('z'.repeat(100))], utf8('z'.repeat(100))],
  ] satisfies [string, string, Stored[], Stored][])('find %s', async (_, label, values, wanted) => {
    const sample = sampleType(label);
    const path = await duckdb.save(lakeBytes([{ name: 'c', type: sample.type }], [[values]]));
    const found = await duckdb.query(`SELECT count(*) FROM '${path}' WHERE c = ${literalSql(sample, wanted)}`);
    expect(found).toEqual([['1']]);
  });
});

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function boundsOf(values: readonly PhysicalValue[], type: ColumnType) {
  const { nulls, min, max } = chunkStatistics(vectorOf(type, values), type);
  return { nulls, min: min?.bytes, max: max?.bytes, minIsExact: min?.exact, maxIsExact: max?.exact };
}

describe('bounds', () => {
  it.each(SAMPLE_TYPES)(
    'hold between them every value, and are exact unless they say otherwise: $label',
    ({ type, any }) => {
      const compare = comparison(type);
      fc.assert(
        fc.property(fc.array(fc.option(any), { maxLength: 12 }), (values) => {
          const { min, max, nulls, minIsExact, maxIsExact } = boundsOf(values, type);
          const present = values.filter((value) => value !== null);
          expect(nulls).toBe(values.length - present.length);
          expect(min === undefined).toBe(max === undefined);
          if (min === undefined || max === undefined) return;
          const [least, greatest] = [valueOf(min, type), valueOf(max, type)];
          for (const value of present) {
            expect(compare(least, value)).toBeLessThanOrEqual(0);
            expect(compare(greatest, value)).toBeGreaterThanOrEqual(0);
          }
          expect(present.some((value) => compare(value, least) === 0)).toBe(minIsExact);
          expect(present.some((value) => compare(value, greatest) === 0)).toBe(maxIsExact);
        }),
        { numRuns: 40 },
      );
    },
  );

  const longText = fc
    .tuple(
      fc.constantFrom('', 'a'.repeat(60), 'ü'.repeat(31), '日'.repeat(21), '\u007f'.repeat(63)),
      fc.string({ unit: 'binary', maxLength: 200 }),
    )
    .map(([a, b]) => a + b);
  it('of long text are cut, stay UTF-8, and still hold it between them', () => {
    fc.assert(
      fc.property(fc.array(longText, { minLength: 1, maxLength: 5 }), (texts) => {
        const values = texts.map(utf8);
        const { min, max } = boundsOf(values, TEXT);
        if (min === undefined || max === undefined) return;
        expect(Math.max(min.length, max.length)).toBeLessThanOrEqual(64);
        expect(() => [strictUtf8.decode(min), strictUtf8.decode(max)]).not.toThrow();
        for (const value of values) {
          expect(Buffer.compare(min, value)).toBeLessThanOrEqual(0);
          expect(Buffer.compare(max, value)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['of 64 bytes', 'a'.repeat(64), 'a'.repeat(64), 'a'.repeat(64)],
    ['of 65 bytes', 'a'.repeat(65), 'a'.repeat(64), `${'a'.repeat(63)}b`],
    ['that ends in a long character', `${'a'.repeat(63)}日`, 'a'.repeat(63), `${'a'.repeat(62)}b`],
    ['of the highest ASCII character at the end', `x${'\u007f'.repeat(80)}`, `x${'\u007f'.repeat(63)}`, 'y'],
    ['with one character that can be raised', `a${'日'.repeat(30)}`, `a${'日'.repeat(21)}`, 'b'],
  ])('are cut as they must be: text %s', (_, text, min, max) => {
    const bounds = boundsOf([utf8(text)], TEXT);
    expect([bounds.min, bounds.max].map((bytes) => strictUtf8.decode(bytes))).toEqual([min, max]);
    expect([bounds.minIsExact, bounds.maxIsExact]).toEqual([min === text, max === text]);
  });

  it.each([
    ['double', [0]],
    ['double', [-0]],
    ['float', [0, 1]],
    ['float', [-1, -0]],
  ])('take in both zeros, since engines may compare their bits: %s %p', (label, values) => {
    const { type } = sampleType(label);
    const bounds = boundsOf(values, type);
    const [min, max] = [bounds.min, bounds.max].map((bytes) => valueOf(bytes!, type));
    expect(min).toBe(Math.min(...values) || -0);
    expect(max).toBe(Math.max(...values) || 0);
  });

  it('keep no more of a long text in memory than they are: a footer may be there for long', () => {
    const value = utf8('a'.repeat(1_000_000));
    for (const bound of [lowerBound(value, TEXT), upperBound(value, TEXT)])
      expect(bound?.bytes.buffer.byteLength).toBeLessThan(100);
  });

  it('of bytes of a fixed length have that length', () => {
    const { type, edges } = sampleType('bytes of a fixed length');
    const { min, max } = boundsOf(edges, type);
    expect([min, max].map((bound) => bound?.length)).toEqual([70, 70]);
  });

  it('are left out where none would be right', () => {
    for (const [values, type] of [
      [[1, NaN, 2], DOUBLE],
      [[utf8('日'.repeat(30))], TEXT],
      [[1n], INT96],
      [
        [new Uint8Array(12)],
        { physical: 'FIXED_LEN_BYTE_ARRAY', length: 12, logical: { kind: 'bytes', annotation: 'INTERVAL' } },
      ],
      [
        [new Uint8Array(2)],
        { physical: 'FIXED_LEN_BYTE_ARRAY', length: 2, logical: { kind: 'bytes', annotation: 'FLOAT16' } },
      ],
      [[null, null], INT],
      [[], INT],
    ] satisfies [PhysicalValue[], ColumnType][]) {
      expect(boundsOf(values, type)).toMatchObject({ min: undefined, max: undefined });
    }
  });

  it('are in the order of what is meant, not of what is stored', () => {
    expect(comparison(integer(32, false))(-1, 1)).toBeGreaterThan(0);
    expect(comparison(integer(64, false))(-1n, 1n)).toBeGreaterThan(0);
    expect(comparison(integer(64, true))(-1n, 1n)).toBeLessThan(0);
    expect(comparison(decimal(5, 2, 4))(Uint8Array.of(0xff), Uint8Array.of(1))).toBeLessThan(0);
    expect(comparison(decimal(5, 2, 'BYTE_ARRAY'))(Uint8Array.of(0, 0, 5), Uint8Array.of(5))).toBe(0);
    expect(comparison(BYTES)(Uint8Array.of(0xff), Uint8Array.of(1))).toBeGreaterThan(0);
    // UTF-16 would have it the other way round.
    expect(comparison(TEXT)(utf8('\u{10000}'), utf8('\uffff'))).toBeGreaterThan(0);
  });
});

describe('statistics of a dictionary', () => {
  it.each(SAMPLE_TYPES)('are those of the rows, whatever else is in it: $label', ({ type, any }) => {
    fc.assert(
      fc.property(
        fc.array(any, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (entries, picks) => {
          // One index more than there are entries stands for null.
          const indices = Int32Array.from(picks, (pick) => (pick % (entries.length + 1)) - 1);
          const rows = Array.from(indices, (index) => entries[index] ?? null);
          const dictionary = vectorOf(type, entries);
          expect(chunkStatistics({ kind: 'DICTIONARY', length: rows.length, dictionary, indices }, type)).toEqual(
            chunkStatistics(vectorOf(type, rows), type),
          );
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('statistics by difference', () => {
  function after(before: readonly PhysicalValue[], removed: PhysicalValue[], added: PhysicalValue[], type: ColumnType) {
    const statistics = chunkStatistics(vectorOf(type, before), type);
    return statisticsAfter(statistics, vectorOf(type, removed), vectorOf(type, added), type);
  }

  it.each(SAMPLE_TYPES)('are what all values of the chunk have: $label', ({ type, edges, any }) => {
    // Few values, so that those that go are often bounds, and are often still there.
    const value = fc.option(fc.oneof(fc.constantFrom(...edges), any));
    const rows = fc.array(value, { maxLength: 5 });
    fc.assert(
      fc.property(rows, rows, rows, fc.boolean(), (kept, gone, come, again) => {
        const added = again ? [...come, ...gone] : come;
        const before = chunkStatistics(vectorOf(type, [...kept, ...gone]), type);
        const found = after([...kept, ...gone], gone, added, type);
        if (!found) return;
        const whole = chunkStatistics(vectorOf(type, [...kept, ...added]), type);
        expect(found.nulls).toBe(whole.nulls);
        expectBound(found.min, whole.min, before.min, type, -1);
        expectBound(found.max, whole.max, before.max, type, 1);
      }),
      { numRuns: 300 },
    );
  });

  /** Equal, or around it if the bound was a cut one before. */
  function expectBound(
    found: Bound | undefined,
    whole: Bound | undefined,
    before: Bound | undefined,
    type: ColumnType,
    side: 1 | -1,
  ) {
    if (!found || !before || before.exact || found.exact) expect(found).toEqual(whole);
    else {
      const order = comparison(type)(valueOf(found.bytes, type), valueOf(whole!.bytes, type));
      expect(order * side).toBeGreaterThanOrEqual(0);
    }
  }

  it.each(SAMPLE_TYPES)('need no other values if those that went are no bounds: $label', ({ type, any }) => {
    const compare = comparison(type);
    const values = fc.array(any, { minLength: 3, maxLength: 8 });
    fc.assert(
      fc.property(values, fc.array(fc.option(any), { maxLength: 3 }), (some, added) => {
        const sorted = some.filter((value) => !Number.isNaN(value)).sort(compare);
        const [least, greatest] = [sorted[0]!, sorted.at(-1)!];
        const inside = sorted.filter((value) => compare(value, least) > 0 && compare(value, greatest) < 0);
        const before = chunkStatistics(vectorOf(type, sorted), type);
        if (!before.min?.exact || !before.max?.exact) return;
        expect(after(sorted, inside, added, type)).toBeDefined();
      }),
      { numRuns: 50 },
    );
  });

  const of = (min: number, max: number, nulls: number): ChunkStatistics =>
    chunkStatistics(vectorOf(INT, [min, max, ...new Array<null>(nulls).fill(null)]), INT);
  it.each([
    ['a value inside goes', [1, 5, 9], [5], [], of(1, 9, 0)],
    ['the least goes', [1, 5, 9], [1], [], undefined],
    ['the greatest goes', [1, 5, 9], [9], [], undefined],
    ['the least goes and comes again', [1, 5, 9], [1], [1], of(1, 9, 0)],
    ['the least goes and a lesser one comes', [1, 5, 9], [1], [0], of(0, 9, 0)],
    ['the least goes and a greater one comes', [1, 5, 9], [1], [2], undefined],
    ['both bounds go, and wider ones come', [1, 5, 9], [1, 9], [-1, 99], of(-1, 99, 0)],
    ['a value becomes null', [1, 5, 9], [5], [null], of(1, 9, 1)],
    ['nulls go', [1, null, null, 9], [null, null], [2], of(1, 9, 0)],
    [
      'nulls stay all there is',
      [null, null],
      [null],
      [null, null],
      chunkStatistics(vectorOf(INT, [null, null, null]), INT),
    ],
    ['the first value comes', [null, null], [null], [3], undefined],
    ['the only value goes', [3], [3], [], undefined],
  ] satisfies [string, PhysicalValue[], PhysicalValue[], PhysicalValue[], ChunkStatistics | undefined][])(
    'say, or say that they do not know: %s',
    (_, before, removed, added, expected) => {
      expect(after(before, removed, added, INT)).toEqual(expected);
    },
  );

  it('know nothing of a chunk whose nulls or bounds nobody told', () => {
    const full = chunkStatistics(vectorOf(INT, [1, 5, 9]), INT);
    for (const lacking of [{ nulls: undefined }, { min: undefined }, { max: undefined }]) {
      expect(statisticsAfter({ ...full, ...lacking }, vectorOf(INT, [5]), vectorOf(INT, [6]), INT)).toBeUndefined();
    }
  });

  it('leave bounds out as soon as NaN comes, and cannot tell when one goes', () => {
    expect(after([1, 2], [], [NaN], DOUBLE)).toEqual({ nulls: 0, min: undefined, max: undefined });
    expect(after([1, NaN], [NaN], [], DOUBLE)).toBeUndefined();
  });

  it('of long text stay cut, until the text that was cut may be gone', () => {
    const long = (text: string) => utf8(text.padEnd(100, '-'));
    const before = [long('a'), long('m'), long('z')];
    expect(after(before, [long('m')], [utf8('n')], TEXT)).toEqual(chunkStatistics(vectorOf(TEXT, before), TEXT));
    expect(after(before, [long('z')], [], TEXT)).toBeUndefined();
    expect(after(before, [long('a')], [], TEXT)).toBeUndefined();
    // The same begin is all that the bound tells.
    expect(after(before, [long('z')], [utf8(`z${'-'.repeat(80)}x`)], TEXT)).toEqual(
      chunkStatistics(vectorOf(TEXT, before), TEXT),
    );
    expect(after(before, [long('z'), long('a')], [utf8('A'), utf8('zz')], TEXT)).toEqual(
      chunkStatistics(vectorOf(TEXT, [utf8('A'), utf8('zz')]), TEXT),
    );
  });
});

describe('statistics as the footer has them', () => {
  it('leave out what is not known', () => {
    expect(statisticsStruct({ nulls: undefined, min: undefined, max: undefined })).toEqual({});
    const min = { bytes: Uint8Array.of(1), exact: true };
    const max = { bytes: Uint8Array.of(2), exact: false };
    expect(statisticsStruct({ nulls: 3, min, max })).toEqual({
      field_3: 3n,
      field_5: max.bytes,
      field_6: min.bytes,
      field_7: false,
      field_8: true,
    });
  });
});

function valueOf(bytes: Uint8Array, type: ColumnType): Stored {
  return boundValue({ bytes, exact: true }, type)!;
}
