import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from '@jest/globals';
import type { DmsColumn } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { LabTable } from './table-lab.ts';
import { DAY, ID, ITEM, readParquet, TableLab } from './table-lab.ts';

const NULL_FOLDER = 'day=__HIVE_DEFAULT_PARTITION__';

async function partitioned(): Promise<{ lab: TableLab; table: LabTable }> {
  const lab = new TableLab();
  const table = await lab.activeTable({ partitionKey: ['day'] });
  table.load('LOAD00000001', [
    [1, 'apple', 'mon'],
    [2, 'pear', 'tue'],
    [3, 'plum', 'mon'],
  ]);
  await lab.settle();
  return { lab, table };
}

function folders(table: LabTable): string[] {
  return [...new Set(table.lakeFiles().map((file) => dirname(file)))];
}

describe('partitioned output', () => {
  it('puts rows into Hive folders and leaves the partition column out of the files', async () => {
    const { lab, table } = await partitioned();
    expect(folders(table)).toEqual(['day=mon', 'day=tue']);
    for (const bytes of lab.snapshot().values())
      expect(Object.keys((await readParquet(bytes))[0]!)).toEqual(['Op', 'id', 'item']);
  });

  it('escapes values as Spark does, and names null and empty text __HIVE_DEFAULT_PARTITION__', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    const days = ['a/b', 'x=y z', '50%', 'ü}', null, ''];
    table.load(
      'LOAD00000001',
      days.map((day, i) => [i, 'apple', day] as const),
    );
    await lab.settle();
    expect(folders(table).sort()).toEqual(['day=50%25', NULL_FOLDER, 'day=a%2Fb', 'day=x%3Dy z', 'day=ü}'].sort());
  });

  it('finds the row again whose key and partition value is what the folder of null is called', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: ['id', 'day'], partitionKey: ['day'] });
    const day = '__HIVE_DEFAULT_PARTITION__';
    table.load('LOAD00000001', [
      [1, 'apple', day],
      [2, 'pear', day],
    ]);
    await lab.settle();
    table.change('20260301-100000000', [
      ['U', 1, 'fig', day],
      ['D', 2, null, day],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig']);
  });

  it('is read by another engine, partition columns and all', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day', 'shop'] });
    const day: DmsColumn = { name: 'day', type: { kind: 'date' } };
    const shop: DmsColumn = { name: 'shop', type: { kind: 'string' } };
    table.putFile(
      'LOAD00000001.parquet',
      [ID, day, ITEM, shop],
      [
        [1, 17878, 'apple', 'a/b'],
        [2, null, 'pear', 'c'],
      ],
    );
    await lab.settle();
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, ID, day, ITEM, shop], [['U', 2, 17879, 'fig', 'c']]);
    await lab.settle();
    expect(await duckDbRows(lab, 'id, day, shop, item')).toEqual(['1 2018-12-13 a/b apple', '2 2018-12-14 c fig']);
  });

  it('moves a row whose partition value changes', async () => {
    const { lab, table } = await partitioned();
    table.change('20260301-100000000', [
      ['U', 1, 'apricot', 'tue'],
      ['U', 3, 'plum', null],
    ]);
    const [outcome] = await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot tue', '2 pear tue', '3 plum']);
    expect(outcome?.report).toMatchObject({ rowsInserted: 0, rowsUpdated: 2 });
  });

  it('writes a moved row to its new place before it leaves the old', async () => {
    const { lab, table } = await partitioned();
    lab.views.length = 0;
    table.change('20260301-100000000', [
      ['U', 1, 'apricot', 'wed'],
      ['U', 2, 'quince', 'mon'],
    ]);
    await lab.settle();
    for (const view of lab.views) {
      const ids = new Set((await table.records(view)).map(({ id }) => id));
      expect([...ids].sort()).toEqual([1, 2, 3]);
    }
    expect(await table.rows()).toEqual(['1 apricot wed', '2 quince mon', '3 plum mon']);
  });

  it('swaps rows of two partitions in one merge, each there at all times', async () => {
    const { lab, table } = await partitioned();
    lab.views.length = 0;
    table.change('20260301-100000000', [
      ['U', 1, 'apple', 'tue'],
      ['U', 2, 'pear', 'mon'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple tue', '2 pear mon', '3 plum mon']);
    for (const view of lab.views) expect(new Set((await table.records(view)).map(({ id }) => id)).size).toBe(3);
  });

  it('finds the row of a delete that carries only its key', async () => {
    const { lab, table } = await partitioned();
    table.change('20260301-100000000', [['D', 2]]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple mon', '3 plum mon']);
  });

  it('takes a partition column as part of the primary key', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: ['id', 'day'], partitionKey: ['day'] });
    table.load('LOAD00000001', [
      [1, 'a', 'mon'],
      [1, 'b', 'tue'],
    ]);
    table.change('20260301-100000000', [
      ['U', 1, 'c', 'tue'],
      ['D', 1, null, 'mon'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 c tue']);
  });

  it('appends to each partition once, without a primary key', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: [], partitionKey: ['day'] });
    table.load('LOAD00000001', [
      [1, 'a', 'mon'],
      [2, 'b', 'tue'],
    ]);
    await lab.settle();
    table.change('20260301-100000000', [
      ['I', 1, 'a', 'mon'],
      ['I', 3, 'c', 'wed'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 a mon', '1 a mon', '2 b tue', '3 c wed']);
  });

  it('knows its files again below a partition column whose name begins as those of hidden folders do', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['_day'] });
    const columns = [OP_COLUMN, ID, { ...DAY, name: '_day' }];
    table.putFile('20260301-100000000.parquet', columns, [['I', 1, 'mon']]);
    await lab.settle();
    table.putFile('20260301-110000000.parquet', columns, [['U', 1, 'mon']]);
    const [outcome] = await lab.settle();
    expect(outcome?.report).toMatchObject({ rowsInserted: 0, rowsUpdated: 1 });
    expect(await table.records()).toHaveLength(1);
  });

  it('does not begin to write a folder whose name no store takes, and goes on when the key is corrected', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    table.change('20260301-100000000', [['I', 1, 'apple', 'mon']]);
    table.change('20260301-110000000', [
      ['I', 2, 'pear', 'mon'],
      ['I', 3, 'plum', 'x'.repeat(300)],
    ]);
    table.change('20260301-120000000', [['I', 4, 'fig', 'y'.repeat(300)]]);
    await lab.settle();
    expect((await table.item()).Blocked).toMatchObject({
      file: '20260301-110000000.parquet',
      reason: expect.stringContaining('too long'),
    });
    expect(await table.rows()).toEqual(['1 apple mon']);
    expect(await table.item()).not.toHaveProperty('Intent');
    await table.configure({ partitionKey: [] });
    await lab.settle();
    expect(await table.records()).toHaveLength(4);
  });

  it("blocks the table at a file in whose type a partition column's values would name other folders, until it is reloaded", async () => {
    const lab = new TableLab();
    const price = (precision: number, scale: number): DmsColumn => ({
      name: 'price',
      type: { kind: 'decimal', precision, scale },
    });
    const table = await lab.activeTable({ primaryKey: ['id', 'price'], partitionKey: ['price'] });
    table.putFile('LOAD00000001.parquet', [ID, price(10, 2)], [[1, 150n]]);
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, ID, price(12, 2)], [['I', 2, 150n]]);
    table.putFile('20260301-100000001.parquet', [OP_COLUMN, ID, price(12, 3)], [['U', 1, 1500n]]);
    const outcomes = await lab.settle();
    expect(folders(table)).toEqual(['price=1.50']);
    expect(await duckDbRows(lab, 'id')).toEqual(['1', '2']);
    expect(outcomes.at(-1)).toMatchObject({
      state: 'blocked',
      blocked: {
        file: '20260301-100000001.parquet',
        reason: expect.stringMatching(/decimal\(12,3\) in the partition column price.*decimal of scale 2/),
        next: expect.stringMatching(/reload the table/),
      },
    });
    table.putFile('LOAD00000001.parquet', [ID, price(12, 3)], [[1, 1500n]]);
    await lab.settle();
    expect(await duckDbRows(lab, 'id, price')).toEqual(['1 1.500']);
  });

  it('lays the table out anew when its partition key is changed', async () => {
    const { lab, table } = await partitioned();
    table.change('20260301-100000000', [['U', 1, 'apricot', 'wed']]);
    await lab.settle();
    lab.tables.edit(table.path, { PartitionKey: 'null' });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot wed', '2 pear tue', '3 plum mon']);
    const filled = [...lab.snapshot()].filter(([key]) => !key.includes('day='));
    expect((await Promise.all(filled.map(([, bytes]) => readParquet(bytes)))).flat()).toHaveLength(3);
  });
});

async function duckDbRows(lab: TableLab, columns: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-lake-'));
  for (const [key, bytes] of lab.snapshot()) {
    await mkdir(dirname(join(folder, key)), { recursive: true });
    await writeFile(join(folder, key), bytes);
  }
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const result = await connection.runAndReadAll(
      `SELECT concat_ws(' ', ${columns}) FROM read_parquet('${folder}/**/*.parquet', hive_partitioning = true) ORDER BY id`,
    );
    return result.getRows().map(([row]) => String(row));
  } finally {
    connection.closeSync();
    await rm(folder, { recursive: true });
  }
}
