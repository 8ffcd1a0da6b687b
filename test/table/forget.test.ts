/** Forgetting a table: its row is removed, where nothing needs what the row knows, and nothing brings it back. */
import { describe, expect, it } from '@jest/globals';
import { planForgetting, forget } from '../../lib/table/forget.ts';
import { rowOfItem } from '../../lib/table/item.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { Fault } from '../cloud/fault.ts';
import { deferred } from './deferred.ts';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

async function plan(table: LabTable) {
  const [schema = '', name = ''] = table.name.split('/');
  const item = await table.item();
  return planForgetting({ ...rowOfItem(item), item }, { schema, table: name }, table.lab.ports);
}

const isKnown = async ({ lab, path }: LabTable) => (await lab.tables.get(path)) !== undefined;

/** A table that was merged; its raw files are gone. */
async function merged(): Promise<LabTable> {
  const lab = new TableLab();
  const table = await lab.activeTable();
  const key = table.load('LOAD00000001', [[1, 'apple']]);
  await lab.settle();
  lab.raw.remove(key);
  return table;
}

describe('a table that has no raw file', () => {
  it('and of which nothing was ever merged is forgotten, active or not', async () => {
    for (const active of [true, false]) {
      const table = new TableLab().table('shop/ordres');
      await table.configure({ primaryKey: ['id'], active });
      await table.merge();
      const planned = await plan(table);
      expect(planned).toMatchObject({ lake: undefined, catalog: undefined });
      await forget(planned, table.lab.ports);
      expect(await isKnown(table)).toBe(false);
    }
  });

  it('and whose lake holds what was merged is forgotten once it is inactive; its lake and its entry in the catalog stay', async () => {
    const lab = new TableLab();
    lab.registersTables();
    const table = await lab.activeTable();
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    lab.raw.remove(key);
    await expect(plan(table)).rejects.toMatchObject({
      name: 'Refused',
      message: expect.stringContaining('It is active'),
      next: expect.stringContaining('`tidemark deactivate TABLE`'),
    });
    await table.configure({ active: false });
    const planned = await plan(table);
    expect(planned).toMatchObject({ lake: 'shop/orders/', catalog: 'lake_shop.orders' });
    await forget(planned, lab.ports);
    expect(await isKnown(table)).toBe(false);
    expect(await table.rows()).toEqual(['1 apple']);
    expect(lab.catalog.names()).toEqual(['lake_shop.orders']);
  });

  it('and whose out_path leads nowhere is forgotten', async () => {
    const table = await new TableLab().activeTable();
    table.lab.tables.edit(table.path, { out_path: 's3://elsewhere/' });
    expect(await plan(table)).toMatchObject({ lake: undefined });
  });
});

describe('a table is not forgotten', () => {
  it.each([true, false])('that has raw files, since it would be registered anew (active: %s)', async (active) => {
    const lab = new TableLab();
    const table = await lab.activeTable({ active });
    table.put('notes.txt', Buffer.from('none of DMS'));
    await expect(plan(table)).rejects.toThrow('It has raw files: the next sweep would register it anew');
  });

  it('of which a merge has claimed lake files', async () => {
    const table = await merged();
    await table.configure({ active: false });
    table.lab.tables.edit(table.path, { Intent: [['shop/orders/a.parquet', '']] });
    await expect(plan(table)).rejects.toThrow('did not come to its commit');
  });

  it.each([
    ['merged', { Version: 99 }],
    ['edited', { ActiveFlag: 'true' }],
  ])('that was %s since it was looked at', async (_, attributes) => {
    const table = await merged();
    await table.configure({ active: false });
    const planned = await plan(table);
    table.lab.tables.edit(table.path, attributes);
    await expect(forget(planned, table.lab.ports)).rejects.toThrow('Its row was changed at the same time.');
    expect(await isKnown(table)).toBe(true);
  });
});

describe('a table that was forgotten is not brought back', () => {
  it('by a wake-up that was on its way, the removal itself, or the sweep', async () => {
    const table = await merged();
    const { lab } = table;
    await table.configure({ active: false });
    await lab.queue.send([{ table: table.path, key: table.rawKey('LOAD00000001.parquet'), cause: 'late' }]);
    await forget(await plan(table), lab.ports);
    expect(lab.rowChanges.at(-1)).toEqual({ sequenceNumber: expect.any(String), before: expect.anything() });
    await sweep('hourly', lab.ports);
    expect(await lab.settle()).toEqual([expect.objectContaining({ path: table.path, state: 'inactive' })]);
    expect(await isKnown(table)).toBe(false);
  });

  it('by a merge that was under way: it changes nothing any more', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    await table.merge([table.load('LOAD00000001', [[1, 'apple']])]);
    const key = table.change('20260301-100000000', [['U', 1, 'fig']]);
    const [reached, release] = [deferred(), deferred()];
    let isHeld = false;
    lab.onCall = async ({ store, name }): Promise<Fault> => {
      if (store !== 'tables' || name !== 'update' || isHeld) return 'none';
      isHeld = true;
      reached.resolve();
      await release.promise;
      return 'none';
    };
    const merging = table.merge([key]);
    await reached.promise;
    for (const file of [...lab.raw.keys()]) lab.raw.remove(file);
    lab.tables.edit(table.path, { ActiveFlag: 'false' });
    await forget(await plan(table), lab.ports);
    release.resolve();
    expect(await merging).toMatchObject({ failed: [], outcome: { state: 'inactive' } });
    expect(await isKnown(table)).toBe(false);
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('by a merge that finds a file bad', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: [] });
    const key = table.put('LOAD00000001.parquet', Buffer.from('no Parquet'));
    let reads = 0;
    lab.onCall = ({ store, name }) => {
      // It reads the row once more before it notes there what is in the way.
      if (store !== 'tables' || name !== 'get' || ++reads !== 2) return 'none';
      lab.raw.remove(key);
      lab.tables.remove(table.path);
      return 'none';
    };
    expect(await table.merge([key])).toMatchObject({ failed: [], outcome: { state: 'inactive' } });
    expect(await isKnown(table)).toBe(false);
  });

  it('but is registered as a new one by its next raw file', async () => {
    const table = await merged();
    await table.configure({ active: false });
    await forget(await plan(table), table.lab.ports);
    table.load('LOAD00000001', [[2, 'pear']]);
    await table.lab.settle();
    expect(await table.item()).toMatchObject({ ActiveFlag: 'false', PrimaryKey: 'null' });
  });
});
