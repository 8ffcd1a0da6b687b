/**
 * Measures how long change files take from their appearance in the raw folder to the lake: files of DMS's form come at a
 * steady pace to many tables while `tidemark local` watches, in this process. In the end each table's lake is compared
 * with its raw files.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { counted, countText } from '../count-text.ts';
import { appearedAt } from '../local/arrival.ts';
import { FollowedFiles } from '../local/followed-files.ts';
import type { Onlooker } from '../local/onlooker.ts';
import { runLocal } from '../local/run.ts';
import { namedTable } from '../local/table-name.ts';
import type { Ports } from '../ports/ports.ts';
import type { Threads } from '../ports/threads.ts';
import { verifyTable } from '../verify/verify-table.ts';
import { FreshnessTables } from './freshness-tables.ts';
import { placeRawFile, type RawFile } from './sample-files.ts';

export interface FreshnessPace {
  files: number;
  /** Files a second. */
  rate: number;
  tables: number;
}

export interface FreshnessFigures {
  /** Change files that were merged, of those written. */
  merged: number;
  written: number;
  /** Seconds from a file's appearance to the commit of its merge. */
  seconds: { p50: number; p90: number; p99: number; max: number };
  /** Tables whose lake is not what their raw files come to, and why. */
  wrong: string[];
  /** Average number of processes that wanted a core in the last minute of the run (loadavg). */
  load: number;
}

/** After the last file. */
const TIMEOUT_MS = 120_000;

/**
 * @param folder is empty
 * @throws Error if not all is merged two minutes after the last file, or the run ends early
 */
export async function measureFreshness(
  folder: string,
  pace: FreshnessPace,
  io: { print: (line: string) => void; note: (line: string) => void; threads: Threads },
): Promise<FreshnessFigures> {
  const [raw, lake, settings] = [join(folder, 'raw'), join(folder, 'lake'), join(folder, 'tables.json')];
  const tables = new FreshnessTables(pace.tables);
  await mkdir(raw);
  await writeFile(settings, JSON.stringify(tables.settings));
  const loads = tables.fullLoad();
  for (const load of loads) await placeRawFile(raw, load);

  const watcher = new Watcher(raw);
  const stop = new AbortController();
  const { print, note, threads } = io;
  const local = runLocal(
    { raw, lake, tables: settings },
    { out: () => undefined, err: note, stop: stop.signal, threads, onlooker: watcher },
  );
  const ended = local.then((exitCode) => Promise.reject(new Error(`the merge ended early, with ${exitCode}`)));
  try {
    for (const load of loads) await Promise.race([watcher.follow(load), ended]);
    await Promise.race([watcher.allMerged(TIMEOUT_MS), ended]);
    print(`${counted(pace.tables, 'table')} of ${countText(tables.rows / pace.tables)} rows are loaded.`);
    print(`Writing ${counted(pace.files, 'change file')}, ${pace.rate} a second …`);
    watcher.seconds.length = 0;
    await Promise.race([writeFiles(raw, pace, tables, watcher, stop.signal), ended]);
    await Promise.race([watcher.allMerged(TIMEOUT_MS), ended]);
    const [load = 0] = loadavg();
    const sorted = watcher.seconds.sort((a, b) => a - b);
    const quantile = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
    return {
      merged: sorted.length,
      written: pace.files,
      seconds: { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: quantile(1) },
      wrong: await wrongTables(tables, watcher.ports),
      load,
    };
  } finally {
    stop.abort();
    await local;
  }
}

async function writeFiles(
  raw: string,
  pace: FreshnessPace,
  tables: FreshnessTables,
  watcher: Watcher,
  stop: AbortSignal,
): Promise<void> {
  const startedAt = Date.now();
  for (let i = 0; i < pace.files && !stop.aborted; i++) {
    await sleep(startedAt + (i * 1000) / pace.rate - Date.now());
    const file = tables.nextChangeFile(Date.now());
    await placeRawFile(raw, file);
    await watcher.follow(file);
  }
}

/** Each table as `tidemark verify` sees it, and its number of rows. */
async function wrongTables(tables: FreshnessTables, ports: Ports): Promise<string[]> {
  const wrong: string[] = [];
  for (const { table, rows } of tables.expected) {
    const { path, name } = namedTable(table, ports.config);
    const { state, reason, rows: found } = await verifyTable(path, name, {}, ports);
    if (state !== 'equal') wrong.push(`${table}: ${reason ?? 'the lake differs from the raw files'}`);
    else if (found?.inLake !== rows) wrong.push(`${table}: ${found?.inLake ?? 0} rows instead of ${rows}`);
  }
  return wrong;
}

/** Notes for each file how long it took. */
class Watcher implements Onlooker {
  readonly seconds: number[] = [];
  readonly #raw: string;
  #ports: Ports | undefined;
  #files: FollowedFiles | undefined;
  /** How many files. */
  #followed = 0;
  #merged = 0;
  #failure: unknown;
  #begun!: () => void;
  readonly #hasBegun = new Promise<void>((resolve) => (this.#begun = resolve));

  constructor(raw: string) {
    this.#raw = raw;
  }

  get ports(): Ports {
    if (!this.#ports) throw new Error('the run has not begun');
    return this.#ports;
  }

  begin(ports: Ports): Promise<void> {
    this.#ports = ports;
    this.#files = new FollowedFiles(ports, {
      onLook: ({ changed }) => {
        for (const { state, mergedAt = 0, appearedAt } of changed) {
          if (state !== 'merged') continue;
          this.#merged++;
          this.seconds.push((mergedAt - appearedAt) / 1000);
        }
      },
      onError: (error) => (this.#failure = error),
    });
    this.#begun();
    return Promise.resolve();
  }

  /** Begins to measure a file that was just put there. */
  async follow({ key }: RawFile): Promise<void> {
    await this.#hasBegun;
    const at = appearedAt(join(this.#raw, key));
    if (at === undefined || !(await this.#files?.follow(key, at))) throw new Error(`${key} is gone`);
    this.#followed++;
  }

  async allMerged(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (this.#merged < this.#followed) {
      if (this.#failure) throw new Error('a table could not be watched', { cause: this.#failure });
      if (Date.now() > until)
        throw new Error(
          `${countText(this.#followed - this.#merged)} files were not merged after ${timeoutMs / 1000} s`,
        );
      await sleep(50);
    }
  }

  /** Files are measured by who writes them, whatever sees them first. */
  arrived(): void {
    return;
  }

  rowChanged(path: string): void {
    this.#files?.look(path);
  }

  reconciled(): void {
    return;
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}
