/** How tables stand by their rows, and how far they are behind by a listing of their raw files. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { listTables } from '../../lib/table/list-tables.ts';
import { TableLab } from '../table/table-lab.ts';

const NO_LISTING = { lag: false };

describe('the states of tables', () => {
  let lab: TableLab;
  beforeEach(() => {
    lab = new TableLab();
  });

  it('come by name, from the rows alone', async () => {
    await lab.activeTable({ partitionKey: ['day'] }, 'shop/b');
    await lab.table('shop/a').configure({ primaryKey: ['id', 'line'] });
    lab.onCall = ({ store }) => (store === 'raw' ? 'reject' : 'none');
    expect(await listTables(NO_LISTING, lab.ports)).toEqual({
      tables: [
        { table: 'shop/a', state: 'inactive', primaryKey: ['id', 'line'], partitionKey: [] },
        { table: 'shop/b', state: 'active', primaryKey: ['id'], partitionKey: ['day'] },
      ],
      others: 0,
    });
  });

  it('are merging while a merge has claimed what it writes', async () => {
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' ? 'reject' : 'none');
    await table.merge();
    expect((await listTables(NO_LISTING, lab.ports)).tables).toMatchObject([
      { table: 'shop/orders', state: 'merging' },
    ]);
  });

  it('tell how many rows were merged today, UTC, and of an earlier day that none were', async () => {
    const item = (table: string, day: string) =>
      lab.tables.create({ path: lab.table(table).path, RowsToday: { day, rows: 12 } });
    const today = new Date(lab.clock.now()).toISOString().slice(0, 10);
    await item('shop/a', today);
    await item('shop/b', '2001-01-01');
    await lab.table('shop/c').configure({ primaryKey: ['id'] });
    const { tables } = await listTables(NO_LISTING, lab.ports);
    expect(tables.map(({ rowsToday }) => rowsToday)).toEqual([12, 0, undefined]);
  });

  it('count rows of other raw buckets without naming them', async () => {
    await lab.tables.create({ path: 'another-bucket/shop/orders/' });
    expect(await listTables(NO_LISTING, lab.ports)).toEqual({ tables: [], others: 1 });
  });

  it('tell how many files wait and for how long, inactive tables left out', async () => {
    const table = await lab.activeTable();
    await lab.table('shop/items').configure({ primaryKey: ['id'] });
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    table.change('20260301-100000000', [['U', 1, 'pear']]);
    lab.clock.advance(89_000);
    table.change('20260301-110000000', [['U', 1, 'plum']]);
    const { tables } = await listTables({ lag: true }, lab.ports);
    expect(tables.map(({ lag }) => lag)).toEqual([undefined, { files: 2, seconds: 90 }]);
    await lab.settle();
    expect((await listTables({ lag: true }, lab.ports)).tables[1]?.lag).toEqual({ files: 0, seconds: 0 });
  });

  it('tell since when a file waits that is none of Parquet', async () => {
    const table = await lab.activeTable();
    table.put('20260301-100000000.csv', new TextEncoder().encode('U,1,pear'));
    lab.clock.advance(90_000);
    const { tables } = await listTables({ lag: true }, lab.ports);
    expect(tables[0]?.lag).toEqual({ files: 1, seconds: 90 });
  });
});
