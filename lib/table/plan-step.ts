import type { Ports } from '../ports/ports.ts';
import type { ListWhole, NewGeneration, Step } from './step.ts';
import { readLakeFiles } from './lake-table.ts';
import type { LakeAccess, LakeFiles } from './lake-table.ts';
import { heldParts, planFiles } from './merge-files.ts';
import type { PlannedMerge } from './merge-files.ts';
import type { RawListing } from './raw-listing.ts';
import type { TableRow } from './row.ts';
import { begunFirst, chooseSlices } from './slices.ts';
import { decideUncommitted } from './uncommitted.ts';

/** A step that merges raw files. */
export type MergeStep = Step & { kind: 'load' | 'changes' | 'late' };

/** The plan of a step, or what turned out to be due before it. */
export type PlannedStep = { lakeFiles: LakeFiles; planned: PlannedMerge } | { instead: NewGeneration | ListWhole };

/**
 * Plans a step of a table from what is really in its lake; reads only.
 * @param attempts merges before this one that did not come to an end
 * @throws TableBlocked if the first raw file is bad, or the settings do not fit; ObjectChanged if a file was replaced
 *   meanwhile.
 */
export async function planStep(
  row: TableRow,
  prefix: string,
  listing: RawListing,
  step: MergeStep,
  attempts: number,
  access: LakeAccess,
  { raw, threads, config: { limits } }: Pick<Ports, 'raw' | 'config' | 'threads'>,
): Promise<PlannedStep> {
  const files = filesOf(step, row);
  const lakeFiles = await readLakeFiles(row, prefix, access);
  const held = heldParts(lakeFiles);
  const due = decideUncommitted(row, listing, held);
  if (due) return { instead: due };
  const chosen = await chooseSlices(
    files,
    { ...row.progress, attempts },
    held,
    limits,
    { isPartitioned: row.settings.partitionKey.length > 0, columns: lakeFiles.columns },
    raw,
  );
  const later = step.kind === 'late' ? step.later : [];
  return { lakeFiles, planned: await planFiles(chosen, { row, lakeFiles, listing, later, limits, raw, threads }) };
}

/** The raw files that wait, in the order in which they are taken. */
export function filesOf(step: MergeStep, { progress }: TableRow) {
  return step.kind === 'late' ? [step.file] : begunFirst<(typeof step.files)[number]>(step.files, progress);
}
