/** Tables write, empty and remove what is in their folder of the lake: whose it is must be beyond doubt. */
import { describe, expect, it } from '@jest/globals';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { rowOfItem } from '../../lib/table/item.ts';
import { planTable } from '../../lib/table/plan-table.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { Fault } from '../cloud/fault.ts';
import type { LabTable } from './table-lab.ts';
import { DAY, ID, ITEM, readParquet, TableLab } from './table-lab.ts';

const ROWS = ['1 apple', '2 pear', '3 fig'];

/** A table with a lake in its usual folder, beside which another one comes. */
async function neighbour(settings = {}): Promise<{ lab: TableLab; orders: LabTable; items: LabTable }> {
  const lab = new TableLab();
  const orders = await lab.activeTable(settings, 'shop/orders');
  await load(orders);
  const items = await lab.activeTable({}, 'shop/items');
  return { lab, orders, items };
}

async function load(table: LabTable, day: string | null = null): Promise<void> {
  table.load('LOAD00000001', [
    [1, 'apple', day],
    [2, 'pear', day],
  ]);
  table.change('20260301-100000000', [['I', 3, 'fig', day]]);
  await table.lab.settle();
}

/** What a reader of any folder finds. */
async function itemsIn(lab: TableLab, folder: string): Promise<unknown[]> {
  const keys = lab.lake.keys(folder).filter((key) => key.endsWith('.parquet'));
  const rows = await Promise.all(keys.map((key) => readParquet(lab.lake.bytes(key)!)));
  return rows.flat().map(({ item }) => item);
}

function lakeOf({ lab }: LabTable): Map<string, Uint8Array> {
  return new Map([...lab.snapshot()].filter(([key]) => !key.startsWith('shop/items/')));
}

/** Why the table is blocked, and what to do; empty if it is not. */
async function blockOf(table: LabTable): Promise<string> {
  const { blocked } = rowOfItem(await table.item()).progress;
  return blocked ? `${blocked.reason} ${blocked.next}` : '';
}

describe('an out_path that is not the table’s alone', () => {
  it.each([
    ['the folder of its schema', 'lake-bucket/shop/', /too high|two folders below the lake/],
    ['a folder of any schema', 's3://lake-bucket/other', /two folders below the lake/],
    ['the folder of another table', 'lake-bucket/shop/orders', /lake folder of another table, shop\/orders/],
    [
      'a partition of another table',
      's3://lake-bucket/shop/orders/day=mon/',
      /lake folder of another table, shop\/orders/,
    ],
    ['a folder in that of another table', 'lake-bucket/shop/orders/a/b', /lake folder of another table, shop\/orders/],
  ])('blocks its table, and the others never notice: %s', async (_, outPath, why) => {
    const { lab, orders, items } = await neighbour();
    const before = lakeOf(orders);
    lab.tables.edit(items.path, { out_path: outPath });
    items.load('LOAD00000001', [[7, 'kiwi']]);
    await lab.settle();
    expect(await blockOf(items)).toMatch(why);
    expect(await blockOf(items)).toContain('out_path');
    const plan = await planTable(items.path, { schema: 'shop', table: 'items' }, undefined, lab.ports);
    expect([plan.state, plan.blocked?.reason]).toEqual(['blocked', expect.stringMatching(why)]);
    expect(lakeOf(orders)).toEqual(before);
    orders.change('20260301-110000000', [['D', 3]]);
    await lab.settle();
    expect([await orders.rows(), await blockOf(orders)]).toEqual([ROWS.slice(0, 2), '']);
    lab.tables.edit(items.path, { out_path: undefined });
    await lab.settle();
    expect(await items.rows()).toEqual(['7 kiwi']);
  });

  it('has a table that was merged elsewhere not built anew, whatever becomes of its raw files meanwhile', async () => {
    const { lab, orders, items } = await neighbour();
    await load(items);
    lab.tables.edit(items.path, { out_path: 'lake-bucket/shop/orders', OnTruncate: 'empty' });
    await lab.settle();
    for (const key of lab.raw.keys('shop/items/')) lab.raw.remove(key);
    await sweep('one', lab.ports);
    await lab.settle();
    expect(await blockOf(items)).toContain('another table');
    lab.tables.edit(items.path, { out_path: undefined, OnTruncate: undefined });
    await lab.settle();
    expect([await items.rows(), await orders.rows()]).toEqual([ROWS, ROWS]);
    expect((await items.item()).Generation).toBe(1);
  });

  it('blocks its table also where nothing is in that folder yet', async () => {
    const lab = new TableLab();
    lab.table('shop/orders').load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    const items = await lab.activeTable({}, 'shop/items');
    lab.tables.edit(items.path, { out_path: 'lake-bucket/shop/orders' });
    items.load('LOAD00000001', [[7, 'kiwi']]);
    await lab.settle();
    expect(await blockOf(items)).toContain('another table, shop/orders');
    expect(lab.lake.keys()).toEqual([]);
  });
});

describe('of two tables that are to share a folder, the one that comes later is blocked', () => {
  /** Tables whose lakes are begun one after the other, with the text that blocks the second. */
  const CASES: [name: string, first: string | undefined, second: string | undefined, why: RegExp][] = [
    [
      'the same',
      'lake-bucket/old/orders',
      's3://lake-bucket/old/orders/',
      /old\/orders\/g1\S* is of another table, raw-bucket\/shop\/orders\//,
    ],
    [
      'one in the other',
      'lake-bucket/old/orders',
      'lake-bucket/old/orders/items',
      /leads into old\/orders\/, which is a table's folder/,
    ],
    [
      'one in a partition of the other',
      'lake-bucket/old/orders',
      'lake-bucket/old/orders/x=1',
      /leads into old\/orders\/, which is a table's folder/,
    ],
    [
      'one that holds the other',
      'lake-bucket/old/a/orders',
      'lake-bucket/old/a',
      /old\/a\/orders\/\S* is in no partition folder of old\/a\//,
    ],
    [
      'the usual one of the second',
      'lake-bucket/shop/items',
      undefined,
      /shop\/items\/g1\S* is of another table, raw-bucket\/shop\/orders\//,
    ],
    [
      'one in the usual one of the second',
      'lake-bucket/shop/items/x',
      undefined,
      /is in no partition folder of shop\/items\//,
    ],
  ];

  it.each(CASES)('%s', async (_, first, second, why) => {
    for (const day of [null, 'mon']) {
      const lab = new TableLab();
      const orders = await lab.activeTable({ partitionKey: day === null ? [] : ['day'] }, 'shop/orders');
      lab.tables.edit(orders.path, { out_path: first });
      await load(orders, day);
      const items = await lab.activeTable({}, 'shop/items');
      lab.tables.edit(items.path, { out_path: second });
      items.load('LOAD00000001', [[7, 'kiwi']]);
      await lab.settle();
      expect(await blockOf(items)).toMatch(day === null ? why : /another table|a table's folder|no partition folder/);
      orders.change('20260301-110000000', [['D', 3, 'fig', day]]);
      await lab.settle();
      expect(await blockOf(orders)).toBe('');
      expect((await itemsIn(lab, '')).sort()).toEqual(['apple', 'pear']);
      lab.tables.edit(items.path, { out_path: 'lake-bucket/new/items' });
      await lab.settle();
      expect(await itemsIn(lab, 'new/items/')).toEqual(['kiwi']);
    }
  });

  it('also where the first one has more files than are looked into', async () => {
    const lab = new TableLab({ targetFileBytes: 1 });
    const orders = await lab.activeTable({}, 'shop/orders');
    lab.tables.edit(orders.path, { out_path: 'lake-bucket/old/orders' });
    for (let i = 0; i < 20; i++) {
      orders.change(`20260301-1000000${10 + i}`, [['I', i, 'apple']]);
      await lab.settle();
    }
    expect(lab.lake.keys()).toContain('old/orders/_tidemark-index-1-0.json.gz');
    const items = await lab.activeTable({}, 'shop/items');
    lab.tables.edit(items.path, { out_path: 'lake-bucket/old/orders' });
    items.load('LOAD00000001', [[7, 'kiwi']]);
    await lab.settle();
    expect(await blockOf(items)).toContain('is of another table, raw-bucket/shop/orders/');
    expect(await itemsIn(lab, 'old/orders/')).toHaveLength(20);
  });

  it('unless both begin at the same moment: then both are, and no row of either is lost', async () => {
    const lab = new TableLab();
    const [orders, items] = [await lab.activeTable({}, 'shop/orders'), await lab.activeTable({}, 'shop/items')];
    for (const { path } of [orders, items]) lab.tables.edit(path, { out_path: 'lake-bucket/old/both' });
    lab.rowChanges.length = 0;
    orders.load('LOAD00000001', [[1, 'apple']]);
    items.load('LOAD00000001', [[7, 'kiwi']]);
    lab.arrivals.length = 0;
    lab.onCall = async ({ store, name }): Promise<Fault> => {
      if (store !== 'lake' || name !== 'write') return 'none';
      lab.onCall = () => 'none';
      await items.merge();
      return 'none';
    };
    await orders.merge();
    for (const table of [orders, items, orders]) {
      table.change('20260301-100000000', [['I', 9, 'new']]);
      await lab.settle();
      await table.merge();
    }
    expect([await blockOf(orders), await blockOf(items)]).toEqual([
      expect.stringContaining('of another table'),
      expect.stringContaining('of another table'),
    ]);
    expect((await itemsIn(lab, 'old/both/')).sort()).toEqual(['apple', 'kiwi']);
  });
});

describe('a folder of the lake in which the hourly solution has written', () => {
  function put(lab: TableLab, key: string): void {
    lab.lake.put(
      key,
      writeDmsFile({ columns: [OP_COLUMN, ID, ITEM, DAY], rows: [['I', 1, 'apple', null]], codec: 'SNAPPY' }),
    );
  }

  it('is taken over, beside the folders of other tables, and no other table takes what is in it then', async () => {
    const lab = new TableLab();
    for (const table of ['customers', 'orders', 'stock']) put(lab, `old/shop/${table}/part-00000.snappy.parquet`);
    const orders = await lab.activeTable({}, 'shop/orders');
    lab.tables.edit(orders.path, {
      LastIncrementalFile: 'raw-bucket/shop/orders/20260115-100000000.parquet',
      out_path: 'lake-bucket/old/shop/orders',
    });
    orders.change('20260116-100000000', [['U', 1, 'fig']]);
    await lab.settle();
    expect([await blockOf(orders), await itemsIn(lab, 'old/shop/orders/')]).toEqual(['', ['fig']]);
    const items = await lab.activeTable({}, 'shop/items');
    lab.tables.edit(items.path, { out_path: 'lake-bucket/old/shop/orders' });
    items.load('LOAD00000001', [[7, 'kiwi']]);
    await lab.settle();
    expect(await blockOf(items)).toContain('is of another table, raw-bucket/shop/orders/');
    expect(await itemsIn(lab, 'old/shop/orders/')).toEqual(['fig']);
  });

  it('is not taken for one without files, above or below', async () => {
    for (const outPath of ['lake-bucket/old/shop', 'lake-bucket/old/shop/orders/new']) {
      const lab = new TableLab();
      put(lab, 'old/shop/orders/part-00000.snappy.parquet');
      const items = await lab.activeTable({}, 'shop/items');
      lab.tables.edit(items.path, { out_path: outPath });
      items.load('LOAD00000001', [[7, 'kiwi']]);
      await lab.settle();
      expect(await blockOf(items)).toContain('old/shop/orders/part-00000.snappy.parquet is in');
      expect(await itemsIn(lab, '')).toEqual(['apple']);
    }
  });
});
