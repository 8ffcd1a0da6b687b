import { describe, expect, it } from '@jest/globals';
import { tableOfPath } from '../../lib/dms/object-key.ts';
import { foreignAttribute } from '../../lib/ports/table-store.ts';
import { rowOfItem } from '../../lib/table/item.ts';
import { listTables } from '../../lib/table/list-tables.ts';
import { planTable } from '../../lib/table/plan-table.ts';
import { wakeEditedTables } from '../../lib/table/wake.ts';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

async function loaded(): Promise<{ lab: TableLab; table: LabTable }> {
  const lab = new TableLab();
  const table = await lab.activeTable();
  table.load('LOAD00000001', [
    [1, 'apple', 'mon'],
    [2, 'pear', 'tue'],
  ]);
  await lab.settle();
  return { lab, table };
}

/** Does something once, just before the first call that fits. */
function before(lab: TableLab, store: string, name: string, act: () => void): void {
  let done = false;
  lab.onCall = (call) => {
    if (!done && call.store === store && call.name === name) {
      done = true;
      act();
    }
    return 'none';
  };
}

describe('a row that a person edits', () => {
  it.each([
    ['ActiveFlag', { ActiveFlag: 'true' }],
    ['PrimaryKey', { ActiveFlag: 'true', PrimaryKey: 'id' }],
  ])('wakes its table at once: %s', async (_, attributes) => {
    const lab = new TableLab();
    const table = lab.table();
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    lab.tables.edit(table.path, attributes);
    await wakeEditedTables(lab.rowChanges.splice(0), lab.ports);
    expect(lab.queue.receive().map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ table: table.path }]);
  });

  it('wakes nothing while the table is inactive, nor when the row is deleted', async () => {
    const lab = new TableLab();
    const table = lab.table();
    await table.configure({ primaryKey: ['id'] });
    lab.tables.edit(table.path, { PartitionKey: 'day' });
    lab.tables.remove(table.path);
    await wakeEditedTables(lab.rowChanges, lab.ports);
    expect(lab.queue.size).toBe(0);
  });

  it("wakes the table for each edit, but for none of merge's own writes", async () => {
    const { lab, table } = await loaded();
    table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    lab.arrivals.length = 0;
    await table.merge();
    expect(lab.rowChanges.length).toBeGreaterThan(0);
    await wakeEditedTables(lab.rowChanges.splice(0), lab.ports);
    expect(lab.queue.size).toBe(0);
    for (const PartitionKey of ['day', 'null', 'day']) lab.tables.edit(table.path, { PartitionKey });
    await wakeEditedTables(lab.rowChanges.splice(0), lab.ports);
    expect(lab.queue.size).toBe(3);
  });

  it('wakes no table of another bucket', async () => {
    const lab = new TableLab();
    lab.tables.edit('elsewhere/shop/orders/', { ActiveFlag: 'true' });
    expect(await wakeEditedTables(lab.rowChanges, lab.ports)).toEqual({ failed: [] });
    expect(lab.queue.size).toBe(0);
  });

  it.each([
    ['before the claim', 'tables', 'update'],
    ['between claim and write', 'lake', 'write'],
  ])('in mid-merge, %s, is heeded by that very merge', async (_, store, name) => {
    const { lab, table } = await loaded();
    const key = table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    before(lab, store, name, () => lab.tables.edit(table.path, { PartitionKey: 'day' }));
    const { failed } = await table.merge([key]);
    expect(failed).toEqual([]);
    expect(await table.rows()).toEqual(['1 fig mon', '2 pear tue']);
    expect((await table.item()).BuiltWith).toMatchObject({ PartitionKey: 'day' });
    expect(table.lakeFiles()).toContainEqual(expect.stringMatching(/^day=mon\//));
  });

  it('to inactive in mid-merge stops it, and what was half done is settled when it is active again', async () => {
    const { lab, table } = await loaded();
    const key = table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    before(lab, 'lake', 'write', () => lab.tables.edit(table.path, { ActiveFlag: 'false' }));
    const { outcome } = await table.merge([key]);
    expect(outcome?.state).toBe('inactive');
    lab.tables.edit(table.path, { ActiveFlag: 'true' });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig mon', '2 pear tue']);
    expect(await table.item()).not.toHaveProperty('Intent');
  });

  it.each([
    ['PrimaryKey', ['id']],
    ['PrimaryKey', foreignAttribute('{"SS":["id"]}')],
    ['PartitionKey', { day: true }],
    ['out_path', ['lake-bucket/elsewhere/']],
  ])('to a %s that is no text blocks the table, which is not built anew', async (name, value) => {
    const { lab, table } = await loaded();
    const written = lab.lake.keys();
    lab.tables.edit(table.path, { [name]: value });
    const [status] = (await listTables({ lag: false }, lab.ports)).tables;
    expect(status?.note).toMatch(`${name} in the table's row is not text. Write it as text`);
    table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    expect((await lab.settle()).at(-1)).toMatchObject({
      state: 'blocked',
      blocked: {
        file: '',
        reason: `${name} in the table's row is not text.`,
        next: expect.stringContaining('as text'),
      },
    });
    expect(await planTable(table.path, tableOfPath(table.path, lab.ports.config)!, undefined, lab.ports)).toMatchObject(
      { state: 'blocked' },
    );
    expect((await table.item()).Generation).toBe(1);
    expect(lab.lake.keys()).toEqual(written);
    lab.tables.edit(table.path, { [name]: name === 'PrimaryKey' ? 'id' : 'null' });
    expect((await lab.settle()).at(-1)).toMatchObject({ state: 'active' });
    expect(await table.rows()).toEqual(['1 fig mon', '2 pear tue']);
    expect((await table.item()).Generation).toBe(1);
  });

  it('to a type of the store that no row has, of an attribute that is not read, changes nothing', async () => {
    const { lab, table } = await loaded();
    const before = rowOfItem(await table.item());
    const foreign = foreignAttribute('{"NULL":true}');
    lab.tables.edit(table.path, {
      Blocked: foreign,
      Catalog: foreign,
      Partial: foreign,
      SkippedFiles: foreign,
      Tags: foreign,
    });
    expect(rowOfItem(await table.item())).toEqual(before);
    table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    expect((await lab.settle()).at(-1)).toMatchObject({ state: 'active' });
    expect(await table.rows()).toEqual(['1 fig mon', '2 pear tue']);
    expect(await table.item()).toMatchObject({ Tags: foreign });
    expect(await table.item()).not.toHaveProperty('Blocked');
  });

  it('keeps what the person wrote: no merge writes over it', async () => {
    const { lab, table } = await loaded();
    lab.tables.edit(table.path, { Comment: 'ours', PrimaryKey: ' id ' });
    await lab.settle();
    table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    await lab.settle();
    expect(await table.item()).toMatchObject({ Comment: 'ours', PrimaryKey: ' id ' });
  });
});

describe('settings made by command', () => {
  it('register an unknown table, and wake it when it is active', async () => {
    const lab = new TableLab();
    const table = lab.table();
    table.load('LOAD00000001', [[1, 'apple']]);
    lab.arrivals.length = 0;
    await table.configure({ primaryKey: ['id', 'day'], partitionKey: ['day'], active: true });
    expect(await table.item()).toMatchObject({ PrimaryKey: 'id,day', PartitionKey: 'day', ActiveFlag: 'true' });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('leave what they do not name, and write nothing when nothing differs', async () => {
    const lab = new TableLab();
    const table = lab.table();
    await table.configure({ primaryKey: ['id'], active: true });
    lab.rowChanges.length = 0;
    await table.configure({ primaryKey: ['id'] });
    expect(lab.rowChanges).toEqual([]);
    await table.configure({ primaryKey: [] });
    expect(await table.item()).toMatchObject({ PrimaryKey: 'null', ActiveFlag: 'true' });
  });

  it('refuse what is no name of a table', async () => {
    const lab = new TableLab();
    await expect(lab.table('orders').configure({})).rejects.toThrow('<schema>/<table>');
  });
});

describe('a lake file that someone else changes', () => {
  it('in mid-merge is read again, and never written over unread', async () => {
    const { lab, table } = await loaded();
    const [key] = lab.lake.keys();
    const theirs = lab.lake.bytes(key!)!;
    const key1 = table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    before(lab, 'lake', 'write', () => lab.lake.put(key!, theirs));
    const { failed } = await table.merge([key1]);
    expect(failed).toEqual([]);
    expect(await table.rows()).toEqual(['1 fig mon', '2 pear tue']);
  });

  it('at every attempt fails the merge, which is tried again later', async () => {
    const { lab, table } = await loaded();
    const [key] = lab.lake.keys();
    const theirs = lab.lake.bytes(key!)!;
    const key1 = table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
    lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'write') lab.lake.put(key!, theirs);
      return 'none';
    };
    expect((await table.merge([key1])).failed).toHaveLength(1);
    lab.onCall = () => 'none';
    expect((await table.merge([key1])).failed).toEqual([]);
    expect(await table.rows()).toEqual(['1 fig mon', '2 pear tue']);
  });

  it('to something that is no Parquet file blocks the table, naming it', async () => {
    const { lab, table } = await loaded();
    lab.lake.put('shop/orders/notes.parquet', Buffer.from('not Parquet at all'));
    const { outcome } = await table.merge([table.change('20260301-100000000', [['U', 1, 'fig']])]);
    expect(outcome?.blocked?.reason).toContain('shop/orders/notes.parquet');
    lab.lake.remove('shop/orders/notes.parquet');
    await table.merge();
    expect((await table.rows())[0]).toBe('1 fig');
  });

  it('that is hidden is no file of the table', async () => {
    const { lab, table } = await loaded();
    lab.lake.put('shop/orders/_SUCCESS', new Uint8Array());
    lab.lake.put('shop/orders/_temporary/x.parquet', Buffer.from('not Parquet at all'));
    const { outcome } = await table.merge([table.change('20260301-100000000', [['U', 1, 'fig', 'mon']])]);
    expect(outcome?.state).toBe('active');
  });
});
