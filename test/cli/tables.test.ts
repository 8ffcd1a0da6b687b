/** `tidemark tables` on folders; `on-a-stack.test.ts` has it on a deployed stack. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { screenOn } from '../../lib/cli/screen.ts';
import { runTables, type TablesOptions } from '../../lib/cli/tables.ts';
import { runLocal } from '../../lib/local/run.ts';
import { putDmsFile } from '../local/dms-folder.ts';
import type { TableStatus } from '../../lib/table/list-tables.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { recorded } from './terminal.ts';

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

async function tables(options: TablesOptions = {}, names: string[] = [], width?: number) {
  const { out, err, io } = recorded();
  const exitCode = await runTables(names, { raw, lake, ...options }, { ...io, width });
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
      '',
      '3 tables: 1 blocked, 1 active, 1 inactive',
    ]);
  });

  it('says of some tables only how they stand, if they are named, or their states are', async () => {
    await tablesOfAllStates();
    const shown = async (options: TablesOptions, ...names: string[]) => {
      const { exitCode, out } = await tables({ ...options, json: true }, names);
      return [exitCode, ...out.map((line) => (JSON.parse(line) as TableStatus).table)];
    };
    expect(await shown({}, 'sales/orders')).toEqual([0, 'sales/orders']);
    expect(await shown({}, 'sales/orders', 'sales/items', 'sales/orders')).toEqual([2, 'sales/items', 'sales/orders']);
    expect(await shown({ only: 'blocked' })).toEqual([2, 'sales/items']);
    expect(await shown({ only: 'active, inactive' })).toEqual([0, 'sales/new', 'sales/orders']);
    expect(await shown({ only: 'active', lag: true }, 'sales/items', 'sales/orders')).toEqual([0, 'sales/orders']);
    expect(await tables({ only: 'merging' })).toMatchObject({
      err: [expect.stringMatching(/^No table is merging at /)],
    });
    expect(await tables({ only: 'merging' }, ['sales/new'])).toMatchObject({
      exitCode: 0,
      err: [expect.stringMatching(/^None of these tables is merging at /)],
    });
  });

  it.each([
    ['a table that is unknown', {}, ['sales/order'], 'sales/order is not known at .* Did you mean sales/orders\\?'],
    ['a state that is none', { only: 'blcked' }, [], '--only is blcked\\. Did you mean blocked\\? Give states'],
  ])('ends with 1 for %s, and says which was meant', async (_, options, names, said) => {
    await tablesOfAllStates();
    const { exitCode, err } = await tables(options, names);
    expect([exitCode, err]).toEqual([1, [expect.stringMatching(new RegExp(`^tidemark tables: ${said}`))]]);
  });

  it('leaves out what does not fit a terminal, and says so', async () => {
    await tablesOfAllStates();
    const { out } = await tables({ lag: true }, [], 80);
    expect(out[0]!.split(/ {2,}/)).toEqual([
      'TABLE',
      'STATE',
      'KEY',
      'LAST FULL LOAD',
      'ROWS TODAY',
      'FILES BEHIND',
      'LAG',
    ]);
    expect(Math.max(...out.slice(0, 4).map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(out.at(-1)).toMatch(/^3 tables: .* \(no room for PARTITION, LAST CHANGE FILE\)$/);
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
      '',
      '1 table: 1 active',
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
    expect(out.slice(0, 2).map((line) => line.split(/ {2,}/).slice(6))).toEqual([
      ['ROWS TODAY', 'FILES BEHIND', 'LAG'],
      [ROWS, '2', expect.stringMatching(/^\d+ s$/)],
    ]);
    expect(out.slice(2)).toEqual(['', '1 table: 1 behind']);
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
      const exitCode = await runTables([], { raw, lake, ...options }, io);
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

    /** A terminal, and what was drawn on it last. */
    function terminalOf(columns: number, rows: number) {
      const terminal = Object.assign(new PassThrough(), { columns, rows });
      const last = (): string[] => {
        const drawn = String(terminal.read()).split('\u001b[1;1H').at(-1) ?? '';
        return stripVTControlCharacters(drawn).split('\n');
      };
      return { screen: screenOn(terminal), last };
    }

    it('draws them in place on a terminal, within its size: the blocked table first, and all of what is to be done', async () => {
      await tablesOfAllStates();
      const { screen, last } = terminalOf(60, 24);
      const stop = new AbortController();
      stop.abort();
      await runTables([], { raw, lake, watch: true }, { ...recorded().io, screen, stop: stop.signal });
      const drawn = last();
      expect(Math.max(...drawn.map(({ length }) => length))).toBeLessThanOrEqual(60);
      expect(drawn.join(' ').replaceAll(/\s+/g, ' ')).toContain(
        `or do without it: \`npx tidemark skip sales/items 20260301-101500123.parquet --raw ${raw} --lake ${lake}\`, or remove it.`,
      );
      expect(drawn.filter((line) => line.startsWith('sales/')).map((line) => line.split(/ +/, 2))).toEqual([
        ['sales/items', 'blocked'],
        ['sales/new', 'inactive'],
        ['sales/orders', 'active'],
      ]);
    });

    it('says where the rest does not fit', async () => {
      await tablesOfAllStates();
      const { screen, last } = terminalOf(60, 5);
      const stop = new AbortController();
      stop.abort();
      await runTables([], { raw, lake, watch: true }, { ...recorded().io, screen, stop: stop.signal });
      expect(last().at(-2)).toMatch(/^… and \d+ more lines: enlarge the terminal\.$/);
    });

    it('goes on after a read that fails: says so above the tables as they were, and tries again', async () => {
      await tablesOfAllStates();
      const file = join(lake, '_tidemark/tables/raw%2Fsales%2Fnew%2F.json');
      const whole = await readFile(file);
      const { screen, last } = terminalOf(100, 24);
      const stop = new AbortController();
      const io = { ...recorded().io, screen, stop: stop.signal };
      const shown = async (text: string): Promise<string> => {
        for (let drawn = ''; ; drawn = last().join(' ').replaceAll(/\s+/g, ' ')) {
          if (drawn.includes(text)) return drawn;
          await sleep(20);
        }
      };
      const watching = runTables([], { raw, lake, watch: true, interval: '1' }, io);
      await shown('3 tables: 1 blocked');
      await writeFile(file, '{');
      const failed = await shown('could not be read');
      expect(failed).toContain(`${file} is not JSON`);
      expect(failed).toMatch(/It is tried again every 1 s; Ctrl-C ends it\. As it was 2\S+Z: 3 tables: 1 blocked/);
      await writeFile(file, whole);
      await shown('every 1 s; Ctrl-C ends it 3 tables');
      stop.abort();
      expect(await watching).toBe(2);
    });

    it('tells of a failure once, and that it is over, where there is no terminal', async () => {
      await tablesOfAllStates();
      const file = join(lake, '_tidemark/tables/raw%2Fsales%2Fnew%2F.json');
      const whole = await readFile(file);
      const stop = new AbortController();
      const { err, io } = recorded();
      const watching = runTables([], { raw, lake, ...item }, { ...io, stop: stop.signal });
      const isSaid = async (count: number): Promise<void> => {
        while (err.length < count) await sleep(20);
      };
      await sleep(500);
      await writeFile(file, '{');
      await isSaid(1);
      await sleep(1_500);
      await writeFile(file, whole);
      await isSaid(2);
      stop.abort();
      expect(await watching).toBe(2);
      expect(err).toEqual([
        expect.stringMatching(/ could not be read: .* is not JSON.*\n {2}It is tried again every 1 s\.$/),
        expect.stringMatching(/raw → .*lake can be read again\.$/),
      ]);
    });

    it('ends with 1 where the first read fails', async () => {
      await tablesOfAllStates();
      await writeFile(join(lake, '_tidemark/tables/raw%2Fsales%2Fnew%2F.json'), '{');
      const { exitCode, err } = await watch(item, 1);
      expect([exitCode, err]).toEqual([1, [expect.stringContaining('is not JSON')]]);
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
