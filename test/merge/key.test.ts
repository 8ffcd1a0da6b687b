import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TableBlocked } from '../../lib/errors.ts';
import { partitionFolder } from '../../lib/lake/partition.ts';
import type { Key } from '../../lib/merge/key.ts';
import { batchKeys, keyColumns } from '../../lib/merge/key.ts';
import type { RowBatch } from '../../lib/merge/row-batch.ts';
import type { Column, ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import { vectorOf } from '../../lib/parquet/vector.ts';
import {
  BIGINT,
  BYTES,
  DATE,
  decimal,
  DOUBLE,
  INT,
  integer,
  SAMPLE_TYPES,
  TEXT,
  utf8,
} from '../parquet/sample-types.ts';
import { storedText } from '../parquet/exact-form.ts';
import { DAY, ID, MergeBench, OP } from './merge-bench.ts';
import { lakeKeys } from './lake-keys.ts';

const columnsOf = (types: readonly ColumnType[]): Column[] => types.map((type, i) => ({ name: `k${i}`, type }));

/** The keys of rows, each given as the values of its key columns. */
function keysOf(
  types: readonly ColumnType[],
  rows: readonly (readonly PhysicalValue[])[],
  partition: readonly number[] = [],
): Key[] {
  const columns = columnsOf(types);
  const values = new Map(
    columns.map(({ name, type }, i) => [
      name,
      vectorOf(
        type,
        rows.map((row) => row[i]!),
      ),
    ]),
  );
  const keys = keyColumns(
    columns,
    columns.filter((_, i) => partition.includes(i)),
  );
  const keyOf = batchKeys({ values } as unknown as RowBatch, keys);
  return rows.map((_, row) => keyOf(row));
}

const same = (types: readonly ColumnType[], a: readonly PhysicalValue[], b: readonly PhysicalValue[]) => {
  const [keyA, keyB] = keysOf(types, [a, b]);
  return new Map([[keyA, 1]]).has(keyB);
};

describe('keys', () => {
  it.each<[string, ColumnType[], PhysicalValue[], PhysicalValue[]]>([
    ['the same text', [TEXT], [utf8('ö')], [utf8('ö')]],
    ['null and null', [TEXT], [null], [null]],
    ['nulls of a composite key', [TEXT, INT], [null, 1], [null, 1]],
    ['decimals of different byte forms', [decimal(10, 2, 'BYTE_ARRAY')], [Uint8Array.of(5)], [Uint8Array.of(0, 0, 5)]],
    [
      'negative decimals of different byte forms',
      [decimal(10, 2, 'BYTE_ARRAY')],
      [Uint8Array.of(0xfb)],
      [Uint8Array.of(0xff, 0xff, 0xfb)],
    ],
    [
      'decimals of a composite key',
      [decimal(10, 2, 'BYTE_ARRAY'), INT],
      [Uint8Array.of(5), 1],
      [Uint8Array.of(0, 5), 1],
    ],
    ['NaN and NaN', [DOUBLE], [NaN], [NaN]],
    ['zeros', [DOUBLE], [0], [-0]],
    ['zeros of a composite key', [DOUBLE, INT], [0, 1], [-0, 1]],
  ])('are equal: %s', (_, types, a, b) => {
    expect(same(types, a, b)).toBe(true);
  });

  it.each<[string, ColumnType[], PhysicalValue[], PhysicalValue[]]>([
    ["null and the text 'null'", [TEXT], [null], [utf8('null')]],
    ["null and the text 'null' in a composite key", [TEXT, INT], [null, 1], [utf8('null'), 1]],
    ['null and no text', [TEXT], [null], [utf8('')]],
    ['null and zero', [INT], [null], [0]],
    ['text that is cut elsewhere', [TEXT, TEXT], [utf8('a'), utf8('bc')], [utf8('ab'), utf8('c')]],
    ['text that looks like a separator', [TEXT, TEXT], [utf8('a1:b'), utf8('')], [utf8('a'), utf8('1:b')]],
    ['text that looks like the key of another part', [TEXT, TEXT], [utf8('asb'), utf8('')], [utf8('a'), utf8('bs')]],
    ['values the other way round', [INT, INT], [1, 2], [2, 1]],
    ['bytes that no text has', [BYTES], [Uint8Array.of(0xff)], [Uint8Array.of(0xfe)]],
    ['upper and lower case', [TEXT], [utf8('A')], [utf8('a')]],
    ['text and text with a space', [TEXT], [utf8('a')], [utf8('a ')]],
    ['composed and decomposed text', [TEXT], [utf8('é')], [utf8('e\u0301')]],
    ['large integers that a double takes for one', [BIGINT], [2n ** 53n], [2n ** 53n + 1n]],
    ['signed and unsigned of the same bits', [integer(32, false)], [-1], [1]],
  ])('are different: %s', (_, types, a, b) => {
    expect(same(types, a, b)).toBe(false);
  });

  const KEY_TYPES = SAMPLE_TYPES.filter(
    ({ type }) => type.logical.kind !== 'float' && !(type.physical === 'BYTE_ARRAY' && type.logical.kind === 'decimal'),
  );

  it('of any columns are equal where all their values are, and only there', () => {
    const composite = fc.array(fc.constantFrom(...KEY_TYPES), { minLength: 1, maxLength: 4 }).chain((samples) => {
      const row = fc.tuple(...samples.map(({ any, edges }) => fc.option(fc.oneof(any, fc.constantFrom(...edges)))));
      return fc.record({
        types: fc.constant(samples.map(({ type }) => type)),
        rows: fc.array(row, { minLength: 2, maxLength: 8 }),
      });
    });
    fc.assert(
      fc.property(composite, ({ types, rows }) => {
        const keys = keysOf(types, rows);
        const exact = rows.map((row) => JSON.stringify(row.map((value, i) => storedText(value, types[i]!))));
        expect(new Set(keys).size).toBe(new Set(exact).size);
      }),
      { numRuns: 300 },
    );
  });

  it('of text are never cut or joined', () => {
    const text = fc
      .array(fc.constantFrom('a', '1', ':', 's', 'n4:null'), { maxLength: 4 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.tuple(text, text, text), fc.tuple(text, text, text), (a, b) => {
        const equal = a.every((part, i) => part === b[i]);
        expect(same([TEXT, TEXT, TEXT], a.map(utf8), b.map(utf8))).toBe(equal);
      }),
      { numRuns: 500 },
    );
  });
});

describe('keys of the lake', () => {
  it('are those of the files that bring changes', () => {
    const samples = SAMPLE_TYPES.filter(({ type }) => type.logical.kind !== 'bytes');
    const row = fc.tuple(...samples.map(({ any, edges }) => fc.option(fc.oneof(any, fc.constantFrom(...edges)))));
    const types = samples.map(({ type }) => type);
    fc.assert(
      fc.property(row, fc.subarray(types.map((_, i) => i)), (values, partition) => {
        const columns = columnsOf(types);
        const keys = keyColumns(
          columns,
          columns.filter((_, i) => partition.includes(i)),
        );
        const folder = partitionFolder(
          keys.partition,
          partition.map((i) => values[i]!),
        );
        const stored = keys.stored.map(({ name, type }) => vectorOf(type, [values[Number(name.slice(1))]!]));
        expect(lakeKeys(stored, folder, keys)(0)).toEqual(keysOf(types, [values], partition)[0]);
      }),
      { numRuns: 100 },
    );
  });

  it('hold partition columns by the text of their folder', () => {
    const columns: Column[] = [
      { name: 'id', type: INT },
      { name: 'day', type: DATE },
    ];
    const keys = keyColumns(columns, columns.slice(1));
    expect(keys).toEqual({ stored: [columns[0]], partition: [columns[1]] });
    const keyOf = (folder: string) => lakeKeys([vectorOf(INT, [7])], folder, keys)(0);
    expect(keyOf('day=2018-12-13/')).not.toEqual(keyOf('day=2018-12-14/'));
    expect(keyOf('day=__HIVE_DEFAULT_PARTITION__/')).toEqual(keyOf(''));
  });
});

describe('a partition value that is not UTF-8', () => {
  it('blocks the table, and the file is named', async () => {
    const bench = new MergeBench();
    const day = { ...DAY, type: { kind: 'bytes' as const } };
    const slice = await bench.slice(
      '20260301-100000000.parquet',
      [OP, ID, day],
      [
        ['I', 1, Uint8Array.of(0x61)],
        ['I', 2, Uint8Array.of(0xff)],
      ],
    );
    // A source whose bytes are declared as text.
    slice.file.footer.columns[2]!.type = TEXT;
    const batch = await bench.batch(slice);
    const partitionedOnly = bench.planMerge(batch, ['id'], ['day']);
    await expect(partitionedOnly).rejects.toThrow(TableBlocked);
    await expect(partitionedOnly).rejects.toMatchObject({ file: '20260301-100000000.parquet' });
    await expect(bench.planMerge(batch, ['id', 'day'], ['day'])).rejects.toThrow(TableBlocked);
  });
});
