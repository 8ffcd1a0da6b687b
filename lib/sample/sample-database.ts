import {
  ORDER_COLUMNS,
  PRODUCT_COLUMNS,
  PRODUCTS,
  type SampleRow,
  type SampleTable,
  STORE_COLUMNS,
  STORES,
} from './sample-tables.ts';
import { SeededRandom } from './seeded-random.ts';

/** Its schema: the files of a table lie below `sampledb/<table>/`. */
export const SAMPLE_SCHEMA = 'sampledb';

export type SampleTableName = 'store' | 'product' | 'productorder';

/** What the database holds at one moment. */
export type SampleDatabase = Readonly<Record<SampleTableName, SampleTable>>;

/** A change as the source's log tells it: the row after it, or for a delete the row before it. */
export interface SampleChange {
  operation: 'I' | 'U' | 'D';
  row: SampleRow;
}

/** Orders by day, as the database is set up: 8,425 in all. */
export const FIRST_ORDERS = [
  { day: '2018-11-27', orders: 1010 },
  { day: '2018-11-28', orders: 723 },
  { day: '2018-12-03', orders: 1196 },
  { day: '2018-12-10', orders: 4250 },
  { day: '2018-12-13', orders: 1246 },
] as const;

const MS_PER_DAY = 86_400_000;

/** The sample database as it is set up: 8 stores, 25 products, 8,425 orders. The same seed gives the same orders. */
export function createSampleDatabase(seed = 1): SampleDatabase {
  const random = new SeededRandom(seed);
  let orders: SampleRow[] = [];
  for (const { day, orders: count } of FIRST_ORDERS) {
    orders = [...orders, ...loadOrders(orders, count, Date.parse(day) / MS_PER_DAY, random)];
  }
  return {
    store: { columns: STORE_COLUMNS, rows: STORES },
    product: { columns: PRODUCT_COLUMNS, rows: PRODUCTS },
    productorder: { columns: ORDER_COLUMNS, rows: orders },
  };
}

/** The sample script as SQL. */
export const SAMPLE_SCRIPT = [
  "update product set name = 'Sample Product', dept = 'Sample Dept', category = 'Sample Category' where id = 1001",
  'delete from product where id = 1002',
  'call loadorders(1345, current_date)',
  "insert into store values (1009, '125 Technology Dr.', 'Irvine', 'CA', 'US', '92618')",
] as const;

/**
 * What `SAMPLE_SCRIPT` does, run on `today`.
 * @returns the database after it, 9 stores, 24 products and 9,770 orders, and the changes of each table in their order.
 */
export function runSampleScript(
  before: SampleDatabase,
  today: Date,
  seed = 2,
): { after: SampleDatabase; changes: Readonly<Record<SampleTableName, readonly SampleChange[]>> } {
  const updated: SampleRow = [1001, 'Sample Product', 'Sample Dept', 'Sample Category', priceOf(before, 1001)];
  const deleted = productOf(before, 1002);
  const opened: SampleRow = [1009, '125 Technology Dr.', 'Irvine', 'CA', 'US', '92618'];
  const day = Math.floor(today.getTime() / MS_PER_DAY);
  const ordered = loadOrders(before.productorder.rows, 1345, day, new SeededRandom(seed));

  const remaining = before.product.rows.filter((row) => row !== deleted);
  return {
    after: {
      store: { ...before.store, rows: [...before.store.rows, opened] },
      product: { ...before.product, rows: remaining.map((row) => (row[0] === updated[0] ? updated : row)) },
      productorder: { ...before.productorder, rows: [...before.productorder.rows, ...ordered] },
    },
    changes: {
      store: [{ operation: 'I', row: opened }],
      product: [
        { operation: 'U', row: updated },
        { operation: 'D', row: deleted },
      ],
      productorder: ordered.map((row) => ({ operation: 'I', row })),
    },
  };
}

/**
 * The procedure `loadorders`: `count` orders after the highest id, of random products, stores, quantities and prices.
 * @param day since 1970-01-01
 */
export function loadOrders(
  existing: readonly SampleRow[],
  count: number,
  day: number,
  random: SeededRandom,
): SampleRow[] {
  const highestId = existing.reduce((highest, [id]) => Math.max(highest, Number(id)), 0);
  return Array.from({ length: count }, (_, index) => [
    highestId + 1 + index,
    random.integer(1001, 1025),
    random.integer(1001, 1008),
    random.integer(1, 10),
    BigInt(random.integer(0, 100_00)),
    day,
  ]);
}

function productOf({ product }: SampleDatabase, id: number): SampleRow {
  const row = product.rows.find((row) => row[0] === id);
  if (!row) throw new Error(`the sample database has no product ${id}: it is not the one that the script is for`);
  return row;
}

function priceOf(database: SampleDatabase, productId: number): bigint {
  return productOf(database, productId)[4] as bigint;
}
