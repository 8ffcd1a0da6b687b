import { describe, expect, it } from '@jest/globals';
import { catalogName } from '../../lib/catalog/catalog-name.ts';
import type { LakeSchema } from '../../lib/catalog/table-definition.ts';
import { definitionDigest, tableDefinition } from '../../lib/catalog/table-definition.ts';
import { BIGINT, decimal, INT, TEXT } from '../parquet/sample-types.ts';

const SCHEMA: LakeSchema = {
  path: 'raw/shop/orders/',
  name: { database: 'lake_shop', table: 'orders' },
  location: 's3://lake/shop/orders/',
  columns: [
    { name: 'Op', type: TEXT },
    { name: 'Id', type: INT },
    { name: 'price', type: decimal(10, 2) },
  ],
  partitionColumns: [{ name: 'Day', type: 'date' }],
};
const NOW = Date.UTC(2026, 2, 1);

describe('the definition of a table', () => {
  it('has its columns in lower case with Hive types, its folder, and whose it is', () => {
    expect(tableDefinition(SCHEMA, NOW)).toEqual({
      location: 's3://lake/shop/orders/',
      columns: [
        { name: 'op', type: 'string' },
        { name: 'id', type: 'int' },
        { name: 'price', type: 'decimal(10,2)' },
      ],
      partitionColumns: [{ name: 'day', type: 'date' }],
      parameters: {
        EXTERNAL: 'TRUE',
        classification: 'parquet',
        has_encrypted_data: 'false',
        'tidemark.path': 'raw/shop/orders/',
        'tidemark.as-of': '2026-03-01T00:00:00.000Z',
      },
    });
  });

  it.each<[string, Partial<LakeSchema>, string]>([
    [
      'two columns that differ in case only',
      {
        columns: [
          { name: 'A', type: INT },
          { name: 'a', type: TEXT },
        ],
      },
      'The catalog cannot tell the columns A and a apart',
    ],
    [
      'a column of the name of a partition column',
      { columns: [{ name: 'DAY', type: INT }] },
      'The catalog cannot tell the columns DAY and Day apart',
    ],
    [
      'a type that the catalog does not have',
      { columns: [{ name: 'huge', type: decimal(60, 2, 30) }] },
      'The catalog has no type for the column huge, which is decimal(60,2)',
    ],
    [
      'a name that is too long',
      { columns: [{ name: 'ü'.repeat(128), type: INT }] },
      'The name of a column has more than 255 bytes',
    ],
    [
      'a table name that is too long',
      { name: { database: 'lake', table: 't'.repeat(256) } },
      "The table's name in the catalog has more than 255 bytes",
    ],
  ])('is refused for %s', (_, change, reason) => {
    expect(() => tableDefinition({ ...SCHEMA, ...change }, NOW)).toThrow(reason);
  });
});

describe('the digest of a definition', () => {
  const digest = definitionDigest(SCHEMA);

  it('is the same for the same table', () => {
    expect(definitionDigest({ ...SCHEMA, columns: [...SCHEMA.columns] })).toBe(digest);
  });

  it.each<[string, Partial<LakeSchema>]>([
    ['a column', { columns: [...SCHEMA.columns, { name: 'note', type: TEXT }] }],
    [
      'a wider type',
      { columns: SCHEMA.columns.map((column) => (column.name === 'Id' ? { ...column, type: BIGINT } : column)) },
    ],
    ['a type of a partition column', { partitionColumns: [{ name: 'Day', type: 'string' }] }],
    ['a folder', { location: 's3://lake/elsewhere/' }],
    ['a database', { name: { database: 'other', table: 'orders' } }],
  ])('is another with %s', (_, change) => {
    expect(definitionDigest({ ...SCHEMA, ...change })).not.toBe(digest);
  });

  it('is there also for a table that the catalog cannot hold', () => {
    expect(definitionDigest({ ...SCHEMA, columns: [{ name: 'huge', type: decimal(60, 2, 30) }] })).not.toBe(digest);
  });
});

describe('the name of a table in the catalog', () => {
  it.each([
    ['tidemark_dev_{schema}', 'shop', 'orders', 'tidemark_dev_shop.orders'],
    ['{schema}', 'Sales', 'Order-Items', 'sales.order_items'],
    ['lake', 'dbo', 'Größe 1', 'lake.größe_1'],
    ['{schema}', '$&', 'a.b/c', '__.a_b_c'],
  ])('by %s is, of %s/%s, %s', (pattern, schema, table, expected) => {
    const { database, table: name } = catalogName(pattern, { schema, table });
    expect(`${database}.${name}`).toBe(expected);
  });
});
