import { describe, expect, it } from '@jest/globals';
import { TableLab } from './table-lab.ts';

describe('a table that was loaded several times', () => {
  it('does not get back pieces of a load before the last, though their files are still there', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    for (const id of [1, 2, 3]) table.load(`LOAD0000000${id}`, [[id, 'first load']]);
    await lab.settle();
    for (const load of ['second load', 'third load']) {
      table.change(`20260301-1000000${load.length}`, [['U', 1, 'changed']]);
      await lab.settle();
      table.load('LOAD00000001', [[1, load]]);
      await lab.settle();
      expect(await table.rows()).toEqual([`1 ${load}`]);
    }
  });

  it('is replaced by the first full load after changes that never came to be merged', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'old']]);
    await lab.settle();
    // Its row is lost, its lake is not.
    lab.raw.remove(table.rawKey('LOAD00000001.parquet'));
    lab.tables.edit(table.path, {
      Version: 0,
      LastFullLoadDate: '1900-01-01 00:00:00',
      LoadFiles: {},
      Generation: 0,
      BuiltWith: '',
    });
    const bad = table.put('20260301-100000000.parquet', new Uint8Array([1, 2, 3]));
    await lab.settle();
    lab.raw.remove(bad);
    table.load('LOAD00000001', [[1, 'new']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 new']);
    expect(await table.keysSeenTwice()).toEqual([]);
  });

  it('is not built anew from less than it holds: files that a load superseded do not stand for merged ones', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'old']]);
    for (let i = 0; i < 3; i++) table.change(`20260301-10000000${i}`, [['U', 1, 'old']]);
    await lab.settle();
    table.load('LOAD00000001', [[1, 'new']]);
    const names = Array.from({ length: 1_010 }, (_, i) => `20260302-1${String(i).padStart(8, '0')}`);
    for (const [i, name] of names.entries()) table.change(name, [['I', i + 10, 'change']]);
    await lab.settle();
    for (const name of names.slice(0, 3)) lab.raw.remove(table.rawKey(`${name}.parquet`));
    await table.configure({ partitionKey: ['day'] });
    await lab.settle();
    expect(await table.rows()).toHaveLength(1_011);
    expect((await table.item()).Blocked).toMatchObject({ reason: expect.stringContaining('3 change files are gone') });
  });
});
