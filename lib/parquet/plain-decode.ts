import type { ColumnType } from './column-type.ts';
import type { BytesVector, FixedVector, FlatVector, ListVector } from './vector.ts';
import { emptyFixed } from './vector.ts';

/**
 * Decodes values of the encoding PLAIN (parquet-format, Encodings.md), which stand one after the other, without nulls.
 * @param bytes of all the values, and nothing else
 * @throws Error if they are more or less than `count` values take.
 */
export function decodePlain(bytes: Uint8Array, count: number, type: ColumnType): FlatVector {
  switch (type.physical) {
    case 'BOOLEAN':
      return plainBooleans(bytes, count);
    case 'BYTE_ARRAY':
      return plainBytes(bytes, count);
    case 'FIXED_LEN_BYTE_ARRAY':
      expectBytes(bytes, count * type.length, count);
      return fixedBytes(new Uint8Array(bytes), count, type.length);
    case 'INT96':
      return plainInt96(bytes, count);
    default: {
      expectBytes(bytes, count * (type.physical === 'INT64' || type.physical === 'DOUBLE' ? 8 : 4), count);
      const vector = emptyFixed(type.physical, count);
      new Uint8Array(vector.data.buffer).set(bytes);
      return vector;
    }
  }
}

/** @param bytes values of that length, one after the other; the vector's own */
export function fixedBytes(bytes: Uint8Array, count: number, length: number): BytesVector {
  const offsets = new Uint32Array(count + 1);
  for (let i = 1; i <= count; i++) offsets[i] = i * length;
  return { kind: 'BYTES', length: count, bytes, offsets, valid: undefined };
}

function plainBooleans(bytes: Uint8Array, count: number): FixedVector {
  expectBytes(bytes, Math.ceil(count / 8), count);
  const data = new Uint8Array(count);
  for (let i = 0; i < count; i++) data[i] = ((bytes[i >>> 3] ?? 0) >>> (i & 7)) & 1;
  return { kind: 'BOOLEAN', length: count, data, valid: undefined };
}

function plainBytes(source: Uint8Array, count: number): BytesVector {
  // Every value has its length before it, in four bytes.
  const total = source.length - 4 * count;
  if (total < 0) throw new Error(`a page has ${source.length} bytes for ${count} values with their lengths`);
  const bytes = new Uint8Array(total);
  const offsets = new Uint32Array(count + 1);
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const output = new DataView(bytes.buffer);
  let from = 0;
  let to = 0;
  for (let i = 1; i <= count; i++) {
    const length = view.getUint32(from, true);
    from += 4;
    // What is left after this length, less the lengths to come.
    if (length > total - to) throw new Error(`a value of ${length} bytes does not fit into its page`);
    const start = from;
    const end = to + length;
    from += length;
    if (length > SHORT || end + 4 > total || from + 4 > source.length) {
      bytes.set(source.subarray(start, from), to);
    } else {
      // In words of four bytes, three times as fast as bytes: the next value takes what is written past the end.
      for (let read = start; to < end; read += 4, to += 4) output.setInt32(to, view.getInt32(read, true), true);
    }
    to = end;
    offsets[i] = to;
  }
  expectBytes(source, from, count);
  return { kind: 'BYTES', length: count, bytes, offsets, valid: undefined };
}

/** Up to this many bytes a loop is faster than a view and a copy. */
const SHORT = 64;

/** Nanoseconds of the day in 8 bytes, then the Julian day in 4. */
function plainInt96(bytes: Uint8Array, count: number): ListVector {
  expectBytes(bytes, count * 12, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = Array.from(
    { length: count },
    (_, i) =>
      BigInt(view.getInt32(i * 12 + 8, true) - EPOCH_JULIAN_DAY) * NANOS_PER_DAY + view.getBigInt64(i * 12, true),
  );
  return { kind: 'LIST', length: count, values };
}

const EPOCH_JULIAN_DAY = 2_440_588;
const NANOS_PER_DAY = 86_400_000_000_000n;

function expectBytes(bytes: Uint8Array, expected: number, count: number): void {
  if (bytes.length !== expected)
    throw new Error(`a page has ${bytes.length} bytes for ${count} values, which take ${expected}`);
}
