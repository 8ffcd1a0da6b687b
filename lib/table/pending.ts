import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import type { DatedChangeFile } from './coverage.ts';
import { isAccountedFor } from './coverage.ts';
import type { ChangeFile, LoadFile, RawListing } from './raw-listing.ts';
import type { Progress } from './row.ts';
import { loadDate } from './row.ts';

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
export function pendingLoads(progress: Progress, { loadFiles }: RawListing): LoadFile[] {
  const pending = loadFiles.filter((file) => isPendingLoad(file, progress));
  // Whoever copies the files that are merged copies those that are left over, too.
  const areCopied = loadFiles.some((file) => isCopiedLoad(file, progress));
  return areCopied ? pending.filter((file) => !isVersionSuperseded(file, progress)) : pending;
}

/** Whether a merged load file was written once more: DMS would not while its load goes on. */
function isCopiedLoad({ name, eTag, lastModified }: LoadFile, { loadFiles, lastFullLoadDate }: Progress): boolean {
  return loadFiles.get(name) === eTag && loadDate(lastModified) > lastFullLoadDate;
}

export function isPendingLoad(file: DatedLoadFile, progress: Progress): boolean {
  return progress.loadFiles.get(file.name) !== file.eTag && !isSuperseded(file, progress);
}

/**
 * Whether a load file is left over from the load before. While the new load is not complete DMS may write it once more, and
 * where its rows are the same it is the same byte for byte; later that would be a copy.
 */
export function isSuperseded(file: DatedLoadFile, progress: Progress): boolean {
  if (progress.loadFiles.get(file.name) === file.eTag) return false;
  const isComplete = changesBegan(progress) || progress.loadedUntil !== undefined;
  // In the place of one that was skipped a good one may come at any time.
  return isComplete && !progress.skipped.has(file.name)
    ? isVersionSuperseded(file, progress)
    : isLeftAsItWas(file, progress);
}

/** Whether it is one that a new load superseded, and was not written since. */
export function isLeftAsItWas(file: DatedLoadFile, progress: Progress): boolean {
  const { supersededUntil = Infinity } = progress;
  return isVersionSuperseded(file, progress) && file.lastModified.getTime() <= supersededUntil;
}

function isVersionSuperseded({ name, eTag }: DatedLoadFile, { supersededLoadFiles }: Progress): boolean {
  return supersededLoadFiles.get(name) === eTag;
}

type DatedLoadFile = Pick<LoadFile, 'name' | 'eTag' | 'lastModified'>;

/** Whether a file's name is older than that of a file that is merged. */
export function isLate(file: ChangeFile, { lastChangeFile }: Progress): boolean {
  const newest = lastChangeFile === undefined ? undefined : parseRawFile(lastChangeFile);
  return newest?.kind === 'change' && compareChangeFiles(file, newest) < 0;
}

/** Whether changes were applied to the generation's load, which was complete then. */
export function changesBegan({ adopted, changeFiles, lastChangeAt, partial }: Progress): boolean {
  // Change files that are to be merged again leave the time of the newest.
  if (adopted || changeFiles > 0 || lastChangeAt !== undefined) return true;
  return partial !== undefined && parseRawFile(partial.file).kind === 'change';
}
