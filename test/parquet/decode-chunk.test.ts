import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Encoding } from 'hyparquet';
import type { ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import { canDecodePage, decodeChunk, decodeDictionary, decodePage } from '../../lib/parquet/decode-chunk.ts';
import { readPages } from '../../lib/parquet/page.ts';
import type { Vector } from '../../lib/parquet/vector.ts';
import { valuesOf } from '../../lib/parquet/vector.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { CODECS } from '../streams/codecs.ts';
import type { ColumnChunk } from './column-chunks.ts';
import { chunksOf, readByHyparquet, writtenChunk } from './column-chunks.ts';
import { DuckDb } from './duckdb.ts';
import { exactSql, exactText, storedText } from './exact-form.ts';
import { BIGINT, BOOLEAN, FLOAT, INT, INT96, SAMPLE_TYPES, sampleType, TEXT, utf8 } from './sample-types.ts';

const decoded = ({ bytes, chunk, column }: ColumnChunk): Vector => decodeChunk(bytes, chunk, column);

/** Values by their bits. */
const texts = (values: readonly PhysicalValue[], type: ColumnType) => values.map((value) => storedText(value, type));

/** Columns of few values and many, with nulls and without, of all physical types. */
const COLUMNS: readonly { label: string; sql: string }[] = [
  { label: 'int32', sql: 'i::INTEGER' },
  { label: 'int64', sql: 'CASE WHEN i % 5 = 0 THEN NULL ELSE (i * 987654321987)::BIGINT END' },
  { label: 'uint16', sql: '(i % 3)::USMALLINT' },
  { label: 'uint64', sql: 'CASE WHEN i < 900 THEN NULL ELSE (18446744073709551615 - i % 700)::UBIGINT END' },
  { label: 'decimal(38,10) as FIXED_LEN_BYTE_ARRAY', sql: '(i::HUGEINT * 1234567890123456789 - 5)::DECIMAL(38,10)' },
  { label: 'float', sql: `CASE i % 9 WHEN 0 THEN 'NaN'::FLOAT WHEN 1 THEN '-0'::FLOAT ELSE (i / 7)::FLOAT END` },
  { label: 'double', sql: `CASE WHEN i % 9 = 0 THEN NULL ELSE i / 7 END` },
  { label: 'timestamp(MICROS, local)', sql: `TIMESTAMP '1969-12-31 23:59:59' + INTERVAL (i) MILLISECONDS` },
  { label: 'boolean', sql: 'CASE WHEN i % 11 = 0 THEN NULL ELSE i % 2 = 0 END' },
  { label: 'boolean', sql: 'i % 7 < 3' },
  { label: 'text', sql: `CASE WHEN i % 13 = 0 THEN NULL ELSE 'Größe 🦆 ' || (i % 50) END` },
  { label: 'text', sql: `repeat('text ' || i, i % 20)` },
  { label: 'text', sql: `CASE WHEN i % 2 = 0 THEN '' END` },
  { label: 'text', sql: `'I'` },
  { label: 'text', sql: 'NULL::VARCHAR' },
  { label: 'int32', sql: 'NULL::INTEGER' },
  { label: 'uuid', sql: `CASE WHEN i % 4 = 0 THEN NULL ELSE md5(i::VARCHAR)::UUID END` },
];

describe('chunks of DuckDB hold what it wrote, and what hyparquet reads', () => {
  let duckdb: DuckDb;
  const source: (string | null)[][] = [];
  beforeAll(async () => {
    duckdb = await DuckDb.open();
    const columns = COLUMNS.map(({ sql }, i) => `${sql} AS c${i}`);
    await duckdb.query(`CREATE TABLE source AS SELECT ${columns.join(', ')} FROM range(2301) t(i)`);
    for (const [i, { label }] of COLUMNS.entries())
      source.push((await duckdb.query(`SELECT ${exactSql(sampleType(label), `c${i}`)} FROM source`)).flat());
  });
  afterAll(() => duckdb.close());

  const codecs = ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'lz4_raw'];
  const layouts = codecs.map((codec) => ({ codec, version: 'v1', others: '' }));
  const newer = ['uncompressed', 'snappy', 'zstd'].map((codec) => ({ codec, version: 'v2', others: '' }));
  const plain = ['v1', 'v2'].map((version) => ({ codec: 'snappy', version, others: ', DICTIONARY_SIZE_LIMIT 1' }));
  it.each([...layouts, ...newer, ...plain])('$codec, $version$others', async ({ codec, version, others }) => {
    const path = duckdb.path();
    await duckdb.query(
      `COPY source TO '${path}' (FORMAT parquet, CODEC '${codec}', PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048${others})`,
    );
    const groups = chunksOf(await readFile(path));
    expect(groups).toHaveLength(2);
    for (const [i, { label }] of COLUMNS.entries()) {
      const sample = sampleType(label);
      const values = groups.flatMap((group) => valuesOf(decoded(group[i]!)));
      expect(values.map((value) => exactText(sample, value))).toEqual(source[i]);
      const byHyparquet = groups.flatMap((group) => readByHyparquet(group[i]!));
      expect(texts(values, sample.type)).toEqual(texts(byHyparquet, sample.type));
    }
  });

  it('of one row', async () => {
    const path = duckdb.path();
    await duckdb.query(`COPY (FROM source LIMIT 1 OFFSET 1) TO '${path}' (FORMAT parquet)`);
    const [group] = chunksOf(await readFile(path));
    const values = group!.map((chunk, i) => exactText(sampleType(COLUMNS[i]!.label), valuesOf(decoded(chunk))[0]!));
    expect(values).toEqual(source.map((column) => column[1]));
  });
});

describe('chunks of DMS, data pages v1, hold its values', () => {
  const nulls = { none: () => false, some: (i: number) => i % 7 === 0, all: () => true };
  const columns = (required: boolean) => [
    { name: 'text', type: { kind: 'string' as const }, required },
    { name: 'few', type: { kind: 'string' as const }, required },
    { name: 'id', type: { kind: 'int32' as const }, required },
    { name: 'amount', type: { kind: 'double' as const }, required },
    { name: 'flag', type: { kind: 'boolean' as const }, required },
  ];
  const encodings = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'] as const;
  const layouts = CODECS.flatMap((codec) => encodings.map((encoding) => ({ ...codec, encoding })));
  it.each(layouts)('$codec, $encoding', (layout) => {
    for (const [shape, isNull] of [...Object.entries(nulls), ['required', nulls.none] as const]) {
      for (const rowsPerPage of [1, 64, 1000]) {
        const rows = Array.from({ length: 130 }, (_, i) =>
          [`text ${i} ${'x'.repeat(i)}`, ['', 'a', 'b'][i % 3]!, i - 50, i / 8, i % 3 === 0].map((value) =>
            isNull(i) ? null : value,
          ),
        );
        const file = writeDmsFile({ columns: columns(shape === 'required'), rows, ...layout, rowsPerPage });
        const read = chunksOf(file)[0]!.map((chunk) =>
          valuesOf(decoded(chunk)).map((value) =>
            value instanceof Uint8Array ? Buffer.from(value).toString() : value,
          ),
        );
        expect(read).toEqual([0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column])));
      }
    }
  });
});

describe('chunks of hyparquet-writer, data pages v2, hold their values', () => {
  const encodingsOf = ({ physical }: ColumnType): Encoding[] => {
    switch (physical) {
      case 'BOOLEAN':
        return ['PLAIN', 'RLE'];
      case 'INT32':
      case 'INT64':
        return ['PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'];
      case 'BYTE_ARRAY':
        return ['PLAIN', 'RLE_DICTIONARY', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'];
      default:
        return ['PLAIN', 'BYTE_STREAM_SPLIT'];
    }
  };
  const samples = SAMPLE_TYPES.flatMap((sample) =>
    encodingsOf(sample.type).map((encoding) => ({ label: `${sample.label}, ${encoding}`, sample, encoding })),
  );
  it.each(samples)('$label', ({ sample: { type, edges }, encoding }) => {
    const random = new SeededRandom(7);
    for (const length of [1, 8, 9, 300]) {
      for (const share of [0, 0.3, 1]) {
        for (const pageBytes of [0, 100]) {
          const values = Array.from({ length }, () => (random.chance(share) ? null : random.pick(edges)));
          const codec = random.pick(['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const);
          const required = share === 0 && random.chance(0.5);
          // The writer of differences needs a value in every page.
          if (encoding.startsWith('DELTA') && (share === 1 || (share > 0 && pageBytes > 0))) continue;
          const chunk = writtenChunk(type, values, { encoding, codec, required, pageBytes });
          expect(texts(valuesOf(decoded(chunk)), type)).toEqual(texts(values, type));
        }
      }
    }
  });

  it('with indices of every width up to 17 bits', () => {
    for (let width = 0; width <= 17; width++) {
      const entries = 2 ** width;
      const values = Array.from({ length: entries + 100 }, (_, i) => (i * 7919) % entries);
      expect(valuesOf(decoded(writtenChunk(INT, values, { encoding: 'RLE_DICTIONARY' })))).toEqual(values);
    }
  });

  it('of INT96, as nanoseconds since the epoch', () => {
    const stored = (nanosOfDay: bigint, julianDay: number) => {
      const bytes = Buffer.alloc(12);
      bytes.writeBigInt64LE(nanosOfDay);
      bytes.writeInt32LE(julianDay, 8);
      return Uint8Array.from(bytes);
    };
    const fixed: ColumnType = { physical: 'FIXED_LEN_BYTE_ARRAY', length: 12, logical: { kind: 'bytes' } };
    const values = [stored(0n, 2_440_588), null, stored(86_399_999_999_999n, 2_440_587), stored(5n, 2_461_042)];
    for (const encoding of ['PLAIN', 'RLE_DICTIONARY'] as const) {
      const { bytes, chunk, column } = writtenChunk(fixed, [...values, ...values], { encoding });
      const expected = [0n, null, -1n, 1_767_225_600_000_000_005n];
      const vector = decodeChunk(bytes, chunk, { ...column, type: INT96 });
      expect(valuesOf(vector)).toEqual([...expected, ...expected]);
    }
  });
});

describe('a dictionary', () => {
  const few = Array.from({ length: 300 }, (_, i) => (i % 10 === 0 ? null : utf8(`value ${i % 4}`)));
  const indexed = writtenChunk(TEXT, few, { encoding: 'RLE_DICTIONARY', pageBytes: 200 });

  it('is not expanded if every page refers to it', () => {
    const vector = decoded(indexed);
    expect(readPages(indexed.bytes, 300).data.length).toBeGreaterThan(1);
    if (vector.kind !== 'DICTIONARY') throw new Error(`a vector of kind ${vector.kind}`);
    expect(vector.dictionary.length).toBe(4);
    expect(Array.from(vector.indices)).toEqual(few.map((value, i) => (value === null ? -1 : [3, 0, 1, 2][i % 4])));
    expect(valuesOf(vector)).toEqual(few);
  });

  it.each([
    { type: TEXT, values: few },
    { type: BIGINT, values: few.map((value, i) => (value === null ? null : BigInt(i % 4))) },
    { type: FLOAT, values: few.map((value, i) => (value === null ? null : i % 4)) },
  ])('is expanded if some pages hold $type.physical themselves', ({ type, values }) => {
    const first = writtenChunk(type, values, { encoding: 'RLE_DICTIONARY', pageBytes: 200 });
    const then = writtenChunk(type, values, { encoding: 'PLAIN', pageBytes: 200 });
    const bytes = Buffer.concat([first.bytes, then.bytes]);
    const vector = decodeChunk(bytes, { codec: 'UNCOMPRESSED', values: 600 }, first.column);
    expect(vector.kind).not.toBe('DICTIONARY');
    expect(valuesOf(vector)).toEqual([...values, ...values]);
  });

  it('need not be there for pages of nulls', () => {
    const { bytes, chunk, column } = writtenChunk(
      TEXT,
      [...few.keys()].map(() => null),
      { encoding: 'PLAIN' },
    );
    const page = { ...readPages(bytes, 300).data[0]!, encoding: 8 };
    expect(valuesOf(decodePage(bytes, page, undefined, chunk.codec, column))).toEqual(few.map(() => null));
  });
});

describe('single pages', () => {
  it.each(['PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED'] as const)('are decoded by themselves: %s', (encoding) => {
    const values = Array.from({ length: 500 }, (_, i) => (i % 9 === 0 ? null : i % 40));
    const { bytes, chunk, column } = writtenChunk(INT, values, { encoding, codec: 'SNAPPY', pageBytes: 400 });
    const { dictionary: page, data } = readPages(bytes, 500);
    const dictionary = page && decodeDictionary(bytes, page, chunk.codec, column);
    expect(data.length).toBeGreaterThan(1);
    let row = 0;
    for (const page of data) {
      expect(canDecodePage(page, column)).toBe(true);
      const read = valuesOf(decodePage(bytes, page, dictionary, chunk.codec, column));
      expect(read).toEqual(values.slice(row, (row += page.values)));
    }
  });

  it('say beforehand whether their encoding is known', () => {
    const { bytes, column } = writtenChunk(INT, [1], { encoding: 'PLAIN' });
    const page = readPages(bytes, 1).data[0]!;
    const known = (type: ColumnType) =>
      Array.from({ length: 11 }, (_, encoding) => encoding).filter((encoding) =>
        canDecodePage({ ...page, encoding }, { ...column, type }),
      );
    expect(known(INT)).toEqual([0, 2, 5, 8, 9]);
    expect(known(TEXT)).toEqual([0, 2, 6, 7, 8]);
    expect(known(BOOLEAN)).toEqual([0, 2, 3, 8]);
    expect(known(INT96)).toEqual([0, 2, 8]);
  });
});
