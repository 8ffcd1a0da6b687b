import { commandText, TABLE } from '../command-text.ts';
import { countText } from '../count-text.ts';
import type { NewGeneration, Step } from './step.ts';
import { decideLoad, isCopied } from './full-load.ts';
import { isSuperseded, pendingChanges, pendingLoads } from './pending.ts';
import { rebuiltFrom, rebuiltWith } from './rebuild.ts';
import type { EditPorts } from './edit-row.ts';
import { editRow, readForEdit } from './edit-row.ts';
import type { ChangeFile, LoadFile, RawListing } from './raw-listing.ts';
import { newestListed } from './raw-listing.ts';
import { orRefused, Refused } from './refused.ts';
import { replayFrom } from './replay-from.ts';
import type { Progress, Replay, TableRow } from './row.ts';

/**
 * What is to be merged again: all raw files, into a lake that is built anew; or the change files from one on, or from a
 * time on, on top of what the lake holds. A time is as change files' names begin, in order: yyyyMMdd, then digits of the time.
 */
export type ReplayRequest = { kind: 'all' } | ReplayStart;

export type ReplayStart = { kind: 'from file'; file: string } | { kind: 'from time'; order: string };

export interface PlannedReplay {
  /** The progress from which the usual merges do the rest; undefined if nothing is to be set back. */
  progress: Partial<Progress> | undefined;
  /** What is then to be merged, in order; also if a replay that was stopped had set it back already. */
  loadFiles: readonly LoadFile[];
  changeFiles: readonly ChangeFile[];
  /** How many change files are still merged. */
  changeFilesKept: number;
}

/**
 * Sets a table's row back, so that what was merged is merged again by the usual merges; the caller wakes the table. One
 * conditional update: done whole or not at all, and done twice, no harm.
 *
 * Change files are convergent: applied again, in order, up to the newest, each key ends with its last operation, whatever
 * it was in between. An intent under way stays in the row: the next merge takes over from it, and its own commit fails.
 * @throws Refused
 */
export function setBack(path: string, request: ReplayRequest, ports: EditPorts): Promise<PlannedReplay> {
  return editRow(
    path,
    (row, listing) => {
      const planned = planReplay(row, listing, request);
      if (!planned.progress) return planned;
      // What is merged again did not wait for it, however new it is.
      const begun = { freshSince: ports.clock.now(), begunWith: newestListed(listing) ?? row.progress.begunWith };
      return { ...planned, progress: { ...planned.progress, ...begun } };
    },
    ports,
  );
}

/**
 * The same without changing anything.
 * @throws Refused
 */
export async function previewReplay(
  path: string,
  request: ReplayRequest,
  ports: Omit<EditPorts, 'random'>,
): Promise<PlannedReplay> {
  const { row, listing } = await readForEdit(path, ports);
  return planReplay(row, listing, request);
}

/**
 * Decides what a replay makes of a row. No I/O.
 * @param listing of the whole table
 * @throws Refused if it cannot be done without losing what the lake holds.
 */
export function planReplay(row: TableRow, listing: RawListing, request: ReplayRequest): PlannedReplay {
  const { progress, settings } = row;
  if (!settings.active)
    throw new Refused(
      'The table is inactive: nothing is merged.',
      `Activate it: ${commandText('activate', TABLE)}; then try again.`,
    );
  if (!progress.builtWith)
    throw new Refused(
      'Nothing of the table is merged yet.',
      'Its first merge takes all raw files; there is nothing to repeat.',
    );
  // A new generation would forget that.
  if (progress.rawGone?.lake === 'emptying')
    throw new Refused(
      'The lake is being emptied, since all raw files were gone.',
      'Try again once it is; the sweep sees to that, or any merge.',
    );
  return request.kind === 'all' ? replayAll(row, listing) : replayFrom(row, listing, request, countsBefore(progress));
}

/** As a rebuild after an edit of the keys does it, after making sure of the same. */
function replayAll(row: TableRow, listing: RawListing): PlannedReplay {
  const { progress } = row;
  const begun = newGenerationOf(row, listing);
  const next: Partial<Progress> = {
    ...begun.progress,
    replay: { ...countsBefore(progress), until: undefined },
    blocked: undefined,
  };
  const after = { ...progress, ...next };
  return {
    progress: next,
    loadFiles: pendingLoads(after, listing),
    changeFiles: pendingChanges(after, listing),
    changeFilesKept: after.changeFiles,
  };
}

function newGenerationOf(row: TableRow, listing: RawListing): NewGeneration {
  // A person says that these are no new full load.
  if (isCopied(row.progress, listing))
    return orRefused(() =>
      rebuiltWith(row, listing, pendingLoads(row.progress, listing), 'all of it is to be merged again'),
    );
  const due = orRefused((): Step | undefined => decideLoad(row, listing));
  // A full load that has come replaces whatever the lake was made from.
  if (due?.kind === 'new generation') return due;
  const { progress } = row;
  if (progress.takenOver)
    throw new Refused(
      'The table was begun by the hourly solution: which raw files its lake was made from is not known, so some may be gone.',
      'Have DMS reload the table: that builds it anew.',
    );
  // Of a replay that is not at its end the row no longer says what is merged, but how much was.
  const before = countsBefore(progress);
  const loads = listing.loadFiles.filter((file) => !isSuperseded(file, progress));
  const changes = listing.changeFiles.filter(({ lastModified }) => lastModified.getTime() >= progress.since);
  if (loads.length < before.loadFiles || changes.length < before.changeFiles)
    throw new Refused(
      `The raw folder has ${countText(loads.length)} of ${countText(before.loadFiles)} load files and ${countText(changes.length)} of ${countText(before.changeFiles)} change files that the lake was made from; the others are gone.`,
      'Restore them, or have DMS reload the table: that builds it anew.',
    );
  return orRefused(() => rebuiltFrom(row, listing, 'all of it is to be merged again'));
}

/** How much was merged before this replay, or the one that is not at its end. */
function countsBefore({ loadFiles, changeFiles, replay }: Progress): Omit<Replay, 'until'> {
  return {
    loadFiles: Math.max(loadFiles.size, replay?.loadFiles ?? 0),
    changeFiles: Math.max(changeFiles, replay?.changeFiles ?? 0),
  };
}
