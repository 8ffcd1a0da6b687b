import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DmsColumn, type DmsType, type DmsValue, OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { CODECS } from '../streams/codecs.ts';
import { randomValue } from '../streams/column-values.ts';

const TYPES: readonly { type: DmsType; duckdb: string }[] = [
  { type: { kind: 'boolean' }, duckdb: 'BOOLEAN' },
  { type: { kind: 'int8' }, duckdb: 'TINYINT' },
  { type: { kind: 'int16' }, duckdb: 'SMALLINT' },
  { type: { kind: 'int32' }, duckdb: 'INTEGER' },
  { type: { kind: 'int64' }, duckdb: 'BIGINT' },
  { type: { kind: 'uint8' }, duckdb: 'UTINYINT' },
  { type: { kind: 'uint16' }, duckdb: 'USMALLINT' },
  { type: { kind: 'uint32' }, duckdb: 'UINTEGER' },
  { type: { kind: 'uint64' }, duckdb: 'UBIGINT' },
  { type: { kind: 'float' }, duckdb: 'FLOAT' },
  { type: { kind: 'double' }, duckdb: 'DOUBLE' },
  { type: { kind: 'date' }, duckdb: 'DATE' },
  { type: { kind: 'timestampMillis' }, duckdb: 'TIMESTAMP' },
  { type: { kind: 'timestampMicros' }, duckdb: 'TIMESTAMP' },
  { type: { kind: 'timeMillis' }, duckdb: 'TIME' },
  { type: { kind: 'timeMicros' }, duckdb: 'TIME' },
  { type: { kind: 'string' }, duckdb: 'VARCHAR' },
  { type: { kind: 'bytes' }, duckdb: 'BLOB' },
  { type: { kind: 'decimal', precision: 38, scale: 10 }, duckdb: 'DECIMAL(38,10)' },
  { type: { kind: 'decimal', precision: 15, scale: 2 }, duckdb: 'DECIMAL(15,2)' },
  { type: { kind: 'decimal', precision: 9, scale: 2, storedAs: 'INT32' }, duckdb: 'DECIMAL(9,2)' },
  { type: { kind: 'decimal', precision: 18, scale: 6, storedAs: 'INT64' }, duckdb: 'DECIMAL(18,6)' },
];

const COLUMNS: readonly DmsColumn[] = TYPES.map(({ type }, index) => ({ name: `c${index}`, type }));

describe('a DMS file', () => {
  let folder: string;
  let duckdb: DuckDBConnection;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-dms-file-'));
    duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  });
  afterAll(async () => {
    duckdb.closeSync();
    await rm(folder, { recursive: true });
  });

  async function write(file: Parameters<typeof writeDmsFile>[0]): Promise<string> {
    const path = join(folder, 'file.parquet');
    await writeFile(path, writeDmsFile(file));
    return path;
  }
  const query = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowsJson();

  const layouts = CODECS.flatMap((codec, index) =>
    (['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'] as const).map((encoding) => ({ ...codec, encoding, index })),
  );
  it.each(layouts)('holds exactly the values that were meant: $codec, $encoding', async ({ index, ...layout }) => {
    const random = new SeededRandom(index);
    const rows = Array.from({ length: 120 }, () =>
      COLUMNS.map(({ type }) => (random.chance(0.2) ? null : randomValue(random, type))),
    );
    const path = await write({ columns: COLUMNS, rows, ...layout, rowsPerRowGroup: 50, rowsPerPage: 17 });
    const exact = TYPES.map(({ type }, column) => exactSql(type, `c${column}`)).join(', ');
    expect(await query(`SELECT ${exact} FROM '${path}'`)).toEqual(
      rows.map((row) => row.map((value, column) => exactText(TYPES[column]!.type, value))),
    );
  });

  it('declares each column with the type that DMS gives it', async () => {
    const path = await write({ columns: COLUMNS, rows: [COLUMNS.map(() => null)] });
    const described = await query(`DESCRIBE FROM '${path}'`);
    expect(described.map(([, type]) => type)).toEqual(TYPES.map(({ duckdb: type }) => type));
  });

  it('looks like one that DMS wrote: by AWS, uncompressed, converted types, no bounds on decimals', async () => {
    const columns: DmsColumn[] = [
      OP_COLUMN,
      { name: 'id', type: { kind: 'int32' } },
      { name: 'price', type: { kind: 'decimal', precision: 10, scale: 2 } },
    ];
    const path = await write({ columns, rows: Array.from({ length: 10_001 }, (_, id) => ['I', id, 1999n]) });
    expect(await query(`SELECT created_by, num_rows, num_row_groups FROM parquet_file_metadata('${path}')`)).toEqual([
      ['AWS', '10001', '2'],
    ]);
    expect(
      await query(`SELECT name, logical_type FROM parquet_schema('${path}') WHERE logical_type IS NOT NULL`),
    ).toEqual([]);
    expect(
      await query(
        `SELECT path_in_schema, compression, stats_min_value, stats_max_value FROM parquet_metadata('${path}') WHERE row_group_id = 0`,
      ),
    ).toEqual([
      ['Op', 'UNCOMPRESSED', 'I', 'I'],
      ['id', 'UNCOMPRESSED', '0', '9999'],
      ['price', 'UNCOMPRESSED', null, null],
    ]);
  });

  it('may hold no rows at all', async () => {
    const path = await write({ columns: COLUMNS, rows: [] });
    expect(await query(`SELECT count(*) FROM '${path}'`)).toEqual([['0']]);
  });

  it('is not written from values of the wrong form', () => {
    const columns: DmsColumn[] = [{ name: 'id', type: { kind: 'int64' } }];
    expect(() => writeDmsFile({ columns, rows: [[1]] })).toThrow('a int64 column takes a bigint, not a number');
    expect(() => writeDmsFile({ columns, rows: [[1n, 2n]] })).toThrow('a row has 2 values for 1 columns');
    expect(() => writeDmsFile({ columns: [{ ...columns[0]!, required: true }], rows: [[null]] })).toThrow(
      'column id is required, but a row has no value for it',
    );
  });
});

function exactSql(type: DmsType, column: string): string {
  if (type.kind === 'float' || type.kind === 'double') return `${column}::BIT::VARCHAR`;
  // As bytes: the reader's text decoder drops a byte order mark.
  if (type.kind === 'bytes' || type.kind === 'string') return `hex(${column})`;
  if (type.kind.startsWith('time')) return `epoch_us(${column})::VARCHAR`;
  if (type.kind === 'date') return `(${column} - DATE '1970-01-01')::VARCHAR`;
  return `${column}::VARCHAR`;
}

function exactText(type: DmsType, value: DmsValue): string | null {
  if (value === null) return null;
  if (type.kind === 'bytes' || type.kind === 'string') {
    return Buffer.from(value as string | Uint8Array)
      .toString('hex')
      .toUpperCase();
  }
  const bytes = Buffer.alloc(8);
  switch (type.kind) {
    case 'float':
      bytes.writeFloatBE(value as number);
      return bytes.readUInt32BE().toString(2).padStart(32, '0');
    case 'double':
      bytes.writeDoubleBE(value as number);
      return bytes.readBigUInt64BE().toString(2).padStart(64, '0');
    case 'timestampMillis':
    case 'timeMillis':
      return String(BigInt(value as number | bigint) * 1000n);
    case 'decimal': {
      const digits = String(value)
        .replace('-', '')
        .padStart(type.scale + 1, '0');
      const whole = digits.slice(0, digits.length - type.scale);
      return `${(value as bigint) < 0n ? '-' : ''}${type.scale === type.precision ? '0' : whole}.${digits.slice(-type.scale)}`;
    }
    default:
      return String(value);
  }
}
