import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDb } from '../parquet/duckdb.ts';
import { WatchedProcess } from './watched-process.ts';
import type { WorstFile } from './worst-files.ts';

/** No run may take more memory, with the process itself. */
export const WORST_MIB_MAX = 1024;

export interface WorstResult {
  what: string;
  /** Of the run that merges a full load, and of the one that then changes all its rows; undefined if there was none. */
  load: Measured;
  change: Measured | undefined;
}

export interface Measured {
  peakMiB: number;
  ms: number;
  end: 'merged' | 'blocked';
  /** What must not be. */
  fault?: string;
}

const TABLE = 'shop/worst';
const LOAD = 'LOAD00000001.parquet';
const CHANGE = '20260301-101500123.parquet';

/**
 * Gives a file to `local --once` as a full load, then another version of it as changes of all its rows, each in a process
 * of its own.
 * @param options.nodeOptions of these processes
 * @param options.msMax after which a run is taken to hang
 */
export async function runWorstFile(
  { what, bytes, end, changeEnd = end }: WorstFile,
  { nodeOptions, msMax }: { nodeOptions: readonly string[]; msMax: number },
): Promise<WorstResult> {
  const root = await mkdtemp(join(tmpdir(), 'tidemark-worst-'));
  const folder = join(root, 'raw', TABLE);
  await mkdir(folder, { recursive: true });
  const settings = { primaryKey: ['id'], active: true };
  await writeFile(join(root, 'tables.json'), JSON.stringify({ [TABLE]: settings }));
  const merge = async (name: string, version: number, expected: WorstFile['end']): Promise<Measured> => {
    await writeFile(join(folder, name), bytes(version));
    const measured = await run(root, name, nodeOptions, msMax);
    if (measured.fault !== undefined) return measured;
    if (measured.end !== expected) return { ...measured, fault: `${measured.end}, not ${expected}` };
    const fault = expected === 'merged' ? await difference(join(folder, name), join(root, 'lake', TABLE)) : undefined;
    return { ...measured, ...(fault !== undefined && { fault }) };
  };
  try {
    const load = await merge(LOAD, 0, end);
    const change = load.fault === undefined && end === 'merged' ? await merge(CHANGE, 1, changeEnd) : undefined;
    return { what, load, change };
  } finally {
    await rm(root, { recursive: true });
  }
}

async function run(root: string, name: string, nodeOptions: readonly string[], msMax: number): Promise<Measured> {
  const watched = new WatchedProcess({ msMax, residentMiBMax: 3 * WORST_MIB_MAX }, nodeOptions);
  try {
    const [raw, lake, tables] = ['raw', 'lake', 'tables.json'].map((path) => join(root, path)) as [
      string,
      string,
      string,
    ];
    const result = await watched.run({ raw, lake, tables });
    if ('fault' in result) {
      const fault = `${result.fault} ${result.said.join('').slice(-400)}`;
      return { peakMiB: NaN, ms: result.ms, end: 'blocked', fault };
    }
    const { exitCode, said, peakMiB, ms } = result;
    const end = exitCode === 0 ? 'merged' : 'blocked';
    const isSaid = said.some((line) =>
      [`${TABLE} is blocked: `, `${TABLE} is blocked by ${name}: `].some((begin) => line.startsWith(begin)),
    );
    const fault =
      peakMiB > WORST_MIB_MAX
        ? 'too much memory'
        : exitCode !== 0 && !isSaid
          ? `exit code ${exitCode}: ${said.join(' ').slice(-400)}`
          : undefined;
    return { peakMiB, ms, end, ...(fault !== undefined && { fault }) };
  } finally {
    await watched.close();
  }
}

/** What the lake has otherwise than the raw file, by DuckDB. */
async function difference(raw: string, lake: string): Promise<string | undefined> {
  const duckDb = await DuckDb.open();
  try {
    const described = await duckDb.query(`DESCRIBE FROM '${raw}'`);
    const columns = described.slice(0, COLUMNS_COMPARED).map(([name]) => `"${String(name)}"`);
    const sums = `count(*), sum(hash(${columns.join(', ')}))`;
    const [expected] = await duckDb.query(`SELECT ${sums} FROM '${raw}'`);
    const [found] = await duckDb.query(`SELECT ${sums} FROM '${lake}/**/*.parquet'`);
    return String(expected) === String(found)
      ? undefined
      : `${String(found)} in the lake, ${String(expected)} in the file`;
  } finally {
    await duckDb.close();
  }
}

/** Each costs a reader of many small row groups time. */
const COLUMNS_COMPARED = 5;
