import { commandText, TABLE } from '../command-text.ts';
import { nearestNames } from '../nearest.ts';
import type { ChangeFileName } from '../dms/raw-file.ts';
import { compareChangeFiles, compareText, parseRawFile } from '../dms/raw-file.ts';
import type { Coverage } from './coverage.ts';
import { minusNames } from './name-digest.ts';
import { isMerged, pendingChanges } from './pending.ts';
import type { ChangeFile, RawListing } from './raw-listing.ts';
import { Refused } from './refused.ts';
import type { PlannedReplay, ReplayStart } from './replay.ts';
import type { Progress, Replay, TableRow } from './row.ts';

/** Whether a change file is among those that are merged again. */
type IsAgain = (file: ChangeFileName) => boolean;

/**
 * Takes change files from one on back out of what the row says is merged: they wait in order again, none of them late, and
 * are applied on top of what the lake holds. No I/O.
 * @param before how much was merged before
 * @throws Refused if the table has no key, or files are gone that must be there.
 */
export function replayFrom(
  row: TableRow,
  listing: RawListing,
  start: ReplayStart,
  before: Omit<Replay, 'until'>,
): PlannedReplay {
  const { progress, settings } = row;
  if (settings.primaryKey.length === 0)
    throw new Refused(
      'The table has no primary key: its change files are appended, and appending them again would double their rows.',
      `Build the whole table anew: ${commandText('replay', TABLE, '--all')}`,
    );
  const isAgain = boundary(start, listing);
  const merged = listing.changeFiles.filter((file) => isMerged(file, progress));
  const again = merged.filter(isAgain);
  requireNoGap(row, listing, start, again, isAgain);
  const [first] = again;
  if (!first) {
    const waiting = setBackBefore(progress, listing).filter(isAgain);
    return { progress: undefined, loadFiles: [], changeFiles: waiting, changeFilesKept: progress.changeFiles };
  }
  const kept = merged.filter((file) => !isAgain(file));
  const coverage = coverageOf(kept, progress.coverage, isAgain);
  const changeFiles = Math.max(0, progress.changeFiles - again.length);
  const begun = listing.changeFiles.find(({ name }) => name === progress.partial?.file);
  const next: Partial<Progress> = {
    coverage,
    changeFiles,
    nameDigest:
      progress.nameDigest === undefined
        ? undefined
        : minusNames(
            progress.nameDigest,
            again.map(({ name }) => name),
          ),
    // Should older ones be merged and gone, whatever is older than the first to be merged again is late.
    lastChangeFile:
      newestName([...kept.map(({ name }) => name), ...coverage.names, coverage.mark ?? '']) ??
      (changeFiles > 0 ? first.name : undefined),
    // It tells that the load is complete, so it stays.
    lastChangeAt: progress.lastChangeAt ?? begun?.lastModified.getTime(),
    partial: begun && isAgain(begun) ? undefined : progress.partial,
    replay: { ...before, until: newestName([progress.lastChangeFile ?? '', progress.replay?.until ?? '']) },
    blocked: undefined,
  };
  const pending = pendingChanges({ ...progress, ...next }, listing);
  return { progress: next, loadFiles: [], changeFiles: pending.filter(isAgain), changeFilesKept: changeFiles };
}

/** What a replay that is not at its end had set back and is not merged again yet. */
function setBackBefore(progress: Progress, listing: RawListing): ChangeFile[] {
  const { replay } = progress;
  if (!replay) return [];
  const until = replay.until === undefined ? undefined : parseRawFile(replay.until);
  return pendingChanges(progress, listing).filter(
    (file) => until?.kind !== 'change' || compareChangeFiles(file, until) <= 0,
  );
}

function boundary(start: ReplayStart, { changeFiles, loadFiles }: RawListing): IsAgain {
  if (start.kind === 'from time') return ({ order }) => compareText(order, start.order) >= 0;
  const from = changeFiles.find(({ name }) => name === start.file);
  if (from) return (file) => compareChangeFiles(file, from) >= 0;
  if (loadFiles.some(({ name }) => name === start.file))
    throw new Refused(
      `${start.file} is a load file.`,
      `To merge the load and all changes after it again: ${commandText('replay', TABLE, '--all')}`,
    );
  const [oldest] = changeFiles;
  const [near = oldest?.name] = nearestNames(
    start.file,
    changeFiles.map(({ name }) => name),
  );
  throw new Refused(
    `There is no change file ${start.file} in the table's raw folder, or it is skipped.`,
    oldest === undefined || near === undefined
      ? 'There is no change file at all.'
      : `Give a time, or a name relative to the table's folder, such as ${commandText('replay', TABLE, '--from', near)}; the oldest there is ${oldest.name}.`,
  );
}

/**
 * Were one of the files gone, what older ones say would come back and stay. Old files go first: where the first of them, or
 * one older than all of them, is still there, none after it has been cleaned away.
 */
function requireNoGap(
  { progress }: TableRow,
  listing: RawListing,
  start: ReplayStart,
  again: readonly ChangeFile[],
  isAgain: IsAgain,
): void {
  const listed = new Set(listing.changeFiles.map(({ name }) => name));
  const missing = [...progress.coverage.names].filter((name) => {
    const file = parseRawFile(name);
    return file.kind === 'change' && isAgain(file) && !listed.has(name);
  });
  const isAnchored = start.kind === 'from file' || listing.changeFiles.some((file) => !isAgain(file));
  const isBeginGone = !isAnchored && again.length < progress.changeFiles;
  // What a replay that is not at its end had set back waits, or is merged again.
  const waiting = pendingChanges(progress, listing).length;
  const isLost = progress.changeFiles + waiting < (progress.replay?.changeFiles ?? 0);
  if (missing.length === 0 && !isBeginGone && !isLost) return;
  const named = missing[0] === undefined ? '' : `, such as ${missing[0]}`;
  const [oldest] = again;
  const next = 'Restore them, or have DMS reload the table';
  throw new Refused(
    `Change files from there on that were merged are gone from the raw folder${named}: merging the others again would put old values back.`,
    isBeginGone && missing.length === 0 && oldest
      ? `${next}, or begin with the oldest file that is there: ${commandText('replay', TABLE, '--from', oldest.name)}`
      : `${next}.`,
  );
}

/** What of the coverage is about files before those that are merged again. */
function coverageOf(kept: readonly ChangeFile[], { mark, sweptAt, names }: Coverage, isAgain: IsAgain): Coverage {
  const isBefore = (name: string): boolean => {
    const file = parseRawFile(name);
    return file.kind === 'change' && !isAgain(file);
  };
  return {
    // Up to any name before it, the mark says of each file what it said before.
    mark: mark === undefined || isBefore(mark) ? mark : kept.at(-1)?.name,
    sweptAt,
    names: new Set([...names].filter(isBefore)),
  };
}

function newestName(names: readonly string[]): string | undefined {
  const files = names.map(parseRawFile).filter((file) => file.kind === 'change');
  return files.sort(compareChangeFiles).at(-1)?.name;
}
