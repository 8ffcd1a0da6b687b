import { loadOrders, type SampleChange, type SampleDatabase, type SampleTableName } from './sample-database.ts';
import type { SampleRow } from './sample-tables.ts';
import { SeededRandom } from './seeded-random.ts';

const MS_PER_DAY = 86_400_000;
const ORDERS_MAX = 40;
/** Orders that a change may still concern. */
const OPEN_ORDERS = 200;

export type SampleChanges = Readonly<Record<SampleTableName, readonly SampleChange[]>>;

/** The sample database's business goes on: orders come and change, prices change, a store moves. */
export class LiveChanges {
  readonly #random: SeededRandom;
  #database: SampleDatabase;

  /** @param seed the same one gives the same changes */
  constructor(database: SampleDatabase, seed = 3) {
    this.#database = database;
    this.#random = new SeededRandom(seed);
  }

  /** After all changes so far. */
  get database(): SampleDatabase {
    return this.#database;
  }

  /** The next changes, of one table. */
  next(today: Date): SampleChanges {
    const changes = { store: [], product: [], productorder: [] };
    if (this.#random.chance(0.25)) return { ...changes, product: [this.#newPrice()] };
    return { ...changes, productorder: this.#orders(Math.floor(today.getTime() / MS_PER_DAY)) };
  }

  /** A store moves into another house of its street. */
  storeMoves(): SampleChanges {
    const store = this.#random.pick(this.#database.store.rows);
    const [id, address, ...rest] = store;
    const moved: SampleRow = [
      id ?? null,
      String(address).replace(/\d+/, String(this.#random.integer(1, 999))),
      ...rest,
    ];
    this.#replace('store', store, moved);
    return { store: [{ operation: 'U', row: moved }], product: [], productorder: [] };
  }

  #newPrice(): SampleChange {
    const product = this.#random.pick(this.#database.product.rows);
    const changed: SampleRow = [...product.slice(0, -1), BigInt(this.#random.integer(9_99, 999_99))];
    this.#replace('product', product, changed);
    return { operation: 'U', row: changed };
  }

  #orders(day: number): SampleChange[] {
    const { productorder } = this.#database;
    const ordered = loadOrders(productorder.rows, this.#random.integer(1, ORDERS_MAX), day, this.#random);
    const open = this.#random.pick(productorder.rows.slice(-OPEN_ORDERS));
    const [id, product, store, , ...rest] = open;
    const changed: SampleRow = [id ?? null, product ?? null, store ?? null, this.#random.integer(1, 10), ...rest];
    this.#database = { ...this.#database, productorder: { ...productorder, rows: [...productorder.rows, ...ordered] } };
    this.#replace('productorder', open, changed);
    return [...ordered.map((row): SampleChange => ({ operation: 'I', row })), { operation: 'U', row: changed }];
  }

  #replace(name: SampleTableName, before: SampleRow, after: SampleRow): void {
    const table = this.#database[name];
    const rows = table.rows.map((row) => (row === before ? after : row));
    this.#database = { ...this.#database, [name]: { ...table, rows } };
  }
}
