import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchCase, BenchSize } from './bench-cases.ts';
import { changeFiles, loadFiles } from './bench-table.ts';
import { rowDifference } from './compare-rows.ts';
import type { DuckDbJob, DuckDbResult } from './duckdb-process.ts';
import {
  bytesOf,
  copyOf,
  foldersIn,
  lakeFilesIn,
  linked,
  loadedTable,
  SCHEMA,
  settle,
  tableFolder,
  TIDEMARK_PROCESS,
} from './loaded-table.ts';
import { runProcess } from './measured-process.ts';
import type { TidemarkJob, TidemarkResult } from './tidemark-process.ts';

const DUCKDB_PROCESS = join(import.meta.dirname, 'duckdb-process.ts');

/** What was measured of a case, as the processes tell it. */
export interface Measured {
  tidemark: TidemarkResult;
  /** Without the runs before those that are measured; undefined if the case does not time it. */
  duckdb: DuckDbResult | undefined;
  /** Bytes of the table's lake files: before the first run, or as a load leaves them. */
  tableBytes: number;
  /** Files that arrive for one run. */
  files: number;
  /** How the rows of the two differ at the end; undefined if they do not. */
  difference: string | undefined;
}

/**
 * Measures Tidemark and then DuckDB on a case, each in a process of its own, and compares what they come to.
 * @param folder of all that is kept between runs
 */
export async function measureCase(bench: BenchCase, size: BenchSize, folder: string): Promise<Measured> {
  const workspace = join(folder, 'workspace');
  await rm(workspace, { recursive: true, force: true });
  await mkdir(workspace, { recursive: true });
  try {
    return await (bench.work.kind === 'load'
      ? measureLoad(bench, size, folder, workspace)
      : measureChanges({ ...bench, work: bench.work }, size, folder, workspace));
  } finally {
    await rm(workspace, { recursive: true });
  }
}

async function measureLoad(bench: BenchCase, size: BenchSize, folder: string, workspace: string): Promise<Measured> {
  const files = await loadFiles(bench.table, join(tableFolder(bench, folder), 'load'));
  const runs: TidemarkJob['runs'] = [];
  const duckdbRuns: DuckDbJob['runs'] = [];
  for (let run = 0; run < bench.warmUps + size.iterations; run++) {
    const own = join(workspace, String(run));
    const folders = foldersIn(own);
    const arriving = await linked(files, join(own, 'incoming'), arrivalFolder(bench, folders.raw));
    runs.push({ folders, arriving });
    duckdbRuns.push({ raw: files, output: join(workspace, `${run}.parquet`) });
  }
  const tidemark = await runTidemark(bench, size, runs);
  const lakeFiles = [];
  for (const { folders } of runs) lakeFiles.push(await lakeFilesIn(folders, bench.table.name));
  await settle(lakeFiles.flat());
  const duckdb = await runDuckDb({ threads: size.threads, table: [], runs: duckdbRuns });
  const loaded = lakeFiles.at(-1) ?? [];
  const difference = await rowDifference(loaded, outputOf(duckdbRuns));
  return {
    tidemark,
    duckdb: { ...duckdb, runs: duckdb.runs.slice(bench.warmUps) },
    tableBytes: await bytesOf(loaded),
    files: files.length,
    difference,
  };
}

async function measureChanges(
  bench: BenchCase & { work: { kind: 'changes' } },
  size: BenchSize,
  folder: string,
  workspace: string,
): Promise<Measured> {
  const { operations, files: filesPerRun } = bench.work;
  const loaded = await loadedTable(bench, size.threads, folder);
  const count = (bench.warmUps + size.iterations) * filesPerRun;
  const what = Object.values(operations).join('-').replaceAll(' ', '-');
  const files = await changeFiles(bench.table, operations, count, join(tableFolder(bench, folder), `${what}-${count}`));
  const folders = await copyOf(loaded, bench.table.name, workspace);
  const moves = await linked(files, join(workspace, 'incoming'), arrivalFolder(bench, folders.raw));
  const runs = chunks(moves, filesPerRun).map((arriving) => ({ folders, arriving }));
  const tidemark = await runTidemark(bench, size, runs);
  const lakeFiles = await lakeFilesIn(folders, bench.table.name);
  await settle(lakeFiles);
  const duckdbRuns = rewrites(bench, files, workspace);
  const duckdb = await runDuckDb({ threads: size.threads, table: loaded.lakeFiles, runs: duckdbRuns });
  const difference = await rowDifference(lakeFiles, outputOf(duckdbRuns));
  return {
    tidemark,
    duckdb: bench.timesDuckDb ? { ...duckdb, runs: duckdb.runs.slice(1) } : undefined,
    tableBytes: loaded.lakeBytes,
    files: filesPerRun,
    difference,
  };
}

async function runTidemark(
  { table, targetFileBytes }: BenchCase,
  { threads }: BenchSize,
  runs: TidemarkJob['runs'],
): Promise<TidemarkResult> {
  const job: TidemarkJob = {
    table: `${SCHEMA}/${table.name}`,
    primaryKey: ['id'],
    threads,
    ...(targetFileBytes !== undefined && { targetFileBytes }),
    runs,
  };
  return (await runProcess(TIDEMARK_PROCESS, job)) as TidemarkResult;
}

async function runDuckDb(job: DuckDbJob): Promise<DuckDbResult> {
  return (await runProcess(DUCKDB_PROCESS, job)) as DuckDbResult;
}

/** All that comes before the measured runs in one go, then run by run; or all in one go if no time is taken. */
function rewrites(
  bench: BenchCase & { work: { kind: 'changes' } },
  files: string[],
  workspace: string,
): DuckDbJob['runs'] {
  const first = bench.timesDuckDb ? bench.warmUps * bench.work.files : files.length;
  const raw = [files.slice(0, first), ...chunks(files.slice(first), bench.work.files)];
  return raw.map((changes, run) => ({ raw: changes, output: join(workspace, `${run}.parquet`) }));
}

function arrivalFolder({ table }: BenchCase, raw: string): string {
  return join(raw, SCHEMA, table.name);
}

function outputOf(runs: DuckDbJob['runs']): string[] {
  return runs.slice(-1).map(({ output }) => output);
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
