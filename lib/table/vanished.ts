import { isLate, isMerged, pendingChanges, pendingLoads } from './pending.ts';
import type { ChangeFile, RawListing } from './raw-listing.ts';
import { listedFiles } from './raw-listing.ts';
import type { Config } from '../config.ts';
import type { Progress, TableRow } from './row.ts';
import { isNotBegun, NEVER_LOADED } from './row.ts';

/**
 * Raw files that were to be merged when they were listed, and are there no more: a lifecycle rule or a TRUNCATE at the
 * source removed them. Merged files that go are no news.
 * @param now a listing of the whole table
 * @returns their names
 */
export function vanishedFiles({ progress }: TableRow, before: RawListing, now: RawListing): string[] {
  const present = new Set([...listedFiles(now), ...now.skipped].map(({ name }) => name));
  const waited = [...pendingLoads(progress, before), ...pendingChanges(progress, before)];
  return waited.map(({ name }) => name).filter((name) => !present.has(name));
}

/** Whether a listing holds any file that is, or was, the table's; a listing from a mark on does not say. */
export function hasRawFiles(listing: RawListing): boolean {
  return !listing.whole || listedFiles(listing).length + listing.skipped.length > 0;
}

/**
 * Whether a table that has no raw file left had some, and that is not settled: it is to be reported, or its lake emptied,
 * since the row says so (`OnTruncate`).
 */
export function isTruncated(row: TableRow, hasFiles: boolean, config: Config): boolean {
  const { progress } = row;
  if (hasFiles || !progress.builtWith || !hasMerged(progress)) return false;
  return !progress.rawGone || emptiesLake(row, config);
}

/** Whether a table that has no raw file left is to lose its lake: its row says so, and a person or the source removed them. */
export function emptiesLake({ settings }: TableRow, { rawFilesExpire }: Config): boolean {
  return settings.onTruncate === 'empty' && rawFilesExpire !== true;
}

/**
 * Whether nothing is left of the raw files that a table's lake was made from: there are none, or only change files that came
 * after they were removed. Those count only where the lake is to follow.
 */
export function isRawGone(row: TableRow, listing: RawListing, config: Config): boolean {
  return !hasRawFiles(listing) || (listing.whole && emptiesLake(row, config) && hasOnlyNewChanges(row, listing));
}

/** Whether all merged files may be gone below the mark from which a table was listed, where that would have its lake emptied. */
export function mayBeRefilled(row: TableRow, listing: RawListing, config: Config): boolean {
  return !listing.whole && emptiesLake(row, config) && hasOnlyNewChanges(row, listing);
}

/**
 * Whether a listing has change files, all of them newer than what is merged, and nothing else: as after a TRUNCATE of a table
 * that is filled again. What the table began with, or is built anew from, is not newer.
 */
function hasOnlyNewChanges({ progress }: TableRow, listing: RawListing): boolean {
  if (isNotBegun(progress)) return false;
  const { lastChangeAt = 0, partial, begunWith = Infinity } = progress;
  const newest = Math.max(progress.since, lastChangeAt, begunWith);
  const isNew = (file: ChangeFile): boolean =>
    file.name !== partial?.file &&
    !isMerged(file, progress) &&
    !isLate(file, progress) &&
    file.lastModified.getTime() > newest;
  const others = listing.loadFiles.length + listing.unsupported.length + listing.skipped.length;
  return others === 0 && listing.changeFiles.length > 0 && listing.changeFiles.every(isNew);
}

/** Whether a table of which all raw files were gone has some again, merged ones perhaps. */
export function isBack({ progress }: TableRow, hasFiles: boolean): boolean {
  return hasFiles && progress.rawGone !== undefined;
}

function hasMerged({ loadFiles, changeFiles, lastFullLoadDate, lastChangeFile, partial }: Progress): boolean {
  if (loadFiles.size > 0 || changeFiles > 0 || partial !== undefined) return true;
  return lastFullLoadDate !== NEVER_LOADED || lastChangeFile !== undefined;
}

/** What a person should know of a table without raw files; undefined if there is nothing to say. */
export function rawGoneNote({ rawGone }: Pick<Progress, 'rawGone'>): string | undefined {
  if (!rawGone) return undefined;
  const found = `All its raw files are gone, as was found ${rawGone.since}`;
  switch (rawGone.lake) {
    case 'kept':
      return `${found}; its lake is kept as it is. Set OnTruncate to 'empty' in its row if the lake is to follow.`;
    case 'emptying':
      return `${found}; its lake is being emptied, since OnTruncate is 'empty'.`;
    case 'emptied':
      return `${found}; its lake was emptied, since OnTruncate is 'empty'.`;
  }
}
