import { compareChangeFiles } from '../dms/raw-file.ts';
import type { Ports } from '../ports/ports.ts';
import { compacted, isFull } from './coverage.ts';
import { isLate, pendingChanges } from './pending.ts';
import type { RawListing } from './raw-listing.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';

/**
 * Keeps the names in the row few: an item has room for some thousands, a table that begins may have more to merge.
 * @returns the row, and the newest listing of the raw files: what came meanwhile is not to become late
 */
export async function raiseMark(
  row: StoredRow,
  listing: RawListing,
  wholeListing: () => Promise<RawListing>,
  { tables, random }: Pick<Ports, 'tables' | 'random'>,
): Promise<{ row: StoredRow; listing: RawListing }> {
  const { coverage } = row.progress;
  if (!isFull(coverage)) return { row, listing };
  const whole = await wholeListing();
  const [first] = pendingChanges(row.progress, whole);
  // A file that came late is looked at before the mark passes it.
  if (first && isLate(first, row.progress)) return { row, listing: whole };
  const done = whole.changeFiles.filter((file) => !first || compareChangeFiles(file, first) < 0);
  const raised = { coverage: compacted(coverage, done, whole.listedAt) };
  return { row: await saveProgress(row, raised, tables, random), listing: whole };
}
