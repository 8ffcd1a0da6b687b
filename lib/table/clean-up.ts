import type { Ports } from '../ports/ports.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { Deadline } from './deadline.ts';
import type { LakeFiles } from './lake-table.ts';

/**
 * Removes lake files that have had no rows for a day. Not earlier: while a slow merge may still want to write one,
 * its absence would let it (absence, too, can come back). The last file stays: it tells readers the table's columns.
 */
export async function removeOldEmptyFiles(
  { current, stale }: LakeFiles,
  deadline: Deadline,
  { lake, clock }: Pick<Ports, 'lake' | 'clock'>,
): Promise<void> {
  for (const file of [...current.slice(0, -1), ...stale]) {
    if (file.rows > 0 || clock.now() - file.lastModified.getTime() < DAY_MS) continue;
    if (deadline.isWithin(0)) return;
    try {
      await lake.delete(file.key, file.eTag);
    } catch (error) {
      // Written again in this very merge.
      if (!(error instanceof ObjectChanged)) throw error;
    }
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;
