import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import type { DatedChangeFile } from './coverage.ts';
import { isAccountedFor } from './coverage.ts';
import type { ChangeFile, LoadFile, RawListing } from './raw-listing.ts';
import type { Progress } from './row.ts';

/** Change files that are not merged, nor part of a later full load, in the order in which they apply. */
export function pendingChanges(progress: Progress, listing: RawListing): ChangeFile[] {
  return listing.changeFiles.filter(
    (file) => !isAccountedFor(file, progress.coverage) && file.lastModified.getTime() >= progress.since,
  );
}

/**
 * Whether more change files are said to be merged than were: the mark has passed one that came when the row had no room for
 * the names of all that were as young. What it held is in no merge.
 * @param merged how many of all that are there are said to be
 */
export function hasPassed({ takenOver, changeFiles }: Progress, merged: number): boolean {
  return !takenOver && merged > changeFiles;
}

/** Whether a change file is merged in this generation, rather than part of its full load. */
export function isMerged(file: DatedChangeFile, { coverage, since }: Progress): boolean {
  return file.lastModified.getTime() >= since && isAccountedFor(file, coverage);
}

/** Load files that are not merged, nor left over from the load before. */
export function pendingLoads({ loadFiles, supersededLoadFiles }: Progress, listing: RawListing): LoadFile[] {
  return listing.loadFiles.filter(
    ({ name, eTag }) => loadFiles.get(name) !== eTag && supersededLoadFiles.get(name) !== eTag,
  );
}

/** Whether a file's name is older than that of a file that is merged. */
export function isLate(file: ChangeFile, { lastChangeFile }: Progress): boolean {
  const newest = lastChangeFile === undefined ? undefined : parseRawFile(lastChangeFile);
  return newest?.kind === 'change' && compareChangeFiles(file, newest) < 0;
}
