import type { ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import type { Bound, ChunkStatistics } from '../parquet/statistics.ts';
import type { KeyOrder } from './key-order.ts';
import { keyOrder } from './key-order.ts';

/** Distinct keys, sorted by each of their columns, to be asked which of them a row group can hold by its statistics. */
export class KeyBounds {
  private readonly columns: readonly SortedColumn[];

  /** @param values of each key column: one for each key */
  constructor(types: readonly ColumnType[], values: readonly (readonly PhysicalValue[])[]) {
    this.columns = types.map((type, i) => new SortedColumn(keyOrder(type), values[i] ?? []));
  }

  /**
   * Whether `test` holds for one of the keys that can be in a row group, by the bounds and nulls of its chunks, key
   * column by key column; undefined where nothing is known.
   */
  some(statistics: readonly (ChunkStatistics | undefined)[], test: (key: number) => boolean): boolean {
    const within = this.columns.map((column, i) => column.within(statistics[i]));
    let fewest = within[0];
    for (const keys of within) if (fewest === undefined || keys.count < fewest.count) fewest = keys;
    // Without columns there is but one key, about which chunks say nothing.
    if (fewest === undefined) return test(0);
    return fewest.some((key) => within.every((keys) => keys === fewest || keys.has(key)) && test(key));
  }
}

/** One column of the keys. */
class SortedColumn {
  /** Keys, ascending by value. */
  readonly sorted: readonly number[];
  readonly nulls: readonly number[];
  /** Keys whose value bounds say nothing about: writers leave NaN out of them. */
  readonly unordered: readonly number[];
  /** The place of a key in `sorted`, or one of the constants below. */
  readonly places: Int32Array;
  /** By place. */
  private readonly numbers: Float64Array;
  private readonly bytes: readonly Uint8Array[] | undefined;

  constructor(
    private readonly order: KeyOrder,
    values: readonly PhysicalValue[],
  ) {
    const numbers = Float64Array.from(values, (value) => (value === null ? NaN : order.ofValue(value)));
    const bytes = order.thenByBytes ? (values as readonly Uint8Array[]) : undefined;
    const keys = Array.from(values.keys());
    this.nulls = keys.filter((key) => values[key] === null);
    this.unordered = keys.filter((key) => values[key] !== null && Number.isNaN(numbers[key]));
    this.sorted = keys
      .filter((key) => !Number.isNaN(numbers[key]))
      .sort((a, b) => {
        const [x, y] = [numbers[a] as number, numbers[b] as number];
        if (x !== y) return x < y ? -1 : 1;
        return bytes ? Buffer.compare(bytes[a] as Uint8Array, bytes[b] as Uint8Array) : 0;
      });
    this.numbers = Float64Array.from(this.sorted, (key) => numbers[key] as number);
    this.bytes = bytes && this.sorted.map((key) => bytes[key] as Uint8Array);
    this.places = new Int32Array(values.length).fill(UNORDERED);
    for (const key of this.nulls) this.places[key] = NULL;
    this.sorted.forEach((key, place) => (this.places[key] = place));
  }

  within(statistics: ChunkStatistics | undefined): KeysWithin {
    const withNulls = statistics?.nulls !== 0;
    const { ofBound } = this.order;
    const min = statistics?.min ? ofBound(statistics.min) : NaN;
    const max = statistics?.max ? ofBound(statistics.max) : NaN;
    // Bounds that enclose nothing are wrong.
    if (min > max) return new KeysWithin(this, 0, this.sorted.length, withNulls);
    const start = Number.isNaN(min) ? 0 : this.place(min, statistics?.min, false);
    const end = Number.isNaN(max) ? this.sorted.length : this.place(max, statistics?.max, true);
    return new KeysWithin(this, start, Math.max(start, end), withNulls);
  }

  /** The first place whose value is not before the bound, or, with `after`, is after it. */
  private place(number: number, bound: Bound | undefined, after: boolean): number {
    let low = 0;
    let high = this.numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.numbers[middle] as number;
      let difference = other < number ? -1 : other > number ? 1 : 0;
      if (difference === 0 && this.bytes && bound) {
        difference = Buffer.compare(this.bytes[middle] as Uint8Array, bound.bytes);
      }
      if (after ? difference > 0 : difference >= 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const UNORDERED = -1;
const NULL = -2;

/** Keys whose value in one column is within a chunk's bounds. */
class KeysWithin {
  readonly count: number;

  constructor(
    private readonly column: SortedColumn,
    private readonly start: number,
    private readonly end: number,
    private readonly withNulls: boolean,
  ) {
    this.count = end - start + column.unordered.length + (withNulls ? column.nulls.length : 0);
  }

  has(key: number): boolean {
    const place = this.column.places[key] as number;
    return place >= 0 ? place >= this.start && place < this.end : place === UNORDERED || this.withNulls;
  }

  some(test: (key: number) => boolean): boolean {
    const { sorted, unordered, nulls } = this.column;
    for (let place = this.start; place < this.end; place++) if (test(sorted[place] as number)) return true;
    return unordered.some(test) || (this.withNulls && nulls.some(test));
  }
}
