import { TableBlocked } from '../errors.ts';
import type { Vector } from '../parquet/vector.ts';
import type { RawSlice } from './raw-slice.ts';

/**
 * Counts the memory that the rows of a merge take while they are read: a few bytes of a file can stand for many.
 */
export class HeldBytes {
  private held = 0;

  constructor(private readonly slices: readonly RawSlice[]) {}

  /**
   * @throws TableBlocked if it is too much: naming a file in the middle, so that those before it are merged by
   * themselves, or the only one.
   */
  add(vector: Vector): void {
    this.held += bytesOf(vector);
    if (this.held <= HELD_BYTES_MAX) return;
    const name = this.slices[Math.ceil((this.slices.length - 1) / 2)]?.file.name ?? '';
    throw new TableBlocked(name, `The values of ${name} take more memory than ${HELD_BYTES_MAX} bytes.`, {
      next: "Set RowGroupLength in the DMS endpoint's settings lower and reload the table, or do without the file's changes: tidemark skip, or remove it.",
    });
  }
}

const HELD_BYTES_MAX = 384 * 1024 * 1024;

/** With what a view keeps from being freed. */
function bytesOf(vector: Vector): number {
  switch (vector.kind) {
    case 'DICTIONARY':
      return vector.indices.buffer.byteLength + bytesOf(vector.dictionary);
    case 'LIST':
      return vector.length * LIST_VALUE_BYTES;
    case 'BYTES':
      return vector.bytes.byteLength + vector.offsets.buffer.byteLength + (vector.valid?.buffer.byteLength ?? 0);
    default:
      return vector.data.buffer.byteLength + (vector.valid?.buffer.byteLength ?? 0);
  }
}

/** A bigint and the reference to it, about. */
const LIST_VALUE_BYTES = 32;
