import { mapConcurrently } from '../concurrency.ts';
import { TableBlocked } from '../errors.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { PlannedReplay } from './replay.ts';

export interface ReplaySize {
  loadFiles: number;
  changeFiles: number;
  bytes: number;
  /** Of all files whose footer can be read; absent if they are too many to look. */
  rows?: number;
  /** Files whose footer cannot be read. */
  unreadable: number;
}

/** How much a replay merges; footers are read to count rows. */
export async function sizeOfReplay({ loadFiles, changeFiles }: PlannedReplay, raw: ObjectStore): Promise<ReplaySize> {
  const files = [...loadFiles, ...changeFiles];
  const size = {
    loadFiles: loadFiles.length,
    changeFiles: changeFiles.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    unreadable: 0,
  };
  if (files.length > FILES_COUNTED_MAX) return size;
  const rows = await mapConcurrently(files, READS_AT_ONCE, async (file) => {
    try {
      return (await openRawFile(raw, file)).rows;
    } catch (error) {
      // Bad, or gone meanwhile: merging will tell.
      if (error instanceof TableBlocked || error instanceof ObjectChanged) return undefined;
      throw error;
    }
  });
  return {
    ...size,
    rows: rows.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    unreadable: rows.filter((count) => count === undefined).length,
  };
}

const FILES_COUNTED_MAX = 2_000;
const READS_AT_ONCE = 16;
