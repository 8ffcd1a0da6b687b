import { describe, expect, it } from '@jest/globals';
import type { Attribute } from '../../lib/ports/table-store.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { LabTable, OrderRow } from './table-lab.ts';
import { DAY, ID, ITEM, readParquet, TableLab } from './table-lab.ts';

const OLD = new Date('2026-01-01T00:00:00Z');
const LOADED = '2026-01-01 00:00:00';
const NEWER = new Date('2026-02-01T00:00:00Z');
const NEWEST = new Date('2026-02-01T00:01:00Z');

/** A row and a lake folder as the hourly solution leaves them: random file names, Op kept, no notes in the footers. */
function hourly(
  row: Record<string, Attribute>,
  lakeRows: readonly OrderRow[],
  lakeKey = 'shop/orders/part-00000-5f1d3b2a.snappy.parquet',
): { lab: TableLab; table: LabTable } {
  const lab = new TableLab();
  const table = lab.table();
  lab.tables.edit(table.path, {
    bucket: 'raw-bucket',
    prefix: '',
    folder: 'shop/orders',
    PrimaryKey: 'id',
    PartitionKey: 'null',
    ActiveFlag: 'true',
    LastFullLoadDate: LOADED,
    LastIncrementalFile: `${table.path}0.parquet`,
    ...row,
  });
  lab.rowChanges.length = 0;
  const rows = lakeRows.map(([id, item = null, day = null]) => ['I', id, item, day]);
  lab.lake.put(lakeKey, writeDmsFile({ columns: [OP_COLUMN, ID, ITEM, DAY], rows, codec: 'SNAPPY' }));
  return { lab, table };
}

function threeLoadFiles(table: LabTable): void {
  table.load('LOAD00000001', [[1, 'old apple']], OLD);
  table.load('LOAD00000002', [[2, 'new pear']], NEWER);
  table.load('LOAD00000003', [[3, 'new plum']], NEWEST);
}

describe('three load files of which two are newer than LastFullLoadDate', () => {
  it('are all loaded and replace the lake, while no change file was merged', async () => {
    const { lab, table } = hourly({}, [
      [1, 'old apple'],
      [9, 'stale'],
    ]);
    threeLoadFiles(table);
    const outcomes = await lab.settle();
    expect(await table.rows()).toEqual(['1 old apple', '2 new pear', '3 new plum']);
    expect(outcomes[0]?.report).toMatchObject({ loadFiles: 3 });
    expect((await table.item()).LastFullLoadDate).toBe('2026-02-01 00:01:00');
  });

  it('are a new load of the newer two, where change files were merged in between', async () => {
    const { lab, table } = hourly({ LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet' }, [
      [1, 'old apple'],
      [9, 'stale'],
    ]);
    table.change('20260115-100000000', [['I', 9, 'stale']], new Date('2026-01-15T10:00:00Z'));
    threeLoadFiles(table);
    const outcomes = await lab.settle();
    expect(await table.rows()).toEqual(['2 new pear', '3 new plum']);
    expect(outcomes.reduce((sum, { report }) => sum + (report?.loadFiles ?? 0), 0)).toBe(2);
  });

  it('are told apart by the name of the last change file when that file is gone', async () => {
    const { lab, table } = hourly({ LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet' }, []);
    threeLoadFiles(table);
    await lab.settle();
    expect(await table.rows()).toEqual(['2 new pear', '3 new plum']);
  });
});

describe('a table taken over from the hourly solution', () => {
  it('keeps its lake and merges only change files after LastIncrementalFile', async () => {
    const { lab, table } = hourly({ LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet' }, [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.load('LOAD00000001', [[1, 'apple']], OLD);
    table.change('20260110-100000000', [['U', 1, 'must not come back']], new Date('2026-01-10T10:00:00Z'));
    table.change('20260115-100000000', [['I', 2, 'must not come back']], new Date('2026-01-15T10:00:00Z'));
    table.change('20260116-100000000', [['U', 2, 'fig']], new Date('2026-01-16T10:00:00Z'));
    const outcomes = await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '2 fig']);
    expect(outcomes.map(({ report }) => [report?.loadFiles, report?.changeFiles])).toEqual([[0, 1]]);
  });

  it('is not loaded again when no load file is newer than LastFullLoadDate', async () => {
    const { lab, table } = hourly({}, [[1, 'apple']]);
    table.load('LOAD00000001', [[1, 'apple']], OLD);
    table.change('20260116-100000000', [['I', 2, 'fig']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '2 fig']);
  });

  it('has its lake where out_path says', async () => {
    const { lab, table } = hourly(
      { LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet', out_path: 'lake-bucket/old/orders' },
      [[1, 'apple']],
      'old/orders/part-00000.snappy.parquet',
    );
    table.change('20260116-100000000', [['U', 1, 'fig']]);
    await lab.settle();
    expect(lab.lake.keys()).toEqual(['old/orders/part-00000.snappy.parquet']);
    expect(await readParquet(lab.lake.bytes('old/orders/part-00000.snappy.parquet')!)).toEqual([
      { Op: 'U', id: 1, item: 'fig', day: null },
    ]);
  });

  it.each([
    'other-bucket/orders/',
    'lake-bucket/',
    'lake-bucket/shop/../items',
    'lake-bucket//orders',
    'lake-bucket/./orders',
  ])('blocks when out_path is no folder of the lake, saying what to set: %s', async (outPath) => {
    const { lab, table } = hourly({ out_path: outPath }, []);
    table.change('20260116-100000000', [['U', 1, 'fig']]);
    const [outcome] = await lab.settle();
    expect(outcome?.blocked).toMatchObject({ reason: expect.stringContaining(outPath) });
    expect(outcome?.blocked?.next).toContain('lake-bucket/shop/orders/');
  });

  it('blocks when out_path is too long for a store', async () => {
    const { lab, table } = hourly({ out_path: `lake-bucket/${'long/'.repeat(193)}` }, []);
    table.change('20260116-100000000', [['U', 1, 'fig']]);
    const [outcome] = await lab.settle();
    expect(outcome?.blocked).toMatchObject({
      reason: expect.stringContaining('960'),
      next: expect.stringContaining('out_path'),
    });
  });

  it('ends with one row of a key that its lake holds twice', async () => {
    const { lab, table } = hourly({ LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet' }, [
      [1, 'apple'],
      [1, 'apple'],
      [2, 'pear'],
      [2, 'pear'],
    ]);
    table.change('20260116-100000000', [
      ['U', 1, 'fig'],
      ['D', 2],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig']);
  });

  it('takes a load that comes later as a new one', async () => {
    const { lab, table } = hourly({ LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet' }, [
      [1, 'apple'],
    ]);
    table.load('LOAD00000001', [[1, 'apple']], OLD);
    table.change('20260116-100000000', [['U', 1, 'fig']]);
    await lab.settle();
    table.load('LOAD00000001', [[7, 'kiwi']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['7 kiwi']);
  });

  it('takes a load that comes later as a new one also where no change file was ever merged', async () => {
    const { lab, table } = hourly({}, [
      [1, 'apple'],
      [9, 'stale'],
    ]);
    table.put('20260116-100000000.parquet', Buffer.from('this is no Parquet file'));
    expect((await lab.settle()).at(-1)?.state).toBe('blocked');
    table.change('20260117-100000000', [['U', 1, 'older than the load']]);
    await lab.settle();
    table.load('LOAD00000001', [[1, 'kiwi']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 kiwi']);
  });

  it('is not emptied when its keys are changed and its load files are gone', async () => {
    const { lab, table } = hourly({ LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet' }, [
      [1, 'apple', 'mon'],
    ]);
    table.change('20260115-100000000', [['U', 1, 'apple', 'mon']], new Date('2026-01-15T10:00:00Z'));
    table.change('20260116-100000000', [['I', 2, 'fig', 'mon']]);
    await lab.settle();
    lab.tables.edit(table.path, { PartitionKey: 'day' });
    const [outcome] = await lab.settle();
    expect(outcome?.state).toBe('blocked');
    expect(await table.rows()).toEqual(['1 apple mon', '2 fig mon']);
  });

  it('keeps rows of change files that were cleaned away before, when its keys are changed and it never had a load', async () => {
    const { lab, table } = hourly(
      {
        LastFullLoadDate: '1900-01-01 00:00:00',
        LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet',
      },
      [
        [1, 'apple', 'mon'],
        [2, 'fig', 'mon'],
      ],
    );
    // What brought 1 is gone.
    table.change('20260115-100000000', [['I', 2, 'fig', 'mon']], new Date('2026-01-15T10:00:00Z'));
    table.change('20260116-100000000', [['I', 3, 'lime', 'mon']]);
    await lab.settle();
    lab.tables.edit(table.path, { PartitionKey: 'day' });
    expect((await lab.settle()).at(-1)?.state).toBe('blocked');
    expect(await table.rows()).toEqual(['1 apple mon', '2 fig mon', '3 lime mon']);
  });

  it('keeps the names and forms that its users know', async () => {
    const { lab, table } = hourly({ LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet' }, []);
    table.change('20260116-100000000', [['I', 2, 'fig']]);
    await lab.settle();
    expect(await table.item()).toMatchObject({
      PrimaryKey: 'id',
      PartitionKey: 'null',
      ActiveFlag: 'true',
      LastFullLoadDate: LOADED,
      LastIncrementalFile: 'raw-bucket/shop/orders/20260116-100000000.parquet',
    });
  });
});
