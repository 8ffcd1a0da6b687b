import { parseRawFile } from '../dms/raw-file.ts';
import type { Hold } from '../lake/file-metadata.ts';
import { isAccountedFor } from './coverage.ts';
import type { NewGeneration } from './decide.ts';
import { newLoad, rebuild } from './decide.ts';
import type { RawListing } from './raw-listing.ts';
import type { TableRow } from './row.ts';

/**
 * What is to be done if the lake holds rows of a raw file that no merge has committed, since it died, and the file is
 * another by now, or a load file that is gone: those rows would stay beside the new ones. The table is built anew.
 * @param listing of all raw files
 */
export function decideUncommitted(
  row: TableRow,
  listing: RawListing,
  held: readonly Hold[],
): NewGeneration | undefined {
  const left = held.find((hold) => !isCommitted(hold, row, listing) && isReplaced(hold, listing));
  if (!left) return undefined;
  const reason = `${left.file} was replaced before a merge of it was done`;
  const step = parseRawFile(left.file).kind === 'load' ? newLoad(row, listing, reason) : rebuild(row, listing, reason);
  return step.kind === 'new generation' ? step : undefined;
}

/** Whether the row says that a part of a raw file is merged. */
export function isCommitted(hold: Hold, { progress }: TableRow, listing: RawListing): boolean {
  if (progress.loadFiles.get(hold.file) === hold.eTag) return true;
  const { partial } = progress;
  if (partial?.file === hold.file) return partial.eTag === hold.eTag && hold.from < partial.rows;
  if (parseRawFile(hold.file).kind === 'load') return false;
  if (progress.coverage.names.has(hold.file)) return true;
  const file = listing.changeFiles.find(({ name }) => name === hold.file);
  // A file that is gone will not be merged again.
  return file ? isAccountedFor(file, progress.coverage) : listing.whole;
}

function isReplaced(hold: Hold, { loadFiles, changeFiles, whole }: RawListing): boolean {
  const file = [...loadFiles, ...changeFiles].find(({ name }) => name === hold.file);
  if (file) return file.eTag !== hold.eTag;
  return whole && parseRawFile(hold.file).kind === 'load';
}
