import { bytesText } from '../bytes-text.ts';
import { commandText, TABLE } from '../command-text.ts';
import { counted, countText } from '../count-text.ts';
import { TableBlocked } from '../errors.ts';
import { changesBegan, isLeftAsItWas, isMerged, pendingLoads } from './pending.ts';
import { versionsOf } from './raw-listing.ts';
import type { ChangeFile, LoadFile, RawListing } from './raw-listing.ts';
import { rebuild, rebuiltWith, replacedText } from './rebuild.ts';
import type { NewGeneration, Step } from './step.ts';
import type { Progress, TableRow } from './row.ts';
import { builtWithSettings, loadDate, newGeneration } from './row.ts';

/**
 * Pieces of a load are merged as they appear. A load file that appears after the first change file of its generation,
 * or under a known name with other content, belongs to a new full load; so does one of another sequence than those that were
 * merged and are all gone: DMS names files by segments once a table is loaded in parallel.
 */
export function decideLoad(row: TableRow, listing: RawListing): Step | undefined {
  const { progress } = row;
  const pending = pendingLoads(progress, listing);
  if (pending.length === 0) return undefined;
  requireRoom(progress, listing, pending);
  const { partial } = progress;
  const half = pending.find(({ name, eTag }) => partial?.file === name && partial.eTag !== eTag);
  const begun = half && beginsAnew(half, progress, listing) ? half : undefined;
  const replaced = pending.filter((file) => progress.loadFiles.has(file.name) || file === begun);
  const newer = pending.filter(
    (file) => file.lastModified.getTime() > (progress.loadedUntil ?? Infinity) && !isMended(file, progress, listing),
  );
  const gone = isGone(progress, listing) && pending.some((file) => !goesOn(file, progress));
  // What the hourly solution loaded is in the lake whole.
  const isComplete = progress.takenOver || changesBegan(progress);
  if (replaced.length === 0 && newer.length === 0 && !gone && !isComplete)
    return half ? rebuild(row, listing, replacedText(half.name)) : { kind: 'load', files: pending };
  if (!listing.whole) return { kind: 'list whole' };
  if (pending.every((file) => isCorrected(file, row, listing)))
    return rebuiltWith(row, listing, pending, `${pending[0]?.name ?? ''} was skipped, and is another now`);
  if (replaced[0] && isCopied(progress, listing)) throw copied(replaced[0], progress, listing);
  const ofHourly = progress.takenOver && !changesBegan(progress);
  const before = gone ? 'all load files before it were gone' : ofHourly ? 'the hourly solution' : 'change files';
  const reason = replaced[0]
    ? `${replaced[0].name} was loaded again`
    : `${(newer[0] ?? pending[0])?.name ?? ''} came after ${before}`;
  return newLoad(row, listing, reason);
}

/**
 * Whether another version of a load file of which a part is in the lake is a new full load's, rather than what mends it: unless
 * the rest of it was bad, or the first file of its load, which DMS writes before, is the one that was merged.
 */
export function beginsAnew(
  { name }: LoadFile,
  { partial, loadFiles, lastFullLoadDate }: Progress,
  listing: RawListing,
) {
  if (partial?.file === name && partial.isBad) return false;
  const first = firstOf(name, listing);
  if (!first) return counterOf(name) <= 1;
  // A new one may be the same byte for byte.
  return loadFiles.get(first.name) !== first.eTag || loadDate(first.lastModified) > lastFullLoadDate;
}

/**
 * Whether merged change files were written once more: DMS does not, whoever copies raw files does. Then a load file of
 * another version is no new full load either, and what was merged on top of it must not be taken for older.
 */
export function isCopied(progress: Progress, listing: RawListing): boolean {
  return copiedFiles(progress, listing).length > 0;
}

function copiedFiles(progress: Progress, { changeFiles }: RawListing): ChangeFile[] {
  const { lastChangeAt, takenOver } = progress;
  // When the hourly solution merged what is not known.
  if (lastChangeAt === undefined || takenOver) return [];
  return changeFiles.filter((file) => file.lastModified.getTime() > lastChangeAt && isMerged(file, progress));
}

function copied({ name }: LoadFile, progress: Progress, listing: RawListing): TableBlocked {
  const files = copiedFiles(progress, listing);
  return new TableBlocked(
    name,
    `${name} is another version than the one that was merged, and merged change files were written again (${countText(files.length)}, such as ${files[0]?.name ?? ''}): whether this is a new full load, or a copy of the raw files, cannot be told.`,
    {
      next: `If the raw files were copied, build the table anew from all of them: ${commandText('replay', TABLE, '--all')}. If DMS loaded the table again, remove the change files from before that.`,
    },
  );
}

/** Whether load files were merged and none of them is there any more, as DMS leaves it when it drops a table to load it again. */
function isGone({ loadFiles }: Progress, listing: RawListing): boolean {
  return loadFiles.size > 0 && !listing.loadFiles.some(({ name }) => loadFiles.has(name));
}

/** Whether a load file is counted after one that is merged: somebody may remove them as soon as they are. */
function goesOn({ name }: LoadFile, { loadFiles }: Progress): boolean {
  return [...loadFiles.keys()].some((merged) => isCountedBefore(merged, name));
}

/**
 * Whether a load file is put in the place of one that is skipped, rather than written by a new full load: the files before it
 * are as old as they were when changes were merged on top of them.
 */
export function isCorrected({ name, lastModified }: LoadFile, { progress }: TableRow, listing: RawListing): boolean {
  const { skipped, loadFiles } = progress;
  if (!skipped.has(name)) return false;
  const changedAt = newestChangeAt(progress, listing);
  return beginsNoLoad(
    name,
    listing,
    (before) =>
      loadFiles.get(before.name) === before.eTag &&
      before.lastModified < lastModified &&
      before.lastModified.getTime() <= changedAt,
  );
}

/** When the newest change file that is merged, or the first if it is half merged, was last modified, in ms since the epoch. */
function newestChangeAt({ lastChangeAt, partial }: Progress, { changeFiles }: RawListing): number {
  const begun = changeFiles.find(({ name }) => name === partial?.file);
  return lastChangeAt ?? begun?.lastModified.getTime() ?? -Infinity;
}

/**
 * Whether a load file that comes while its load is built anew was put in the place of a bad one: before a new load's file of
 * this counter comes its first.
 */
function isMended({ name }: LoadFile, { loadedUntil = -Infinity }: Progress, listing: RawListing): boolean {
  if (counterOf(name) <= 1) return false;
  const first = firstOf(name, listing);
  return !first || first.lastModified.getTime() <= loadedUntil;
}

/** The first file of a load that is there, if it is counted before this one. */
function firstOf(name: string, { loadFiles }: RawListing): LoadFile | undefined {
  return loadFiles.find((before) => isCountedBefore(before.name, name));
}

/** DMS counts the files of a load from 1: with a later one a new load begins only if those before it are new as well. */
function beginsNoLoad(name: string, listing: RawListing, isOld: (before: LoadFile) => boolean): boolean {
  if (counterOf(name) <= 1) return false;
  return listing.loadFiles.filter((before) => isCountedBefore(before.name, name)).every(isOld);
}

/** A new full load, of what is pending. The listing must be whole. */
export function newLoad(row: TableRow, listing: RawListing, reason: string): NewGeneration {
  const newer = pendingLoads(row.progress, listing).filter((file) => !isOfOldLoad(file, row.progress));
  // Nothing newer: the load that was being built anew begins once more.
  const progress = newer.length > 0 ? row.progress : { ...row.progress, loadedUntil: undefined };
  const waiting = newer.length > 0 ? newer : pendingLoads(progress, listing);
  const pending = waiting.filter((file) => !isLeftOver(file, waiting));
  // All that is there may be of the load before; then nothing is part of the new one.
  const since =
    pending.length > 0 ? Math.min(...pending.map(({ lastModified }) => lastModified.getTime())) : progress.since;
  const before = [
    ...superseded(progress, listing, pending),
    ...listing.skipped.filter(({ kind, lastModified }) => kind === 'load' && lastModified.getTime() < since),
  ];
  return {
    kind: 'new generation',
    reason: reason + supersededText(row.progress, listing, since),
    progress: {
      ...newGeneration(progress.generation + 1),
      since,
      supersededLoadFiles: versionsOf(before),
      supersededUntil: before.length > 0 ? Math.max(...before.map((file) => file.lastModified.getTime())) : undefined,
      skipped: skippedSince(since, listing),
      builtWith: builtWithSettings(row.settings),
    },
  };
}

/** What of the change files a new full load has in it already, be they merged or not: if it is none, they are lost. */
function supersededText(progress: Progress, { changeFiles }: RawListing, since: number): string {
  const times = changeFiles.map(({ lastModified }) => lastModified.getTime());
  const older = times.filter((time) => time >= progress.since && time < since).length;
  return older === 0 ? '' : `; ${counted(older, 'change file')} before it no longer counted`;
}

/** Whether a load file is of the load that was being built anew when a new one came. */
function isOfOldLoad({ lastModified }: LoadFile, { loadedUntil }: Progress): boolean {
  return loadedUntil !== undefined && lastModified.getTime() <= loadedUntil;
}

/** Skips of files that are still there, and of those that a load supersedes only if DMS should not have written them. */
function skippedSince(since: number, { skipped }: RawListing): Map<string, string> {
  const left = skipped.filter(({ kind, lastModified }) => kind === 'unsupported' || lastModified.getTime() >= since);
  return versionsOf(left);
}

/** DynamoDB keeps 400 KB an item: two loads' names and eTags, and the names of change files. */
const LOAD_FILES_MAX = 1_500;
const LOAD_BYTES_MAX = 180 * 1024;

function requireRoom(progress: Progress, listing: RawListing, pending: readonly LoadFile[]): void {
  const next = "Raise MaxFileSize in the DMS endpoint's settings and reload the table.";
  if (listing.loadFiles.length > LOAD_FILES_MAX)
    throw new TableBlocked(
      '',
      `The table has ${listing.loadFiles.length} load files; its row has room for ${LOAD_FILES_MAX}.`,
      { next },
    );
  const known = [...progress.loadFiles, ...progress.supersededLoadFiles, ...versionsOf(pending)];
  const bytes = known.reduce((sum, [name, eTag]) => sum + Buffer.byteLength(name) + eTag.length + OVERHEAD_BYTES, 0);
  if (bytes > LOAD_BYTES_MAX)
    throw new TableBlocked(
      '',
      `Names and eTags of the table's ${known.length} load files, those removed included, take ${bytesText(bytes)}; its row has room for ${bytesText(LOAD_BYTES_MAX)}.`,
      { next },
    );
}

/** Of an entry of a map (DynamoDB developer guide, "Item sizes and formats"). */
const OVERHEAD_BYTES = 1;

/**
 * Load files of the load before that are still there, since DMS has not yet written over them or writes fewer now. Those
 * older than a change that was merged on top of them were complete then, and DMS writes a load in the order of its
 * counter, so those older than a new piece that comes before them are left over too; others may be pieces of the new load.
 */
function superseded(progress: Progress, listing: RawListing, pieces: readonly LoadFile[]): LoadFile[] {
  const { loadFiles } = progress;
  const changedAt = newestChangeAt(progress, listing);
  return listing.loadFiles.filter(
    (file) =>
      isOfOldLoad(file, progress) ||
      isLeftAsItWas(file, progress) ||
      isLeftOver(file, pieces) ||
      (loadFiles.get(file.name) === file.eTag && file.lastModified.getTime() <= changedAt),
  );
}

/** Whether a load file is older than a new piece that comes before it. */
function isLeftOver({ name, lastModified }: LoadFile, pieces: readonly LoadFile[]): boolean {
  return pieces.some((piece) => isCountedBefore(piece.name, name) && piece.lastModified > lastModified);
}

/** Whether two load files are of one sequence (segment, folder), in this order. */
function isCountedBefore(a: string, b: string): boolean {
  return a.replace(COUNTER, '') === b.replace(COUNTER, '') && counterOf(a) < counterOf(b);
}

/** Hexadecimal. */
const COUNTER = /(?<=LOAD)[0-9A-F]+\.parquet$/i;

function counterOf(name: string): number {
  return parseInt(COUNTER.exec(name)?.[0] ?? '', 16);
}
