import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { COLUMNS } from './bench-table.ts';
import { parquetScan } from './parquet-scan.ts';

/**
 * Compares the rows of two sets of Parquet files as multisets, by count and by sum and exclusive-or of the rows' hashes.
 * @returns what differs, in words; undefined if nothing does.
 */
export async function rowDifference(left: readonly string[], right: readonly string[]): Promise<string | undefined> {
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const [leftTypes, rightTypes] = [await types(left, duckdb), await types(right, duckdb)];
    if (leftTypes !== rightTypes) return `columns ${leftTypes} here, ${rightTypes} there`;
    if ((await digest(left, duckdb)) === (await digest(right, duckdb))) return undefined;
    const missing = await surplus(right, left, duckdb);
    return `${await surplus(left, right, duckdb)} rows are only here, ${missing} only there`;
  } finally {
    duckdb.closeSync();
  }
}

const ROW = COLUMNS.join(', ');

async function types(files: readonly string[], duckdb: DuckDBConnection): Promise<string> {
  const result = await duckdb.runAndReadAll(`DESCRIBE SELECT ${ROW} FROM ${parquetScan(files)}`);
  return result
    .getRows()
    .map(([name, type]) => `${String(name)} ${String(type)}`)
    .join(', ');
}

async function digest(files: readonly string[], duckdb: DuckDBConnection): Promise<string> {
  const sums = `count(*), sum(hash(${ROW})::HUGEINT), bit_xor(hash(${ROW}))`;
  const result = await duckdb.runAndReadAll(`SELECT ${sums} FROM ${parquetScan(files)}`);
  return result.getRows().flat().map(String).join(' ');
}

async function surplus(files: readonly string[], over: readonly string[], duckdb: DuckDBConnection): Promise<string> {
  const rows = (of: readonly string[]) => `SELECT ${ROW} FROM ${parquetScan(of)}`;
  const result = await duckdb.runAndReadAll(`SELECT count(*) FROM (${rows(files)} EXCEPT ALL ${rows(over)})`);
  return String(result.getRows()[0]?.[0]);
}
