import { describe, expect, it } from '@jest/globals';
import { TableLab } from './table-lab.ts';

describe('the controller', () => {
  it('registers a table that it sees for the first time, with the defaults of the hourly solution', async () => {
    const lab = new TableLab({}, { raw: 'dms/', lake: '' });
    const table = lab.table('shop/orders');
    table.load('LOAD00000001', [[1, 'apple']]);
    const outcomes = await lab.settle();
    expect(outcomes).toEqual([{ path: table.path, state: 'inactive' }]);
    expect(await table.item()).toMatchObject({
      path: 'raw-bucket/dms/shop/orders/',
      bucket: 'raw-bucket',
      prefix: 'dms/',
      folder: 'shop/orders',
      PrimaryKey: 'null',
      PartitionKey: 'null',
      LastFullLoadDate: '1900-01-01 00:00:00',
      LastIncrementalFile: 'raw-bucket/dms/shop/orders/0.parquet',
      ActiveFlag: 'false',
    });
  });

  it('merges nothing of an inactive table and acknowledges its wake-ups', async () => {
    const lab = new TableLab();
    const table = lab.table();
    const { failed } = await table.merge([table.load('LOAD00000001', [[1, 'apple']])]);
    expect([failed, table.lakeFiles()]).toEqual([[], []]);
  });

  it('merges a table as soon as a person activates it, with all that came before', async () => {
    const lab = new TableLab();
    const table = lab.table();
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.change('20260301-100000000', [['U', 1, 'apricot']]);
    await lab.settle();
    lab.tables.edit(table.path, { PrimaryKey: 'id', ActiveFlag: 'true' });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '2 pear']);
  });

  it('stops merging a table that is set inactive, and goes on where it was', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    lab.tables.edit(table.path, { ActiveFlag: 'false' });
    table.change('20260301-100000000', [['U', 1, 'apricot']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
    lab.tables.edit(table.path, { ActiveFlag: 'true' });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot']);
  });

  it('registers the tables of every schema below the raw prefix, and no control tables of DMS', async () => {
    const lab = new TableLab({}, { raw: 'dms/', lake: '' });
    for (const name of ['shop/orders', 'shop/stores', 'hr/people', 'shop/awsdms_status', 's3_validation_failures/x'])
      lab.table(name).load('LOAD00000001', [[1]]);
    lab.raw.put('elsewhere/shop/orders/LOAD00000001.parquet', new Uint8Array());
    await lab.settle();
    const registered: unknown[] = [];
    for await (const { folder } of lab.tables.scan()) registered.push(folder);
    expect(registered.sort()).toEqual(['hr/people', 'shop/orders', 'shop/stores']);
  });

  it('knows a table by its whole name, spaces and other letters included', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({}, 'my shop/Bestellungen é+1');
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('does not merge a table again when nothing has come', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    const first = await table.merge([key]);
    const again = await table.merge([key, key]);
    expect(first.outcome?.report).toMatchObject({ table: 'shop/orders', loadFiles: 1, rowsInserted: 1 });
    expect(again.outcome).toEqual({ path: table.path, state: 'active' });
  });

  it('updates the state after the merge, with the names that the hourly solution uses', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']], new Date('2026-02-01T08:30:00Z'));
    table.change('20260301-100000000', [['U', 1, 'apricot']]);
    await lab.settle();
    expect(await table.item()).toMatchObject({
      LastFullLoadDate: '2026-02-01 08:30:00',
      LastIncrementalFile: 'raw-bucket/shop/orders/20260301-100000000.parquet',
    });
  });
});
