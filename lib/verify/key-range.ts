import { compareText } from '../dms/raw-file.ts';
import type { Column, ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import { unscaled } from '../parquet/decimal.ts';
import { integerValue } from '../parquet/text-form.ts';
import { valueText } from '../parquet/value-text.ts';
import { valueAt } from '../parquet/vector.ts';
import type { GroupRows } from './read-rows.ts';
import type { TableShape } from './table-shape.ts';

/** Columns of a key and their values as text; bytes that are no text as 0x and hexadecimal digits. */
export type KeyText = Readonly<Record<string, string | null>>;

/** How many, and, for rows with a key, the smallest and the largest key among them. */
export interface KeysFound {
  count: number;
  smallest?: KeyText;
  largest?: KeyText;
}

type Comparable = number | bigint | string | Uint8Array | null;

/** Counts keys and keeps the ends of their range. Null comes first, NaN last. */
export class KeyRange {
  count = 0;
  readonly #shape: TableShape;
  #smallest: readonly PhysicalOrText[] | undefined;
  #largest: readonly PhysicalOrText[] | undefined;

  constructor(shape: TableShape) {
    this.#shape = shape;
  }

  add(group: GroupRows, row: number): void {
    this.count++;
    this.widen(group, row);
  }

  /** Takes a key into the range without counting it. */
  widen(group: GroupRows, row: number): void {
    if (!this.#shape.isKeyed) return;
    const key = this.#keyOf(group, row);
    if (!this.#smallest || this.#compare(key, this.#smallest) < 0) this.#smallest = key.map(kept);
    if (!this.#largest || this.#compare(key, this.#largest) > 0) this.#largest = key.map(kept);
  }

  result(): KeysFound {
    return {
      count: this.count,
      ...(this.#smallest && { smallest: this.#text(this.#smallest) }),
      ...(this.#largest && { largest: this.#text(this.#largest) }),
    };
  }

  #keyOf({ values, keyTexts }: GroupRows, row: number): PhysicalOrText[] {
    const { stored, key } = this.#shape;
    const inFiles = key.stored.map((column) => {
      const vector = values[stored.indexOf(column)];
      return vector ? valueAt(vector, row) : null;
    });
    return [...inFiles, ...keyTexts.map((text) => text(row))];
  }

  #compare(a: readonly PhysicalOrText[], b: readonly PhysicalOrText[]): number {
    const { stored } = this.#shape.key;
    for (let i = 0; i < a.length; i++) {
      const order = compare(comparable(a[i] ?? null, stored[i]), comparable(b[i] ?? null, stored[i]));
      if (order !== 0) return order;
    }
    return 0;
  }

  #text(values: readonly PhysicalOrText[]): KeyText {
    const { stored, partition } = this.#shape.key;
    const columns = [...stored, ...partition];
    return Object.fromEntries(columns.map(({ name, type }, i) => [name, keyText(values[i] ?? null, type)]));
  }
}

/** Text: that of a partition column. */
type PhysicalOrText = PhysicalValue | string;

/** Bytes are views of memory that is used again. */
function kept(value: PhysicalOrText): PhysicalOrText {
  return value instanceof Uint8Array ? value.slice() : value;
}

function comparable(value: PhysicalOrText, column: Column | undefined): Comparable {
  if (value === null || typeof value === 'string' || !column) return value as Comparable;
  const { logical } = column.type;
  if (logical.kind === 'decimal') return unscaled(value);
  if (logical.kind === 'integer') return integerValue(value, logical.bits, logical.signed);
  return typeof value === 'boolean' ? Number(value) : value;
}

function compare(a: Comparable, b: Comparable): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyText(value: PhysicalOrText, type: ColumnType): string | null {
  return value === null || typeof value === 'string' ? value : valueText(value, type);
}
