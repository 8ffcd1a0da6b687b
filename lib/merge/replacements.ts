import type { Limits } from '../config.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import { lakeType } from '../parquet/widening.ts';
import { FileEdits } from './file-edits.ts';
import type { FileWrite, MergePlan } from './plan.ts';
import type { LakeTable } from './plan-merge.ts';

/**
 * Adds to a plan what the table as a whole asks for, whichever rows change:
 * files of an older generation give up their rows before new ones are written, and where a column's type has become
 * wider every file that still has the narrower one is encoded anew, since engines refuse a table of both.
 */
export function withReplacements(
  plan: MergePlan,
  lake: LakeTable,
  stale: readonly OpenLakeFile[],
  limits: Limits,
): MergePlan {
  const planned = new Set(
    plan.phases.flatMap((phase) => phase.flatMap((write) => (write.kind === 'change' ? [write.file] : []))),
  );
  const emptied = stale
    .filter((file) => file.rows > 0 || differs(file, lake.columns))
    .map((file): FileWrite => ({ kind: 'empty', file, reason: `rows of generation ${file.generation} are replaced` }));
  const widened = lake.files
    .filter((file) => !planned.has(file) && differs(file, lake.columns))
    .map((file): FileWrite => {
      const edits = new FileEdits(file);
      // What a merge that died has appended here must still be known as such.
      edits.holds.push(...(file.metadata?.holds ?? []));
      return edits.plan(lake.columns, limits, 'a column has a wider type');
    });
  return { ...plan, phases: [emptied, widened, ...plan.phases].filter((phase) => phase.length > 0) };
}

/** Whether the file has a column in another type than the table. INT96 does not count: engines read it and timestamps side by side. */
function differs(file: OpenLakeFile, columns: readonly Column[]): boolean {
  return file.footer.columns.some((stored) => {
    const column = columns.find(({ name }) => name === stored.name);
    return column !== undefined && !sameType(lakeType(stored.type), column.type);
  });
}
