import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { counted, countText } from '../count-text.ts';
import type { Onlooker } from '../local/onlooker.ts';
import { runLocal } from '../local/run.ts';
import type { MergeReport } from '../table/report.ts';
import { demoFolders } from './demo-folders.ts';
import { type DemoLake, readDemoLake, wrongTables } from './demo-lake.ts';
import { LiveChanges } from './live-changes.ts';
import { createSampleDatabase, runSampleScript, SAMPLE_SCHEMA, type SampleDatabase } from './sample-database.ts';
import { changeFiles, fullLoadFiles, placeRawFile, type RawFile } from './sample-files.ts';

const TIMEOUT_MS = 60_000;
/** Between two files of the changes that go on. */
const PAUSE_MS = 1_500;
/** Every so many files of them, one that is broken, and is whole after so many more. */
const BROKEN_EVERY = 16;
const BROKEN_FOR = 6;

const TABLES = {
  [`${SAMPLE_SCHEMA}/store`]: { primaryKey: ['id'], active: true },
  [`${SAMPLE_SCHEMA}/product`]: { primaryKey: ['id'], active: true },
  [`${SAMPLE_SCHEMA}/productorder`]: { primaryKey: ['id'], partitionKey: ['create_dt'], active: true },
};

export interface DemoIo {
  print: (line: string) => void;
  /** Is told what `tidemark local` has to say besides its results. */
  note: (line: string) => void;
  /** Shows the run on a page, and has changes go on after the sample script. */
  page?: Onlooker | undefined;
  /** Ends the changes that go on. */
  stop: AbortSignal;
}

/** How the lake ended. */
export interface DemoFigures {
  tables: { table: string; rows: number; files: number }[];
  /** Those that are not as they should be. */
  wrong: string[];
}

/** One run of the demo: `tidemark local` in this process, and files that arrive. */
export class Demo {
  readonly #raw: string;
  readonly #lake: string;
  readonly #tables: string;
  readonly #io: DemoIo;
  /** What each table waits for, by its name. */
  readonly #waiting = new Map<string, (report: MergeReport) => void>();

  /** @param folder where raw files and lake go; it is empty */
  constructor(folder: string, io: DemoIo) {
    const { raw, lake, tables } = demoFolders(folder);
    this.#raw = raw;
    this.#lake = lake;
    this.#tables = tables;
    this.#io = io;
  }

  async run(): Promise<DemoFigures> {
    await mkdir(this.#raw);
    await writeFile(this.#tables, JSON.stringify(TABLES, null, 2));
    this.#print(`Raw files: ${this.#raw}\nLake:      ${this.#lake}\n`);

    const stop = new AbortController();
    const local = runLocal(
      { raw: this.#raw, lake: this.#lake, tables: this.#tables, json: true },
      {
        out: (line) => this.#reported(JSON.parse(line) as MergeReport),
        err: this.#io.note,
        stop: stop.signal,
        onlooker: this.#io.page,
      },
    );
    const ended = local.then((exitCode) => Promise.reject(new Error(`the merge ended early, with ${exitCode}`)));
    try {
      return await Promise.race([this.#changes(), ended]);
    } finally {
      stop.abort();
      await local;
    }
  }

  async #changes(): Promise<DemoFigures> {
    const before = createSampleDatabase();
    this.#print('Full load: DMS writes LOAD00000001.parquet of three tables.');
    await this.#arrive(fullLoadFiles(before));
    this.#show('\nThe lake after the full load', await readDemoLake(this.#lake));

    this.#print(
      '\nThe sample script: update product 1001, delete product 1002, 1,345 orders of today, insert store 1009.',
    );
    const now = new Date();
    const { after, changes } = runSampleScript(before, now);
    await this.#arrive(changeFiles(before, changes, now));
    const merged = await readDemoLake(this.#lake);
    this.#show('\nThe lake after the changes', merged);

    const figures = figuresOf(merged, after);
    this.#print(
      figures.wrong.length === 0
        ? '\nThe lake holds exactly what the script gives: 9 stores, 24 products, 9,770 orders.'
        : `\nThe lake differs from what the script gives in: ${figures.wrong.join(', ')}.`,
    );
    const goesOn = figures.wrong.length === 0 && this.#io.page !== undefined;
    const last = goesOn ? await this.#goOn(after) : figures;
    this.#print(`Largest memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB.`);
    return last;
  }

  /** A slow stream of changes, for who watches the page. */
  async #goOn(database: SampleDatabase): Promise<DemoFigures> {
    const { stop } = this.#io;
    const live = new LiveChanges(database);
    let broken: { whole: RawFile; until: number } | undefined;
    this.#print('\nChanges go on, and the page stays open, until Ctrl-C.');
    await this.#registerInactive(database);
    for (let count = 1; !stop.aborted; count++) {
      const now = new Date();
      if (broken && count >= broken.until) {
        this.#print(`  The whole file takes its place: ${broken.whole.key}`);
        await this.#arrive([broken.whole]);
        broken = undefined;
      } else if (!broken && count % BROKEN_EVERY === 0) {
        const [whole] = changeFiles(database, live.storeMoves(), now);
        if (!whole) throw new Error('a store that moves is no change');
        this.#print(`  A broken file comes, its end is missing: ${whole.key}. It blocks its table alone.`);
        await placeRawFile(this.#raw, { ...whole, bytes: whole.bytes.subarray(0, whole.bytes.length / 2) });
        broken = { whole, until: count + BROKEN_FOR };
      } else {
        await this.#arrive(changeFiles(database, live.next(now), now));
      }
      await sleep(PAUSE_MS, undefined, { signal: stop, ref: false }).catch(() => undefined);
    }
    if (broken) await this.#arrive([broken.whole]);
    const figures = figuresOf(await readDemoLake(this.#lake), live.database);
    this.#print(
      figures.wrong.length === 0
        ? '\nThe lake holds exactly what the changes give.'
        : `\nThe lake differs from what the changes give in: ${figures.wrong.join(', ')}.`,
    );
    return figures;
  }

  /** A table that nobody named in tables.json. */
  async #registerInactive(database: SampleDatabase): Promise<void> {
    const [store] = fullLoadFiles(database);
    if (store) await placeRawFile(this.#raw, { ...store, key: `${SAMPLE_SCHEMA}/supplier/LOAD00000001.parquet` });
  }

  /** Places the files one after the other and waits until each one's rows are in the lake. */
  async #arrive(files: readonly RawFile[]): Promise<void> {
    const first = performance.now();
    const merged = files.map(async (file) => {
      const report = this.#next(file);
      await placeRawFile(this.#raw, file);
      const arrived = performance.now();
      const { rowsInserted, rowsUpdated, rowsDeleted } = await report;
      const rows = [
        [rowsInserted, 'inserted'],
        [rowsUpdated, 'updated'],
        [rowsDeleted, 'deleted'],
      ] as const;
      const effect = rows.filter(([count]) => count > 0).map(([count, what]) => `${countText(count)} ${what}`);
      this.#print(`  ${seconds(performance.now() - arrived)}  ${file.key}: ${effect.join(', ')}`);
    });
    await within(TIMEOUT_MS, Promise.all(merged));
    if (files.length > 1) this.#print(`  ${seconds(performance.now() - first)}  in all`);
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
      this.#print(`  ${name.padEnd(13)}${countText(rows.length).padStart(6)} rows in ${counted(files, 'file')}`);
    }
    for (const { name, row } of lake.examples) {
      this.#print(`  ${name.padEnd(13)}${row ? Object.values(row).join(' | ') : '(not there)'}`);
    }
  }

  #print(line: string): void {
    this.#io.print(line);
  }
}

function figuresOf(lake: DemoLake, expected: SampleDatabase): DemoFigures {
  const tables = Object.entries(lake.tables).map(([name, { rows, files }]) => ({
    table: `${SAMPLE_SCHEMA}/${name}`,
    rows: rows.length,
    files,
  }));
  return { tables, wrong: wrongTables(lake, expected).map((name) => `${SAMPLE_SCHEMA}/${name}`) };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the lake was not up to date after ${ms / 1000} s`)), ms).unref();
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(6)} s`;
}
