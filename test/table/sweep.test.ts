import { describe, expect, it } from '@jest/globals';
import { sweep } from '../../lib/table/sweep.ts';
import { loadBytes, TableLab } from './table-lab.ts';

const HOUR_MS = 3_600_000;

/** The events of what was put are lost. */
function loseEvents(lab: TableLab): void {
  lab.arrivals.length = 0;
}

/** A table in other partition folders than before, and its files in the old ones. */
async function builtAnew() {
  const lab = new TableLab();
  const table = await lab.activeTable({ partitionKey: ['day'] });
  table.load('LOAD00000001', [
    [1, 'apple', 'mon'],
    [2, 'pear', 'tue'],
  ]);
  await lab.settle();
  await table.configure({ partitionKey: ['item'] });
  await lab.settle();
  return { lab, table, old: () => table.lakeFiles().filter((file) => file.startsWith('day=')) };
}

describe('the sweep', () => {
  it.each<[string, (table: ReturnType<TableLab['table']>) => unknown]>([
    ['load', (table) => table.load('LOAD00000002', [[5, 'found']])],
    ['change', (table) => table.change('20260301-100000000', [['I', 5, 'found']])],
  ])('finds a %s file whose event was lost', async (_, put) => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    put(table);
    loseEvents(lab);
    expect(await sweep('one', lab.ports)).toEqual({ tables: 1, woken: 1, blocked: 0 });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '5 found']);
  });

  it('has tables registered of which no event came', async () => {
    const lab = new TableLab({}, { raw: 'dms/', lake: '' });
    const table = lab.table('shop/unheard');
    table.load('LOAD00000001', [[1, 'apple']]);
    loseEvents(lab);
    await sweep('one', lab.ports);
    await lab.settle();
    expect(await table.item()).toMatchObject({ folder: 'shop/unheard', ActiveFlag: 'false' });
  });

  it('wakes nothing that is up to date or inactive', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000000', [['U', 1, 'fig']]);
    const inactive = lab.table('shop/inactive');
    inactive.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    expect(await sweep('one', lab.ports)).toEqual({ tables: 2, woken: 0, blocked: 0 });
    expect(lab.queue.size).toBe(0);
  });

  it('does not wake a table for files that a new full load superseded', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.load('LOAD00000002', [[2, 'pear']]);
    table.change('20260301-100000000', [['U', 1, 'fig']]);
    await lab.settle();
    table.load('LOAD00000001', [[1, 'kiwi']]);
    await lab.settle();
    expect((await sweep('one', lab.ports)).woken).toBe(0);
  });

  it('has the files of before removed a day after a table was built anew by other keys, though nothing more comes', async () => {
    const { lab, table, old } = await builtAnew();
    expect(old()).toHaveLength(2);
    lab.clock.advance(23 * HOUR_MS);
    expect((await sweep('too early', lab.ports)).woken).toBe(0);
    lab.clock.advance(HOUR_MS);
    expect((await sweep('one', lab.ports)).woken).toBe(1);
    await lab.settle();
    expect(old()).toEqual([]);
    expect(await table.rows()).toEqual(['1 apple mon', '2 pear tue']);
    lab.clock.advance(25 * HOUR_MS);
    expect((await sweep('two', lab.ports)).woken).toBe(0);
  });

  it('wakes a table once, and blocks it not, where old files cannot be removed since a file of the lake cannot be read', async () => {
    const { lab } = await builtAnew();
    lab.lake.put('shop/orders/item=apple/odd.parquet', Buffer.from('no Parquet file'));
    lab.clock.advance(25 * HOUR_MS);
    expect((await sweep('one', lab.ports)).woken).toBe(1);
    expect(await lab.settle()).toMatchObject([{ state: 'active' }]);
    expect((await sweep('two', lab.ports)).woken).toBe(0);
    expect(lab.said.map(({ message }) => message)).toContain('old lake files could not be removed');
  });

  it('goes on the next time where there was no time to look at old files', async () => {
    const { lab, table, old } = await builtAnew();
    lab.clock.advance(25 * HOUR_MS);
    lab.onCall = ({ store, name }) => {
      if (store !== 'lake' || name !== 'list') return 'none';
      lab.clock.advance(HOUR_MS);
      lab.onCall = () => 'none';
      return 'none';
    };
    await table.merge();
    expect(old()).toHaveLength(2);
    await sweep('two', lab.ports);
    await lab.settle();
    expect(old()).toEqual([]);
  });

  it('goes through all pages: more than 1,000 objects, more than 1,000 tables', async () => {
    const lab = new TableLab();
    const bytes = loadBytes([]);
    for (let i = 0; i < 1200; i++) lab.raw.put(`shop/t${i}/LOAD00000001.parquet`, bytes);
    for (let i = 0; i < 1100; i++) lab.raw.put(`shop/zz/LOAD${String(i).padStart(8, '0')}.parquet`, bytes);
    loseEvents(lab);
    expect(await sweep('one', lab.ports)).toEqual({ tables: 1201, woken: 1201, blocked: 0 });
    expect(lab.queue.size).toBe(1201);
  });

  it('wakes a table whose merge did not come to its commit', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' ? 'reject' : 'none');
    await table.merge([table.load('LOAD00000001', [[1, 'apple']])]);
    lab.onCall = () => 'none';
    loseEvents(lab);
    expect((await sweep('one', lab.ports)).woken).toBe(1);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('wakes a table whose row was edited, should the stream have lost it', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: [] });
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    lab.tables.edit(table.path, { PrimaryKey: 'id' });
    lab.rowChanges.length = 0;
    expect((await sweep('one', lab.ports)).woken).toBe(1);
  });

  it('wakes a table that is blocked, each time anew', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.put('LOAD00000001.parquet', Buffer.from('no Parquet file'));
    await lab.settle();
    for (const cause of ['one', 'two']) expect((await sweep(cause, lab.ports)).woken).toBe(1);
    expect(lab.queue.size).toBe(2);
    await lab.settle();
    expect((await table.item()).Blocked).toBeDefined();
  });

  it('has counted the blocked tables, and woken them, where its listing does not come to its end', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.put('LOAD00000001.parquet', Buffer.from('no Parquet file'));
    await lab.settle();
    lab.measured.length = 0;
    lab.onCall = ({ store, name }) => (store === 'raw' && name === 'list' ? 'reject' : 'none');
    await expect(sweep('one', lab.ports)).rejects.toThrow();
    expect(lab.measured).toEqual([{ measures: { BlockedTables: 1 } }]);
    expect(lab.queue.size).toBe(1);
  });

  it('says what is wrong when the raw folder is empty, and where it looked', async () => {
    const lab = new TableLab({}, { raw: 'dms/', lake: '' });
    lab.raw.put('other/shop/orders/LOAD00000001.parquet', loadBytes([]));
    expect(await sweep('one', lab.ports)).toEqual({ tables: 0, woken: 0, blocked: 0 });
    expect(lab.said).toEqual([
      {
        message: expect.stringContaining('BucketFolder'),
        facts: { expected: 'raw-bucket/dms/<schema>/<table>/LOAD00000001.parquet' },
      },
    ]);
  });

  it('leaves rows of other buckets and prefixes alone', async () => {
    const lab = new TableLab({}, { raw: 'dms/', lake: '' });
    lab.tables.edit('elsewhere/dms/shop/orders/', { ActiveFlag: 'true', Blocked: { file: 'x' } });
    await sweep('one', lab.ports);
    expect(lab.queue.size).toBe(0);
  });
});
