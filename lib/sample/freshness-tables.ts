import type { TableSettings } from '../table/configure.ts';
import { OP_COLUMN } from './dms-column.ts';
import { writeDmsFile } from './dms-file.ts';
import { loadOrders } from './sample-database.ts';
import type { RawFile } from './sample-files.ts';
import { changeFileName } from './sample-files.ts';
import { ORDER_COLUMNS, type SampleRow } from './sample-tables.ts';
import { SeededRandom } from './seeded-random.ts';

const SCHEMA = 'freshness';
const ROWS_LOADED = 5_000;
const INSERTS = 14;
const UPDATES = 5;
/** 2018-12-13 */
const DAY = 17_878;

/** Many tables of orders, and change files of them as a busy shop makes them: new orders, changed ones, one cancelled. */
export class FreshnessTables {
  readonly #random = new SeededRandom(5);
  #writtenAt = 0;
  readonly #tables: { table: string; orders: SampleRow[] }[];

  constructor(count: number) {
    this.#tables = Array.from({ length: count }, (_, i) => ({
      table: `${SCHEMA}/orders${String(i + 1).padStart(2, '0')}`,
      orders: loadOrders([], ROWS_LOADED, DAY, this.#random),
    }));
  }

  /** As in `tables.json`. */
  get settings(): Record<string, TableSettings> {
    return Object.fromEntries(this.#tables.map(({ table }) => [table, { primaryKey: ['id'], active: true }]));
  }

  /** Rows of all tables now. */
  get rows(): number {
    return this.#tables.reduce((sum, { orders }) => sum + orders.length, 0);
  }

  /** How many rows each table's lake must have. */
  get expected(): { table: string; rows: number }[] {
    return this.#tables.map(({ table, orders }) => ({ table, rows: orders.length }));
  }

  fullLoad(): RawFile[] {
    return this.#tables.map(({ table, orders }) => ({
      key: `${table}/LOAD00000001.parquet`,
      bytes: writeDmsFile({ columns: [OP_COLUMN, ...ORDER_COLUMNS], rows: orders.map((row) => ['I', ...row]) }),
    }));
  }

  /** The next change file, of a random table, named by the time or by a millisecond more than the one before. */
  nextChangeFile(now: number): RawFile {
    this.#writtenAt = Math.max(this.#writtenAt + 1, now);
    const chosen = this.#random.pick(this.#tables);
    const { table, orders } = chosen;
    const inserted = loadOrders(orders, INSERTS, DAY, this.#random);
    const touched = this.#random.shuffle(orders).slice(0, UPDATES + 1);
    const [cancelled, ...changed] = touched;
    const updates = changed.map((row): SampleRow => [...row.slice(0, 3), this.#random.integer(1, 10), ...row.slice(4)]);
    const byId = new Map(updates.map((row) => [row[0], row]));
    chosen.orders = [
      ...orders.filter((row) => row !== cancelled).map((row) => byId.get(row[0] ?? null) ?? row),
      ...inserted,
    ];
    return {
      key: `${table}/${changeFileName(new Date(this.#writtenAt))}`,
      bytes: writeDmsFile({
        columns: [OP_COLUMN, ...ORDER_COLUMNS],
        rows: [
          ...inserted.map((row) => ['I', ...row]),
          ...updates.map((row) => ['U', ...row]),
          ...(cancelled ? [['D', ...cancelled]] : []),
        ],
      }),
    };
  }
}
