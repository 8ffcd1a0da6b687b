import type { DmsColumn, DmsType, DmsValue, PlainKind } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { randomValue } from '../streams/column-values.ts';

/** Columns and rows of one file. */
export interface FileRows {
  columns: readonly DmsColumn[];
  rows: readonly (readonly DmsValue[])[];
}

const plain = (kind: PlainKind): DmsType => ({ kind });

/** What a table's key may be: its columns and their values in the n-th row. */
export const KEYS = {
  bigint: { columns: [{ name: 'id', type: plain('int64') }], values: (n: number) => [BigInt(n) * 1_000_003n - 5n] },
  text: { columns: [{ name: 'id', type: plain('string') }], values: (n: number) => [uuidOf(n)] },
  decimal: {
    columns: [{ name: 'id', type: { kind: 'decimal', precision: 20, scale: 3 } }],
    values: (n: number) => [BigInt(n % 2 === 0 ? n : -n) * 10n ** 12n],
  },
  'unsigned integer and text': {
    columns: [
      { name: 'id', type: plain('uint32') },
      { name: 'sub', type: plain('string') },
    ],
    values: (n: number) => [2 ** 31 - 400 + (n >> 1), n % 2 === 0 ? 'even' : 'odd'],
  },
} satisfies Record<string, { columns: DmsColumn[]; values: (n: number) => DmsValue[] }>;

export type KeyKind = keyof typeof KEYS;

/** Every type that DMS writes. */
const VALUE_COLUMNS: readonly DmsColumn[] = [
  ...(
    [
      ...(['boolean', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float'] as const),
      ...(['double', 'date', 'timestampMicros', 'timeMicros', 'string', 'bytes'] as const),
    ] as const
  ).map((kind) => ({ name: `c_${kind}`, type: plain(kind) })),
  { name: 'c_decimal9', type: { kind: 'decimal', precision: 9, scale: 2, storedAs: 'INT32' } },
  { name: 'c_decimal18', type: { kind: 'decimal', precision: 18, scale: 6, storedAs: 'INT64' } },
  { name: 'c_decimal38', type: { kind: 'decimal', precision: 38, scale: 10 } },
  { name: 'c_long', type: plain('string') },
];

/** A source table whose rows come and go, as files tell of it. */
export class ChangingTable {
  columns: DmsColumn[];
  private readonly keyWidth: number;
  private readonly rows = new Map<number, DmsValue[]>();
  private next = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly key: KeyKind,
  ) {
    this.columns = [...KEYS[key].columns, ...VALUE_COLUMNS];
    this.keyWidth = KEYS[key].columns.length;
  }

  get primaryKey(): string[] {
    return KEYS[this.key].columns.map(({ name }) => name);
  }

  /** New rows; in each column no value is null, or some, or all are. */
  load(count: number): FileRows {
    const nulls = this.columns.map(() => this.random.pick([0, 0, 0.2, 0.9, 1]));
    const rows = Array.from({ length: count }, () => this.insert(nulls));
    return { columns: this.columns, rows };
  }

  addColumn(column: DmsColumn): void {
    this.columns = [...this.columns, column];
    for (const row of this.rows.values()) row.push(null);
  }

  /**
   * Updates that leave most columns as they are, inserts and deletes, of keys that are there and of others.
   * @param newest how many of the newest rows may change
   */
  change(newest: number): FileRows {
    const { random } = this;
    const changes: DmsValue[][] = [];
    const present = [...this.rows.keys()].slice(-newest);
    for (let i = 0; i < 24; i++) changes.push(['U', ...this.update(random.pick(present))]);
    const nulls = this.columns.map(() => random.pick([0, 0.5]));
    for (let i = random.integer(0, 12); i > 0; i--) changes.push(['I', ...this.insert(nulls)]);
    for (let i = random.integer(0, 6); i > 0; i--) changes.push(...this.remove(random.pick(present)));
    // The rest is what a merge must stand: a key again, one that was never there.
    changes.push(['I', ...this.update(random.pick(present))]);
    changes.push(['D', ...this.valuesOf(this.next + 1_000, nulls)]);
    changes.push(['U', ...this.insert(nulls)]);
    return { columns: [OP_COLUMN, ...this.columns], rows: changes };
  }

  /** Deletes of so many rows that are next to each other. */
  removeRange(count: number): FileRows {
    const present = [...this.rows.keys()];
    const first = this.random.integer(0, Math.max(0, present.length - count));
    const rows = present.slice(first, first + count).flatMap((n) => this.remove(n));
    return { columns: [OP_COLUMN, ...this.columns], rows };
  }

  private insert(nulls: readonly number[]): DmsValue[] {
    const n = this.next++;
    const row = this.valuesOf(n, nulls);
    this.rows.set(n, row);
    return [...row];
  }

  private update(n: number): DmsValue[] {
    const row = this.rows.get(n) ?? this.valuesOf(n, []);
    for (let i = this.random.integer(0, 3); i > 0; i--) {
      const column = this.random.integer(this.keyWidth, this.columns.length - 1);
      row[column] = this.random.chance(0.2) ? null : this.valueOf(this.columns[column]!);
    }
    this.rows.set(n, row);
    return [...row];
  }

  private remove(n: number): DmsValue[][] {
    const row = this.rows.get(n);
    this.rows.delete(n);
    return row ? [['D', ...row]] : [];
  }

  private valuesOf(n: number, nulls: readonly number[]): DmsValue[] {
    const key = KEYS[this.key].values(n);
    const values = this.columns
      .slice(this.keyWidth)
      .map((column, i) => (this.random.chance(nulls[i + this.keyWidth] ?? 0) ? null : this.valueOf(column)));
    return [...key, ...values];
  }

  private valueOf({ name, type }: DmsColumn): DmsValue {
    if (name === 'c_long') return `${'long and alike '.repeat(8)}${this.random.integer(0, 99)}`;
    return randomValue(this.random, type);
  }
}

/** Texts without order, as UUIDs are. */
function uuidOf(n: number): string {
  const hex = (Math.imul(n + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return `${hex}-${n.toString(16).padStart(4, '0')}-4000-8000-${hex}${hex.slice(0, 4)}`;
}
