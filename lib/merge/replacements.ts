import type { Limits } from '../config.ts';
import { mapConcurrently } from '../concurrency.ts';
import type { KnownLakeFile } from '../lake/known-lake-file.ts';
import { joinedKeys } from '../lake/known-lake-file.ts';
import { relativeKey } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import { lakeType } from '../parquet/widening.ts';
import { FileEdits } from './file-edits.ts';
import type { FileWrite, MergePlan } from './plan.ts';
import type { LakeTable } from './plan-merge.ts';

/**
 * Adds to a plan what the table as a whole asks for, whichever rows change:
 * files that count no more give up their rows before new ones are written, and where a column's type has become wider
 * every file that still has the narrower one is encoded anew, since engines refuse a table of both.
 */
export async function withReplacements(
  plan: MergePlan,
  lake: LakeTable,
  stale: readonly KnownLakeFile[],
  limits: Limits,
): Promise<MergePlan> {
  const planned = new Set(
    plan.phases.flatMap((phase) => phase.flatMap((write) => (write.kind === 'change' ? [write.file.key] : []))),
  );
  const emptiedFiles = stale
    .filter((file) => file.rows > 0 || differs(file, lake.columns))
    .map((file) => emptied(file, lake.files));
  const narrower = lake.files.filter((file) => !planned.has(file.key) && differs(file, lake.columns));
  const widened = await mapConcurrently(narrower, FILES_AT_ONCE, async (known): Promise<FileWrite> => {
    const file = await known.open();
    const edits = new FileEdits(file);
    // What a merge that died has appended here must still be known as such.
    edits.holds.push(...(file.metadata?.holds ?? []));
    return edits.plan(lake.columns, limits, 'a column has a wider type');
  });
  const phases = [emptiedFiles, widened, ...plan.phases].filter((phase) => phase.length > 0);
  return { ...plan, phases: phases.map((phase) => phase.map((write) => withoutSettledJoins(write, stale))) };
}

/** @param current files that count */
export function emptied(file: KnownLakeFile, current: readonly KnownLakeFile[]): FileWrite {
  const isJoined = joinedKeys(current).has(relativeKey(file));
  const reason = isJoined ? 'its rows are in another file now' : `rows of generation ${file.generation} are replaced`;
  return { kind: 'empty', file, reason };
}

/** A file need not say that it took the rows of another once that one is gone, or has none. */
export function withoutSettledJoins(write: FileWrite, stale: readonly KnownLakeFile[]): FileWrite {
  if (write.kind !== 'change' || !write.joined || write.joined.length === 0) return write;
  const unsettled = new Set(stale.filter(({ rows }) => rows > 0).map(relativeKey));
  return { ...write, joined: write.joined.filter((key) => unsettled.has(key)) };
}

const FILES_AT_ONCE = 16;

/**
 * Whether the file has a column in another type than the table. One that is read, but never written, does not count:
 * engines read INT96 and timestamps side by side.
 */
function differs(file: KnownLakeFile, columns: readonly Column[]): boolean {
  return file.columns.some((stored) => {
    const column = columns.find(({ name }) => name === stored.name);
    return column !== undefined && !sameType(lakeType(stored.type), column.type);
  });
}
