import { mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** A table of orders: what it is made of follows from this alone, so raw files are kept and used again. */
export interface BenchTable {
  name: string;
  key: 'sequence' | 'uuid';
  rows: number;
}

/** What one change file holds; each operation has a key of its own, but inserted rows may be changed in the same file. */
export interface Operations {
  updates: number;
  inserts: number;
  deletes: number;
  /** Evenly over all rows, or among the newest 5,000. */
  of: 'all rows' | 'newest rows';
  /** Which columns get new values, beside Op. */
  changing: 'all columns' | 'product and amount';
}

/** Columns of the raw files and of the lake, in this order. */
export const COLUMNS = ['Op', 'id', 'customer', 'quantity', 'ordered_at', 'amount', 'product'] as const;

const NEWEST_ROWS = 5_000;
/** Rows looked at in a stratum of which some are deleted; more than enough. */
const TRIES = 16;
const ROWS_PER_LOAD_FILE = 3_000_000;
/** DMS writes row groups of 10,000 rows; DuckDB's are a multiple of 2,048. */
const ROWS_PER_GROUP = 10_240;

/**
 * Writes a table's load files, once.
 * @returns their paths, in order
 */
export async function loadFiles(table: BenchTable, folder: string): Promise<string[]> {
  const files = Array.from({ length: Math.ceil(table.rows / ROWS_PER_LOAD_FILE) }, (_, i) => ({
    path: join(folder, `LOAD${(i + 1).toString(16).toUpperCase().padStart(8, '0')}.parquet`),
    first: i * ROWS_PER_LOAD_FILE + 1,
    last: Math.min((i + 1) * ROWS_PER_LOAD_FILE, table.rows),
  }));
  if (existsSync(folder)) return files.map(({ path }) => path);
  await madeWhole(folder, async (unfinished) => {
    const duckdb = await connect();
    for (const { path, first, last } of files) {
      const rows = `SELECT 'I' AS Op, ${columnValues(table, '0', '0')} FROM range(${first}, ${last} + 1) numbers(s)`;
      await duckdb.run(copyAsDms(rows, path.replace(folder, unfinished)));
    }
    duckdb.closeSync();
  });
  return files.map(({ path }) => path);
}

/**
 * Writes change files for a table as loaded, each to be applied after the one before, once.
 * @returns their paths, in order
 */
export async function changeFiles(
  table: BenchTable,
  operations: Operations,
  count: number,
  folder: string,
): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => changeFileName(i));
  if (existsSync(folder)) return names.map((name) => join(folder, name));
  await madeWhole(folder, async (unfinished) => {
    const duckdb = await connect();
    await duckdb.run('CREATE TABLE deleted (s BIGINT)');
    let newest = table.rows;
    for (const [i, name] of names.entries()) {
      const change = { ...operations, version: i + 1, firstNew: newest + 1, newest: newest + operations.inserts };
      await writeChanges(table, change, join(unfinished, name), duckdb);
      newest = change.newest;
    }
    duckdb.closeSync();
  });
  return names.map((name) => join(folder, name));
}

interface Change extends Operations {
  /** Differs from file to file, and so do the values. */
  version: number;
  /** Numbers of the rows that the file inserts. */
  firstNew: number;
  newest: number;
}

/** Inserts come first, so that the other operations find them. */
async function writeChanges(table: BenchTable, change: Change, path: string, duckdb: DuckDBConnection): Promise<void> {
  const { version, firstNew, newest, updates, deletes } = change;
  const first = change.of === 'all rows' ? 1 : Math.max(1, newest - NEWEST_ROWS + 1);
  const strata = updates + deletes;
  const span = newest - first + 1;
  // One row of each stratum, so that the changes are spread evenly: the first found that is not deleted. Deletes are
  // among them at random.
  await duckdb.run(`CREATE OR REPLACE TABLE changed AS
    SELECT s, CASE WHEN row_number() OVER (ORDER BY hash(s, ${version}, 'op')) <= ${deletes} THEN 'D' ELSE 'U' END AS Op
    FROM (SELECT arg_min(s, try) AS s
          FROM (SELECT stratum, try, ${first} + stratum * ${span} // ${strata}
                  + (hash(stratum, try, ${version}) % ${Math.max(1, Math.floor(span / strata))})::BIGINT AS s
                FROM range(${strata}) strata(stratum), range(${TRIES}) tries(try))
          WHERE s NOT IN (FROM deleted) GROUP BY stratum)
    UNION ALL SELECT s, 'I' FROM range(${firstNew}, ${newest} + 1) numbers(s)`);
  await duckdb.run(`INSERT INTO deleted SELECT s FROM changed WHERE Op = 'D'`);
  const others = change.changing === 'all columns' ? String(version) : '0';
  const rows = `SELECT Op, ${columnValues(table, String(version), others)} FROM changed ORDER BY Op <> 'I', hash(s, ${version})`;
  await duckdb.run(copyAsDms(rows, path));
}

/** Columns as DMS names them, uncompressed as it does by default. */
function copyAsDms(rows: string, path: string): string {
  return `COPY (${rows}) TO '${path}' (FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE ${ROWS_PER_GROUP})`;
}

/**
 * SQL for a row's columns after Op: they follow from its number `s` and a version. Some 57 bytes a row, compressed.
 * @param version of product and amount  @param others version of the other columns
 */
function columnValues({ key }: BenchTable, version: string, others: string): string {
  const id = key === 'sequence' ? 's' : `md5('key ' || s)::UUID::VARCHAR`;
  return `${id} AS id,
    to_base64(unhex(md5('a' || s || '-' || ${others}))) || substr(md5('b' || s || '-' || ${others}), 1, 8) AS customer,
    (hash(s, ${others}, 'quantity') % 1000000)::INTEGER AS quantity,
    TIMESTAMP '2020-01-01' + to_microseconds(s * 60000000 + (hash(s, ${others}, 'second') % 60000000)::BIGINT) AS ordered_at,
    ((hash(s, ${version}, 'amount') % 1000000000)::DECIMAL(18, 0) / 100)::DECIMAL(12, 2) AS amount,
    'product ' || (hash(s, ${version}, 'product') % 500) AS product`;
}

/** As DMS names them, by the time: `20260301-HHMMSSmmm.parquet`, a second apart. */
function changeFileName(index: number): string {
  const time = new Date(Date.UTC(2026, 2, 1) + index * 1_000).toISOString();
  const [date = '', clock = ''] = time.slice(0, -1).split('T');
  return `${date.replaceAll('-', '')}-${clock.replaceAll(/[:.]/g, '')}.parquet`;
}

/** A folder that is there is whole, even if a run before was ended while it made one. */
async function madeWhole(folder: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await make(unfinished);
  await rename(unfinished, folder);
}

async function connect(): Promise<DuckDBConnection> {
  // Most statements are too small to gain from threads.
  return (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
}
