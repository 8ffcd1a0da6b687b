import xxhash from 'xxhash-wasm';
import type { BytesVector, FixedVector, Vector } from './vector.ts';

/** The hashes of the values of a vector, by row, as bloom filters take them. */
export interface Hashes {
  length: number;
  /** Two a row: the lower half of its hash, then the upper. */
  words: Uint32Array;
  /** 0 where there is no value, and no hash; undefined if every row has one. */
  valid: Uint8Array | undefined;
}

/**
 * xxHash64 of the values in PLAIN encoding (bytes without their length), which is what Parquet's bloom filters are of.
 * @returns undefined for values that are no use in bloom filters: equal floats may differ in their bytes (0 and −0),
 *   booleans are two, INT96 is a time of many encodings
 */
export function hashValues(vector: Vector): Hashes | undefined {
  switch (vector.kind) {
    case 'BYTES':
      return hashBytes(vector);
    case 'INT32':
    case 'INT64':
      return hashNumbers(vector);
    case 'DICTIONARY':
      return gathered(hashValues(vector.dictionary), vector.indices);
    default:
      return undefined;
  }
}

/** Loading the module takes a promise, once. */
const hasher = await xxhash();

function hashBytes({ length, bytes, offsets, valid }: BytesVector): Hashes {
  const hashes = new BigUint64Array(length);
  let start = offsets[0] ?? 0;
  for (let row = 0; row < length; row++) {
    const end = offsets[row + 1] ?? 0;
    if (valid?.[row] !== 0) hashes[row] = hasher.h64Raw(bytes.subarray(start, end));
    start = end;
  }
  return { length, words: new Uint32Array(hashes.buffer), valid };
}

function hashNumbers({ length, data, valid }: FixedVector): Hashes {
  const hashes = new BigUint64Array(length);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const width = data.BYTES_PER_ELEMENT;
  for (let row = 0; row < length; row++) {
    if (valid?.[row] !== 0) hashes[row] = hasher.h64Raw(bytes.subarray(row * width, (row + 1) * width));
  }
  return { length, words: new Uint32Array(hashes.buffer), valid };
}

/** The hashes of a dictionary's entries, by row. */
function gathered(entries: Hashes | undefined, indices: Int32Array): Hashes | undefined {
  if (!entries) return undefined;
  const { length } = indices;
  const words = new Uint32Array(2 * length);
  let valid: Uint8Array | undefined;
  for (let row = 0; row < length; row++) {
    const index = indices[row] ?? -1;
    if (index < 0) (valid ??= new Uint8Array(length).fill(1))[row] = 0;
    else {
      words[2 * row] = entries.words[2 * index] ?? 0;
      words[2 * row + 1] = entries.words[2 * index + 1] ?? 0;
    }
  }
  return { length, words, valid };
}
