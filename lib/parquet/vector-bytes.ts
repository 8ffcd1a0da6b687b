import type { FlatVector, Vector } from './vector.ts';
import type { Segment } from './vector-rows.ts';

/** The memory that these rows take by themselves, in bytes: a value of a dictionary once for each row that has it. */
export function rowBytes({ vector, start, end }: Segment): number {
  const rows = end - start;
  switch (vector.kind) {
    case 'DICTIONARY':
      return rows * vector.indices.BYTES_PER_ELEMENT + referredBytes(vector, start, end);
    case 'BYTES':
      return rows * PLACE_BYTES + (vector.offsets[end] as number) - (vector.offsets[start] as number);
    case 'LIST':
      return rows * LIST_VALUE_BYTES;
    default:
      return rows * (vector.data.BYTES_PER_ELEMENT + 1);
  }
}

/** The memory that a whole vector takes. */
export function flatBytes(vector: FlatVector): number {
  return rowBytes({ vector, start: 0, end: vector.length });
}

function referredBytes(vector: Extract<Vector, { kind: 'DICTIONARY' }>, start: number, end: number): number {
  const { dictionary, indices } = vector;
  if (dictionary.length === 0) return 0;
  if (dictionary.kind !== 'BYTES') return ((end - start) * flatBytes(dictionary)) / dictionary.length;
  const { offsets } = dictionary;
  let total = 0;
  for (let row = start; row < end; row++) {
    const index = indices[row] as number;
    if (index >= 0) total += (offsets[index + 1] as number) - (offsets[index] as number);
  }
  return total;
}

/** The offset of a value, and whether there is one. */
const PLACE_BYTES = 5;
/** A bigint and the reference to it, about. */
const LIST_VALUE_BYTES = 32;
