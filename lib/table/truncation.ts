import type { CompactionSite } from './compact.ts';
import { emptyLake, withoutRows } from './empty-lake.ts';
import type { Meter } from './meter.ts';
import type { RawListing } from './raw-listing.ts';
import { listedFiles } from './raw-listing.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';
import { emptiesLake, isRawGone, isTruncated } from './vanished.ts';

/** A table of whose raw files none is left keeps its lake, and says so once, unless its row wants the lake emptied. */
export async function settleTruncation(
  row: StoredRow,
  listing: RawListing,
  site: CompactionSite,
  meter: Meter,
): Promise<StoredRow> {
  // Nothing that is skipped takes the place of what is in a lake that is to be emptied.
  const isHalfEmptied = row.progress.rawGone?.lake === 'emptying' && listing.whole;
  const { tables, random, clock, log, config } = site.ports;
  if (isHalfEmptied ? listedFiles(listing).length > 0 : !isRawGone(row, listing, config)) return row;
  let current = row;
  if (isTruncated(row, false, config)) {
    const since = row.progress.rawGone?.since ?? new Date(clock.now()).toISOString();
    const { onTruncate } = row.settings;
    log.warn('all raw files of a table are gone', { table: row.path, onTruncate });
    const next = emptiesLake(row, config) ? withoutRows(row, since) : { rawGone: { since, lake: 'kept' as const } };
    current = await saveProgress(row, next, tables, random);
  }
  if (current.progress.rawGone?.lake !== 'emptying') return current;
  return emptyLake(current, site, meter);
}
