import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Onlooker } from '../../lib/local/onlooker.ts';
import { runLocal, type LocalOptions } from '../../lib/local/run.ts';
import { watchFolder } from '../../lib/local/watch.ts';
import { lakeRows, putDmsFile } from './dms-folder.ts';
import { rawAndLake } from './temporary-folder.ts';

const ORDERS_ACTIVE = { 'sales/orders': { primaryKey: ['id'], active: true } };

describe('a run on folders of one machine', () => {
  let root: string;
  let raw: string;
  let lake: string;

  beforeEach(async () => {
    ({ root, raw, lake } = await rawAndLake());
  });

  async function run(tables?: object, more: Partial<LocalOptions> = {}) {
    const out: string[] = [];
    const err: string[] = [];
    const file = join(root, 'tables.json');
    if (tables) await writeFile(file, JSON.stringify(tables));
    const options = { raw, lake, once: true, ...(tables && { tables: file }), ...more };
    const exitCode = await runLocal(options, { out: (line) => out.push(line), err: (line) => err.push(line) });
    return { exitCode, out, err: err.join('\n') };
  }

  it('merges load and change files of an active table', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [
      { id: 1, item: 'pen' },
      { id: 2, item: 'ink' },
    ]);
    await putDmsFile(raw, 'sales/orders/20260301-101500123.parquet', [
      { Op: 'U', id: 1, item: 'fountain pen' },
      { Op: 'D', id: 2, item: null },
      { Op: 'I', id: 3, item: 'paper' },
    ]);
    const { exitCode, out, err } = await run(ORDERS_ACTIVE);
    expect(err).toBe('1 table up to date.');
    expect(exitCode).toBe(0);
    expect(out.join('\n')).toContain('sales/orders: ');
    expect(await lakeRows(lake, 'sales/orders')).toEqual([
      { id: 1, item: 'fountain pen' },
      { id: 3, item: 'paper' },
    ]);
  });

  it('changes nothing when there is nothing new, and says that all is up to date', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await run(ORDERS_ACTIVE);
    const upToDate = { exitCode: 0, out: [], err: '1 table up to date.' };
    expect(await run(ORDERS_ACTIVE)).toEqual(upToDate);
    expect(await run(undefined)).toEqual(upToDate);
    expect(await lakeRows(lake, 'sales/orders')).toHaveLength(1);
  });

  it('registers tables that --tables does not name as inactive, says so, and merges them once they are activated', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await putDmsFile(raw, 'sales/customers/LOAD00000001.parquet', [{ id: 1, item: 'Ann' }]);
    const first = await run(ORDERS_ACTIVE);
    expect(first.exitCode).toBe(0);
    expect(first.err).toContain('1 table inactive, so not merged: sales/customers');
    expect(first.err).toContain('{"sales/customers":{"primaryKey":["id"],"active":true}}');
    expect(await lakeRows(lake, 'sales/customers')).toEqual([]);
    const row = await readFile(join(lake, '_tidemark/tables/raw%2Fsales%2Fcustomers%2F.json'), 'utf8');
    expect(JSON.parse(row)).toMatchObject({ path: 'raw/sales/customers/', ActiveFlag: 'false', PrimaryKey: 'null' });
    const second = await run({ 'sales/customers': { primaryKey: ['id'], active: true } });
    expect(second).toMatchObject({ exitCode: 0, err: '2 tables up to date.' });
    expect(await lakeRows(lake, 'sales/customers')).toEqual([{ id: 1, item: 'Ann' }]);
  });

  it('says in each run which table is blocked, why and what to do, merges the others, and goes on once it is mended', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await putDmsFile(raw, 'sales/items/LOAD00000001.parquet', [{ id: 7, item: 'ink' }]);
    await writeFile(join(raw, 'sales/items/20260301-101500123.csv'), 'I,8,paper\n');
    const tables = { ...ORDERS_ACTIVE, 'sales/items': { primaryKey: ['id'], active: true } };
    for (const { exitCode, err } of [await run(tables), await run()]) {
      expect(exitCode).toBe(2);
      expect(err).toContain('sales/items is blocked by 20260301-101500123.csv: ');
      expect(err).toContain('DataFormat=parquet');
      expect(err).toContain('1 table up to date.\n1 table blocked: sales/items');
    }
    expect(await lakeRows(lake, 'sales/orders')).toEqual([{ id: 1, item: 'pen' }]);
    await rm(join(raw, 'sales/items/20260301-101500123.csv'));
    expect(await run()).toMatchObject({ exitCode: 0, err: '2 tables up to date.' });
    expect(await lakeRows(lake, 'sales/items')).toEqual([{ id: 7, item: 'ink' }]);
  });

  it('tries a table that fails for another reason a few times, then says so, and merges the others', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await putDmsFile(raw, 'stock/items/LOAD00000001.parquet', [{ id: 7, item: 'ink' }]);
    await writeFile(join(lake, 'stock'), 'a file where the folder of a schema should be');
    const tables = { ...ORDERS_ACTIVE, 'stock/items': { primaryKey: ['id'], active: true } };
    const { exitCode, err } = await run(tables);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/stock[\s\S]*stock\/items failed 5 times \(see above\) and is not up to date/);
    expect(await lakeRows(lake, 'sales/orders')).toEqual([{ id: 1, item: 'pen' }]);
    await rm(join(lake, 'stock'));
    expect((await run()).exitCode).toBe(0);
    expect(await lakeRows(lake, 'stock/items')).toEqual([{ id: 7, item: 'ink' }]);
  });

  it('passes over links that lead nowhere, in a circle or to a folder, says so once, and merges all there is', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await putDmsFile(raw, 'stock/items/LOAD00000001.parquet', [{ id: 7, item: 'ink' }]);
    const links: [name: string, target: string][] = [
      ['sales/circle', 'circle'],
      ['sales/orders/20260301-101500123.parquet', '20260301-101500123.parquet'],
      ['sales/orders/20260301-111500123.parquet', join(root, 'none')],
      ['sales/orders/round', raw],
    ];
    for (const [name, target] of links) await symlink(target, join(raw, name));
    const { exitCode, err } = await run({ ...ORDERS_ACTIVE, 'stock/items': { primaryKey: ['id'], active: true } });
    expect(exitCode).toBe(0);
    const lines = err.trim().split('\n');
    expect(lines.pop()).toBe('2 tables up to date.');
    // Each folder is listed when it is its table's turn.
    expect(lines.sort()).toEqual(
      links.map(
        ([name]) =>
          expect.stringMatching(`^warning: a link that leads to no file .* path=${join(raw, name)}$`) as unknown,
      ),
    );
    expect(await lakeRows(lake, 'sales/orders')).toEqual([{ id: 1, item: 'pen' }]);
    expect(await lakeRows(lake, 'stock/items')).toEqual([{ id: 7, item: 'ink' }]);
  });

  it('watches a folder in which such links are, without an error', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    const links: [name: string, target: string][] = [
      ['circle', 'circle'],
      ['nowhere', join(root, 'none')],
      ['up', raw],
    ];
    for (const [name, target] of links) await symlink(target, join(raw, 'sales/orders', name));
    const errors: Error[] = [];
    const seen: string[] = [];
    const watch = await watchFolder(raw, {
      onError: (error) => errors.push(error),
      onFile: (path) => seen.push(path),
    });
    for (const [name, target] of links) await symlink(target, join(raw, 'sales/orders', `later-${name}`));
    await putDmsFile(raw, 'sales/orders/20260301-101500123.parquet', [{ Op: 'I', id: 2, item: 'ink' }]);
    const arrived = join(raw, 'sales/orders/20260301-101500123.parquet');
    while (!seen.includes(arrived)) await new Promise((resolve) => setTimeout(resolve, 10));
    await watch.close();
    expect(errors).toEqual([]);
    expect(seen.filter((path) => path.startsWith(join(raw, 'sales/orders/up/')))).toEqual([]);
  });

  it('keeps its state where it is told to', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await run(ORDERS_ACTIVE, { state: join(root, 'state') });
    expect(await readFile(join(root, 'state/tables/raw%2Fsales%2Forders%2F.json'), 'utf8')).toContain(
      '"ActiveFlag": "true"',
    );
    await expect(readFile(join(lake, '_tidemark'))).rejects.toThrow('ENOENT');
  });

  it('says what it expects in a raw folder without tables', async () => {
    await writeFile(join(raw, 'readme.txt'), '');
    const { exitCode, err } = await run();
    expect(exitCode).toBe(0);
    expect(err).toContain(
      `There is no table in ${raw} yet. Files of DMS are expected there as <schema>/<table>/LOAD00000001.parquet.`,
    );
  });

  it('says which table of --tables has no files, as its name may be wrong', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    const { exitCode, err } = await run({ ...ORDERS_ACTIVE, 'sales/order': { active: true } });
    expect(exitCode).toBe(0);
    expect(err).toContain(`--tables names sales/order, but there are no files in ${join(raw, 'sales/order')}.`);
  });

  it('ends at once, and as not up to date, when it is stopped before it is done', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    const err: string[] = [];
    const io = { out: () => undefined, err: (line: string) => err.push(line), stop: AbortSignal.abort() };
    expect(await runLocal({ raw, lake, once: true }, io)).toBe(1);
    expect(err).toEqual(['Stopped before all tables were up to date. Start again to go on.']);
  });

  it('looks at a blocked table as soon as the sweep wakes it, so that a watch that is stopped ends with 2', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await writeFile(join(raw, 'sales/orders/20260301-101500123.csv'), 'I,2,ink\n');
    const looked = new AbortController();
    let skippedMs = 0;
    let looks = 0;
    const onlooker: Onlooker = {
      begin: () => Promise.resolve(),
      arrived: () => undefined,
      rowChanged: () => undefined,
      reconciled: () => {
        // Time for the next sweep; nothing else wakes the table.
        skippedMs += 60_000;
        if (++looks === 2) looked.abort();
      },
      end: () => Promise.resolve(),
    };
    const tables = join(root, 'tables.json');
    await writeFile(tables, JSON.stringify(ORDERS_ACTIVE));
    // Shorter than the pause between two sweeps.
    const stop = AbortSignal.any([looked.signal, AbortSignal.timeout(2_000)]);
    const clock = { now: () => Date.now() + skippedMs };
    const err: string[] = [];
    const io = { out: () => undefined, err: (line: string) => err.push(line), stop, clock, onlooker };
    expect(await runLocal({ raw, lake, tables }, io)).toBe(2);
    expect(looks).toBe(2);
    expect(err.at(-1)).toBe('1 table blocked: sales/orders');
  });
});
