/** `tidemark tables` and `tidemark redrive`, on folders and on a stack. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { screenOn } from '../../lib/cli/screen.ts';
import { runTables, type TablesOptions } from '../../lib/cli/tables.ts';
import { runLocal } from '../../lib/local/run.ts';
import { putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';

let root: string;
let raw: string;
let lake: string;

beforeEach(async () => {
  ({ root, raw, lake } = await rawAndLake());
});

async function merge(tables: object): Promise<void> {
  const file = join(root, 'tables.json');
  await writeFile(file, JSON.stringify(tables));
  await runLocal({ raw, lake, tables: file, once: true }, { out: () => undefined, err: () => undefined });
}

async function tables(options: TablesOptions = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const exitCode = await runTables({ raw, lake, ...options }, io);
  return { exitCode, out, err };
}

const json = async (options: TablesOptions = {}) =>
  (await tables({ ...options, json: true })).out.map((line) => JSON.parse(line) as object);

const load = (table: string) => putDmsFile(raw, `${table}/LOAD00000001.parquet`, [{ id: 1, item: 'apple' }]);
const change = (table: string, time: string) =>
  putDmsFile(raw, `${table}/20260301-${time}.parquet`, [{ Op: 'U', id: 1, item: 'pear' }]);

const ROWS = expect.stringMatching(/^[\d,]+$/);

/** One table of each state. */
async function tablesOfAllStates(): Promise<void> {
  for (const table of ['sales/orders', 'sales/items', 'sales/new']) await load(table);
  await change('sales/orders', '101500123');
  await writeFile(join(raw, 'sales/items/20260301-101500123.parquet'), 'no Parquet');
  const active = { primaryKey: ['id'], active: true };
  await merge({ 'sales/orders': active, 'sales/items': active });
}

describe('tidemark tables', () => {
  it('says how every table stands, by name, and ends with 2 if one is blocked', async () => {
    await tablesOfAllStates();
    const { exitCode, out, err } = await tables();
    expect([exitCode, err]).toEqual([2, []]);
    expect(out.slice(0, 4).map((line) => line.split(/ {2,}/))).toEqual([
      ['TABLE', 'STATE', 'KEY', 'PARTITION', 'LAST FULL LOAD', 'LAST CHANGE FILE', 'ROWS TODAY'],
      ['sales/items', 'blocked', 'id', '-', expect.stringMatching(/^2\d{3}-/), '-', ROWS],
      ['sales/new', 'inactive', '-', '-', '-', '-', '-'],
      ['sales/orders', 'active', 'id', '-', expect.stringMatching(/^2\d{3}-/), '20260301-101500123.parquet', ROWS],
    ]);
    expect(out.slice(4)).toEqual([
      '',
      expect.stringMatching(/^sales\/items is blocked by 20260301-101500123\.parquet since 2\d{3}-.*: /),
      expect.stringMatching(/^ {2}What to do: /),
    ]);
  });

  it('writes one line of JSON per table', async () => {
    await tablesOfAllStates();
    expect(await json()).toEqual([
      {
        table: 'sales/items',
        state: 'blocked',
        primaryKey: ['id'],
        partitionKey: [],
        lastFullLoad: expect.any(String),
        rowsToday: expect.any(Number),
        blocked: {
          file: '20260301-101500123.parquet',
          reason: expect.any(String),
          next: expect.any(String),
          since: expect.any(String),
        },
      },
      { table: 'sales/new', state: 'inactive', primaryKey: [], partitionKey: [] },
      expect.objectContaining({ table: 'sales/orders', lastChangeFile: '20260301-101500123.parquet' }),
    ]);
  });

  it('says of a table whose raw files are all gone that its lake is kept', async () => {
    await load('sales/orders');
    const settings = { 'sales/orders': { primaryKey: ['id'], active: true } };
    await merge(settings);
    await rm(join(raw, 'sales/orders/LOAD00000001.parquet'));
    await merge(settings);
    const { exitCode, out } = await tables();
    expect(exitCode).toBe(0);
    expect(out.slice(2)).toEqual([
      '',
      expect.stringMatching(/^sales\/orders: All its raw files are gone.*lake is kept/),
    ]);
    expect(await json()).toMatchObject([{ state: 'active', note: expect.stringMatching(/OnTruncate/) }]);
  });

  it('counts what waits for each table if it is asked for the lag, and ends with 0 where none is blocked', async () => {
    await load('sales/orders');
    await merge({ 'sales/orders': { primaryKey: ['id'], active: true } });
    expect(await json({ lag: true })).toMatchObject([{ lag: { files: 0, seconds: 0 } }]);
    await change('sales/orders', '101500123');
    await change('sales/orders', '111500123');
    const { exitCode, out } = await tables({ lag: true });
    expect(exitCode).toBe(0);
    expect(out.map((line) => line.split(/ {2,}/).slice(6))).toEqual([
      ['ROWS TODAY', 'FILES BEHIND', 'LAG'],
      [ROWS, '2', expect.stringMatching(/^\d+ s$/)],
    ]);
  });

  describe('with --watch', () => {
    const item = { json: true, watch: true, interval: '1' };

    /** Watches until so many lines are out; each line may have something done. */
    async function watch(options: TablesOptions, count: number, onLine: (lines: number) => void = () => undefined) {
      const stop = new AbortController();
      const [out, err]: [string[], string[]] = [[], []];
      const io = {
        out: (line: string) => {
          out.push(line);
          onLine(out.length);
          if (out.length === count) stop.abort();
        },
        err: (line: string) => err.push(line),
        stop: stop.signal,
      };
      const exitCode = await runTables({ raw, lake, ...options }, io);
      return { exitCode, out, err };
    }

    it('writes with --json a line per table, then one for each that has changed, until it is stopped', async () => {
      await load('sales/orders');
      await load('sales/items');
      const active = { primaryKey: ['id'], active: true };
      await merge({ 'sales/orders': active, 'sales/items': active });
      let merging: Promise<void> | undefined;
      const { exitCode, out } = await watch(item, 3, (lines) => {
        if (lines === 2) merging = change('sales/orders', '101500123').then(() => merge({}));
      });
      await merging;
      expect(exitCode).toBe(0);
      expect(out.map((line) => JSON.parse(line) as object)).toMatchObject([
        { table: 'sales/items' },
        { table: 'sales/orders' },
        { table: 'sales/orders', lastChangeFile: '20260301-101500123.parquet' },
      ]);
    });

    it('ends with 2 if a table was blocked last', async () => {
      await tablesOfAllStates();
      expect((await watch(item, 3)).exitCode).toBe(2);
    });

    it('writes all tables again when one has changed, where there is no terminal', async () => {
      await tablesOfAllStates();
      const { out } = await watch({ watch: true }, 1);
      expect(out[0]).toMatch(/raw → .*lake, 2\d{3}-.*Z$/);
      expect(out[1]).toMatch(/^TABLE +STATE/);
    });

    it('draws them in place on a terminal, cut to its size', async () => {
      await tablesOfAllStates();
      const terminal = Object.assign(new PassThrough(), { columns: 40, rows: 5 });
      const stop = new AbortController();
      stop.abort();
      const io = { out: () => undefined, err: () => undefined, screen: screenOn(terminal), stop: stop.signal };
      await runTables({ raw, lake, watch: true }, io);
      const drawn = stripVTControlCharacters(String(terminal.read())).split('\n');
      expect(drawn).toHaveLength(5);
      expect(drawn[2]).toMatch(/^TABLE {2}/);
      expect(drawn[3]).toMatch(/^… and \d+ more lines/);
      expect(Math.max(...drawn.map(({ length }) => length))).toBeLessThanOrEqual(40);
    });

    it.each([
      ['no number', { watch: true, interval: 'often' }, '--interval is often'],
      ['too often', { watch: true, interval: '0.1' }, '--interval is 0.1'],
      ['without --watch', { interval: '5' }, '--interval is for --watch'],
    ])('takes no --interval that is %s', async (_, options, message) => {
      expect(await tables(options)).toMatchObject({ exitCode: 1, err: [expect.stringContaining(message)] });
    });
  });

  it('says so where no table is registered', async () => {
    const { exitCode, out, err } = await tables();
    expect([exitCode, out]).toEqual([0, []]);
    expect(err).toEqual([expect.stringContaining('No table is registered')]);
  });

  it('ends with 1 for wrong usage, and says where to read on', async () => {
    const { exitCode, err } = await tables({ stage: 'dev' });
    expect([exitCode, err]).toEqual([
      1,
      [expect.stringMatching(/^tidemark tables: .*\nSee: npx tidemark tables --help$/)],
    ]);
  });
});
