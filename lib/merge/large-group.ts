import type { RowRange } from '../parquet/chunk-rows.ts';
import type { RowGroup } from '../parquet/footer.ts';
import { uncompressedBytes } from './group-size.ts';

/** Whether a row group is too large to be decoded as a whole: it is read in slices of rows. */
export function isLarge(group: RowGroup): boolean {
  return uncompressedBytes(group) > 2 * SLICE_BYTES || group.rows * group.chunks.length > SLICE_VALUES;
}

/**
 * Slices of rows of a row group that pass through memory, of about the same size; a single one unless it is large.
 * @param range rows of it that are wanted
 * @param valuesMax of a slice
 */
export function rowSlices(
  group: RowGroup,
  { from, to }: RowRange = { from: 0, to: group.rows },
  valuesMax = SLICE_VALUES,
): RowRange[] {
  const values = group.rows * group.chunks.length;
  const ofWhole = Math.max(uncompressedBytes(group) / SLICE_BYTES, values / valuesMax);
  const rows = to - from;
  const count = Math.min(isLarge(group) ? Math.ceil((ofWhole * rows) / group.rows) : 1, rows);
  return Array.from({ length: count }, (_, i) => ({
    from: from + Math.floor((rows * i) / count),
    to: from + Math.floor((rows * (i + 1)) / count),
  }));
}

/** Before compression. */
export const SLICE_BYTES = 16 * 1024 * 1024;
/** Nulls and what recurs take few bytes, and memory nevertheless. */
export const SLICE_VALUES = 1 << 21;
