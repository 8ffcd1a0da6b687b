import type { ColumnType } from './column-type.ts';
import type { BytesVector, FlatVector } from './vector.ts';
import { wordsOf } from './words.ts';

/** Rows of the least and of the greatest value, in the order of the logical type; the first ones of several alike. */
export interface Extremes {
  min: number;
  max: number;
}

/**
 * @param valid rows that count, 1 each; undefined: all
 * @returns `'unordered'` if values have no order: NaN (some engines sort it above all numbers, some skip it: no bounds
 * are right for both), INT96 and what else no engine agrees on. undefined if no row counts.
 */
export function extremes(
  vector: FlatVector,
  valid: Uint8Array | undefined,
  type: ColumnType,
): Extremes | 'unordered' | undefined {
  const isSigned = type.logical.kind !== 'integer' || type.logical.signed;
  switch (vector.kind) {
    case 'LIST':
      return 'unordered';
    case 'BYTES':
      return type.logical.kind === 'decimal' ? ofDecimals(vector, valid) : ofBytes(vector, valid);
    case 'INT64': {
      const { words } = wordsOf(vector);
      return ofInt64(words, vector.length, valid, isSigned);
    }
    case 'INT32': {
      const { data } = vector;
      return ofNumbers(isSigned ? data : new Uint32Array(data.buffer, data.byteOffset, data.length), valid);
    }
    case 'BOOLEAN':
      return ofNumbers(Int32Array.from(vector.data), valid);
    default:
      return ofNumbers(vector.data, valid);
  }
}

type Numbers = Int32Array | Uint32Array | Float32Array | Float64Array;

function ofNumbers(data: Numbers, valid: Uint8Array | undefined): Extremes | 'unordered' | undefined {
  let min = -1;
  let max = -1;
  let least = 0;
  let greatest = 0;
  for (let row = 0; row < data.length; row++) {
    if (valid?.[row] === 0) continue;
    const value = data[row] as number;
    if (min < 0) {
      min = max = row;
      least = greatest = value;
    }
    if (value < least) {
      least = value;
      min = row;
    } else if (value > greatest) {
      greatest = value;
      max = row;
    } else if (Number.isNaN(value)) return 'unordered';
  }
  return found(min, max);
}

/** By their halves: reading 64 bits at once would make an object of each. */
function ofInt64(
  words: Int32Array,
  length: number,
  valid: Uint8Array | undefined,
  isSigned: boolean,
): Extremes | undefined {
  // Unsigned order is signed order with the highest bit turned over.
  const flip = isSigned ? 0 : -0x80000000;
  let min = -1;
  let max = -1;
  let leastHigh = 0;
  let leastLow = 0;
  let greatestHigh = 0;
  let greatestLow = 0;
  for (let row = 0; row < length; row++) {
    if (valid?.[row] === 0) continue;
    const high = (words[row * 2 + 1] as number) ^ flip;
    const low = (words[row * 2] as number) >>> 0;
    if (min < 0 || high < leastHigh || (high === leastHigh && low < leastLow)) {
      min = row;
      leastHigh = high;
      leastLow = low;
    }
    if (max < 0 || high > greatestHigh || (high === greatestHigh && low > greatestLow)) {
      max = row;
      greatestHigh = high;
      greatestLow = low;
    }
  }
  return found(min, max);
}

function ofBytes({ bytes, offsets, length }: BytesVector, valid: Uint8Array | undefined): Extremes | undefined {
  let min = -1;
  let max = -1;
  /** Bytes that the least and the greatest value have in common at their begin. */
  let common = 0;
  for (let row = 0; row < length; row++) {
    if (valid?.[row] === 0) continue;
    if (min < 0) {
      min = max = row;
      common = valueLength(offsets, row);
      continue;
    }
    const sameAsMax = sameBegin(bytes, offsets, row, max, 0);
    const toMax = compareFrom(bytes, offsets, row, max, sameAsMax);
    if (toMax > 0) max = row;
    else if (toMax < 0) {
      // What it has in common with the greatest value and that with the least, it has in common with the least.
      const sameAsMin = sameBegin(bytes, offsets, row, min, Math.min(common, sameAsMax));
      if (compareFrom(bytes, offsets, row, min, sameAsMin) >= 0) continue;
      min = row;
    } else continue;
    common = sameBegin(bytes, offsets, min, max, 0);
  }
  return found(min, max);
}

function ofDecimals(vector: BytesVector, valid: Uint8Array | undefined): Extremes | undefined {
  let min = -1;
  let max = -1;
  for (let row = 0; row < vector.length; row++) {
    if (valid?.[row] === 0) continue;
    if (min < 0) min = max = row;
    else if (compareDecimals(vector, row, max) > 0) max = row;
    else if (compareDecimals(vector, row, min) < 0) min = row;
  }
  return found(min, max);
}

function found(min: number, max: number): Extremes | undefined {
  return min < 0 ? undefined : { min, max };
}

function valueLength(offsets: Uint32Array, row: number): number {
  return (offsets[row + 1] as number) - (offsets[row] as number);
}

/** How many bytes two values have in common at their begin, of which the first `from` are known to be. */
function sameBegin(bytes: Uint8Array, offsets: Uint32Array, a: number, b: number, from: number): number {
  const startOfA = offsets[a] as number;
  const startOfB = offsets[b] as number;
  const end = Math.min((offsets[a + 1] as number) - startOfA, (offsets[b + 1] as number) - startOfB);
  let same = from;
  while (same < end && bytes[startOfA + same] === bytes[startOfB + same]) same++;
  return same;
}

/** Compares two values by their first byte that differs, or by their lengths. */
function compareFrom(bytes: Uint8Array, offsets: Uint32Array, a: number, b: number, same: number): number {
  const lengthA = valueLength(offsets, a);
  const lengthB = valueLength(offsets, b);
  if (same === lengthA || same === lengthB) return lengthA - lengthB;
  return (bytes[(offsets[a] as number) + same] as number) - (bytes[(offsets[b] as number) + same] as number);
}

/** Two's complement, the highest byte first, of any length. */
function compareDecimals({ bytes, offsets }: BytesVector, a: number, b: number): number {
  const endOfA = offsets[a + 1] as number;
  const endOfB = offsets[b + 1] as number;
  const lengthA = endOfA - (offsets[a] as number);
  const lengthB = endOfB - (offsets[b] as number);
  const signOfA = lengthA > 0 && (bytes[endOfA - lengthA] as number) >= 0x80 ? 0xff : 0;
  const signOfB = lengthB > 0 && (bytes[endOfB - lengthB] as number) >= 0x80 ? 0xff : 0;
  if (signOfA !== signOfB) return signOfB - signOfA;
  for (let left = Math.max(lengthA, lengthB); left > 0; left--) {
    const byteOfA = left > lengthA ? signOfA : (bytes[endOfA - left] as number);
    const byteOfB = left > lengthB ? signOfB : (bytes[endOfB - left] as number);
    if (byteOfA !== byteOfB) return byteOfA - byteOfB;
  }
  return 0;
}
