import type { Limits } from '../config.ts';
import { ColumnNames } from '../merge/column-names.ts';
import { rowGroupsOf } from '../merge/load-units.ts';
import type { OpenRawFile } from '../merge/raw-slice.ts';
import { OP } from '../merge/row-batch.ts';
import type { Column } from '../parquet/column-type.ts';

/**
 * The end of a slice of a load file that becomes a lake file by itself: as large as that is to be, and of no more chunks
 * than its footer is to have. It follows from the file, the table's columns and the settings alone.
 * @param share of a lake file that is taken, since merges did not come to their end
 * @param lakeColumns of the table so far
 */
export function streamedUpTo(
  file: OpenRawFile,
  from: number,
  share: number,
  lakeColumns: readonly Column[],
  { targetFileBytes, rowsPerRowGroup }: Limits,
): number {
  let to = upToBytes(file, from, targetFileBytes * share);
  const names = lakeColumns.map(({ name }) => name);
  const own = new ColumnNames(names).named(file.footer.columns).map(({ name }) => name);
  const columns = new Set([...names, ...own, OP]).size;
  // One row group at least.
  const chunksMax = Math.max(columns, CHUNKS_PER_FILE * share);
  for (;;) {
    const parts = Math.ceil((rowGroupsOf({ file, from, to }, rowsPerRowGroup) * columns) / chunksMax);
    if (parts <= 1) return to;
    to = from + Math.ceil((to - from) / parts);
  }
}

/** The end of a slice of so many bytes, or of an even part of what is left, where a row group of the file ends. */
function upToBytes({ rows, footer }: OpenRawFile, from: number, targetBytes: number): number {
  let end = 0;
  const left: { end: number; bytes: number }[] = [];
  for (const { rows: inGroup, chunks } of footer.rowGroups) {
    end += inGroup;
    if (end > from) left.push({ end, bytes: chunks.reduce((sum, chunk) => sum + chunk.end - chunk.start, 0) });
  }
  const bytesLeft = left.reduce((sum, { bytes }) => sum + bytes, 0);
  const wanted = bytesLeft / Math.ceil(bytesLeft / targetBytes);
  let bytes = 0;
  return left.find((group) => (bytes += group.bytes) >= wanted)?.end ?? rows;
}

/**
 * A fifth of what is read (`footer-limits.ts`): values that take more memory than they seemed to make more row groups. The
 * footer then has some 10 MiB, and is remembered (`FooterCache`).
 */
const CHUNKS_PER_FILE = 100_000;
