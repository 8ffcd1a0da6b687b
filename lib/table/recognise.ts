import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import type { Coverage } from './coverage.ts';
import { compacted, NAMES_MAX, withFiles } from './coverage.ts';
import { minusNames, NO_NAMES, plusNames } from './name-digest.ts';
import { isMerged, pendingChanges } from './pending.ts';
import type { ChangeFile, RawListing } from './raw-listing.ts';
import type { Progress } from './row.ts';

/** Merged files that look as if they had come late, and what accounts for them again. */
export interface Recognised {
  coverage: Coverage;
  /** Those that look so. */
  files: readonly ChangeFile[];
}

/**
 * Tells merged files that were dated anew from files that came late. Below the mark a file is known by its date alone, and
 * whoever copies raw files (to another storage class, key or folder, or out of a backup) gives them a new one. If all the
 * change files that are there are, by their names, just those that were merged, then none of them is news; and if there is
 * one more, it is known which.
 *
 * Where merged files are gone, or several are news, nothing can be told: what looks late is then merged as what it looks.
 * @returns undefined if nothing looks late, or it is not known to be merged
 */
export function recognise(progress: Progress, listing: RawListing): Recognised | undefined {
  const { nameDigest, changeFiles, lastChangeFile, coverage } = progress;
  const newest = lastChangeFile === undefined ? undefined : parseRawFile(lastChangeFile);
  if (!listing.whole || nameDigest === undefined || newest?.kind !== 'change') return undefined;
  const late = pendingChanges(progress, listing).filter((file) => compareChangeFiles(file, newest) <= 0);
  const known = listing.changeFiles.filter((file) => isMerged(file, progress));
  const news = known.length + late.length - changeFiles;
  if (late.length <= news || news < 0 || news > 1) return undefined;
  const all = [...known, ...late];
  const digest = plusNames(NO_NAMES, namesOf(all));
  if (news === 0)
    return digest === nameDigest
      ? { coverage: compacted(withFiles(coverage, namesOf(all)), all, listing.listedAt), files: late }
      : undefined;
  const one = late.find(({ name }) => minusNames(digest, [name]) === nameDigest);
  if (!one || late.length > NAMES_MAX) return undefined;
  const files = late.filter((file) => file !== one);
  return { coverage: withFiles(coverage, namesOf(files)), files };
}

function namesOf(files: readonly ChangeFile[]): string[] {
  return files.map(({ name }) => name);
}

/** A row's progress with merged files that look late accounted for. */
export function recognising(progress: Progress, listing: RawListing): Progress {
  const recognised = recognise(progress, listing);
  return recognised ? { ...progress, coverage: recognised.coverage } : progress;
}
