import type { Ports } from '../ports/ports.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { Deadline } from './deadline.ts';
import type { LakeFiles } from './lake-table.ts';
import type { Progress } from './row.ts';

/**
 * Removes lake files that have had no rows for a day. Not earlier: while a slow merge may still want to write one,
 * its absence would let it (absence, too, can come back). The last file stays: it tells readers the table's columns.
 * @returns whether some are to be removed later
 */
export async function removeOldEmptyFiles(
  { current, stale }: LakeFiles,
  deadline: Deadline,
  { lake, clock }: Pick<Ports, 'lake' | 'clock'>,
): Promise<boolean> {
  let isAnyLeft = false;
  const oldestFirst = [...stale].sort((a, b) => a.generation - b.generation);
  for (const file of [...oldestFirst, ...current].slice(0, -1)) {
    if (file.rows > 0) continue;
    if (deadline.isWithin(0)) return true;
    if (clock.now() - file.lastModified.getTime() < DAY_MS) {
      isAnyLeft = true;
      continue;
    }
    try {
      await lake.delete(file.key, file.eTag);
    } catch (error) {
      // Written again in this very merge.
      if (!(error instanceof ObjectChanged)) throw error;
      isAnyLeft = true;
    }
  }
  return isAnyLeft;
}

/** Whether a table has files of earlier loads, or files without rows. */
export function hasOldFiles({ current, stale }: LakeFiles): boolean {
  return stale.length > 0 || current.some(({ rows }) => rows === 0);
}

/**
 * When the sweep has a table looked at again for files that are to be removed, should no merge do so. Where the table has
 * other partition columns now, old ones are in the way of engines that go by the names of folders.
 * @param isAnyLeft whether there are such files
 * @param now in ms since the epoch
 */
export function cleanUpDue(isAnyLeft: boolean, now: number): Pick<Progress, 'cleanUpAt'> {
  return { cleanUpAt: isAnyLeft ? now + DAY_MS : undefined };
}

export function isCleanUpDue({ cleanUpAt }: Progress, now: number): boolean {
  return cleanUpAt !== undefined && cleanUpAt <= now;
}

const DAY_MS = 24 * 60 * 60 * 1000;
