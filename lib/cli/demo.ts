import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf } from '../errors.ts';
import { runLocal } from '../local/run.ts';
import { type DemoLake, readDemoLake, wrongTables } from '../sample/demo-lake.ts';
import { createSampleDatabase, runSampleScript, SAMPLE_SCHEMA } from '../sample/sample-database.ts';
import { changeFiles, fullLoadFiles, placeRawFile, type RawFile } from '../sample/sample-files.ts';
import type { MergeReport } from '../table/report.ts';
import { MysqlDemo } from './demo-mysql.ts';

const TIMEOUT_MS = 60_000;

const TABLES = {
  [`${SAMPLE_SCHEMA}/store`]: { primaryKey: ['id'], active: true },
  [`${SAMPLE_SCHEMA}/product`]: { primaryKey: ['id'], active: true },
  [`${SAMPLE_SCHEMA}/productorder`]: { primaryKey: ['id'], partitionKey: ['create_dt'], active: true },
};

const EXAMPLES = `
Examples:
  $ npm run demo
      the sample database's files, written and merged
  $ npm run demo -- --mysql
      the sample database on a MariaDB or MySQL server that is started for the demo, its binlog replicated as DMS does
  $ npm run demo -- --mysql mysql://root:secret@127.0.0.1:3306 --keep ./demo
      the same on a server that runs; the demo makes a database sampledb there and drops it at the end

Exit code: 0 the lake ended as it should; 1 it did not, wrong usage, or an unexpected failure;
130 interrupted, with --mysql.`;

/** `tidemark demo`: the sample database's files, merged while you watch; nothing is needed but this machine. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      "Merges a sample database's full load and changes on this machine, and shows the lake before and after.",
    )
    .option('--keep <folder>', 'keep the raw files and the lake in this folder, which must be empty or missing')
    .option(
      '--mysql [url]',
      'replicate from a real server: mysql://user:password@host:port, or else one that is started for the demo',
    )
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: DemoOptions) => {
      process.exitCode = await runDemo(options, (line) => process.stdout.write(`${line}\n`));
    });
}

interface DemoOptions {
  keep?: string;
  /** true: a server of the demo's own */
  mysql?: string | true;
}

/** @returns the exit code: 0 if the lake ends as the sample script says, or as the server's database; 1 if not. */
async function runDemo({ keep, mysql }: DemoOptions, print: (line: string) => void): Promise<number> {
  const folder = keep === undefined ? await mkdtemp(join(tmpdir(), 'tidemark-demo-')) : await emptyFolder(keep);
  if (folder === undefined) {
    process.stderr.write(`tidemark demo: --keep: ${resolve(keep ?? '')} is not empty. Give another folder.\n`);
    return 1;
  }
  const interrupted = mysql === undefined ? undefined : interruption();
  const demo = interrupted
    ? new MysqlDemo(folder, typeof mysql === 'string' ? mysql : undefined, print, interrupted)
    : new Demo(folder, print);
  try {
    return (await demo.run()) ? 0 : 1;
  } catch (error) {
    if (interrupted?.aborted) return INTERRUPTED;
    process.stderr.write(`tidemark demo: ${messageOf(error)}\n${demo.log.map((line) => `  ${line}\n`).join('')}`);
    return 1;
  } finally {
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
    else print(`\nKept: ${folder}`);
  }
}

/** Exit code of a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Ctrl-C, after which a server has still to be stopped. */
function interruption(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/** One run of the demo: `tidemark local` in this process, and files that arrive. */
class Demo {
  /** What `tidemark local` had to say besides its results. */
  readonly log: string[] = [];
  readonly #folder: string;
  readonly #print: (line: string) => void;
  /** What each table waits for, by its name. */
  readonly #waiting = new Map<string, (report: MergeReport) => void>();

  constructor(folder: string, print: (line: string) => void) {
    this.#folder = folder;
    this.#print = print;
  }

  /** @returns whether the lake ended as it should. */
  async run(): Promise<boolean> {
    const [raw, lake, tables] = ['raw', 'lake', 'tables.json'].map((name) => join(this.#folder, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(raw);
    await writeFile(tables, JSON.stringify(TABLES, null, 2));
    this.#print(`Raw files: ${raw}\nLake:      ${lake}\n`);

    const before = createSampleDatabase();
    const stop = new AbortController();
    const local = runLocal(
      { raw, lake, tables, json: true },
      {
        out: (line) => this.#reported(JSON.parse(line) as MergeReport),
        err: (line) => this.log.push(line),
        stop: stop.signal,
      },
    );
    try {
      this.#print('Full load: DMS writes LOAD00000001.parquet of three tables.');
      await this.#arrive(raw, fullLoadFiles(before), local);
      this.#show('\nThe lake after the full load', await readDemoLake(lake));

      this.#print(
        '\nThe sample script: update product 1001, delete product 1002, 1,345 orders of today, insert store 1009.',
      );
      const now = new Date();
      const { after, changes } = runSampleScript(before, now);
      await this.#arrive(raw, changeFiles(before, changes, now), local);
      const merged = await readDemoLake(lake);
      this.#show('\nThe lake after the changes', merged);

      const wrong = wrongTables(merged, after);
      this.#print(
        wrong.length === 0
          ? '\nThe lake holds exactly what the script gives: 9 stores, 24 products, 9,770 orders.'
          : `\nThe lake differs from what the script gives in: ${wrong.join(', ')}.`,
      );
      this.#print(`Largest memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB.`);
      return wrong.length === 0;
    } finally {
      stop.abort();
      await local;
    }
  }

  /** Places the files one after the other and waits until each one's rows are in the lake. */
  async #arrive(raw: string, files: readonly RawFile[], local: Promise<number>): Promise<void> {
    const first = performance.now();
    const merged = files.map(async (file) => {
      const report = this.#next(file);
      await placeRawFile(raw, file);
      const arrived = performance.now();
      const { rowsInserted, rowsUpdated, rowsDeleted } = await report;
      const rows = [
        [rowsInserted, 'inserted'],
        [rowsUpdated, 'updated'],
        [rowsDeleted, 'deleted'],
      ] as const;
      const effect = rows
        .filter(([count]) => count > 0)
        .map(([count, what]) => `${count.toLocaleString('en')} ${what}`);
      this.#print(`  ${seconds(performance.now() - arrived)}  ${file.key}: ${effect.join(', ')}`);
    });
    const ended = local.then((exitCode) => Promise.reject(new Error(`the merge ended early, with ${exitCode}`)));
    await within(TIMEOUT_MS, Promise.race([Promise.all(merged), ended]));
    this.#print(`  ${seconds(performance.now() - first)}  in all`);
  }

  #next({ key }: RawFile): Promise<MergeReport> {
    const table = key.slice(0, key.lastIndexOf('/'));
    return new Promise((resolveReport) => this.#waiting.set(table, resolveReport));
  }

  #reported(report: MergeReport): void {
    this.#waiting.get(report.table)?.(report);
    this.#waiting.delete(report.table);
  }

  #show(title: string, lake: DemoLake): void {
    this.#print(title);
    for (const [name, { files, rows }] of Object.entries(lake.tables)) {
      this.#print(
        `  ${name.padEnd(13)}${rows.length.toLocaleString('en').padStart(6)} rows in ${files} ${files === 1 ? 'file' : 'files'}`,
      );
    }
    for (const { name, row } of lake.examples) {
      this.#print(`  ${name.padEnd(13)}${row ? Object.values(row).join(' | ') : '(not there)'}`);
    }
  }
}

/** @returns undefined if there is something in it. */
async function emptyFolder(path: string): Promise<string | undefined> {
  await mkdir(path, { recursive: true });
  return (await readdir(path)).length === 0 ? resolve(path) : undefined;
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the lake was not up to date after ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(6)} s`;
}
