import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf } from '../errors.ts';
import { jsonLine } from '../json-line.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { Demo } from '../sample/demo.ts';
import { demoFolders } from '../sample/demo-folders.ts';
import { type FreshnessPace, measureFreshness } from '../sample/freshness-run.ts';
import { threadsFor } from '../threads/threads.ts';
import { exitCodeOf } from './command-io.ts';
import type { DemoOptions } from './demo-options.ts';
import { paceOf } from './demo-options.ts';
import { differencesOf, MysqlDemo } from './demo-mysql.ts';
import { freshnessText } from './freshness-text.ts';
import { openPage, PAGE_OPTION } from './page-option.ts';
import { exitOn, stopSignal } from './stop-signal.ts';

const EXAMPLES = `
Examples:
  $ npm run demo
      merges the sample database; in a terminal a page shows it, and changes go on until Ctrl-C
  $ npm run demo -- --no-ui
      without the page: it ends by itself
  $ npm run demo -- --freshness
      1,000 change files, 5 a second, of 20 tables: how long each took to the lake (200 seconds)
  $ npm run demo -- --mysql
      the sample database on a MariaDB or MySQL server that is started for the demo, its binlog replicated as DMS does
  $ npm run demo -- --mysql mysql://root:secret@127.0.0.1:3306 --keep ./demo
      the same on a server that runs; the demo makes a database sampledb there and drops it at the end

With --json: one document at the end, and everything else to stderr; no page unless --ui is given:
  {"tables": [{"table", "rows", "files"}], "wrong"}
  --freshness: {"merged", "written", "seconds": {"p50", "p90", "p99", "max"}, "wrong", "load"}
  --mysql: {"tables": [{"table", "equal", "onlyInDatabase", "onlyInLake"}]}

Exit code: 0 the lake holds what it should; 1 it does not, wrong usage or an unexpected failure; 130 interrupted by Ctrl-C
(with a page of the sample database Ctrl-C is how it ends: 0).`;

/** `tidemark demo`: the sample database's files, merged while you watch; nothing is needed but this machine. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      "Merges a sample database's full load and changes on this machine, and shows the lake before and after.",
    )
    .option('--keep <folder>', 'keep the raw files and the lake in this folder, which must be empty or missing')
    .option(PAGE_OPTION, 'show a page at this port of 127.0.0.1 (default: 4680), and go on until Ctrl-C')
    .option('--no-ui', 'no page, even in a terminal')
    .option('--freshness', 'measure instead how long change files take from their arrival to the lake')
    .option('--files <number>', 'with --freshness: how many (default: 1000)')
    .option('--rate <number>', 'with --freshness: files a second (default: 5)')
    .option('--tables <number>', 'with --freshness: tables that they change (default: 20)')
    .option(
      '--mysql [url]',
      'replicate from a real server: mysql://user:password@host:port, or else one that is started for the demo',
    )
    .option('--json', 'write how the lake ended to stdout as JSON')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: DemoOptions) => {
      const out = (line: string) => process.stdout.write(`${line}\n`);
      const err = (line: string) => process.stderr.write(`${line}\n`);
      process.exitCode = await exitCodeOf('demo', { err }, () => {
        const pace = paceOf(options);
        // Where it is no terminal, isTTY is not set.
        const page = options.ui ?? (!options.json && (process.stdout.isTTY || false));
        const io = options.json
          ? { tell: err, err, result: (figures: object) => out(jsonLine(figures)) }
          : { tell: out, err, result: () => undefined };
        return inFolder(options.keep, io.tell, (folder) => {
          if (options.freshness) return runFreshness(folder, pace, io);
          if (options.mysql !== undefined) return runMysqlDemo(folder, options.mysql, options.ui ?? false, io);
          return runDemo(folder, page, io);
        });
      });
    });
}

type Write = (line: string) => void;

interface DemoOutput {
  /** A line for who watches. */
  tell: Write;
  err: Write;
  /** What the demo came to. */
  result: (figures: object) => void;
}

/** @returns the exit code: 0 if the lake ends as the sample script says, 1 if not. */
function runDemo(folder: string, ui: string | boolean, { tell, err, result }: DemoOutput): Promise<number> {
  const { raw, lake } = demoFolders(folder);
  const page = ui === false ? undefined : openPage(ui, tell, { raw, lake });
  // Without a page it ends by itself, and a Ctrl-C ends it at once.
  exitOn(...(page ? [HANG_UP] : ENDS));
  const stop = page ? stopSignal('Finishing the files in hand.') : new AbortController().signal;
  return withLog(err, async (note) => {
    const figures = await new Demo(folder, { print: tell, note, page, stop }).run();
    result(figures);
    return figures.wrong.length === 0 ? 0 : 1;
  });
}

/** The terminal is closed: nobody reads any more. */
const HANG_UP: NodeJS.Signals = 'SIGHUP';
const ENDS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', HANG_UP];

/** Exit code of a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** @returns the exit code: 0 if the lake ends as the server's database, 1 if not, 130 interrupted. */
function runMysqlDemo(
  folder: string,
  mysql: string | true,
  ui: string | boolean,
  { tell, err, result }: DemoOutput,
): Promise<number> {
  const { raw, lake } = demoFolders(folder);
  const page = ui === false ? undefined : openPage(ui, tell, { raw, lake });
  const stop = stopSignal('Stopping the server.', HANG_UP);
  const url = mysql === true ? undefined : mysql;
  return withLog(err, async (note) => {
    try {
      const tables = await new MysqlDemo(folder, { url, print: tell, note, page, stop }).run();
      result({ tables });
      return differencesOf(tables) === 0 ? 0 : 1;
    } catch (error) {
      if (stop.aborted) return INTERRUPTED;
      throw error;
    }
  });
}

/** @returns the exit code: 0 if all files were merged and the lake is right, however long it took. */
function runFreshness(folder: string, pace: FreshnessPace, { tell, err, result }: DemoOutput): Promise<number> {
  exitOn(...ENDS);
  const threads = threadsFor(availableParallelism());
  return withLog(err, async (note) => {
    const figures = await measureFreshness(folder, pace, { print: tell, note, threads });
    for (const line of freshnessText(figures)) tell(line);
    result(figures);
    return figures.merged === figures.written && figures.wrong.length === 0 ? 0 : 1;
  });
}

const LOG_LINES_MAX = 200;

/** What `tidemark local` notes is shown only if something goes wrong. */
async function withLog(err: Write, run: (note: Write) => Promise<number>): Promise<number> {
  const log: string[] = [];
  try {
    return await run((line) => {
      log.push(line);
      if (log.length > LOG_LINES_MAX) log.shift();
    });
  } catch (error) {
    if (error instanceof WrongUsage) throw error;
    err(`tidemark demo: ${messageOf(error)}`);
    for (const line of log) err(`  ${line}`);
    return 1;
  }
}

const SETTLE_MS = 20;
/** So many looks in a row at which a folder is gone: what was being written when the process ends comes late where it is busy. */
const GONE_LOOKS = 15;
const LOOKS_MAX = 150;

/** A file that was being written may come into a folder while it is removed, or make the folder again. */
function removeForGood(folder: string): void {
  for (let looks = 0, gone = 0; looks < LOOKS_MAX && gone < GONE_LOOKS; looks++) {
    if (existsSync(folder)) {
      rmSync(folder, REMOVED_WHOLE);
      gone = 0;
    } else gone++;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
  }
}

const REMOVED_WHOLE = { recursive: true, force: true, maxRetries: 5 } as const;

/** Works in a folder that a person named, or in one that is removed afterwards. */
async function inFolder(
  keep: string | undefined,
  tell: Write,
  work: (folder: string) => Promise<number>,
): Promise<number> {
  if (keep === undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-demo-'));
    const remove = (): void => removeForGood(folder);
    // However it ends: by a signal, too, or by a reader of its output that has seen enough.
    process.once('exit', remove);
    try {
      return await work(folder);
    } finally {
      await rm(folder, REMOVED_WHOLE);
      process.off('exit', remove);
    }
  }
  const folder = resolve(keep);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new WrongUsage(`--keep: ${folder} is not empty. Give another folder.`);
  const exitCode = await work(folder);
  tell(`\nKept: ${folder}`);
  return exitCode;
}
