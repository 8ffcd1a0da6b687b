import { commandText, TABLE } from '../command-text.ts';
import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import { nearestNames } from '../nearest.ts';
import type { Coverage, DatedChangeFile } from './coverage.ts';
import { isAccountedFor, NAMES_MAX } from './coverage.ts';
import { rebuiltFrom, rebuiltWith } from './rebuild.ts';
import { isCorrected } from './full-load.ts';
import { changesBegan, isLate, isMerged, isPendingLoad, pendingChanges, pendingLoads } from './pending.ts';
import type { EditPorts } from './edit-row.ts';
import { editRow } from './edit-row.ts';
import { listedFiles, versionsOf } from './raw-listing.ts';
import type { LoadFile, RawListing } from './raw-listing.ts';
import { orRefused, Refused } from './refused.ts';
import type { Progress, TableRow } from './row.ts';

export interface PlannedSkip {
  /** Undefined if there is nothing to do, or not yet. */
  progress: Partial<Progress> | undefined;
  /**
   * `under way`: a merge or a replay that is not at its end may have written rows of the file; once it is, the file can be skipped,
   * or is merged.
   */
  outcome: 'skipped' | 'taken back' | 'no change' | 'under way';
  /**
   * Whether the table is built anew, since a part of the file was merged, or all of it before a replay; or since a load file
   * counts again of which changes were merged already.
   */
  isRebuilt: boolean;
}

/**
 * Has one version of a raw file count for nothing, or (`undo`) count again: one conditional update of the row; the caller
 * wakes the table. What is put at its key later is another version, and is looked at.
 * @param file name relative to the table's folder
 * @throws Refused
 */
export function skipFile(
  path: string,
  file: string,
  { undo }: { undo: boolean },
  ports: EditPorts,
): Promise<PlannedSkip> {
  return editRow(path, (row, listing) => (undo ? planUndo(row, listing, file) : planSkip(row, listing, file)), ports);
}

/** Files that a row has room for, beside all else that it holds. */
export const SKIPPED_MAX = 200;

/**
 * No I/O.
 * @param listing of the whole table
 * @throws Refused if the file is not there, or merged, or there are too many.
 */
export function planSkip(row: TableRow, listing: RawListing, name: string): PlannedSkip {
  const { progress } = row;
  if (listing.skipped.some((file) => file.name === name)) return nothing('no change');
  const file = mergeableFile(row, listing, name);
  // Of those that are gone or replaced the row need not know, but that a load file was skipped tells it from a new load's.
  const mended = [...progress.skipped].filter(([other]) => listing.loadFiles.some((load) => load.name === other));
  const skipped = new Map([...mended, ...versionsOf([...listing.skipped, file])]);
  if (skipped.size > SKIPPED_MAX)
    throw new Refused(
      `${listing.skipped.length} files of the table are skipped; its row has room for ${SKIPPED_MAX}.`,
      'Remove skipped files from the raw folder, or have DMS reload the table.',
    );
  const isInTheWay = progress.blocked?.file === name;
  const wasMerged = file.kind === 'change' && isSetBack(name, progress.replay);
  // A late one may be in the way, though it is good: rows of it may be written.
  const isBegun = file.kind === 'change' && isLate(file, progress) && progress.attempts > 0;
  if (progress.partial?.file === name || (isInTheWay && (wasMerged || isBegun))) {
    const rebuilt = withoutPart({ ...row, progress: { ...progress, skipped } }, listing, name);
    return { progress: { ...rebuilt, skipped, blocked: undefined }, outcome: 'skipped', isRebuilt: true };
  }
  // A bad file is never written; any other may be in the lake by now.
  if (wasMerged || (!isInTheWay && (progress.intent.length > 0 || progress.attempts > 0))) return nothing('under way');
  const blocked = isInTheWay ? undefined : progress.blocked;
  const { replay } = progress;
  // The lake has what it had before it was to be built anew.
  const isUntouched = progress.loadFiles.size === 0 && progress.changeFiles === 0;
  if (replay && replay.until === undefined && isUntouched) requireOther(progress, listingWithout(name, listing), name);
  // A replay that waited for it does no more.
  const lessReplay = replay && file.kind === 'change' && { ...replay, changeFiles: replay.changeFiles - 1 };
  const next = { skipped, blocked, ...(lessReplay && { replay: lessReplay }) };
  return { progress: next, outcome: 'skipped', isRebuilt: false };
}

/** Whether a replay that is not at its end may have taken the file out of what the row says is merged. */
function isSetBack(name: string, replay: Progress['replay']): boolean {
  const [file, until] = [parseRawFile(name), parseRawFile(replay?.until ?? '')];
  return file.kind === 'change' && until.kind === 'change' && compareChangeFiles(file, until) <= 0;
}

function nothing(outcome: 'no change' | 'under way'): PlannedSkip {
  return { progress: undefined, outcome, isRebuilt: false };
}

function mergeableFile({ progress }: TableRow, listing: RawListing, name: string) {
  const load = listing.loadFiles.find((file) => file.name === name);
  if (load && isPendingLoad(load, progress)) return load;
  const change = listing.changeFiles.find((file) => file.name === name);
  if (change && change.lastModified.getTime() >= progress.since && !isMerged(change, progress)) return change;
  const unsupported = listing.unsupported.find((file) => file.name === name);
  if (unsupported) return { ...unsupported, kind: 'unsupported' as const };
  if (load && progress.loadFiles.get(name) === load.eTag)
    throw new Refused(
      `${name} is merged already.`,
      'To undo it, have DMS reload the table. Another file in its place would be taken for a new full load: all change files before it would count no more.',
    );
  if (change && isMerged(change, progress))
    throw new Refused(
      `${name} is merged already.`,
      `To undo it, put a corrected file in its place, then build the table anew: ${commandText('replay', TABLE, '--all')}; or have DMS reload the table.`,
    );
  if (load ?? change) throw new Refused(`${name} is of an earlier full load.`, 'It counts for nothing as it is.');
  throw new Refused(`There is no file ${name} in the table's raw folder.`, otherName(name, listing));
}

/** What someone may have meant who named a file that is not there: its path, or a name that is near. */
function otherName(name: string, listing: RawListing): string {
  const names = [...listedFiles(listing), ...listing.skipped].map((file) => file.name);
  const meant = names.find((other) => name.endsWith(`/${other}`)) ?? nearestNames(name, names)[0];
  if (meant !== undefined) return `Did you mean ${commandText('skip', TABLE, meant)}?`;
  return `Give its name relative to the table's folder. Which file is in the way: ${commandText('plan', TABLE)}`;
}

/** @returns the progress from which the table is built anew without the file */
function withoutPart(row: TableRow, listing: RawListing, name: string): Partial<Progress> {
  if (row.progress.takenOver)
    throw new Refused(
      `Rows of ${name} may be in the lake, and the table cannot be built anew without it: which raw files the hourly solution merged is not known.`,
      'Remove the file to do without the rest of it, or have DMS reload the table.',
    );
  const left = listingWithout(name, listing);
  const next = 'Remove the file to do without the rest of it, or have DMS reload the table.';
  const build = () => rebuiltFrom(row, left, `${name} is skipped, of which rows may be in the lake`);
  const { progress } = orRefused(build, next);
  requireOther({ ...row.progress, ...progress }, left, name);
  return progress;
}

function listingWithout(name: string, listing: RawListing): RawListing {
  return {
    ...listing,
    changeFiles: listing.changeFiles.filter((file) => file.name !== name),
    loadFiles: listing.loadFiles.filter((file) => file.name !== name),
  };
}

/** What is merged first in a generation takes the place of what is in the lake. */
function requireOther(progress: Progress, left: RawListing, name: string): void {
  if (pendingLoads(progress, left).length > 0 || pendingChanges(progress, left).length > 0) return;
  throw new Refused(
    `Rows of ${name} may be in the lake, and there is no other file from which the table could be built anew without them.`,
    'Put a good copy in its place, or have DMS reload the table.',
  );
}

/**
 * No I/O.
 * @param listing of the whole table
 * @throws Refused if the file is not skipped, or the row can no longer tell it from those that are merged.
 */
export function planUndo(row: TableRow, listing: RawListing, name: string): PlannedSkip {
  const { skipped, coverage } = row.progress;
  if (!skipped.has(name)) {
    const all = [...skipped.keys()].join(', ');
    throw new Refused(
      `${name} is not skipped.`,
      all === '' ? 'Nothing: no file of the table is.' : `Give one of these: ${all}.`,
    );
  }
  const left = new Map([...skipped].filter(([other]) => other !== name));
  const file = listing.skipped.find((one) => one.name === name);
  // By itself it would be taken for a new full load, and for all of it.
  const load = file?.kind === 'load' ? { ...file, kind: file.kind } : correctedLoad(row, listing, name);
  if (load && changesBegan(row.progress)) {
    const build = () => rebuiltWith(row, listing, [load], `${name} was skipped, and counts again`);
    return { progress: { ...orRefused(build).progress, blocked: undefined }, outcome: 'taken back', isRebuilt: true };
  }
  const parsed = parseRawFile(name);
  const counting =
    file && parsed.kind === 'change'
      ? notCovering({ ...parsed, lastModified: file.lastModified }, coverage, listing)
      : coverage;
  return { progress: { skipped: left, coverage: counting }, outcome: 'taken back', isRebuilt: false };
}

/** What was put in the place of a load file, and is no more known as that once the skip is forgotten. */
function correctedLoad(row: TableRow, listing: RawListing, name: string): LoadFile | undefined {
  return listing.loadFiles.find((file) => file.name === name && isCorrected(file, row, listing));
}

/** The mark may have passed a file that was skipped; files as young as it are then accounted for by name. */
function notCovering(file: DatedChangeFile, coverage: Coverage, { changeFiles }: RawListing): Coverage {
  if (!isAccountedFor(file, coverage)) return coverage;
  const sweptAt = file.lastModified.getTime();
  const young = changeFiles.filter((one) => one.lastModified.getTime() >= sweptAt && isAccountedFor(one, coverage));
  const names = new Set([...coverage.names, ...young.map(({ name }) => name)]);
  if (names.size <= NAMES_AFTER_UNDO_MAX) return { ...coverage, sweptAt, names };
  throw new Refused(
    `${file.name} was passed ${young.length} files ago: the row has no room to tell it from those that are merged.`,
    'Copy the file onto itself, so that it is younger than they are; then try again.',
  );
}

/** As many as a row may keep at other times. */
const NAMES_AFTER_UNDO_MAX = 2 * NAMES_MAX;
