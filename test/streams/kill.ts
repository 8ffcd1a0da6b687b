import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import type { Oracle } from './oracle.ts';
import { randomStream, type Stream, type StreamSize } from './random-stream.ts';
import { applySteps, tableFiles, tablesFile } from './raw-folder.ts';

export interface KillFigures {
  kills: number;
  /** Kills that left a merge between its claim and its commit. */
  midMerge: number;
  /** Processes that were let run to their end. */
  completed: number;
  streams: number;
  files: number;
  rows: number;
  faults: string[];
}

/** Long enough merges for a kill to fall anywhere in them. */
const LARGE: StreamSize = {
  tablesMax: 6,
  runsMax: 6,
  changeFilesMax: 40,
  rowsPerFileMax: 120,
  rowsPerLoadFileMax: 1500,
};

/** The command of `npm run tidemark`, as one process, so that a kill reaches it. */
const TIDEMARK = ['--import', 'tsx', resolve(import.meta.dirname, '../../lib/cli/main.ts')];

/**
 * Merges streams with `tidemark local --once`, killed with SIGKILL at random moments and started again, until it was
 * killed so often and the stream at hand is done. After each kill no key may be there twice; at the end of a stream the
 * lake must be the oracle's.
 */
export async function killAndRestart(
  { kills, seed, size = LARGE }: { kills: number; seed: number; size?: StreamSize },
  oracle: Oracle,
): Promise<KillFigures> {
  const random = new SeededRandom(seed);
  const figures: KillFigures = { kills: 0, midMerge: 0, completed: 0, streams: 0, files: 0, rows: 0, faults: [] };
  const startupMs = await startupTime();
  // How long a merge takes after the start: grows while kills fall into it, shrinks when it ends before them.
  let mergeMs = startupMs;
  for (let streamSeed = seed; figures.kills < kills; streamSeed++) {
    const stream = randomStream(streamSeed, size);
    const folder = await mkdtemp(join(tmpdir(), `tidemark-kill-${streamSeed}-`));
    const folders = { raw: join(folder, 'raw'), lake: join(folder, 'lake') };
    const tables = join(folder, 'tables.json');
    const faultsBefore = figures.faults.length;
    const fault = (text: string) => figures.faults.push(`seed ${streamSeed} in ${folder}: ${text}`);
    await mkdir(folders.raw);

    for (let run = 0; run < stream.runs; run++) {
      await applySteps(stream, run, folders.raw);
      await writeFile(tables, tablesFile(stream, run));
      for (;;) {
        const child = start(['local', '--raw', folders.raw, '--lake', folders.lake, '--tables', tables, '--once']);
        const delayMs = figures.kills < kills ? startupMs * 0.7 + random.next() * mergeMs : undefined;
        const { killed, exitCode, said } = await end(child, delayMs);
        if (killed) {
          figures.kills++;
          if (await isMidMerge(folders.lake)) figures.midMerge++;
          mergeMs *= 1.1;
          for (const difference of await keysTwice(stream, run, folders, oracle)) fault(difference);
          continue;
        }
        mergeMs *= 0.8;
        figures.completed++;
        if (exitCode !== 0) fault(`tidemark local --once ended with ${String(exitCode)}: ${said}`);
        break;
      }
    }

    figures.streams++;
    for (const table of stream.tables) {
      figures.files += table.files.length;
      figures.rows += table.rows;
      const differences = await oracle.differences(await tableFiles(table, stream.runs - 1, folders));
      for (const difference of differences) fault(`${table.name}: ${difference}`);
    }
    if (figures.faults.length === faultsBefore) await rm(folder, { recursive: true });
  }
  return figures;
}

/** A row that moves to another partition is allowed to be in both for a moment; all others are in one place always. */
async function keysTwice(
  stream: Stream,
  run: number,
  folders: { raw: string; lake: string },
  oracle: Oracle,
): Promise<string[]> {
  const faults: string[] = [];
  for (const table of stream.tables.filter(
    ({ primaryKey, partitionKey }) => primaryKey.length > 0 && partitionKey.length === 0,
  )) {
    const twice = await oracle.keysTwice(await tableFiles(table, run, folders));
    if (twice > 0) faults.push(`${table.name}: ${twice} keys are there more than once after a kill`);
  }
  return faults;
}

/** Whether a table's row names objects that a merge was about to write. */
async function isMidMerge(lake: string): Promise<boolean> {
  const rows = join(lake, '_tidemark', 'tables');
  const files = existsSync(rows) ? (await readdir(rows)).filter((name) => name.endsWith('.json')) : [];
  const items = await Promise.all(files.map((name) => readFile(join(rows, name), 'utf8')));
  return items.some((item) => ((JSON.parse(item) as { Intent?: unknown[] }).Intent?.length ?? 0) > 0);
}

/** Milliseconds until the command does anything at all. */
async function startupTime(): Promise<number> {
  const started = performance.now();
  await end(start(['local', '--help']));
  return performance.now() - started;
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...TIDEMARK, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** @param killAfterMs SIGKILL then, if it still runs */
function end(
  child: ChildProcess,
  killAfterMs?: number,
): Promise<{ killed: boolean; exitCode: number | null; said: string }> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      done({ killed: signal === 'SIGKILL', exitCode, said });
    });
  });
}
