import type { Limits } from '../config.ts';
import type { Hold } from '../lake/file-metadata.ts';
import type { OpenRawFile, RawObject, RawSlice } from '../merge/raw-slice.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import type { Column } from '../parquet/column-type.ts';
import { TableBlocked } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Progress } from './row.ts';
import { streamedUpTo } from './streamed-slice.ts';

/** What one merge takes. */
export interface ChosenSlices {
  slices: readonly RawSlice[];
  /** Whether it is one slice of a load file that becomes a lake file by itself and is never in memory as a whole. */
  streamed: boolean;
}

/**
 * What one merge takes of the files that wait: as many as fit into memory, in their order; of a larger file, a slice.
 * A load file larger than memory may be streamed: then the slice is as large as a lake file is to be.
 *
 * A slice that an earlier merge wrote to some partitions before it died must come with the same bounds again, or the
 * notes about it in the lake's footers would not tell what is there.
 * @param attempts merges before this one that did not come to an end; each halves what is taken
 * @param lake.isPartitioned whether the rows of a file go into several folders: then none is streamed
 * @param lake.columns of the table so far
 * @throws TableBlocked if the first file is not readable. A later one only ends what is taken.
 */
export async function chooseSlices(
  files: readonly RawObject[],
  { partial, attempts }: Pick<Progress, 'partial' | 'attempts'>,
  holds: readonly Hold[],
  limits: Limits,
  lake: { isPartitioned: boolean; columns: readonly Column[] },
  raw: ObjectStore,
): Promise<ChosenSlices> {
  const share = 1 / 2 ** attempts;
  const filesMax = Math.max(1, Math.floor(limits.filesPerMerge * share));
  const slices: RawSlice[] = [];
  let room = Math.max(share, SHARE_MIN);
  let nameBytes = 0;
  for (let i = 0; i < Math.min(files.length, filesMax); i += OPENED_AT_ONCE) {
    const together = files.slice(i, Math.min(i + OPENED_AT_ONCE, filesMax));
    for (const opened of await Promise.allSettled(together.map((file) => openRawFile(raw, file)))) {
      if (opened.status === 'rejected') {
        if (slices.length > 0 && opened.reason instanceof TableBlocked) return { slices, streamed: false };
        throw opened.reason;
      }
      const file = opened.value;
      nameBytes += Buffer.byteLength(file.name);
      if (slices.length > 0 && nameBytes > NAME_BYTES_MAX) return { slices, streamed: false };
      const from = partial?.file === file.name && partial.eTag === file.eTag ? partial.rows : 0;
      const held = holds.find((hold) => hold.file === file.name && hold.eTag === file.eTag && hold.from === from)?.to;
      const fitting = rowsWithin(file, from, room, limits);
      const isLarge = from + fitting < file.rows;
      // A large file begins a merge of its own.
      if (slices.length > 0 && isLarge) return { slices, streamed: false };
      const streamed = isLarge && !lake.isPartitioned && file.kind === 'load';
      const end = streamed ? streamedUpTo(file, from, share, lake.columns, limits) : from + fitting;
      const to = Math.min(file.rows, held ?? end);
      slices.push({ file, from, to });
      room -= shareOf(file, from, to, limits);
      if (isLarge || room <= 0) return { slices, streamed };
    }
  }
  return { slices, streamed: false };
}

/** The table's row has room for the names of what a merge commits. */
const NAME_BYTES_MAX = 48 * 1024;

/** How many rows from a row on, at least one, take no more than a share of a merge's memory. */
function rowsWithin(file: OpenRawFile, from: number, room: number, limits: Limits): number {
  let rows = 0;
  let left = room;
  for (const { inGroup, share } of rowsInGroups(file, from, file.rows, limits)) {
    const fitting = Math.min(inGroup, Math.floor(left / share));
    rows += fitting;
    left -= fitting * share;
    if (fitting < inGroup) break;
  }
  return Math.max(1, rows);
}

/** What rows [from, to) take of a merge's memory, as a share. */
function shareOf(file: OpenRawFile, from: number, to: number, limits: Limits): number {
  let sum = 0;
  for (const { inGroup, share } of rowsInGroups(file, from, to, limits)) sum += inGroup * share;
  return sum;
}

/**
 * How many of rows [from, to) are in each row group, and what one of them takes of a merge's memory, as a share: by the
 * number of its values, or by their bytes.
 */
function* rowsInGroups({ footer }: OpenRawFile, from: number, to: number, { valuesPerMerge }: Limits) {
  let start = 0;
  for (const { rows, chunks } of footer.rowGroups) {
    const inGroup = Math.min(to, start + rows) - Math.max(from, start);
    start += rows;
    if (inGroup <= 0) continue;
    const bytes = chunks.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
    yield { inGroup, share: Math.max(footer.columns.length, bytes / rows / BYTES_PER_VALUE) / valuesPerMerge };
  }
}

/** Files not yet begun come after the one of which rows are merged already. */
export function begunFirst<T extends RawObject>(files: readonly T[], { partial }: Pick<Progress, 'partial'>): T[] {
  const begun = files.filter(({ name }) => name === partial?.file);
  return [...begun, ...files.filter(({ name }) => name !== partial?.file)];
}

const OPENED_AT_ONCE = 16;
/** Of what a merge takes otherwise: enough for progress, however often merges did not come to their end. */
const SHARE_MIN = 1 / 1024;
/** Values larger than this count as several. */
const BYTES_PER_VALUE = 64;
