import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import { asMalformed, MalformedParquet } from '../../lib/parquet/parquet-file.ts';
import type { DmsFile } from '../../lib/sample/dms-file.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { CODECS } from '../streams/codecs.ts';
import { DuckDb } from './duckdb.ts';
import { exactSql, exactText } from './exact-form.ts';
import { int96Bytes } from './foreign-bytes.ts';
import { lakeBytes, readGroups } from './lake-bytes.ts';
import { INT, sampleType, TEXT, utf8 } from './sample-types.ts';

/** Columns of every kind of page: long text, few values and many, nulls, all of one value, none at all. */
const COLUMNS: readonly { label: string; sql: string }[] = [
  { label: 'int32', sql: 'i::INTEGER' },
  { label: 'int64', sql: `(i * 987654321987)::BIGINT` },
  { label: 'uint64', sql: `(18446744073709551615 - i)::UBIGINT` },
  { label: 'uint32', sql: '(4294967295 - i * 12345)::UINTEGER' },
  {
    label: 'uint32',
    sql: 'CASE WHEN i % 3 = 0 THEN 0 WHEN i % 3 = 1 THEN 4294967295 ELSE hash(i) % 4294967296 END::UINTEGER',
  },
  { label: 'int32', sql: '((hash(i) % 4294967296)::BIGINT - 2147483648)::INTEGER' },
  { label: 'int8', sql: '(i % 100)::TINYINT' },
  { label: 'uint16', sql: '(i % 3)::USMALLINT' },
  { label: 'decimal(9,2) as INT32', sql: '(i / 100)::DECIMAL(9,2)' },
  { label: 'decimal(18,4) as INT64', sql: '(-i / 100)::DECIMAL(18,4)' },
  { label: 'decimal(38,10) as FIXED_LEN_BYTE_ARRAY', sql: '(i::HUGEINT * 1234567890123456789 - 5)::DECIMAL(38,10)' },
  {
    label: 'float',
    sql: `CASE WHEN i % 9 = 0 THEN 'NaN'::FLOAT WHEN i % 9 = 1 THEN '-0'::FLOAT ELSE (i / 7)::FLOAT END`,
  },
  { label: 'double', sql: `CASE WHEN i % 9 = 0 THEN NULL ELSE i / 7 END` },
  { label: 'date', sql: `DATE '0001-01-01' + (i * 700)::INTEGER` },
  { label: 'time(MICROS, local)', sql: `TIME '00:00:00' + INTERVAL (i) MICROSECONDS` },
  { label: 'timestamp(MICROS, local)', sql: `TIMESTAMP '1969-12-31 23:59:59' + INTERVAL (i) MILLISECONDS` },
  { label: 'timestamp(MICROS, utc)', sql: `make_timestamptz(i * 1000003)` },
  { label: 'boolean', sql: 'CASE WHEN i % 11 = 0 THEN NULL ELSE i % 2 = 0 END' },
  { label: 'text', sql: `CASE WHEN i % 13 = 0 THEN NULL ELSE 'Größe 日本語 🦆 ' || (i % 50) END` },
  { label: 'text', sql: `repeat('text ' || i, i % 20)` },
  { label: 'bytes', sql: `unhex(printf('%04x', i) || 'ff00c3')` },
  { label: 'uuid', sql: `md5(i::VARCHAR)::UUID` },
  { label: 'text', sql: 'NULL::VARCHAR' },
];

describe('files of other writers', () => {
  let duckdb: DuckDb;
  const source: string[] = [];
  beforeAll(async () => {
    duckdb = await DuckDb.open();
    const columns = COLUMNS.map(({ sql }, i) => `${sql} AS c${i}`);
    await duckdb.query(`CREATE TABLE source AS SELECT ${columns.join(', ')} FROM range(2300) t(i)`);
    for (const [i, { label }] of COLUMNS.entries()) {
      const rows = await duckdb.query(`SELECT coalesce(${exactSql(sampleType(label), `c${i}`)}, 'NULL') FROM source`);
      source.push(rows.join('\n'));
    }
  });
  afterAll(() => duckdb.close());

  const codecs = ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'lz4_raw'].map((codec) => ({
    codec,
    version: 'v1',
  }));
  const newerEncodings = ['uncompressed', 'snappy', 'zstd'].map((codec) => ({ codec, version: 'v2' }));
  it.each([...codecs, ...newerEncodings])('are read exactly: DuckDB, $codec, $version', async ({ codec, version }) => {
    const path = duckdb.path();
    await duckdb.query(
      `COPY source TO '${path}' (FORMAT parquet, CODEC '${codec}', PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048)`,
    );
    const { groups } = readGroups(await readFile(path));
    expect(groups.length).toBeGreaterThan(1);
    for (const [i, { label }] of COLUMNS.entries()) {
      const sample = sampleType(label);
      const read = groups.flatMap((group) => Array.from(group[i]!, (value) => exactText(sample, value) ?? 'NULL'));
      expect(read.join('\n')).toBe(source[i]);
    }
  });

  it('may be of INT96, whose nanoseconds are kept', async () => {
    const at = [0n, null, 1_583_058_600_123_456_789n, -62_135_596_800_000_000_000n, 253_402_300_799_999_999_000n, -1n];
    const bytes = int96Bytes([{ name: 'id', type: INT }], [[1, 2, 3, 4, 5, 6]], at);
    const { footer, groups } = readGroups(bytes);
    expect(footer.columns[1]!.type).toEqual({
      physical: 'INT96',
      logical: { kind: 'timestamp', unit: 'NANOS', zone: 'unsaid' },
    });
    expect(Array.from(groups[0]![1]!)).toEqual(at);
    const path = await duckdb.save(bytes);
    expect((await duckdb.query(`SELECT epoch_us("at") FROM '${path}' WHERE id IN (1, 2, 3)`)).flat()).toEqual([
      '0',
      null,
      '1583058600123456',
    ]);
  });
});

describe('files of DMS', () => {
  const rows = Array.from({ length: 500 }, (_, i) => [
    '2026-03-01 10:00:00.000000',
    i % 7 === 0 ? null : `text ${i % 30} ${'x'.repeat(i % 40)}`,
    i,
    i % 5 === 0 ? null : BigInt(i) * -123_456_789_012_345_678_901n,
    null,
  ]);
  const columns: DmsFile['columns'] = [
    { name: 'ts', type: { kind: 'string' }, required: true },
    { name: 'text', type: { kind: 'string' } },
    { name: 'id', type: { kind: 'int32' } },
    { name: 'amount', type: { kind: 'decimal', precision: 38, scale: 4 } },
    { name: 'none', type: { kind: 'double' } },
  ];
  const hadoopLz4 = { codec: 'LZ4' as const, compress: inHadoopFrame };

  it.each(
    [...CODECS, hadoopLz4].flatMap((codec) =>
      (['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'] as const).map((encoding) => ({ ...codec, encoding })),
    ),
  )('are read exactly, a REQUIRED column among them: $codec, $encoding', (layout) => {
    const { groups } = readGroups(writeDmsFile({ columns, rows, ...layout, rowsPerRowGroup: 200, rowsPerPage: 64 }));
    const column = (i: number) => groups.flatMap((group) => Array.from(group[i]!));
    const text = (i: number) =>
      column(i).map((bytes) => (bytes === null ? null : Buffer.from(bytes as Uint8Array).toString()));
    expect(text(0)).toEqual(rows.map((row) => row[0]));
    expect(text(1)).toEqual(rows.map((row) => row[1]));
    expect(column(2)).toEqual(rows.map((row) => row[2]));
    const decimal = { ...sampleType('decimal(38,4) as BYTE_ARRAY') };
    expect(column(3).map((value) => exactText(decimal, value)?.replace('.', '') ?? null)).toEqual(
      rows.map((row) =>
        row[3] === null || row[3] === undefined
          ? null
          : String(row[3]).replace(
              /^(-?)(\d{1,4})$/,
              (_, sign: string, digits: string) => sign + digits.padStart(5, '0'),
            ),
      ),
    );
    expect(column(4)).toEqual(rows.map(() => null));
  });
});

describe('a chunk that is not what the footer says is refused', () => {
  const bytes = lakeBytes([{ name: 'c', type: TEXT }], [[Array.from({ length: 50 }, (_, i) => utf8(`text ${i}`))]]);
  const { footer } = readGroups(bytes);
  const column = footer.columns[0]!;
  const chunk = footer.rowGroups[0]!.chunks[0]!;
  const pages = Uint8Array.from(bytes.subarray(chunk.start, chunk.end));

  it.each([
    ['cut short', pages.slice(0, -10), chunk],
    ['empty', new Uint8Array(), chunk],
    ['zeros', new Uint8Array(pages.length), chunk],
    ['of fewer rows', pages, { ...chunk, values: 60 }],
    ['of another codec', pages, { ...chunk, codec: 'GZIP' }],
    ['of a codec unknown', pages, { ...chunk, codec: 'LZO' }],
    ['not compressed as it says', Buffer.concat([pages.subarray(0, 30), new Uint8Array(pages.length - 30)]), chunk],
  ])('%s', (_, damaged, described) => {
    expect(() => asMalformed(() => decodeChunk(damaged, described, column))).toThrow(MalformedParquet);
  });

  it('and a good one is not', () => {
    expect(decodeChunk(pages, chunk, column)).toHaveProperty('length', 50);
  });
});

/** LZ4 as Hadoop frames it: length of the text and of the block, both big-endian, then the block. */
function inHadoopFrame(bytes: Uint8Array): Uint8Array {
  const block = CODECS.find(({ codec }) => codec === 'LZ4_RAW')!.compress!(bytes);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(bytes.length, 0);
  frame.writeUInt32BE(block.length, 4);
  return Buffer.concat([frame, block]);
}
