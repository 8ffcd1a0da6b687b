import { parseRawFile } from '../dms/raw-file.ts';
import type { Hold } from '../lake/file-metadata.ts';
import { isAccountedFor } from './coverage.ts';
import type { ListWhole, NewGeneration } from './step.ts';
import { beginsAnew, newLoad } from './full-load.ts';
import { rebuild, replacedText } from './rebuild.ts';
import type { RawListing } from './raw-listing.ts';
import type { TableRow } from './row.ts';

/**
 * What is to be done if the lake holds rows of a raw file that no merge has committed, since it died, and the file is
 * another by now, or skipped, or a load file that is gone: those rows would stay beside the new ones. The table is built anew.
 * @throws TableBlocked if raw files that it must be built from are gone.
 */
export function decideUncommitted(
  row: TableRow,
  listing: RawListing,
  held: readonly Hold[],
): NewGeneration | ListWhole | undefined {
  const skipped = held.find((hold) => row.progress.skipped.get(hold.file) === hold.eTag);
  if (skipped) return rebuild(row, listing, `a merge that died had begun with ${skipped.file}, which is skipped`);
  const left = held.find((hold) => !isCommitted(hold, row, listing) && isReplaced(hold, listing));
  if (!left) return undefined;
  if (!listing.whole) return { kind: 'list whole' };
  const load = listing.loadFiles.find(({ name }) => name === left.file);
  // No new load is known of: what is merged of this one must be there to be merged again.
  if (!load && parseRawFile(left.file).kind === 'load')
    return rebuild(row, listing, `${left.file} was removed before a merge of it was done`);
  const reason = replacedText(left.file);
  const isNewLoad = load !== undefined && beginsAnew(load, row.progress, listing);
  return isNewLoad ? newLoad(row, listing, reason) : rebuild(row, listing, reason);
}

/** Whether the row says that a part of a raw file is merged. */
export function isCommitted(hold: Hold, { progress }: TableRow, listing: RawListing): boolean {
  if (progress.loadFiles.get(hold.file) === hold.eTag) return true;
  const { partial } = progress;
  if (partial?.file === hold.file) return partial.eTag === hold.eTag && hold.from < partial.rows;
  // A lake that was there before the row was: its load was committed in a row that is lost.
  if (parseRawFile(hold.file).kind === 'load') return progress.adopted;
  if (progress.coverage.names.has(hold.file)) return true;
  const file = listing.changeFiles.find(({ name }) => name === hold.file);
  // A file that is gone will not be merged again.
  return file ? isAccountedFor(file, progress.coverage) : listing.whole;
}

function isReplaced(hold: Hold, { loadFiles, changeFiles }: RawListing): boolean {
  const file = [...loadFiles, ...changeFiles].find(({ name }) => name === hold.file);
  return file ? file.eTag !== hold.eTag : parseRawFile(hold.file).kind === 'load';
}
