/**
 * What Tidemark is compared with: DuckDB brings the table up to the same files by writing the table's files anew, as it
 * does by itself, with row groups of its own.
 */
import { rm } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { COLUMNS } from './bench-table.ts';
import { answer, peakMemory, takeJob, type Taken, timed } from './measured-process.ts';
import { parquetScan } from './parquet-scan.ts';

export interface DuckDbJob {
  threads: number;
  /** The table's files before the first run; none: the runs load, each anew. */
  table: string[];
  /** One after the other; each writes the table that the next begins with. */
  runs: { raw: string[]; output: string }[];
}

export interface DuckDbResult {
  runs: Taken[];
  /** Bytes. */
  peakMemory: number;
}

answer(await run((await takeJob()) as DuckDbJob));

async function run({ threads, table, runs }: DuckDbJob): Promise<DuckDbResult> {
  const duckdb = await (await DuckDBInstance.create(':memory:', { threads: String(threads) })).connect();
  const taken: Taken[] = [];
  let current = table;
  for (const { raw, output } of runs) {
    const rows = table.length === 0 ? `FROM ${parquetScan(raw)}` : mergedRows(current, raw);
    const { ms, cpuMs } = await timed(() =>
      duckdb.run(`COPY (${rows}) TO '${output}' (FORMAT parquet, COMPRESSION snappy)`),
    );
    taken.push({ ms, cpuMs });
    if (taken.length > 1) for (const path of current) await rm(path);
    current = [output];
  }
  return { runs: taken, peakMemory: peakMemory() };
}

/** The rows of a table after change files: of each key the last operation counts. */
function mergedRows(table: readonly string[], changes: readonly string[]): string {
  const columns = COLUMNS.join(', ');
  return `WITH last AS (
      SELECT * FROM ${parquetScan(changes, ', filename = true, file_row_number = true')}
      QUALIFY row_number() OVER (PARTITION BY id ORDER BY filename DESC, file_row_number DESC) = 1)
    SELECT ${columns} FROM ${parquetScan(table)} ANTI JOIN last USING (id)
    UNION ALL SELECT ${columns} FROM last WHERE Op <> 'D'`;
}
