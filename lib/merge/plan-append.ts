import type { Limits } from '../config.ts';
import { mapConcurrently } from '../concurrency.ts';
import type { Hold } from '../lake/file-metadata.ts';
import { FileEdits } from './file-edits.ts';
import type { FileWrite, MergePlan, RowCounts } from './plan.ts';
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
export async function planAppend(
  batch: RowBatch,
  lake: LakeTable,
  limits: Limits,
  isCommitted: (hold: Hold) => boolean,
): Promise<MergePlan> {
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
  const writes = await mapConcurrently([...byFolder], FILES_AT_ONCE, async ([folder, part]): Promise<FileWrite> => {
    const { rows, holds } = part;
    const file = await openFile(lake, folder, limits);
    if (!file) return { kind: 'create', folder, rows, holds, reason: 'new rows' };
    const edits = new FileEdits(file);
    edits.append(rows);
    edits.holds.push(...(file.metadata?.holds ?? []).filter((hold) => !isCommitted(hold)), ...holds);
    return edits.plan(lake.columns, limits, 'new rows');
  });
  return planOf(lake, writes, counts);
}

/**
 * Plans to make a file of all rows of a slice of a load file, without reading them: they are read as they are written.
 * The table must have no partitions.
 */
export function planLoad(slice: RawSlice, lake: LakeTable): MergePlan {
  const hold = holdOf(slice);
  const counts = { ...NO_ROWS, inserted: slice.to - slice.from };
  if (heldParts(lake).has(holdKey('', hold))) return planOf(lake, [], counts);
  return planOf(lake, [{ kind: 'load', folder: '', slice, holds: [hold], reason: 'rows of a full load' }], counts);
}

function planOf({ columns, bloomFilterColumns }: LakeTable, writes: FileWrite[], counts: RowCounts): MergePlan {
  return { columns, bloomFilterColumns, phases: writes.length > 0 ? [writes] : [], counts };
}

const FILES_AT_ONCE = 16;

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
