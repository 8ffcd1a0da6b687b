/** What the file of `--tables` does to tables: none is registered by its name alone, nor given keys that its files lack. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { runLocal } from '../../lib/local/run.ts';
import type { Order } from './dms-folder.ts';
import { lakeRows, putDmsFile } from './dms-folder.ts';
import { rawAndLake } from './temporary-folder.ts';

const KEYED = { primaryKey: ['id'], active: true };

let root: string;
let raw: string;
let lake: string;
beforeEach(async () => {
  ({ root, raw, lake } = await rawAndLake());
});

const put = (file: string, rows: Order[]) => putDmsFile(raw, `${file}.parquet`, rows);
const rowFile = (table: string) => join(lake, `_tidemark/tables/${encodeURIComponent(`raw/${table}/`)}.json`);
const rowOf = async (table: string) => JSON.parse(await readFile(rowFile(table), 'utf8')) as Record<string, unknown>;

async function tablesFile(tables: object): Promise<string> {
  const file = join(root, 'tables.json');
  await writeFile(file, JSON.stringify(tables));
  return file;
}

async function once(tables: object) {
  const [out, err]: [string[], string[]] = [[], []];
  const options = { raw, lake, once: true, tables: await tablesFile(tables) };
  const exitCode = await runLocal(options, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { exitCode, out, err: err.join('\n') };
}

/** Watches while something is done. */
async function watching(tables: object, work: (err: readonly string[]) => Promise<void>) {
  const stop = new AbortController();
  const err: string[] = [];
  const io = { out: () => undefined, err: (line: string) => err.push(line), stop: stop.signal };
  const run = runLocal({ raw, lake, tables: await tablesFile(tables) }, io);
  while (!err.some((line) => line.startsWith('Watching'))) await sleep(20);
  await work(err);
  stop.abort();
  return { exitCode: await run, err: err.join('\n') };
}

async function inLake(table: string, rows: Order[]): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
    if (JSON.stringify(await lakeRows(lake, table)) === JSON.stringify(rows)) return;
    await sleep(50);
  }
  throw new Error(`${table} does not hold ${JSON.stringify(rows)}`);
}

describe('a table that --tables names', () => {
  it('is not registered as long as it has no raw file: its name may be mistyped', async () => {
    await put('sales/orders/LOAD00000001', [{ id: 1, item: 'pen' }]);
    const { exitCode, err } = await once({ 'sales/orders': KEYED, 'sales/ordres': KEYED });
    expect(exitCode).toBe(0);
    expect(err).toContain(
      `--tables names sales/ordres, but there are no files in ${join(raw, 'sales/ordres')}. It is not registered until there are.`,
    );
    expect([existsSync(rowFile('sales/orders')), existsSync(rowFile('sales/ordres'))]).toEqual([true, false]);
  });

  it('is merged with its keys once its files come', async () => {
    const { exitCode, err } = await watching({ 'sales/orders': KEYED, 'sales/items': KEYED }, async () => {
      await put('sales/orders/LOAD00000001', [{ id: 1, item: 'pen' }]);
      await inLake('sales/orders', [{ id: 1, item: 'pen' }]);
      await put('sales/items/LOAD00000001', [{ id: 2, item: 'ink' }]);
      await put('sales/items/20260301-101500123', [{ Op: 'U', id: 2, item: 'fig' }]);
      await inLake('sales/items', [{ id: 2, item: 'fig' }]);
    });
    expect(exitCode).toBe(0);
    expect(err).not.toContain('inactive');
  });

  it('has its settings saved where it is registered, also if its raw files are gone', async () => {
    await put('sales/orders/LOAD00000001', [{ id: 1, item: 'pen' }]);
    await once({ 'sales/orders': KEYED });
    await rm(join(raw, 'sales/orders/LOAD00000001.parquet'));
    await once({ 'sales/orders': { onTruncate: 'empty' } });
    expect(await rowOf('sales/orders')).toMatchObject({ OnTruncate: 'empty' });
    expect(await lakeRows(lake, 'sales/orders')).toEqual([]);
  });
});

describe('keys that the raw files do not have', () => {
  beforeEach(async () => {
    await put('sales/orders/LOAD00000001', [{ id: 1, item: 'pen' }]);
    await put('sales/items/LOAD00000001', [{ id: 2, item: 'ink' }]);
  });

  it.each([
    ['primaryKey', { primaryKey: ['idd'], active: true }, 'idd'],
    ['partitionKey', { ...KEYED, partitionKey: ['day'] }, 'day'],
  ])('are not saved, and end the run with 1 (%s); other tables are merged', async (field, settings, column) => {
    const { exitCode, err } = await once({ 'sales/orders': settings, 'sales/items': KEYED });
    expect(exitCode).toBe(1);
    expect(err).toContain(
      `--tables: the settings of sales/orders are not taken over: ${field} names the column ${column}, which LOAD00000001.parquet does not have. It has: id, item.\n  What to do: Name columns that its files have`,
    );
    expect(await rowOf('sales/orders')).toMatchObject({
      ActiveFlag: 'false',
      PrimaryKey: 'null',
      PartitionKey: 'null',
    });
    expect(await lakeRows(lake, 'sales/items')).toEqual([{ id: 2, item: 'ink' }]);
  });

  it('leave a table that is merged as it is, and going', async () => {
    await once({ 'sales/orders': KEYED });
    const before = await rowOf('sales/orders');
    await put('sales/orders/20260301-101500123', [{ Op: 'U', id: 1, item: 'fig' }]);
    expect((await once({ 'sales/orders': { primaryKey: ['idd'] } })).exitCode).toBe(1);
    const { PrimaryKey, Generation, Blocked } = await rowOf('sales/orders');
    expect([PrimaryKey, Generation, Blocked]).toEqual(['id', before['Generation'], undefined]);
    expect(await lakeRows(lake, 'sales/orders')).toEqual([{ id: 1, item: 'fig' }]);
  });

  it('are told of while watching, and the other tables go on', async () => {
    const settings = { 'sales/orders': { primaryKey: ['idd'], active: true }, 'sales/new': KEYED, 'sales/late': KEYED };
    const { exitCode, err } = await watching(settings, async (said) => {
      await put('sales/new/LOAD00000001', [{ id: 3, item: 'fig' }]);
      await inLake('sales/new', [{ id: 3, item: 'fig' }]);
      await putDmsFile(raw, 'sales/late/LOAD00000001.parquet', [{ id: 4, item: 'oak' }]);
      await inLake('sales/late', [{ id: 4, item: 'oak' }]);
      expect(said.join('\n')).toContain('the settings of sales/orders are not taken over');
    });
    expect(exitCode).toBe(1);
    expect(err.match(/are not taken over/g)).toHaveLength(1);
  });

  it('are not looked for in a file that cannot be read: that blocks the table by itself', async () => {
    await writeFile(join(raw, 'sales/orders/20260301-101500123.parquet'), 'no Parquet');
    const { exitCode, err } = await once({ 'sales/orders': KEYED });
    expect([exitCode, err]).toEqual([
      2,
      expect.stringContaining('sales/orders is blocked by 20260301-101500123.parquet'),
    ]);
  });

  it('may differ from the files in capital letters', async () => {
    expect((await once({ 'sales/orders': { primaryKey: ['ID'], active: true } })).exitCode).toBe(0);
    expect(await lakeRows(lake, 'sales/orders')).toEqual([{ id: 1, item: 'pen' }]);
  });
});
