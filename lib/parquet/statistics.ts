import type { Bound } from './bound.ts';
import { boundValue, isOrdered, lowerBound, upperBound } from './bound.ts';
import type { ColumnType, PhysicalValue } from './column-type.ts';
import { unscaled } from './decimal.ts';
import { extremes } from './extremes.ts';
import { integerValue } from './text-form.ts';
import type { ThriftStruct } from './thrift.ts';
import type { DictionaryVector, FlatVector, ListVector, Vector } from './vector.ts';
import { valueAt } from './vector.ts';

export type { Bound } from './bound.ts';

/** What a footer tells of a chunk's values; undefined is unknown. */
export interface ChunkStatistics {
  nulls: number | undefined;
  min: Bound | undefined;
  max: Bound | undefined;
}

/**
 * Bounds and null count of a column chunk, in the order of the column's logical type, as the bytes that go into the
 * footer (parquet.thrift, "Statistics" and "ColumnOrder"). Wrong bounds make engines skip rows that exist, so where an
 * order is undefined (INT96, INTERVAL) or engines disagree (NaN) there are none.
 */
export function chunkStatistics(vector: Vector, type: ColumnType): ChunkStatistics {
  const { nulls, range } = survey(vector, type);
  return { nulls, ...(range && range !== 'unordered' ? boundsOf(range, type) : NO_BOUNDS) };
}

/**
 * The statistics of a chunk after some of its values went and others came, without reading the rest: a bound stays
 * unless the value that it tells of may be gone. Exact bounds become what `chunkStatistics` would find; a bound that
 * was cut encloses the values, if not always as closely.
 * @returns undefined if only the whole chunk can tell
 */
export function statisticsAfter(
  before: ChunkStatistics,
  removed: Vector,
  added: Vector,
  type: ColumnType,
): ChunkStatistics | undefined {
  const gone = survey(removed, type);
  const come = survey(added, type);
  const nulls = (before.nulls ?? -Infinity) - gone.nulls + come.nulls;
  if (nulls < 0) return undefined;
  if (!isOrdered(type) || come.range === 'unordered') return { nulls, ...NO_BOUNDS };
  if (!gone.range && !come.range) return { ...before, nulls };
  if (gone.range === 'unordered' || !before.min || !before.max) return undefined;
  const compare = comparison(type);
  const min = boundAfter({
    before: before.min,
    value: boundValue(before.min, type),
    gone: gone.range?.min,
    come: come.range?.min,
    isBeyond: (value, bound) => compare(value, bound) <= 0,
    mayBeCutTo: (value, bound) => beginsWith(value, bound),
  });
  const max = boundAfter({
    before: before.max,
    value: boundValue(before.max, type),
    gone: gone.range?.max,
    come: come.range?.max,
    isBeyond: (value, bound) => compare(value, bound) >= 0,
    // It was raised by one, in its last byte.
    mayBeCutTo: (value, bound) => compare(value, lowered(bound)) >= 0,
  });
  if (min === undefined || max === undefined) return undefined;
  const lower = min === 'kept' ? before.min : lowerBound(min.value, type);
  const upper = max === 'kept' ? before.max : upperBound(max.value, type);
  return { nulls, ...(upper ? { min: lower, max: upper } : NO_BOUNDS) };
}

/** As it is stored (parquet.thrift, "Statistics"); what is not known is left out. */
export function statisticsStruct({ nulls, min, max }: ChunkStatistics): ThriftStruct {
  return {
    ...(nulls !== undefined && { field_3: BigInt(nulls) }),
    ...(max && { field_5: max.bytes }),
    ...(min && { field_6: min.bytes }),
    ...(max && { field_7: max.exact }),
    ...(min && { field_8: min.exact }),
  };
}

/** Negative if `a` sorts before `b`; both are values of that type. */
export type Compare = (a: NonNullable<PhysicalValue>, b: NonNullable<PhysicalValue>) => number;

export function comparison({ physical, logical }: ColumnType): Compare {
  if (logical.kind === 'decimal' && (physical === 'BYTE_ARRAY' || physical === 'FIXED_LEN_BYTE_ARRAY')) {
    return (a, b) => compareNumbers(unscaled(a), unscaled(b));
  }
  if (logical.kind === 'integer' && !logical.signed) {
    const { bits } = logical;
    return (a, b) => compareNumbers(integerValue(a, bits, false), integerValue(b, bits, false));
  }
  if (physical === 'BYTE_ARRAY' || physical === 'FIXED_LEN_BYTE_ARRAY') {
    return (a, b) => Buffer.compare(a as Uint8Array, b as Uint8Array);
  }
  return (a, b) => compareNumbers(a as number | bigint, b as number | bigint);
}

const NO_BOUNDS = { min: undefined, max: undefined };

type Value = NonNullable<PhysicalValue>;

interface Range {
  min: Value;
  max: Value;
}

function survey(vector: Vector, type: ColumnType): { nulls: number; range: Range | 'unordered' | undefined } {
  if (vector.kind === 'LIST')
    return { nulls: vector.values.filter((value) => value === null).length, range: undefined };
  const { nulls, valid } = vector.kind === 'DICTIONARY' ? usedEntries(vector) : flatNulls(vector);
  const flat = vector.kind === 'DICTIONARY' ? vector.dictionary : vector;
  const found = isOrdered(type) ? extremes(flat, valid, type) : undefined;
  if (!found || found === 'unordered') return { nulls, range: found };
  return { nulls, range: { min: valueAt(flat, found.min) as Value, max: valueAt(flat, found.max) as Value } };
}

interface Presence {
  nulls: number;
  /** 1 for what counts; undefined: all */
  valid: Uint8Array | undefined;
}

/** Entries that no row refers to any more do not count. */
function usedEntries({ dictionary, indices }: DictionaryVector): Presence {
  const valid = new Uint8Array(dictionary.length);
  let nulls = 0;
  for (const index of indices) {
    if (index < 0) nulls++;
    else valid[index] = 1;
  }
  return { nulls, valid };
}

function flatNulls({ valid }: Exclude<FlatVector, ListVector>): Presence {
  let nulls = 0;
  if (valid) for (const present of valid) if (present === 0) nulls++;
  return { nulls, valid };
}

function boundsOf({ min, max }: Range, type: ColumnType): Pick<ChunkStatistics, 'min' | 'max'> {
  const upper = upperBound(max, type);
  return upper ? { min: lowerBound(min, type), max: upper } : NO_BOUNDS;
}

/**
 * What becomes of a bound: it stays, or a value that came is the new one.
 * @returns undefined if the value that the bound tells of may be gone, and another one must be looked for
 */
function boundAfter({
  before,
  value,
  gone,
  come,
  isBeyond,
  mayBeCutTo,
}: {
  before: Bound;
  value: Value | undefined;
  gone: Value | undefined;
  come: Value | undefined;
  isBeyond: (value: Value, bound: Value) => boolean;
  /** Whether this may be the value that an inexact bound was made of. */
  mayBeCutTo: (value: Value, bound: Value) => boolean;
}): 'kept' | { value: Value } | undefined {
  if (value === undefined) return undefined;
  if (come !== undefined && isBeyond(come, value)) return { value: come };
  const reaches = (other: Value) => isBeyond(other, value) || (!before.exact && mayBeCutTo(other, value));
  if (gone === undefined || !reaches(gone)) return 'kept';
  return come !== undefined && reaches(come) ? 'kept' : undefined;
}

function beginsWith(value: Value, start: Value): boolean {
  if (!(value instanceof Uint8Array && start instanceof Uint8Array)) return false;
  return Buffer.compare(value.subarray(0, start.length), start) === 0;
}

/** Bytes with the last one less by 1. */
function lowered(bound: Value): Value {
  if (!(bound instanceof Uint8Array) || !bound.at(-1)) return bound;
  const bytes = Uint8Array.from(bound);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) - 1;
  return bytes;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
