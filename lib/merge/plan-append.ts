import type { Limits } from '../config.ts';
import type { Hold } from '../lake/file-metadata.ts';
import { FileEdits } from './file-edits.ts';
import type { FileWrite, MergePlan } from './plan.ts';
import { NO_ROWS } from './plan.ts';
import type { LakeTable } from './plan-merge.ts';
import { openFile, rowFolders } from './plan-merge.ts';
import type { RawSlice } from './raw-slice.ts';
import type { RowBatch } from './row-batch.ts';

/**
 * Plans to append the inserts of a batch: rows of load files, and of change files of tables without a primary key.
 *
 * Appending twice would double rows, so the rows of one slice that belong to one partition go into one file in one
 * write, and that file's footer says so: a slice that is found there, since a merge died before its commit, is passed
 * over in that partition.
 * @param isCommitted whether the table's row already says that a part is merged: its note has served its purpose
 */
export function planAppend(
  batch: RowBatch,
  lake: LakeTable,
  limits: Limits,
  isCommitted: (hold: Hold) => boolean,
): MergePlan {
  const folderOf = rowFolders(batch, lake.partitionKey);
  const held = heldParts(lake);
  const counts = { ...NO_ROWS };
  const byFolder = new Map<string, { rows: number[]; holds: Hold[] }>();
  for (const { slice, start, end } of batch.slices) {
    const hold = holdOf(slice);
    const touched = new Set<string>();
    for (let row = start; row < end; row++) {
      if (batch.operations[row] !== 'I') {
        counts.ignored++;
        continue;
      }
      counts.inserted++;
      const folder = folderOf(row);
      if (held.has(holdKey(folder, hold))) continue;
      const part = byFolder.get(folder) ?? { rows: [], holds: [] };
      byFolder.set(folder, part);
      part.rows.push(row);
      if (!touched.has(folder)) part.holds.push(hold);
      touched.add(folder);
    }
  }
  const writes = [...byFolder].map(([folder, { rows, holds }]): FileWrite => {
    const file = openFile(lake.files, folder, limits);
    if (!file) return { kind: 'create', folder, rows, holds, reason: 'new rows' };
    const edits = new FileEdits(file);
    edits.append(rows);
    edits.holds.push(...(file.metadata?.holds ?? []).filter((hold) => !isCommitted(hold)), ...holds);
    return edits.plan(lake.columns, limits, 'new rows');
  });
  return { columns: lake.columns, phases: writes.length > 0 ? [writes] : [], counts };
}

function holdOf({ file, from, to }: RawSlice): Hold {
  return { file: file.name, eTag: file.eTag, from, to };
}

function heldParts(lake: LakeTable): Set<string> {
  const parts = new Set<string>();
  for (const { folder, metadata } of lake.files) {
    for (const hold of metadata?.holds ?? []) parts.add(holdKey(folder, hold));
  }
  return parts;
}

function holdKey(folder: string, { file, eTag, from }: Hold): string {
  return JSON.stringify([folder, file, eTag, from]);
}
