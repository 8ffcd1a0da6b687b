import { commandText, TABLE } from '../command-text.ts';
import { TableBlocked } from '../errors.ts';
import { changesBegan, isMerged } from './pending.ts';
import { versionsOf } from './raw-listing.ts';
import type { LoadFile, RawListing } from './raw-listing.ts';
import type { ListWhole, NewGeneration } from './step.ts';
import type { TableRow } from './row.ts';
import { builtWithSettings, newGeneration, NEVER_LOADED, wasEdited } from './row.ts';

/** Why a table is built anew when a raw file of which a part is in the lake is another now. */
export function replacedText(file: string): string {
  return `${file} was replaced before a merge of it was done`;
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
      { next: `Have DMS reload the table${orKeepKeys(row)}.` },
    );
  }
  // Old files go first: while its load is there, no change file after it has been cleaned away.
  if (progress.takenOver && listing.loadFiles.length === 0) {
    throw new TableBlocked(
      '',
      `The table must be built anew, since ${why}, but the hourly solution merged a part of it and no load file is there: the raw files may not be all of it.`,
      { next: `Have DMS reload the table${orKeepKeys(row)}.` },
    );
  }
  const present = versionsOf(listing.loadFiles);
  const gone = [...progress.loadFiles].filter(([name, eTag]) => present.get(name) !== eTag);
  const merged = listing.changeFiles.filter((file) => isMerged(file, progress)).length;
  // A load may be known of by its date alone: of one that is to be merged again, say.
  const allGone = progress.lastFullLoadDate !== NEVER_LOADED && listing.loadFiles.length === 0;
  if (gone.length > 0 || allGone || merged < progress.changeFiles) {
    const changesGone = Math.max(0, progress.changeFiles - merged);
    // Nothing would tell whether those changes came before the new load.
    const isLoadUnknown = allGone && !changesBegan(progress) && progress.loadFiles.size === 0;
    const once =
      isLoadUnknown && listing.changeFiles.length > 0 ? ' once the change files that are there are removed' : '';
    throw new TableBlocked(
      '',
      `The table must be built anew, since ${why}, but ${allGone ? 'all' : gone.length} load files and ${changesGone} change files are gone.`,
      { next: `Restore them, or have DMS reload the table${once}${orKeepKeys(row)}.` },
    );
  }
  // The load's own order of things is kept: what it superseded then it supersedes now.
  const { since, supersededLoadFiles, supersededUntil } = progress;
  const loads = listing.loadFiles.filter(({ name, eTag }) => progress.loadFiles.get(name) === eTag);
  // Once changes were applied to the load it was complete, be it of no file: what comes while it is loaded again is a new one.
  const loadedUntil = changesBegan(progress)
    ? Math.max(0, ...loads.map(({ lastModified }) => lastModified.getTime()))
    : progress.loadedUntil;
  const builtWith = builtWithSettings(row.settings);
  return {
    kind: 'new generation',
    reason: why,
    progress: {
      ...newGeneration(progress.generation + 1),
      since,
      supersededLoadFiles,
      supersededUntil,
      loadedUntil,
      builtWith,
    },
  };
}

/** Where it is for other keys that the table must be built anew. */
function orKeepKeys(row: TableRow): string {
  const { builtWith } = row.progress;
  if (!builtWith || !wasEdited(row)) return '';
  const primaryKey = keyWords('primary-key', builtWith.primaryKey);
  const partitionKey = keyWords('partition-key', builtWith.partitionKey);
  return `, or keep the keys that its lake has: ${commandText('activate', TABLE, ...primaryKey, ...partitionKey)}`;
}

function keyWords(option: string, columns: readonly string[]): string[] {
  return columns.length === 0 ? [`--no-${option}`] : [`--${option}`, columns.join(',')];
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
  const loadFiles = new Map([...progress.loadFiles, ...versionsOf(files)]);
  const skipped = new Map([...progress.skipped].filter(([name]) => !names.has(name)));
  const row: TableRow = { path, settings, progress: { ...progress, loadFiles } };
  const built = rebuiltFrom(row, { ...listing, loadFiles: [...others, ...files] }, why);
  // One may be the same byte for byte as a file of the load before.
  const superseded = new Map([...progress.supersededLoadFiles].filter(([name]) => !names.has(name)));
  return { ...built, progress: { ...built.progress, skipped, supersededLoadFiles: superseded } };
}
