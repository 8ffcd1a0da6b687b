/**
 * What every catalog promises (`lib/ports/catalog.ts`), as tests. `makeCatalog` is called before each test and may answer
 * with the same catalog again: names do not meet.
 */
/* eslint jest/no-standalone-expect: ["error", { "additionalTestBlockFunctions": ["it"] }] -- a contract's `it` is its own */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect } from '@jest/globals';
import type {
  Catalog,
  CatalogName,
  CatalogPartition,
  CatalogTable,
  RegisteredPartition,
} from '../../lib/ports/catalog.ts';
import { CatalogChanged, PARTITIONS_MAX } from '../../lib/ports/catalog.ts';
import type { Exceptions } from './exceptions.ts';
import { testsExcept } from './exceptions.ts';

const TABLE: CatalogTable = {
  description: 'Orders, as they are sold',
  location: 's3://lake/shop/orders/',
  columns: [
    { name: 'id', type: 'int', comment: 'the key' },
    { name: 'price of it', type: 'decimal(10,2)' },
  ],
  partitionColumns: [
    { name: 'day', type: 'date' },
    { name: 'shop', type: 'string' },
  ],
  parameters: { classification: 'parquet', 'tidemark.path': 'raw/shop/orders/' },
};

export function describeCatalog(
  name: string,
  makeCatalog: () => Catalog | Promise<Catalog>,
  exceptions: Exceptions = {},
): void {
  const it = testsExcept(exceptions);
  describe(`${name} as a catalog`, () => {
    let catalog: Catalog;
    let orders: CatalogName;

    beforeEach(async () => {
      catalog = await makeCatalog();
      const id = randomUUID().replaceAll('-', '_');
      orders = { database: `database_${id}`, table: `orders_${id}` };
    });

    const partition = (shop: string, columns = TABLE.columns): CatalogPartition => ({
      values: ['2026-03-01', shop],
      location: `s3://lake/shop/orders/day=2026-03-01/shop=${shop}/`,
      columns,
      parameters: { shape: String(columns.length) },
    });
    const partitions = async (): Promise<RegisteredPartition[]> => {
      const all: RegisteredPartition[] = [];
      for await (const one of catalog.partitions(orders)) all.push(one);
      return all.sort((a, b) => (a.values.join() < b.values.join() ? -1 : 1));
    };
    const registered = ({ values, parameters }: CatalogPartition): RegisteredPartition => ({ values, parameters });

    it('tells that there is no such table, nor database', async () => {
      expect(await catalog.table(orders)).toBeUndefined();
      await catalog.createTable(orders, TABLE);
      expect(await catalog.table({ ...orders, table: 'none' })).toBeUndefined();
    });

    it('makes a table, with its database, and tells all of it', async () => {
      await catalog.createTable(orders, TABLE);
      expect(await catalog.table(orders)).toEqual({ ...TABLE, version: expect.any(String) as unknown });
    });

    it('makes several tables in one database', async () => {
      await catalog.createTable(orders, TABLE);
      const items = { ...orders, table: 'items' };
      await catalog.createTable(items, { ...TABLE, partitionColumns: [] });
      expect(await catalog.table(items)).toMatchObject({ partitionColumns: [] });
      expect(await catalog.table(orders)).toMatchObject(TABLE);
    });

    it('makes no table where one is', async () => {
      await catalog.createTable(orders, TABLE);
      await expect(catalog.createTable(orders, { ...TABLE, columns: [] })).rejects.toThrow(CatalogChanged);
      expect(await catalog.table(orders)).toMatchObject(TABLE);
    });

    it('replaces the version that was read, and its partitions stay', async () => {
      await catalog.createTable(orders, TABLE);
      await catalog.createPartitions(orders, [partition('a')]);
      const { version } = (await catalog.table(orders))!;
      const wider = { ...TABLE, columns: [...TABLE.columns, { name: 'note', type: 'string' }] };
      await catalog.replaceTable(orders, wider, version);
      const replaced = await catalog.table(orders);
      expect(replaced).toMatchObject(wider);
      expect(replaced?.version).not.toBe(version);
      expect(await partitions()).toEqual([registered(partition('a'))]);
    });

    it('replaces no other version than the one that was read', async () => {
      await catalog.createTable(orders, TABLE);
      const { version } = (await catalog.table(orders))!;
      await catalog.replaceTable(orders, { ...TABLE, columns: [] }, version);
      await expect(catalog.replaceTable(orders, TABLE, version)).rejects.toThrow(CatalogChanged);
      expect(await catalog.table(orders)).toMatchObject({ columns: [] });
    });

    it('gives a table without partitions other partition columns', async () => {
      await catalog.createTable(orders, TABLE);
      await catalog.createPartitions(orders, [partition('a')]);
      await catalog.deletePartitions(orders, [partition('a').values]);
      const { version } = (await catalog.table(orders))!;
      const byYear = { ...TABLE, partitionColumns: [{ name: 'year', type: 'int' }] };
      await catalog.replaceTable(orders, byYear, version);
      expect(await catalog.table(orders)).toMatchObject(byYear);
    });

    it('replaces no table that is not there', async () => {
      await expect(catalog.replaceTable(orders, TABLE, '0')).rejects.toThrow(CatalogChanged);
    });

    it('adds partitions; one that is there already stays as it is', async () => {
      await catalog.createTable(orders, TABLE);
      await catalog.createPartitions(orders, [partition('a')]);
      await catalog.createPartitions(orders, [partition('b'), partition('a', [])]);
      expect(await partitions()).toEqual([registered(partition('a')), registered(partition('b'))]);
    });

    it('adds no partition to a table that is not there', async () => {
      await expect(catalog.createPartitions(orders, [partition('a')])).rejects.toThrow(CatalogChanged);
      await expect(partitions()).rejects.toThrow(CatalogChanged);
    });

    it('refuses a partition that has not one value of each partition column', async () => {
      await catalog.createTable(orders, { ...TABLE, partitionColumns: [] });
      await expect(catalog.createPartitions(orders, [partition('a')])).rejects.toThrow(/partition/);
      expect(await partitions()).toEqual([]);
    });

    it('updates partitions by their values, passing over one that is not there', async () => {
      await catalog.createTable(orders, TABLE);
      await catalog.createPartitions(orders, [partition('a'), partition('b')]);
      await catalog.updatePartitions(orders, [partition('a', []), partition('none')]);
      expect(await partitions()).toEqual([registered(partition('a', [])), registered(partition('b'))]);
    });

    it('removes partitions by their values, passing over one that is not there', async () => {
      await catalog.createTable(orders, TABLE);
      await catalog.createPartitions(orders, [partition('a'), partition('b')]);
      await catalog.deletePartitions(orders, [partition('none').values, partition('a').values]);
      expect(await partitions()).toEqual([registered(partition('b'))]);
    });

    it('takes as many partitions at once as it says, and lists all of them', async () => {
      await catalog.createTable(orders, TABLE);
      const many = Array.from({ length: PARTITIONS_MAX }, (_, i) => partition(`shop ${i}/ü`));
      await catalog.createPartitions(orders, many);
      await catalog.createPartitions(orders, [partition('one more')]);
      expect(await partitions()).toHaveLength(PARTITIONS_MAX + 1);
      await catalog.updatePartitions(orders, many);
      await catalog.deletePartitions(
        orders,
        many.map(({ values }) => values),
      );
      expect(await partitions()).toEqual([registered(partition('one more'))]);
    });
  });
}
