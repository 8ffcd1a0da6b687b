import type { FixedVector } from './vector.ts';

/**
 * Values of 4 or 8 bytes as 32-bit words, the low one first: their bits, so that zeros of both signs and kinds of NaN
 * stay apart, and no 64-bit integer becomes an object.
 */
export interface Words {
  words: Int32Array;
  perValue: 1 | 2;
}

/** A view. Typed arrays hold the low byte first on every platform that is supported, as Parquet does. */
export function wordsOf({ data }: Exclude<FixedVector, { kind: 'BOOLEAN' }>): Words {
  const perValue = data.BYTES_PER_ELEMENT === 8 ? 2 : 1;
  return { words: new Int32Array(data.buffer, data.byteOffset, data.length * perValue), perValue };
}
