import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../cloud/fault.ts';
import { listTables } from '../../lib/table/list-tables.ts';
import { tablesText } from '../../lib/cli/tables-text.ts';
import type { DmsColumn } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { sweep } from '../../lib/table/sweep.ts';
import { deferred } from './deferred.ts';
import type { LabTable } from './table-lab.ts';
import { DAY, ID, ITEM, TableLab } from './table-lab.ts';

const ORDERS = 'lake_shop.orders';
const DATE: DmsColumn = { name: 'day', type: { kind: 'date' } };
const NOTE: DmsColumn = { name: 'note', type: { kind: 'string' } };

async function registering(settings: TableSettings = {}): Promise<{ lab: TableLab; table: LabTable }> {
  const lab = new TableLab();
  lab.registersTables();
  return { lab, table: await lab.activeTable(settings) };
}

/** A table whose rows are in folders of two days. */
async function partitioned(): Promise<{ lab: TableLab; table: LabTable }> {
  const { lab, table } = await registering({ partitionKey: ['day'] });
  table.load('LOAD00000001', [
    [1, 'apple', 'mon'],
    [2, 'pear', 'tue'],
  ]);
  await lab.settle();
  return { lab, table };
}

/** The calls to the catalog from now on; those that `fails` says so of fail. */
function catalogCalls(lab: TableLab, fails: (name: string) => boolean = () => false): string[] {
  const calls: string[] = [];
  lab.onCall = ({ store, name }) => {
    if (store !== 'catalog') return 'none';
    calls.push(name);
    return fails(name) ? 'reject' : 'none';
  };
  return calls;
}

const catalogOf = async (table: LabTable) => (await table.item()).Catalog;
const statusOf = async (lab: TableLab) => (await listTables({ lag: false }, lab.ports)).tables[0]!;

describe('a table that merges for the first time', () => {
  it('is in the catalog at once, with its columns and its folder', async () => {
    const { lab, table } = await registering();
    table.load('LOAD00000001', [[1, 'apple', 'mon']]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toEqual({
      columns: ['op string', 'id int', 'item string', 'day string'],
      partitionColumns: [],
      partitions: [],
    });
    expect(await lab.catalog.table({ database: 'lake_shop', table: 'orders' })).toMatchObject({
      location: 's3://lake-bucket/shop/orders/',
      parameters: { 'tidemark.path': table.path },
    });
    expect(await catalogOf(table)).toEqual({ table: ORDERS, definition: expect.any(String) as unknown });
  });

  it('has its partitions there, typed, with the folders as they are in the lake', async () => {
    const { lab, table } = await registering({ partitionKey: ['day', 'Item'] });
    table.putFile(
      'LOAD00000001.parquet',
      [ID, DATE, { ...ITEM, name: 'Item' }],
      [
        [1, 17878, 'a/b'],
        [2, null, 'ü'],
      ],
    );
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toEqual({
      columns: ['op string', 'id int'],
      partitionColumns: ['day date', 'item string'],
      partitions: ['2018-12-13 a/b', '__HIVE_DEFAULT_PARTITION__ ü'],
    });
    const folders = table.lakeFiles().map((file) => `s3://lake-bucket/shop/orders/${file.replace(/[^/]*$/, '')}`);
    expect(
      lab.catalog
        .partitionsOf(ORDERS)
        .map(({ location }) => location)
        .sort(),
    ).toEqual(folders.sort());
  });

  it('is there with the rows of the files merged, though more of them wait', async () => {
    const lab = new TableLab({ filesPerMerge: 1 });
    lab.registersTables();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.load('LOAD00000002', [[2, 'pear']]);
    let seen: unknown;
    lab.onCall = ({ store, target }) => {
      if (store === 'raw' && target.endsWith('LOAD00000002.parquet')) seen ??= lab.catalog.shown(ORDERS);
      return 'none';
    };
    await lab.settle();
    expect(seen).toMatchObject({ columns: ['op string', 'id int', 'item string', 'day string'] });
  });

  it('is there under a name that Athena takes, in the database of its schema', async () => {
    const lab = new TableLab();
    lab.registersTables('prod_{schema}');
    const table = await lab.activeTable({}, 'My-Shop/Orders 2');
    table.load('LOAD00000001', [[1]]);
    await lab.settle();
    expect(lab.catalog.names()).toEqual(['prod_my_shop.orders_2']);
  });

  it('is nowhere if tables are not registered', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    expect(await catalogOf(table)).toBeUndefined();
    expect(lab.catalog.names()).toEqual([]);
  });
});

describe('a merge that brings nothing new', () => {
  it('asks the catalog nothing', async () => {
    const { lab, table } = await partitioned();
    const before = await catalogOf(table);
    const calls = catalogCalls(lab);
    table.change('20260301-100000000', [
      ['U', 1, 'fig', 'mon'],
      ['I', 3, 'kiwi', 'tue'],
    ]);
    await lab.settle();
    await table.merge();
    expect(calls).toEqual([]);
    expect(await catalogOf(table)).toEqual(before);
  });
});

describe('a merge that adds', () => {
  it('a partition registers that one', async () => {
    const { lab, table } = await partitioned();
    const calls = catalogCalls(lab);
    table.change('20260301-100000000', [['I', 3, 'kiwi', 'wed']]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)?.partitions).toEqual(['mon', 'tue', 'wed']);
    expect(calls).toEqual(['table', 'createPartitions']);
  });

  it('a column registers it in the table and in every partition', async () => {
    const { lab, table } = await partitioned();
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, ID, ITEM, DAY, NOTE], [['U', 1, 'fig', 'mon', 'ripe']]);
    await lab.settle();
    const columns = ['op string', 'id int', 'item string', 'note string'];
    expect(lab.catalog.shown(ORDERS)).toMatchObject({ columns, partitions: ['mon', 'tue'] });
    for (const partition of lab.catalog.partitionsOf(ORDERS))
      expect(partition.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(columns);
  });

  it('a wider type registers it in the table and in every partition', async () => {
    const { lab, table } = await partitioned();
    const wide: DmsColumn = { name: 'id', type: { kind: 'int64' } };
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, wide, ITEM, DAY], [['I', 3n, 'kiwi', 'mon']]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)?.columns).toEqual(['op string', 'id bigint', 'item string']);
    for (const { columns } of lab.catalog.partitionsOf(ORDERS))
      expect(columns[1]).toEqual({ name: 'id', type: 'bigint' });
  });

  it('a wider type to a partition column gives the table that one, and keeps it', async () => {
    const { lab, table } = await registering({ partitionKey: ['shop'] });
    const shop = (kind: 'int16' | 'int32'): DmsColumn => ({ name: 'shop', type: { kind } });
    table.putFile('LOAD00000001.parquet', [ID, shop('int16')], [[1, 7]]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({ partitionColumns: ['shop smallint'], partitions: ['7'] });
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, ID, shop('int32')], [['I', 2, 70_000]]);
    await lab.settle();
    const calls = catalogCalls(lab);
    table.putFile('20260301-100000001.parquet', [OP_COLUMN, ID, shop('int16')], [['I', 3, 7]]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({ partitionColumns: ['shop int'], partitions: ['7', '70000'] });
    expect(calls).toEqual([]);
  });
});

describe('a table that is built anew', () => {
  it('keeps the columns that its source has no longer', async () => {
    const { lab, table } = await registering();
    table.putFile('LOAD00000001.parquet', [ID, ITEM, NOTE], [[1, 'apple', 'ripe']]);
    await lab.settle();
    table.putFile('LOAD00000001.parquet', [ID, ITEM], [[1, 'pear']]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)?.columns).toEqual(['op string', 'id int', 'item string', 'note string']);
  });

  it('by other partition columns is registered by those', async () => {
    const { lab, table } = await partitioned();
    await table.configure({ partitionKey: ['item'] });
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toEqual({
      columns: ['op string', 'id int', 'day string'],
      partitionColumns: ['item string'],
      partitions: ['apple', 'pear'],
    });
  });

  it('without partition columns loses its partitions', async () => {
    const { lab, table } = await partitioned();
    await table.configure({ partitionKey: [] });
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({ partitionColumns: [], partitions: [] });
  });
});

describe('what people add to an entry', () => {
  it('stays: descriptions, comments, parameters, partitions of their own', async () => {
    const { lab, table } = await partitioned();
    const name = { database: 'lake_shop', table: 'orders' };
    const { version, ...present } = (await lab.catalog.table(name))!;
    await lab.catalog.replaceTable(
      name,
      {
        ...present,
        description: 'Orders',
        columns: present.columns.map((column) => ({ ...column, comment: `about ${column.name}` })),
        parameters: { ...present.parameters, team: 'sales' },
      },
      version,
    );
    await lab.catalog.createPartitions(name, [
      { values: ['before'], location: 's3://archive/', columns: [], parameters: {} },
    ]);
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, ID, ITEM, DAY, NOTE], [['U', 1, 'fig', 'mon', 'ripe']]);
    await lab.settle();
    expect(await lab.catalog.table(name)).toMatchObject({
      description: 'Orders',
      columns: [
        { name: 'op', comment: 'about op' },
        { name: 'id', comment: 'about id' },
        { name: 'item', comment: 'about item' },
        { name: 'note', type: 'string' },
      ],
      parameters: { team: 'sales', 'tidemark.path': table.path },
    });
    expect(lab.catalog.shown(ORDERS)?.partitions).toEqual(['before', 'mon', 'tue']);
  });
});

describe('a merge that dies before its commit', () => {
  it('has the partitions that it has written registered by the one after it', async () => {
    const { lab, table } = await partitioned();
    let updates = 0;
    lab.onCall = ({ store, name }) => (store === 'tables' && name === 'update' && ++updates === 2 ? 'reject' : 'none');
    const { failed } = await table.merge([table.change('20260301-100000000', [['I', 3, 'kiwi', 'wed']])]);
    expect(failed).toHaveLength(1);
    expect(table.lakeFiles().some((file) => file.startsWith('day=wed/'))).toBe(true);
    await lab.settle();
    expect(await table.rows()).toContain('3 kiwi wed');
    expect(lab.catalog.shown(ORDERS)?.partitions).toEqual(['mon', 'tue', 'wed']);
  });
});

describe('a catalog that fails', () => {
  it('fails no merge, is told of, and is tried again by the next merge a minute later', async () => {
    const { lab, table } = await registering();
    catalogCalls(lab, (name) => name === 'createTable');
    table.load('LOAD00000001', [[1, 'apple']]);
    const outcomes = await lab.settle();
    expect(outcomes).toMatchObject([{ state: 'active', report: { rowsInserted: 1 } }]);
    expect(lab.said).toMatchObject([
      { message: 'a table could not be registered in the catalog', facts: { table: table.path, name: ORDERS } },
    ]);
    expect(lab.measured).toContainEqual({ measures: { CatalogFailures: 1 }, table: 'shop/orders' });
    const since = (await statusOf(lab)).catalog?.failed?.since;
    expect(await statusOf(lab)).toMatchObject({
      state: 'active',
      catalog: {
        table: ORDERS,
        failed: {
          reason: 'glue createTable lake_shop.orders: reject',
          next: expect.stringMatching(
            /^Nothing: it is tried again .*`tidemark tables shop\/orders` says how it stands\.$/,
          ),
        },
      },
    });

    const calls = catalogCalls(lab, () => true);
    table.change('20260301-100000000', [['U', 1, 'fig']]);
    await lab.settle();
    expect(calls).toEqual([]); // not at every merge
    lab.clock.advance(60_000);
    table.change('20260301-100000001', [['U', 1, 'kiwi']]);
    await lab.settle();
    expect(calls).toEqual(['table']);
    expect((await statusOf(lab)).catalog?.failed).toMatchObject({
      since,
      reason: 'glue table lake_shop.orders: reject',
    });

    lab.clock.advance(60_000);
    catalogCalls(lab);
    table.change('20260301-100000002', [['U', 1, 'plum']]);
    await lab.settle();
    expect(lab.catalog.names()).toEqual([ORDERS]);
    expect(lab.measured).toContainEqual({ measures: { CatalogChanges: 1 }, table: 'shop/orders' });
    expect((await statusOf(lab)).catalog).toEqual({ table: ORDERS });
    expect(await table.rows()).toEqual(['1 plum']);
  });

  it('is tried again by the sweep, for all that is missing, where nothing changes any more', async () => {
    const { lab, table } = await registering({ partitionKey: ['day'] });
    catalogCalls(lab, (name) => name === 'createPartitions');
    table.load('LOAD00000001', [
      [1, 'apple', 'mon'],
      [2, 'pear', 'tue'],
    ]);
    await lab.settle();
    catalogCalls(lab);
    lab.clock.advance(60_000);
    expect(await sweep('one', lab.ports)).toMatchObject({ tables: 1, woken: 1 });
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({
      columns: ['op string', 'id int', 'item string'],
      partitionColumns: ['day string'],
      partitions: ['mon', 'tue'],
    });
    expect(await sweep('two', lab.ports)).toMatchObject({ tables: 1, woken: 0 });
  });

  it('is tried again where all rows came and went before a file was written', async () => {
    const { lab, table } = await registering({ partitionKey: ['day'] });
    catalogCalls(lab, () => true);
    table.change('20260301-100000000', [['I', 1, 'apple', 'mon']]);
    table.change('20260301-100000001', [['D', 1]]);
    await lab.settle();
    expect(table.lakeFiles()).toEqual([]);
    catalogCalls(lab);
    lab.clock.advance(60_000);
    expect(await sweep('one', lab.ports)).toMatchObject({ woken: 1 });
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toEqual({
      columns: ['op string', 'id int', 'item string'],
      partitionColumns: ['day string'],
      partitions: [],
    });
    expect(await sweep('two', lab.ports)).toMatchObject({ woken: 0 });
  });

  it('is told all that is missing by the next merge that can', async () => {
    const { lab, table } = await partitioned();
    catalogCalls(lab, (name) => name === 'createPartitions');
    table.change('20260301-100000000', [['I', 3, 'kiwi', 'wed']]);
    await lab.settle();
    catalogCalls(lab);
    lab.clock.advance(60_000);
    table.change('20260301-100000001', [['I', 4, 'plum', 'thu']]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)?.partitions).toEqual(['mon', 'thu', 'tue', 'wed']);
  });

  it('is shown by the command, with what to do', async () => {
    const { lab, table } = await registering();
    await lab.catalog.createTable(
      { database: 'lake_shop', table: 'orders' },
      { location: 's3://elsewhere/', columns: [], partitionColumns: [], parameters: {} },
    );
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    expect(tablesText([await statusOf(lab)]).slice(-4)).toEqual([
      expect.stringMatching(
        /^shop\/orders could not be registered in the catalog as lake_shop\.orders since 20.*: lake_shop\.orders is in the catalog already and is not made by Tidemark\.$/,
      ),
      '  What to do: Remove it from the catalog, or have another database with the setting catalogDatabase.',
      '',
      '1 table: 1 active; 1 catalog failure',
    ]);
  });
});

describe('a table of that name that is not the same', () => {
  it('is left as it is, whether someone made it or another table of Tidemark', async () => {
    const { lab, table } = await registering();
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    const twin = await lab.activeTable({}, 'Shop/orders');
    twin.load('LOAD00000001', [[1, 'pear']]);
    await lab.settle();
    expect(await lab.catalog.table({ database: 'lake_shop', table: 'orders' })).toMatchObject({
      location: 's3://lake-bucket/shop/orders/',
    });
    expect(await twin.item()).toMatchObject({
      Catalog: { due: true, failed: { reason: `${ORDERS} is in the catalog already and belongs to ${table.path}.` } },
    });
    expect(await twin.rows()).toEqual(['1 pear']);
  });
});

describe('columns that the catalog cannot tell apart', () => {
  it('are one, as in the lake, where a column was renamed', async () => {
    const { lab, table } = await registering();
    table.putFile('LOAD00000001.parquet', [ID, ITEM], [[1, 'apple']]);
    await lab.settle();
    table.putFile(
      '20260301-100000000.parquet',
      [OP_COLUMN, ID, { ...ITEM, name: 'Item' }, NOTE],
      [['U', 1, 'pear', 'x']],
    );
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)?.columns).toEqual(['op string', 'id int', 'item string', 'note string']);
  });

  it('are reported and fail no merge', async () => {
    const { lab, table } = await registering();
    table.putFile('LOAD00000001.parquet', [ID, ITEM, { ...ITEM, name: 'Item' }], [[1, 'apple', 'pear']]);
    expect(await lab.settle()).toMatchObject([{ state: 'active' }]);
    expect((await statusOf(lab)).catalog?.failed).toMatchObject({
      reason: 'The catalog cannot tell the columns item and Item apart: it knows lower case only.',
    });
  });
});

describe('a table that was merged before tables were registered', () => {
  it('is found by the sweep and registered from its lake', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    table.putFile('LOAD00000001.parquet', [ID, DATE], [[1, 17878]]);
    await lab.settle();
    lab.registersTables();
    await sweep('one', lab.ports);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toEqual({
      columns: ['op string', 'id int'],
      partitionColumns: ['day date'],
      partitions: ['2018-12-13'],
    });
  });

  it('is registered when an event is repeated though only raw files below its mark tell its columns', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, ID, DATE], [['I', 1, 17878]]);
    const last = table.putFile('20260301-100000001.parquet', [OP_COLUMN, ID, DATE], [['D', 1, 17878]]);
    await lab.settle();
    lab.tables.edit(table.path, { LowWaterMark: '20260301-100000001.parquet', SweptAt: lab.clock.now() + 1 });
    await lab.settle();
    lab.registersTables();
    lab.arrivals.push(last);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({
      columns: ['op string', 'id int'],
      partitionColumns: ['day date'],
    });
  });

  it('is registered by its next raw file if none is left that tells the types of its partition columns', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    const key = table.putFile('LOAD00000001.parquet', [ID, DATE], [[1, 17878]]);
    await lab.settle();
    lab.raw.remove(key);
    lab.registersTables();
    await table.merge();
    expect((await statusOf(lab)).catalog?.failed?.reason).toContain('types of its partition columns are not known');
    lab.clock.advance(60_000);
    table.putFile('20260301-100000000.parquet', [OP_COLUMN, ID, DATE], [['I', 2, 17879]]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({
      partitionColumns: ['day date'],
      partitions: ['2018-12-13', '2018-12-14'],
    });
  });

  it('is registered under another name once the setting says so', async () => {
    const { lab } = await partitioned();
    lab.registersTables('other_{schema}');
    await sweep('one', lab.ports);
    await lab.settle();
    expect(lab.catalog.names()).toEqual([ORDERS, 'other_shop.orders']);
  });
});

describe('a table that someone removed from the catalog', () => {
  it('is registered again, whole, with its next partition', async () => {
    const { lab, table } = await partitioned();
    lab.catalog.remove(ORDERS);
    table.change('20260301-100000000', [['I', 3, 'kiwi', 'wed']]);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({ partitions: ['mon', 'tue', 'wed'] });
  });

  it('is registered again when its row is told to forget it', async () => {
    const { lab, table } = await partitioned();
    lab.catalog.remove(ORDERS);
    lab.tables.edit(table.path, { Catalog: undefined });
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)).toMatchObject({ partitionColumns: ['day string'], partitions: ['mon', 'tue'] });
  });
});

describe('many partitions', () => {
  it('are registered a hundred at a time', async () => {
    const { lab, table } = await registering({ partitionKey: ['day'] });
    const calls = catalogCalls(lab);
    table.load(
      'LOAD00000001',
      Array.from({ length: 250 }, (_, i) => [i, 'apple', `d${i}`] as const),
    );
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)?.partitions).toHaveLength(250);
    expect(calls.filter((name) => name === 'createPartitions')).toHaveLength(3);
  });
});

describe('a function whose time is up', () => {
  it('asks the catalog nothing any more; the next invocation does', async () => {
    const { lab, table } = await registering();
    const calls = catalogCalls(lab);
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    await table.merge([key], { remainingMs: 5_000 });
    expect([await table.rows(), calls]).toEqual([['1 apple'], []]);
    await lab.settle();
    expect(lab.catalog.names()).toEqual([ORDERS]);
  });
});

describe('a table that no invocation has time to register', () => {
  /** Listing the partitions alone takes longer than a function may run. */
  async function slow(): Promise<{ lab: TableLab; table: LabTable; listings: () => number }> {
    const { lab, table } = await partitioned();
    let listings = 0;
    lab.onCall = ({ store, name }) => {
      if (store === 'catalog' && name === 'partitions') {
        listings++;
        lab.clock.advance(3_600_000);
      }
      return 'none';
    };
    return { lab, table, listings: () => listings };
  }
  const NOTED = [OP_COLUMN, ID, ITEM, DAY, NOTE];

  it('is not tried for ever: a person is told, and it is merged all the same', async () => {
    const { lab, table, listings } = await slow();
    table.putFile('20260301-100000000.parquet', NOTED, [['U', 1, 'fig', 'mon', 'ripe']]);
    await lab.settle();
    expect(listings()).toBe(10);
    expect(await statusOf(lab)).toMatchObject({
      state: 'active',
      catalog: {
        failed: {
          reason: 'There was not time enough to register it, 10 times in a row.',
          next: expect.stringContaining('mergeTimeout') as unknown,
        },
      },
    });
    expect(lab.measured).toContainEqual({ measures: { CatalogFailures: 1 }, table: 'shop/orders' });
    expect(await table.rows()).toContain('1 fig mon');
  });

  it('is tried again once, ever later, and registered as soon as there is time', async () => {
    const { lab, table, listings } = await slow();
    table.putFile('20260301-100000000.parquet', NOTED, [['U', 1, 'fig', 'mon', 'ripe']]);
    await lab.settle();
    for (const [minutes, tried] of [
      [9, 10],
      [1, 11],
      [10, 11],
      [1, 12],
    ] as const) {
      lab.clock.advance(minutes * 60_000);
      await table.merge();
      await lab.settle();
      expect(listings()).toBe(tried);
    }
    lab.onCall = () => 'none';
    lab.clock.advance(12 * 60_000);
    await sweep('one', lab.ports);
    await lab.settle();
    expect(lab.catalog.shown(ORDERS)?.columns).toContain('note string');
    expect(await catalogOf(table)).not.toHaveProperty('tries');
  });
});

/** Holds the first of these calls to the catalog until it is let go. */
function stall(lab: TableLab, call: string): { reached: Promise<void>; letGo: () => void } {
  const reached = deferred();
  const released = deferred();
  let calls = 0;
  lab.onCall = async ({ store, name }): Promise<Fault> => {
    if (store === 'catalog' && name === call && calls++ === 0) {
      reached.resolve();
      await released.promise;
    }
    return 'none';
  };
  return { reached: reached.promise, letGo: released.resolve };
}

describe('a consumer that stalls while it registers', () => {
  const WIDE_ID: DmsColumn = { name: 'id', type: { kind: 'int64' } };

  it.each(['table', 'createTable', 'replaceTable'])(
    'at %s puts nothing older over what another registered',
    async (call) => {
      const { lab, table } = await registering();
      if (call === 'replaceTable') {
        table.putFile('LOAD00000001.parquet', [ID], [[1]]);
        await lab.settle();
      }
      const { reached, letGo } = stall(lab, call);
      const first = table.merge([table.change('20260301-100000000', [['I', 2, 'apple']])]);
      await reached;
      await table.merge([table.putFile('20260301-100000001.parquet', [OP_COLUMN, WIDE_ID, ITEM], [['U', 2n, 'fig']])]);
      const registered = lab.catalog.shown(ORDERS);
      expect(registered?.columns).toContain('id bigint');
      letGo();
      await first;
      expect(lab.catalog.shown(ORDERS)).toEqual(registered);
      expect(await table.rows()).toContain('2 fig');
    },
  );

  it('has what it may have undone registered again', async () => {
    const { lab, table } = await partitioned();
    const { reached, letGo } = stall(lab, 'updatePartitions');
    const noted = [OP_COLUMN, ID, ITEM, DAY, NOTE];
    const first = table.merge([table.putFile('20260301-100000000.parquet', noted, [['U', 1, 'fig', 'mon', 'ripe']])]);
    await reached;
    const wide = [OP_COLUMN, WIDE_ID, ITEM, DAY, NOTE];
    await table.merge([table.putFile('20260301-100000001.parquet', wide, [['U', 1n, 'fig', 'mon', 'ripe']])]);
    letGo();
    await first;
    expect(typesOfId(lab)).toEqual(['bigint', 'bigint']);
    expect((await catalogOf(table)) as object).not.toHaveProperty('due');
  });

  it('has it registered again though its time is up when it goes on', async () => {
    const { lab, table } = await registering({ partitionKey: ['day'] });
    table.load(
      'LOAD00000001',
      Array.from({ length: 150 }, (_, i) => [i, 'apple', `d${i}`] as const),
    );
    await lab.settle();
    const { reached, letGo } = stall(lab, 'updatePartitions');
    const noted = [OP_COLUMN, ID, ITEM, DAY, NOTE];
    const first = table.merge([table.putFile('20260301-100000000.parquet', noted, [['U', 1, 'fig', 'd1', 'ripe']])]);
    await reached;
    const wide = [OP_COLUMN, WIDE_ID, ITEM, DAY, NOTE];
    await table.merge([table.putFile('20260301-100000001.parquet', wide, [['U', 1n, 'fig', 'd1', 'ripe']])]);
    lab.clock.advance(3_600_000);
    letGo();
    await first;
    await lab.settle();
    expect(new Set(typesOfId(lab))).toEqual(new Set(['bigint']));
  });

  function typesOfId(lab: TableLab): (string | undefined)[] {
    return lab.catalog.partitionsOf(ORDERS).map(({ columns }) => columns.find(({ name }) => name === 'id')?.type);
  }
});
