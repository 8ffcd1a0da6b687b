import { aboutTable } from '../command-text.ts';
import type { TableBlocked } from '../errors.ts';
import type { TableName } from '../dms/object-key.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import type { Ports } from '../ports/ports.ts';
import { pendingLoads } from './pending.ts';
import type { RawListing } from './raw-listing.ts';
import { listedFiles, rawPrefix } from './raw-listing.ts';
import { rereadRow, saveProgress } from './row-store.ts';
import type { Blocked, TableRow } from './row.ts';
import { settingsText } from './row.ts';

/**
 * Notes in a table's row what is in the way; once, as long as it is the same.
 * @param seen the row as it was read before the raw files were listed
 * @throws ObjectChanged if that file was replaced or removed since it was listed, TableItemChanged if it was skipped, the
 * settings were edited, another merge noted something else, or the row is gone: that merge knows more, or may have merged the
 * rest already, and nobody would be woken to take the note back.
 */
export async function blockTable(
  error: TableBlocked,
  seen: TableRow,
  name: TableName,
  listing: RawListing,
  { raw, tables, random, clock }: Pick<Ports, 'raw' | 'tables' | 'random' | 'clock'>,
): Promise<Blocked> {
  const { path } = seen;
  const row = await rereadRow(path, tables);
  const key = rawPrefix(path) + error.file;
  // After the row was read: who merges what replaces the file from now on changes the row, and this note is refused.
  const found = error.file === '' ? undefined : await raw.head(key);
  const listed = listedFiles(listing).find(({ name }) => name === error.file);
  if (listed && found?.eTag !== listed.eTag) throw new ObjectChanged(key, `version ${listed.eTag}`);
  const isSkipped = listed && row.progress.skipped.get(listed.name) === listed.eTag;
  if (isSkipped || settingsText(row.settings) !== settingsText(seen.settings)) throw new TableItemChanged(path);
  const blocked: Blocked = {
    file: error.file,
    eTag: found?.eTag ?? '',
    reason: error.message,
    next: aboutTable(error.next, `${name.schema}/${name.table}`),
    since: new Date(clock.now()).toISOString(),
    settings: settingsText(row.settings),
  };
  const before = row.progress.blocked;
  if (before?.reason === blocked.reason && before.eTag === blocked.eTag) return before;
  if (before && before.since !== seen.progress.blocked?.since) throw new TableItemChanged(path);
  const { partial } = row.progress;
  const isPartBad = partial?.file === blocked.file && partial.eTag === blocked.eTag;
  await saveProgress(row, { blocked, ...(isPartBad && { partial: { ...partial, isBad: true } }) }, tables, random);
  return blocked;
}

/** The same file and the same settings are the same obstacle: nothing to read again. */
export function isStillBlocked(
  { progress, settings }: TableRow,
  listing: RawListing,
  hints: { whole: boolean },
): boolean {
  const { blocked } = progress;
  if (!blocked || hints.whole || blocked.settings !== settingsText(settings)) return false;
  // A new full load may do away with it.
  if (pendingLoads(progress, listing).some(({ name }) => name !== blocked.file)) return false;
  if (blocked.file === '') return true;
  return listedFiles(listing).some(({ name, eTag }) => name === blocked.file && eTag === blocked.eTag);
}
