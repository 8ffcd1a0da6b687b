import type { RawObject } from '../merge/raw-slice.ts';
import { isMerged, pendingChanges, pendingLoads } from '../table/pending.ts';
import type { RawListing } from '../table/raw-listing.ts';
import type { Progress } from '../table/row.ts';

/** A raw file whose rows the lake should hold. */
export interface MergedFile {
  object: RawObject;
  /** How many of its first rows are merged; all unless set. */
  rows?: number;
}

/** A table's raw files, by what the table's row says of them. */
export interface MergedFiles {
  /** In the order in which they apply: load files, then change files by the time in their names. */
  files: readonly MergedFile[];
  /** Files not merged, or not wholly. */
  waiting: number;
  /** Merged files that are no longer there as they were. */
  gone: { files: number; names: readonly string[] };
}

/** @param listing of the whole table */
export function mergedFiles(progress: Progress, listing: RawListing): MergedFiles {
  const { loadFiles, changeFiles, coverage, partial } = progress;
  const loads = listing.loadFiles.filter(({ name, eTag }) => loadFiles.get(name) === eTag);
  const changes = listing.changeFiles.filter((file) => isMerged(file, progress));
  const begun = [...listing.loadFiles, ...listing.changeFiles].find(
    ({ name, eTag }) => name === partial?.file && eTag === partial.eTag,
  );
  const whole = new Set<RawObject>([...loads, ...changes]);
  const files = [...listing.loadFiles, ...listing.changeFiles]
    .filter((file) => whole.has(file) || file === begun)
    .map((object): MergedFile => (whole.has(object) || !partial ? { object } : { object, rows: partial.rows }));
  const listed = new Set([...loads, ...changes].map(({ name }) => name));
  const goneLoads = [...loadFiles.keys()].filter((name) => !listed.has(name));
  const goneChanges = [...coverage.names].filter((name) => !listed.has(name));
  const goneBegun = partial && !begun ? [partial.file] : [];
  return {
    files,
    waiting: pendingLoads(progress, listing).length + pendingChanges(progress, listing).length,
    gone: {
      // Of change files up to the mark only the number is known.
      files: goneLoads.length + Math.max(changeFiles - changes.length, goneChanges.length) + goneBegun.length,
      names: [...goneLoads, ...goneChanges, ...goneBegun],
    },
  };
}
