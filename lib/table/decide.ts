import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import { TableBlocked } from '../errors.ts';
import { isAccountedFor } from './coverage.ts';
import type { ChangeFile, LoadFile, RawListing } from './raw-listing.ts';
import type { Progress, TableRow } from './row.ts';
import { builtWithSettings, newGeneration, NEVER_LOADED, wasEdited } from './row.ts';

/** What is to be done for a table next. */
export type Step =
  | { kind: 'nothing' }
  | ListWhole
  | NewGeneration
  | { kind: 'load'; files: readonly LoadFile[] }
  | { kind: 'changes'; files: readonly ChangeFile[] }
  /** One change file whose name is older than what is merged; `later`: the files merged that come after it. */
  | { kind: 'late'; file: ChangeFile; later: readonly ChangeFile[] };

/** What was listed, from the row's mark on, is not enough to tell. */
export interface ListWhole {
  kind: 'list whole';
}

/** The lake is to be built anew: the progress from which that begins. */
export interface NewGeneration {
  kind: 'new generation';
  progress: Partial<Progress>;
  reason: string;
}

/**
 * Compares a row with the raw files that are there: load files first, then late change files, then the others in order.
 * No I/O; the same row and listing give the same step.
 * @throws TableBlocked if a person must decide.
 */
export function decide(row: TableRow, listing: RawListing): Step {
  const { progress } = row;
  const [odd] = listing.unsupported;
  if (odd) throw new TableBlocked(odd.name, odd.why, { next: odd.next });
  const load = decideLoad(row, listing);
  // A new full load needs nothing of what the lake was built from.
  if (wasEdited(row) && load?.kind !== 'new generation') return rebuild(row, listing, 'its keys were changed');
  if (load) return load;
  const pending = pendingChanges(progress, listing);
  const { partial } = progress;
  const begun = pending.find(({ name }) => name === partial?.file);
  const replaced = begun && begun.eTag !== partial?.eTag;
  if (replaced && row.settings.primaryKey.length === 0) {
    return rebuild(row, listing, `${begun.name} was replaced in mid-merge`);
  }
  const next = replaced ? pending[0] : (begun ?? pending[0]);
  if (!next) return { kind: 'nothing' };
  if (isLate(next, progress)) {
    // Date folders need not sort by time: a later file may be before the mark.
    if (!listing.whole) return { kind: 'list whole' };
    return { kind: 'late', file: next, later: laterFiles(next, row, listing) };
  }
  return { kind: 'changes', files: next === begun ? [begun] : pending };
}

/** Change files that are not merged, nor part of a later full load, in the order in which they apply. */
export function pendingChanges(progress: Progress, listing: RawListing): ChangeFile[] {
  return listing.changeFiles.filter(
    (file) => !isAccountedFor(file, progress.coverage) && file.lastModified.getTime() >= progress.since,
  );
}

/** Whether a change file is merged in this generation, rather than part of its full load. */
export function isMerged(file: ChangeFile, { coverage, since }: Progress): boolean {
  return file.lastModified.getTime() >= since && isAccountedFor(file, coverage);
}

/** Load files that are not merged, nor left over from the load before. */
export function pendingLoads({ loadFiles, supersededLoadFiles }: Progress, listing: RawListing): LoadFile[] {
  return listing.loadFiles.filter(
    ({ name, eTag }) => loadFiles.get(name) !== eTag && supersededLoadFiles.get(name) !== eTag,
  );
}

/**
 * Pieces of a load are merged as they appear. A load file that appears after the first change file of its generation,
 * or under a known name with other content, belongs to a new full load; so does one of another sequence than those that were
 * merged and are all gone: DMS names files by segments once a table is loaded in parallel.
 */
export function decideLoad(row: TableRow, listing: RawListing): Step | undefined {
  const { progress } = row;
  const pending = pendingLoads(progress, listing);
  if (pending.length === 0) return undefined;
  if (listing.loadFiles.length > LOAD_FILES_MAX) {
    throw new TableBlocked(
      '',
      `The table has ${listing.loadFiles.length} load files; its row has room for ${LOAD_FILES_MAX}.`,
      {
        next: "Raise MaxFileSize in the DMS endpoint's settings and reload the table.",
      },
    );
  }
  const { partial } = progress;
  const replaced = pending.filter(
    ({ name, eTag }) => progress.loadFiles.has(name) || (partial?.file === name && partial.eTag !== eTag),
  );
  const newer = pending.filter(({ lastModified }) => lastModified.getTime() > (progress.loadedUntil ?? Infinity));
  const gone = isGone(progress, listing) && pending.some((file) => !goesOn(file, progress));
  if (replaced.length === 0 && newer.length === 0 && !gone && !changesBegan(progress))
    return { kind: 'load', files: pending };
  if (!listing.whole) return { kind: 'list whole' };
  if (pending.every((file) => isCorrected(file, row, listing)))
    return rebuiltWith(row, listing, pending, `${pending[0]?.name ?? ''} was skipped, and is another now`);
  const reason = replaced[0]
    ? `${replaced[0].name} was loaded again`
    : `${(newer[0] ?? pending[0])?.name ?? ''} came after ${gone ? 'all load files before it were gone' : 'change files'}`;
  return newLoad(row, listing, reason);
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
 * Whether a load file is put in the place of one that is skipped, rather than written by a new full load: that begins with
 * the file before it, which is as old as it was when changes were merged on top of it.
 */
function isCorrected({ name, lastModified }: LoadFile, { progress }: TableRow, listing: RawListing): boolean {
  const { skipped, loadFiles, lastChangeAt } = progress;
  if (!skipped.has(name)) return false;
  return listing.loadFiles.some(
    (before) =>
      isCountedBefore(before.name, name) &&
      loadFiles.get(before.name) === before.eTag &&
      before.lastModified < lastModified &&
      before.lastModified.getTime() <= (lastChangeAt ?? -Infinity),
  );
}

/** Whether changes were applied to the generation's load, which was complete then. */
export function changesBegan({ adopted, changeFiles, lastChangeAt, partial }: Progress): boolean {
  // Change files that are to be merged again leave the time of the newest.
  if (adopted || changeFiles > 0 || lastChangeAt !== undefined) return true;
  return partial !== undefined && parseRawFile(partial.file).kind === 'change';
}

/** A new full load, of what is pending. The listing must be whole. */
export function newLoad(row: TableRow, listing: RawListing, reason: string): NewGeneration {
  const newer = pendingLoads(row.progress, listing).filter((file) => !isOfOldLoad(file, row.progress));
  // Nothing newer: the load that was being built anew begins once more.
  const progress = newer.length > 0 ? row.progress : { ...row.progress, loadedUntil: undefined };
  const pending = newer.length > 0 ? newer : pendingLoads(progress, listing);
  // Where a load file has vanished there may be none; then nothing is part of the load.
  const since =
    pending.length > 0 ? Math.min(...pending.map(({ lastModified }) => lastModified.getTime())) : progress.since;
  return {
    kind: 'new generation',
    reason,
    progress: {
      ...newGeneration(progress.generation + 1),
      since,
      supersededLoadFiles: new Map([
        ...superseded(progress, listing, pending),
        ...listing.skipped
          .filter((file) => file.kind === 'load' && file.lastModified.getTime() < since)
          .map(nameAndETag),
      ]),
      skipped: skippedSince(since, listing),
      builtWith: builtWithSettings(row.settings),
    },
  };
}

function nameAndETag({ name, eTag }: { name: string; eTag: string }): readonly [string, string] {
  return [name, eTag];
}

/** Whether a load file is of the load that was being built anew when a new one came. */
function isOfOldLoad({ lastModified }: LoadFile, { loadedUntil }: Progress): boolean {
  return loadedUntil !== undefined && lastModified.getTime() <= loadedUntil;
}

/** Skips of files that are still there, and of those that a load supersedes only if DMS should not have written them. */
function skippedSince(since: number, { skipped }: RawListing): Map<string, string> {
  const left = skipped.filter(({ kind, lastModified }) => kind === 'unsupported' || lastModified.getTime() >= since);
  return new Map(left.map(nameAndETag));
}

/** DynamoDB keeps 400 KB an item: two loads' names and eTags, and the names of change files. */
const LOAD_FILES_MAX = 1_500;

/**
 * Load files of the load before that are still there, since DMS has not yet written over them or writes fewer now. Those
 * older than a change that was merged on top of them were complete then, and DMS writes a load in the order of its
 * counter, so those older than a new piece that comes before them are left over too; others may be pieces of the new load.
 */
function superseded(progress: Progress, listing: RawListing, pieces: readonly LoadFile[]): Map<string, string> {
  const { loadFiles, supersededLoadFiles, lastChangeAt } = progress;
  const left = listing.loadFiles.filter(
    (file) =>
      isOfOldLoad(file, progress) ||
      supersededLoadFiles.get(file.name) === file.eTag ||
      (loadFiles.get(file.name) === file.eTag &&
        (file.lastModified.getTime() <= (lastChangeAt ?? -Infinity) ||
          pieces.some((piece) => isCountedBefore(piece.name, file.name) && piece.lastModified > file.lastModified))),
  );
  return new Map(left.map(nameAndETag));
}

/** Whether two load files are of one sequence (segment, folder), in this order. The counter is hexadecimal. */
function isCountedBefore(a: string, b: string): boolean {
  const counter = /(?<=LOAD)[0-9A-F]+\.parquet$/i;
  const count = (name: string): number => parseInt(counter.exec(name)?.[0] ?? '', 16);
  return a.replace(counter, '') === b.replace(counter, '') && count(a) < count(b);
}

/** @throws TableBlocked if raw files that the lake was built from are gone: what they held would be lost. */
export function rebuild(row: TableRow, listing: RawListing, why: string): NewGeneration | ListWhole {
  return listing.whole ? rebuiltFrom(row, listing, why) : { kind: 'list whole' };
}

/**
 * A new generation from all raw files that there are. The listing must be whole.
 * @throws TableBlocked if raw files that the lake was built from are gone: what they held would be lost.
 */
export function rebuiltFrom(row: TableRow, listing: RawListing, why: string): NewGeneration {
  const { progress } = row;
  if (progress.adopted) {
    throw new TableBlocked(
      '',
      `The table must be built anew, since ${why}, but its lake held it already when its first change file came: the raw files are not all of it.`,
      { next: 'Have DMS reload the table, or set PrimaryKey and PartitionKey back to what they were.' },
    );
  }
  // Old files go first: while its load is there, no change file after it has been cleaned away.
  if (progress.takenOver && listing.loadFiles.length === 0) {
    throw new TableBlocked(
      '',
      `The table must be built anew, since ${why}, but the hourly solution merged a part of it and no load file is there: the raw files may not be all of it.`,
      { next: 'Have DMS reload the table, or set PrimaryKey and PartitionKey back to what they were.' },
    );
  }
  const present = new Map(listing.loadFiles.map(nameAndETag));
  const gone = [...progress.loadFiles].filter(([name, eTag]) => present.get(name) !== eTag);
  const merged = listing.changeFiles.filter((file) => isMerged(file, progress)).length;
  // A load may be known of by its date alone: of one that is to be merged again, say.
  const allGone = progress.lastFullLoadDate !== NEVER_LOADED && listing.loadFiles.length === 0;
  if (gone.length > 0 || allGone || merged < progress.changeFiles) {
    const changesGone = Math.max(0, progress.changeFiles - merged);
    throw new TableBlocked(
      '',
      `The table must be built anew, since ${why}, but ${allGone ? 'all' : gone.length} load files and ${changesGone} change files are gone.`,
      {
        next: 'Restore them, or have DMS reload the table, or set PrimaryKey and PartitionKey back to what they were.',
      },
    );
  }
  // The load's own order of things is kept: what it superseded then it supersedes now.
  const { since, supersededLoadFiles } = progress;
  const loads = listing.loadFiles.filter(({ name, eTag }) => progress.loadFiles.get(name) === eTag);
  // Once changes were applied to the load it was complete, be it of no file: what comes while it is loaded again is a new one.
  const loadedUntil = changesBegan(progress)
    ? Math.max(0, ...loads.map(({ lastModified }) => lastModified.getTime()))
    : progress.loadedUntil;
  const builtWith = builtWithSettings(row.settings);
  return {
    kind: 'new generation',
    reason: why,
    progress: { ...newGeneration(progress.generation + 1), since, supersededLoadFiles, loadedUntil, builtWith },
  };
}

/**
 * A new generation from all raw files that there are, of which some load files were skipped till now: they are part of the
 * load, though changes were merged without them. The listing must be whole.
 * @throws TableBlocked if raw files that the lake was built from are gone, or not known.
 */
export function rebuiltWith(
  { settings, path, progress }: TableRow,
  listing: RawListing,
  files: readonly LoadFile[],
  why: string,
): NewGeneration {
  if (progress.takenOver) {
    throw new TableBlocked(
      '',
      `The table must be built anew, since ${why}, but which raw files the hourly solution merged is not known, so some may be gone.`,
      { next: 'Remove or skip the load file to do without it, or have DMS reload the table.' },
    );
  }
  const names = new Set(files.map(({ name }) => name));
  const others = listing.loadFiles.filter(({ name }) => !names.has(name));
  const loadFiles = new Map([...progress.loadFiles, ...files.map(nameAndETag)]);
  const skipped = new Map([...progress.skipped].filter(([name]) => !names.has(name)));
  const row: TableRow = { path, settings, progress: { ...progress, loadFiles } };
  const built = rebuiltFrom(row, { ...listing, loadFiles: [...others, ...files] }, why);
  return { ...built, progress: { ...built.progress, skipped } };
}

/** Whether a file's name is older than that of a file that is merged. */
export function isLate(file: ChangeFile, { lastChangeFile }: Progress): boolean {
  const newest = lastChangeFile === undefined ? undefined : parseRawFile(lastChangeFile);
  return newest?.kind === 'change' && compareChangeFiles(file, newest) < 0;
}

/**
 * The files merged already that come after a late one: what they say of a key stands.
 * @throws TableBlocked if one of them may be gone.
 */
function laterFiles(late: ChangeFile, { settings, progress }: TableRow, listing: RawListing): ChangeFile[] {
  const later = listing.changeFiles.filter((file) => compareChangeFiles(file, late) > 0 && isMerged(file, progress));
  if (settings.primaryKey.length === 0) return [];
  const listed = new Set(later.map(({ name }) => name));
  const missing = [...progress.coverage.names].filter((name) => {
    const file = parseRawFile(name);
    return file.kind === 'change' && compareChangeFiles(file, late) > 0 && !listed.has(name);
  });
  // Old files go first: where one older than the late file is still there, none after it has been cleaned away.
  const olderIsThere = listing.changeFiles.some((file) => compareChangeFiles(file, late) < 0);
  if (missing.length > 0 || (!olderIsThere && later.length < progress.changeFiles)) {
    throw new TableBlocked(
      late.name,
      `${late.name} came late, and change files that come after it are gone: which of its keys they changed cannot be told.`,
      { next: 'Do without its changes: tidemark skip, or remove the file; or have DMS reload the table.' },
    );
  }
  return later;
}
