import { describe, expect, it } from '@jest/globals';
import { skipFile } from '../../lib/table/skip.ts';
import { sweep } from '../../lib/table/sweep.ts';
import { contentHash } from '../sim/content-hash.ts';
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

describe('a piece of a new load that has the same rows as before, and so the same bytes', () => {
  const reloadedTable = async (names: readonly [string, string]) => {
    const lab = new TableLab({}, undefined, contentHash);
    const table = await lab.activeTable();
    const [first, second] = names;
    table.load(first, [[1, 'apple']]);
    table.load(second, [[2, 'pear']]);
    await lab.settle();
    table.change('20260301-100000000', [['U', 2, 'changed']]);
    await lab.settle();
    // The task is started again, and leaves what is there till it writes over it.
    table.load(first, [[1, 'apricot']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot']);
    const loadSecond = (): void => void table.load(second, [[2, 'pear']]);
    return { lab, table, loadSecond };
  };

  it.each([
    ['of a load in several files', ['LOAD00000001', 'LOAD00000002']],
    ['of a load in segments', ['SEGMENT1_LOAD00000001', 'SEGMENT2_LOAD00000001']],
  ] as const)('is merged once it is written: %s', async (_, names) => {
    const { lab, table, loadSecond } = await reloadedTable(names);
    loadSecond();
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '2 pear']);
  });

  it('is found by the sweep if its event is lost', async () => {
    const { lab, table, loadSecond } = await reloadedTable(['LOAD00000001', 'LOAD00000002']);
    loadSecond();
    lab.arrivals.length = 0;
    await sweep('test', lab.ports);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '2 pear']);
  });

  it('is part of the load when the table is built anew', async () => {
    const { lab, table, loadSecond } = await reloadedTable(['LOAD00000001', 'LOAD00000002']);
    loadSecond();
    await lab.settle();
    table.change('20260302-100000000', [['I', 3, 'fig']]);
    await lab.settle();
    await table.configure({ partitionKey: ['item'] });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '2 pear', '3 fig']);
  });

  it('and that was only copied after changes came is still left over from the load before', async () => {
    const { lab, table, loadSecond } = await reloadedTable(['LOAD00000001', 'LOAD00000002']);
    table.change('20260302-100000000', [['I', 3, 'fig']]);
    await lab.settle();
    loadSecond();
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '3 fig']);
  });

  it('and that was skipped counts again once the skip is taken back', async () => {
    const { lab, table, loadSecond } = await reloadedTable(['LOAD00000001', 'LOAD00000002']);
    const file = 'LOAD00000002.parquet';
    loadSecond();
    await skipFile(table.path, file, { undo: false }, lab.ports);
    table.change('20260302-100000000', [['I', 3, 'fig']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '3 fig']);
    await skipFile(table.path, file, { undo: true }, lab.ports);
    await lab.settle();
    await table.merge();
    expect(await table.rows()).toEqual(['1 apricot', '2 pear', '3 fig']);
  });

  it('and comes in the place of a bad one that was skipped is merged', async () => {
    const { lab, table, loadSecond } = await reloadedTable(['LOAD00000001', 'LOAD00000002']);
    const file = 'LOAD00000002.parquet';
    table.put(file, Buffer.from('this is no Parquet file'));
    await lab.settle();
    await skipFile(table.path, file, { undo: false }, lab.ports);
    table.change('20260302-100000000', [['I', 3, 'fig']]);
    await lab.settle();
    loadSecond();
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '2 pear', '3 fig']);
  });

  it('and was copied together with the merged ones is still left over', async () => {
    const { lab, table, loadSecond } = await reloadedTable(['LOAD00000001', 'LOAD00000002']);
    table.load('LOAD00000001', [[1, 'apricot']]);
    loadSecond();
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot']);
  });
});
