import type { FlatKeyForm, KeyForm } from './key-form.ts';

/** The 32-bit hash of a row's key: the same for equal keys, whether their values stand in a dictionary or not. */
export function rowHash(columns: readonly KeyForm[]): (row: number) => number {
  const parts = columns.map(columnHash);
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return (row) => {
    let hash = 0;
    for (const part of parts) hash = mix((Math.imul(hash, 31) + part(row)) | 0);
    return hash;
  };
}

function columnHash(column: KeyForm): (row: number) => number {
  if (column.kind === 'DICTIONARY') {
    const { indices } = column;
    const hashOfEntry = flatHash(column.dictionary);
    return (row) => {
      const index = indices[row] as number;
      return index < 0 ? NULL_HASH : hashOfEntry(index);
    };
  }
  const { valid } = column;
  const hashOf = flatHash(column);
  return valid ? (row) => (valid[row] === 0 ? NULL_HASH : hashOf(row)) : hashOf;
}

function flatHash(column: FlatKeyForm): (row: number) => number {
  switch (column.kind) {
    case 'INT32': {
      const { data } = column;
      return (row) => mix(data[row] as number);
    }
    case 'INT64': {
      const words = halves(column.data);
      return (row) => mix((words[2 * row] as number) ^ Math.imul(words[2 * row + 1] as number, 0x9e3779b1));
    }
    case 'BYTES': {
      const { bytes, offsets } = column;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return (row) => hashOfBytes(view, offsets[row] as number, offsets[row + 1] as number);
    }
  }
}

/** 64-bit integers as pairs of 32 bits, the lower first (all machines that run Node are little-endian), without copying. */
export function halves({ buffer, byteOffset, length }: BigInt64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, 2 * length);
}

const NULL_HASH = 0x6e756c6c;

function hashOfBytes(view: DataView, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  return mix(hash);
}

/** The last step of MurmurHash3: numbers that are near to each other end far apart. */
function mix(bits: number): number {
  let hash = bits ^ (bits >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
