import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import type { LakeFile } from '../lake/lake-file.ts';
import { takenOver } from './coverage.ts';
import { freshSince } from './freshness.ts';
import { NO_NAMES, plusNames } from './name-digest.ts';
import { newestListed, versionsOf } from './raw-listing.ts';
import type { RawListing } from './raw-listing.ts';
import type { Progress, TableRow } from './row.ts';
import { builtWithSettings, NEVER_LOADED } from './row.ts';

/**
 * The progress from which a table's first merge by Tidemark begins: a new table, or one of the hourly solution, whose
 * row and lake are taken over.
 * @param now in ms since the epoch
 */
export function begin(
  row: TableRow,
  listing: RawListing,
  lakeFiles: readonly LakeFile[],
  now: number,
): Partial<Progress> {
  const { progress } = row;
  const begun = { builtWith: builtWithSettings(row.settings), freshSince: freshSince(now) };
  const held = lakeFiles.reduce((newest, { generation }) => Math.max(newest, generation), 0);
  const isTakenOver = progress.lastFullLoadDate !== NEVER_LOADED || progress.lastChangeFile !== undefined;
  const begunWith = newestListed(listing);
  if (isTakenOver)
    return { ...begun, begunWith, generation: held, takenOver: true, ...takeOver(progress, listing, held) };
  // A full load replaces whatever is in the lake's folder; changes alone are applied to it.
  const adopted = listing.loadFiles.length === 0 && lakeFiles.length > 0;
  return { ...begun, adopted, generation: adopted ? held : held + 1 };
}

/**
 * The hourly solution remembers one date and one name. The load files present belong to the load it recorded, unless they
 * are newer than the last change file it merged; where it merged none, a load file newer than LastFullLoadDate means, as
 * it does there, that all load files are to be loaded and replace what the lake holds.
 */
function takeOver(progress: Progress, listing: RawListing, held: number): Partial<Progress> {
  const { lastChangeFile } = progress;
  const mark = lastChangeFile === undefined ? undefined : parseRawFile(lastChangeFile);
  if (mark?.kind !== 'change') {
    const loadedAt = utcMs(progress.lastFullLoadDate);
    const newer = listing.loadFiles.some((file) => wholeSeconds(file.lastModified) > loadedAt);
    if (newer) return { generation: held + 1, takenOver: false };
    return { loadFiles: versionsOf(listing.loadFiles) };
  }
  const merged = listing.changeFiles.filter((file) => compareChangeFiles(file, mark) <= 0);
  const last = merged.find(({ name }) => name === mark.name);
  const lastChangeAt = last?.lastModified.getTime() ?? nameTime(mark.order);
  const ofThatLoad = listing.loadFiles.filter(({ lastModified }) => lastModified.getTime() <= lastChangeAt);
  return {
    loadFiles: versionsOf(ofThatLoad),
    lastChangeAt,
    changeFiles: Math.max(1, merged.length),
    nameDigest: plusNames(
      NO_NAMES,
      merged.map(({ name }) => name),
    ),
    coverage: takenOver(mark.name, merged, listing.listedAt),
  };
}

/** `yyyy-MM-dd HH:mm:ss`, UTC. */
function utcMs(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`) || 0;
}

/** LastFullLoadDate has no fractions: a file of that second is the one it speaks of. */
function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000;
}

/** The time that a change file's order begins with: yyyyMMddHHmmss. */
function nameTime(order: string): number {
  const digits = order.slice(0, 14);
  return Date.parse(digits.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6Z')) || 0;
}
