import type { ColumnType, PhysicalValue, Values } from './column-type.ts';
import { unscaled } from './decimal.ts';
import { integerValue } from './text-form.ts';
import type { ThriftStruct } from './thrift.ts';

/**
 * Bounds and null count of a column chunk, in the order of the column's logical type, as the bytes that go into the
 * footer (parquet.thrift, "Statistics" and "ColumnOrder"). Wrong bounds make engines skip rows that exist, so where an
 * order is undefined (INT96, INTERVAL) or engines disagree (NaN) there are none.
 */
export function chunkStatistics(values: Values, type: ColumnType): ThriftStruct {
  const bounds = hasOrder(type) ? findBounds(values, type) : undefined;
  let nulls = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === null) nulls++;
  return {
    field_3: BigInt(nulls),
    ...(bounds && {
      field_5: bounds.max.bytes,
      field_6: bounds.min.bytes,
      field_7: bounds.max.exact,
      field_8: bounds.min.exact,
    }),
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

interface Bound {
  bytes: Uint8Array;
  exact: boolean;
}

/** Bytes of a text bound; longer ones are cut, the upper one then raised. */
const BOUND_BYTES_MAX = 64;

function hasOrder({ physical, logical }: ColumnType): boolean {
  if (physical === 'INT96') return false;
  return logical.kind !== 'bytes' || (logical.annotation !== 'INTERVAL' && logical.annotation !== 'FLOAT16');
}

function findBounds(values: Values, type: ColumnType): { min: Bound; max: Bound } | undefined {
  const compare = comparison(type);
  let min: PhysicalValue = null;
  let max: PhysicalValue = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as PhysicalValue;
    if (value === null) continue;
    // Some engines sort NaN above all numbers, some skip it: no bounds are right for both.
    if (Number.isNaN(value)) return undefined;
    if (min === null || compare(value, min) < 0) min = value;
    if (max === null || compare(value, max) > 0) max = value;
  }
  if (min === null || max === null) return undefined;
  // Zeros have two signs that compare as equal: the bounds take in both.
  if (min === 0 && type.logical.kind === 'float') min = -0;
  if (max === 0 && type.logical.kind === 'float') max = 0;
  const lower = boundBytes(min, type);
  const upper = boundBytes(max, type);
  // A decimal that is cut is another number, and bytes of a fixed length have that length in bounds, too.
  if (type.physical !== 'BYTE_ARRAY' || type.logical.kind === 'decimal') {
    return { min: exactly(lower), max: exactly(upper) };
  }
  const raised = cutUp(upper);
  return raised && { min: cutDown(lower), max: raised };
}

function boundBytes(value: NonNullable<PhysicalValue>, { physical }: ColumnType): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return new Uint8Array([value ? 1 : 0]);
  const bytes = new Uint8Array(physical === 'INT32' || physical === 'FLOAT' ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (typeof value === 'bigint') view.setBigInt64(0, value, true);
  else if (physical === 'INT32') view.setInt32(0, value, true);
  else if (physical === 'FLOAT') view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return bytes;
}

function exactly(bytes: Uint8Array): Bound {
  return { bytes, exact: true };
}

function cutDown(bytes: Uint8Array): Bound {
  if (bytes.length <= BOUND_BYTES_MAX) return exactly(bytes);
  return { bytes: bytes.slice(0, characterStart(bytes, BOUND_BYTES_MAX)), exact: false };
}

/** The shortest text above all that begin as `bytes` does; undefined if there is none. */
function cutUp(bytes: Uint8Array): Bound | undefined {
  if (bytes.length <= BOUND_BYTES_MAX) return exactly(bytes);
  const cut = bytes.slice(0, BOUND_BYTES_MAX);
  // Raising the last ASCII character (but the highest, whose successor is not UTF-8) keeps UTF-8 valid and sorts above.
  for (let i = cut.length - 1; i >= 0; i--) {
    const byte = cut[i] ?? 0;
    if (byte < 0x7f) {
      cut[i] = byte + 1;
      return { bytes: cut.slice(0, i + 1), exact: false };
    }
  }
  return undefined;
}

/** The last position at or before `at` where a UTF-8 character begins. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
