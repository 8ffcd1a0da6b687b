import { compareChangeFiles } from '../dms/raw-file.ts';
import type { Ports } from '../ports/ports.ts';
import { compacted, NAMES_MAX } from './coverage.ts';
import { isLate, pendingChanges } from './pending.ts';
import type { RawListing } from './raw-listing.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';

/** Keeps the names in the row few: an item has room for some thousands, a table that begins may have more to merge. */
export async function raiseMark(
  row: StoredRow,
  listing: RawListing,
  listWhole: () => Promise<RawListing>,
  { tables, random }: Pick<Ports, 'tables' | 'random'>,
): Promise<StoredRow> {
  const { coverage } = row.progress;
  if (coverage.names.size <= NAMES_MAX) return row;
  const whole = listing.whole ? listing : await listWhole();
  const [first] = pendingChanges(row.progress, whole);
  // A file that came late is looked at before the mark passes it.
  if (first && isLate(first, row.progress)) return row;
  const done = whole.changeFiles.filter((file) => !first || compareChangeFiles(file, first) < 0);
  return saveProgress(row, { coverage: compacted(coverage, done, whole.listedAt) }, tables, random);
}
