import { partitionText } from '../lake/partition.ts';
import type { Column, PhysicalValue } from '../parquet/column-type.ts';
import { unscaled } from '../parquet/decimal.ts';
import type { Vector } from '../parquet/vector.ts';
import { valueAt } from '../parquet/vector.ts';
import type { RowBatch } from './row-batch.ts';
import { batchColumn, namedAfter } from './row-batch.ts';

/**
 * A primary key as one value that a Map can tell apart: equal keys are equal values, whichever file they came from.
 * Null equals null.
 */
export type Key = string | number | bigint | boolean | null;

export type KeyOfRow = (row: number) => Key;

/**
 * The key columns of a table. One that is also a partition column is compared by its text, since lake files hold it only
 * in their folder's name.
 */
export interface KeyColumns {
  stored: readonly Column[];
  partition: readonly Column[];
}

export function keyColumns(primaryKey: readonly Column[], partitionKey: readonly Column[]): KeyColumns {
  const partitionNames = new Set(partitionKey.map(({ name }) => name));
  return {
    stored: primaryKey.filter(({ name }) => !partitionNames.has(name)),
    partition: primaryKey.filter(({ name }) => partitionNames.has(name)),
  };
}

export function batchKeys(batch: RowBatch, { stored, partition }: KeyColumns): KeyOfRow {
  const parts = stored.map((column) => part(column, batchColumn(batch, column)));
  const texts = partition.map((column): KeyOfRow => {
    const values = batchColumn(batch, column);
    return (row) => namedAfter(batch, row, () => partitionText(column, valueAt(values, row)));
  });
  return combine([...parts, ...texts]);
}

function combine(parts: readonly KeyOfRow[]): KeyOfRow {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  // Lengths keep ('a', 'bc') apart from ('ab', 'c'), the type null from the text 'null'.
  return (row) => parts.map((of) => tagged(of(row))).join('');
}

function tagged(key: Key): string {
  const text = String(key);
  return `${key === null ? 'n' : ((typeof key)[0] ?? '')}${text.length}:${text}`;
}

function part({ type }: Column, values: Vector): KeyOfRow {
  // Bytes of a decimal may have leading bytes that say nothing.
  if (type.logical.kind === 'decimal') return (row) => fromValue(valueAt(values, row), unscaled);
  return (row) => fromValue(valueAt(values, row), (value) => (value instanceof Uint8Array ? latin1(value) : value));
}

function fromValue(value: PhysicalValue, key: (value: NonNullable<PhysicalValue>) => Key): Key {
  return value === null ? null : key(value);
}

/** One character a byte: bytes that are not UTF-8 stay apart. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
