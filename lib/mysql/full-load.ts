import type { Connection as StreamingConnection } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { isErrno } from '../local/errno.ts';
import { OP_COLUMN, type DmsColumn, type DmsValue } from '../sample/dms-column.ts';
import { writeDmsFile } from '../sample/dms-file.ts';
import { type BinlogPosition, endOfBinlog } from './binlog-position.ts';
import { type MysqlColumn, dmsType, parseColumnType, type TimestampUnit } from './column-type.ts';
import { dmsValue } from './column-value.ts';
import { type MysqlServer, openSession, queryTexts, quotedName } from './mysql-server.ts';
import type { RawTarget } from './raw-target.ts';
import { sizeOf } from './row-size.ts';

export interface FullLoadOptions {
  schema: string;
  /** All of the schema's unless given. */
  tables?: readonly string[];
  /** DMS's MaxFileSize: a file is cut once its values take more bytes. They are held in memory. */
  maxFileBytes: number;
  timestamps: TimestampUnit;
}

/**
 * Writes the full load of a schema's tables, all as they were at one moment: `LOAD00000001.parquet`, …, with Op, I in
 * every row. Raw files that a table has from before are removed first, as DMS does where it prepares target tables. An
 * empty table has no file. Where a table is altered meanwhile, it begins anew.
 * @returns the place in the binlog that belongs to the moment: changes from there on are not in the files
 * @throws RangeError if a table has a column that DMS has no type for
 */
export async function fullLoad(
  server: MysqlServer,
  options: FullLoadOptions,
  target: RawTarget,
): Promise<BinlogPosition> {
  for (;;) {
    try {
      return await loadAtOneMoment(server, options, target);
    } catch (error) {
      if (!isErrno(error, 'ER_TABLE_DEF_CHANGED')) throw error;
    }
  }
}

async function loadAtOneMoment(
  server: MysqlServer,
  options: FullLoadOptions,
  target: RawTarget,
): Promise<BinlogPosition> {
  const session = await openSession(server);
  const { connection } = session;
  try {
    const position = await beginSnapshot(connection);
    for (const table of options.tables ?? (await tablesOf(connection, options.schema))) {
      await loadTable(session, table, options, target);
    }
    return position;
  } finally {
    connection.destroy();
  }
}

/** The lock is held for two statements: it keeps commits out between the snapshot and the look at the binlog. */
async function beginSnapshot(connection: Connection): Promise<BinlogPosition> {
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await connection.query('FLUSH TABLES WITH READ LOCK');
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const position = await endOfBinlog(connection);
  await connection.query('UNLOCK TABLES');
  return position;
}

async function tablesOf(connection: Connection, schema: string): Promise<string[]> {
  const rows = await queryTexts(
    connection,
    `SELECT TABLE_NAME FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME`,
    [schema],
  );
  return rows.map(([name]) => name ?? '');
}

/** In the order of the table; what a table has now, not in the snapshot: one altered since cannot be read from it. */
export async function columnsOf(connection: Connection, schema: string, table: string): Promise<MysqlColumn[]> {
  const rows = await queryTexts(
    connection,
    `SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [schema, table],
  );
  return rows.map(([name, type]) => ({ name: name ?? '', type: parseColumnType(type ?? '') }));
}

async function loadTable(
  { connection, streaming }: Awaited<ReturnType<typeof openSession>>,
  table: string,
  options: FullLoadOptions,
  target: RawTarget,
): Promise<void> {
  const { schema, maxFileBytes, timestamps } = options;
  const source = await columnsOf(connection, schema, table);
  const columns: DmsColumn[] = source.map((column) => ({ name: column.name, type: dmsType(column, timestamps) }));
  await target.removeTable(schema, table);

  let [rows, bytes, files]: [DmsValue[][], number, number] = [[], 0, 0];
  const cut = async (): Promise<void> => {
    const name = `LOAD${(++files).toString(16).toUpperCase().padStart(8, '0')}.parquet`;
    const file = writeDmsFile({ columns: [OP_COLUMN, ...columns], rows });
    [rows, bytes] = [[], 0];
    await target.place({ key: `${schema}/${table}/${name}`, bytes: file });
  };
  for await (const given of readRows(streaming, schema, table, source)) {
    const row = columns.map(({ type }, i) => {
      const bytesOfValue = given[i] ?? null;
      return bytesOfValue === null ? null : dmsValue(type, bytesOfValue);
    });
    rows.push(['I', ...row]);
    bytes += sizeOf(row);
    if (bytes > maxFileBytes) await cut();
  }
  if (rows.length > 0) await cut();
}

/** Every value as the bytes that the server sends. */
function readRows(
  connection: StreamingConnection,
  schema: string,
  table: string,
  columns: readonly MysqlColumn[],
): AsyncIterable<(Buffer | null)[]> {
  // As text a FLOAT has six digits; as DOUBLE it has all it takes to tell its value.
  const selected = columns.map(({ name, type }) =>
    type.base === 'float' ? `CAST(${quotedName(name)} AS DOUBLE)` : quotedName(name),
  );
  // Of a connection that is lost no stream is told: it would never end.
  let fail = (error: Error): void => {
    throw error;
  };
  const lost = (error: Error): void => fail(error);
  connection.on('error', lost);
  const rows = connection
    .query({
      sql: `SELECT ${selected.join(', ')} FROM ${quotedName(schema, table)}`,
      rowsAsArray: true,
      typeCast: (field) => field.buffer(),
    })
    .stream();
  fail = (error) => rows.destroy(error);
  rows.once('close', () => connection.off('error', lost));
  return rows as AsyncIterable<(Buffer | null)[]>;
}
