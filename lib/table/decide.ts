import { compareChangeFiles, parseRawFile } from '../dms/raw-file.ts';
import { TableBlocked } from '../errors.ts';
import { goOnWithout } from '../merge/remedies.ts';
import { isOverfull } from './coverage.ts';
import { decideLoad } from './full-load.ts';
import { hasPassed, isLate, isMerged, pendingChanges } from './pending.ts';
import type { ChangeFile, RawListing } from './raw-listing.ts';
import { rebuild, replacedText } from './rebuild.ts';
import { recognise } from './recognise.ts';
import type { TableRow } from './row.ts';
import { wasEdited } from './row.ts';
import type { LateFile, Step } from './step.ts';

/**
 * Compares a row with the raw files that are there: load files first, then late change files, then the others in order.
 * No I/O; the same row and listing give the same step.
 * @throws TableBlocked if a person must decide.
 */
export function decide(row: TableRow, listing: RawListing): Step {
  const { progress } = row;
  const [odd] = listing.unsupported;
  if (odd) throw new TableBlocked(odd.name, odd.why, { next: odd.next });
  const recognised = recognise(progress, listing);
  if (recognised) return { kind: 'recognised', ...recognised };
  const load = decideLoad(row, listing);
  // A new full load needs nothing of what the lake was built from.
  if (wasEdited(row) && load?.kind !== 'new generation') return rebuild(row, listing, 'its keys were changed');
  if (load) return load;
  if (listing.whole && hasPassed(progress, listing.changeFiles.filter((file) => isMerged(file, progress)).length))
    return rebuild(row, listing, 'a change file came late that its row had no room to tell from those merged');
  const pending = pendingChanges(progress, listing);
  const { partial } = progress;
  const begun = pending.find(({ name }) => name === partial?.file);
  const replaced = begun && begun.eTag !== partial?.eTag;
  const withoutOld = replaced && rebuiltWithoutOld(begun, row, listing);
  if (withoutOld) return withoutOld;
  const next = replaced ? pending[0] : (begun ?? pending[0]);
  if (!next) return { kind: 'nothing' };
  if (isLate(next, progress)) {
    // Date folders need not sort by time: a later file may be before the mark.
    if (!listing.whole) return { kind: 'list whole' };
    if (isOverfull(progress.coverage))
      return rebuild(row, listing, 'more change files came late than its row has room for');
    return late(next, row, listing);
  }
  return { kind: 'changes', files: next === begun ? [begun] : pending };
}

/**
 * What a half merged file that was replaced had said goes only with the table as it was. Where raw files are gone a table
 * with a key takes the new file on top, as it takes one in the place of a bad file: what both say is then as it says.
 * @throws TableBlocked if raw files are gone that a table without a key must be built from.
 */
function rebuiltWithoutOld({ name }: ChangeFile, row: TableRow, listing: RawListing): Step | undefined {
  try {
    return rebuild(row, listing, replacedText(name));
  } catch (error) {
    if (error instanceof TableBlocked && row.settings.primaryKey.length > 0) return undefined;
    throw error;
  }
}

/** @throws TableBlocked if a merged file that comes after it may be gone: which of its keys that one changed cannot be told. */
function late(file: ChangeFile, { settings, progress }: TableRow, listing: RawListing): LateFile {
  if (settings.primaryKey.length === 0) return { kind: 'late', file, later: [], older: undefined };
  const merged = listing.changeFiles.filter((other) => isMerged(other, progress));
  const later = merged.filter((other) => compareChangeFiles(other, file) > 0);
  const listed = new Set(later.map(({ name }) => name));
  const missing = [...progress.coverage.names].filter((name) => {
    const other = parseRawFile(name);
    return other.kind === 'change' && compareChangeFiles(other, file) > 0 && !listed.has(name);
  });
  // Old files go first: where one older than the late file is still there, none after it has been cleaned away.
  const older = listing.changeFiles.findLast((other) => compareChangeFiles(other, file) < 0);
  if (missing.length > 0 || (!older && later.length < progress.changeFiles)) {
    throw new TableBlocked(
      file.name,
      `${file.name} came late, and change files that come after it are gone: which of its keys they changed cannot be told.`,
      { next: `Have DMS reload the table, or ${goOnWithout(file.name)}.` },
    );
  }
  return { kind: 'late', file, later, older: merged.length < progress.changeFiles ? older : undefined };
}
