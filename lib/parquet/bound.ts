import type { ColumnType, PhysicalValue } from './column-type.ts';

/** A bound as the bytes that the footer holds; not exact if it was cut: then it only encloses the values. */
export interface Bound {
  bytes: Uint8Array;
  exact: boolean;
}

/** The bound of a chunk whose least value this is. */
export function lowerBound(value: NonNullable<PhysicalValue>, type: ColumnType): Bound {
  // Zeros have two signs that compare as equal: the bounds take in both.
  const bytes = boundBytes(value === 0 && type.logical.kind === 'float' ? -0 : value, type);
  if (!isCut(bytes, type)) return { bytes, exact: true };
  return { bytes: bytes.subarray(0, characterStart(bytes, BOUND_BYTES_MAX)), exact: false };
}

/**
 * The bound of a chunk whose greatest value this is: if it is cut, the shortest text above all that begin as it does.
 * @returns undefined if there is none
 */
export function upperBound(value: NonNullable<PhysicalValue>, type: ColumnType): Bound | undefined {
  const bytes = boundBytes(value === 0 && type.logical.kind === 'float' ? 0 : value, type);
  if (!isCut(bytes, type)) return { bytes, exact: true };
  const cut = bytes.subarray(0, BOUND_BYTES_MAX);
  // Raising the last ASCII character (but the highest, whose successor is not UTF-8) keeps UTF-8 valid and sorts above.
  for (let i = cut.length - 1; i >= 0; i--) {
    const byte = cut[i] as number;
    if (byte < 0x7f) {
      cut[i] = byte + 1;
      return { bytes: cut.subarray(0, i + 1), exact: false };
    }
  }
  return undefined;
}

/**
 * The value that a bound's bytes stand for; undefined if the type has no order that engines agree on, or the bytes are
 * none of its values that has a place in it.
 */
export function boundValue({ bytes }: Bound, type: ColumnType): NonNullable<PhysicalValue> | undefined {
  if (!isOrdered(type)) return undefined;
  const { physical, logical } = type;
  if (physical === 'BYTE_ARRAY') return logical.kind === 'decimal' && bytes.length === 0 ? undefined : bytes;
  if (bytes.length !== byteWidth(type)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (physical) {
    case 'BOOLEAN':
      return view.getUint8(0) !== 0;
    case 'INT32':
      return view.getInt32(0, true);
    case 'INT64':
      return view.getBigInt64(0, true);
    case 'FLOAT':
      return unlessNaN(view.getFloat32(0, true));
    case 'DOUBLE':
      return unlessNaN(view.getFloat64(0, true));
    default:
      return bytes;
  }
}

/** Whether engines agree on the order of the type's values (parquet.thrift, "ColumnOrder"). */
export function isOrdered({ physical, logical }: ColumnType): boolean {
  if (physical === 'INT96') return false;
  return logical.kind !== 'bytes' || (logical.annotation !== 'INTERVAL' && logical.annotation !== 'FLOAT16');
}

/** Bytes of a text bound; longer ones are cut, the upper one then raised. */
const BOUND_BYTES_MAX = 64;

function byteWidth(type: ColumnType): number | undefined {
  switch (type.physical) {
    case 'BOOLEAN':
      return 1;
    case 'INT32':
    case 'FLOAT':
      return 4;
    case 'INT64':
    case 'DOUBLE':
      return 8;
    case 'FIXED_LEN_BYTE_ARRAY':
      return type.length;
    default:
      return undefined;
  }
}

function unlessNaN(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

/** A decimal that is cut is another number, and bytes of a fixed length have that length in bounds, too. */
function isCut(bytes: Uint8Array, { physical, logical }: ColumnType): boolean {
  return bytes.length > BOUND_BYTES_MAX && physical === 'BYTE_ARRAY' && logical.kind !== 'decimal';
}

function boundBytes(value: NonNullable<PhysicalValue>, type: ColumnType): Uint8Array {
  const { physical } = type;
  // A copy: a view would keep the values of the whole chunk (the `slice` of a Buffer makes a view). Of a value that is cut,
  // no more than tells where: bounds stay in memory with the footers of the lake.
  if (value instanceof Uint8Array)
    return Uint8Array.from(isCut(value, type) ? value.subarray(0, BOUND_BYTES_MAX + 1) : value);
  if (typeof value === 'boolean') return new Uint8Array([value ? 1 : 0]);
  const bytes = new Uint8Array(physical === 'INT32' || physical === 'FLOAT' ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (typeof value === 'bigint') view.setBigInt64(0, value, true);
  else if (physical === 'INT32') view.setInt32(0, value, true);
  else if (physical === 'FLOAT') view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return bytes;
}

/** The last position at or before `at` where a UTF-8 character begins. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && ((bytes[start] as number) & 0xc0) === 0x80) start--;
  return start;
}
