import type { BytesVector, FixedVector, FlatVector } from './vector.ts';
import { emptyFixed } from './vector.ts';
import { wordsOf } from './words.ts';

/**
 * The values in the rows that have one.
 * @param dense as many values as there are ones in `valid`
 * @param valid one byte a row, 0 where there is no value; the result's own
 */
export function spread(dense: FlatVector, valid: Uint8Array): FlatVector {
  switch (dense.kind) {
    case 'LIST': {
      let next = 0;
      const values = Array.from(valid, (isValue) => (isValue ? (dense.values[next++] ?? null) : null));
      return { kind: 'LIST', length: valid.length, values };
    }
    case 'BYTES':
      return spreadBytes(dense, valid);
    default:
      return spreadFixed(dense, valid);
  }
}

/** The same of indices into a dictionary; -1 where there is no value. */
export function spreadIndices(dense: Int32Array, valid: Uint8Array): Int32Array {
  const indices = new Int32Array(valid.length);
  let next = 0;
  for (let row = 0; row < valid.length; row++) indices[row] = valid[row] === 0 ? -1 : (dense[next++] ?? -1);
  return indices;
}

/** The bytes stay where they are: a row without value has none. */
function spreadBytes({ bytes, offsets: ends }: BytesVector, valid: Uint8Array): BytesVector {
  const { length } = valid;
  const offsets = new Uint32Array(length + 1);
  let next = 0;
  for (let row = 0; row < length; row++) {
    next += valid[row] ?? 0;
    offsets[row + 1] = ends[next] ?? 0;
  }
  return { kind: 'BYTES', length, bytes, offsets, valid };
}

function spreadFixed(dense: FixedVector, valid: Uint8Array): FixedVector {
  const { length } = valid;
  const spaced = emptyFixed(dense.kind, length);
  let next = 0;
  if (dense.kind === 'BOOLEAN' || spaced.kind === 'BOOLEAN') {
    for (let row = 0; row < length; row++) if (valid[row] !== 0) spaced.data[row] = dense.data[next++] as number;
    return { ...spaced, valid };
  }
  const { words: from, perValue } = wordsOf(dense);
  const { words: to } = wordsOf(spaced);
  for (let row = 0; row < length; row++) {
    if (valid[row] === 0) continue;
    if (perValue === 1) {
      to[row] = from[next++] as number;
    } else {
      to[row * 2] = from[next++] as number;
      to[row * 2 + 1] = from[next++] as number;
    }
  }
  return { ...spaced, valid };
}
