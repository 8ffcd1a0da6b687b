import { TableBlocked } from '../errors.ts';
import { TooManyBytes } from '../parquet/chunk-rows.ts';
import type { Vector } from '../parquet/vector.ts';
import { rowBytes } from '../parquet/vector-bytes.ts';
import type { RawSlice } from './raw-slice.ts';
import { goOnWithout } from './remedies.ts';

/**
 * Counts the memory that the rows of a merge take while they are read: a few bytes of a file can stand for many, and what
 * its footer says of them need not be true.
 */
export class HeldBytes {
  /** So far. */
  bytes = 0;
  private readonly bytesMax: number;

  /**
   * @param valuesPerMerge the limit by which slices are chosen
   * @param rows of the merge
   */
  constructor(valuesPerMerge: number, rows: number) {
    this.bytesMax = Math.max(rows > 1 ? ROWS_BYTES_MIN : ROW_BYTES_MIN, HELD_BYTES_PER_VALUE * valuesPerMerge);
  }

  /** What may still be held. */
  get left(): number {
    return this.bytesMax - this.bytes;
  }

  /** @throws TooManyBytes */
  add(vector: Vector): void {
    this.bytes += rowBytes({ vector, start: 0, end: vector.length });
    if (this.left < 0) throw new TooManyBytes('the rows take more memory than one merge has');
  }
}

/**
 * What to take of slices that turned out to be too large together, so that the rest is left to the next merge.
 * @throws TableBlocked if it is a single row.
 */
export function smallerSlices(slices: readonly RawSlice[]): RawSlice[] {
  const [only] = slices;
  if (!only || slices.length > 1) return slices.slice(0, Math.ceil(slices.length / 2));
  const { file, from, to } = only;
  if (to - from > 1) return [{ file, from, to: from + Math.floor((to - from) / 2) }];
  throw new TableBlocked(file.name, `A row of ${file.name} takes more memory than one merge has.`, {
    next: `Limit the size of large objects in the settings of the DMS task (LobMaxSize) and reload the table, or ${goOnWithout(file.name)}.`,
  });
}

const ROWS_BYTES_MIN = 64 * 1024 * 1024;
/** A row with some large values is merged whatever the limit is. */
const ROW_BYTES_MIN = 128 * 1024 * 1024;
/** Half as much again as slices are chosen by. */
const HELD_BYTES_PER_VALUE = 96;
