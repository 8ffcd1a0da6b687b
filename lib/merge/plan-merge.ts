import type { Limits } from '../config.ts';
import type { KnownLakeFile } from '../lake/known-lake-file.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import { partitionFolder, partitionText } from '../lake/partition.ts';
import type { Column } from '../parquet/column-type.ts';
import type { Threads } from '../ports/threads.ts';
import { valueAt } from '../parquet/vector.ts';
import { FileEdits } from './file-edits.ts';
import { fold } from './fold.ts';
import { footerBytesWith, FULL_FOOTER_BYTES } from './footer-room.ts';
import type { Key, KeyColumns } from './key.ts';
import { batchKeys } from './key.ts';
import type { Location } from './locate.ts';
import { locate } from './locate.ts';
import type { CreateFile, FileWrite, MergePlan, RowCounts } from './plan.ts';
import { NO_ROWS } from './plan.ts';
import type { RowBatch } from './row-batch.ts';
import { batchColumn, namedAfter } from './row-batch.ts';
import { WantedKeys } from './wanted-keys.ts';

/** The lake's side of a plan. */
export interface LakeTable {
  /** Files of the current generation, in the order of their keys. */
  files: readonly KnownLakeFile[];
  /** Columns inside the files that are written: without the partition columns. */
  columns: readonly Column[];
  partitionKey: readonly Column[];
  bloomFilterColumns: ReadonlySet<string>;
}

/**
 * Plans a merge by primary key: the last operation on each key wins, and each key's row ends in one file, once.
 * @param superseded keys that changes merged earlier, but later in order, have decided already (late files)
 */
export async function planMerge(
  batch: RowBatch,
  lake: LakeTable,
  keys: KeyColumns,
  limits: Limits,
  threads: Threads,
  superseded?: (keys: Map<Key, number>) => Promise<void>,
): Promise<MergePlan> {
  const changes = fold(batch, batchKeys(batch, keys));
  await superseded?.(changes);
  const wanted = wantedKeys(batch, keys, [...changes.values()]);
  const finding = { files: 0, filesOpened: 0, rowGroups: 0, rowGroupsDecoded: 0 };
  const places = await locate(lake.files, keys.stored, wanted, finding, threads);
  const table = new TableEdits(lake, limits);
  const folderOf = rowFolders(batch, lake.partitionKey);
  const counts = { ...NO_ROWS };
  for (const row of changes.values()) {
    const found = places.get(row) ?? [];
    if (batch.operations[row] === 'D') {
      for (const place of found) table.edits(place.file).remove(place.group, place.row);
      if (found.length > 0) counts.deleted++;
    } else {
      putRow(table, row, folderOf(row), found);
      counts[found.length > 0 ? 'updated' : 'inserted']++;
    }
  }
  return { ...(await table.plan(counts)), finding };
}

function wantedKeys(batch: RowBatch, { stored, partition }: KeyColumns, rows: readonly number[]): WantedKeys {
  const values = stored.map((column) => batchColumn(batch, column));
  const texts = partition.map((column) => {
    const vector = batchColumn(batch, column);
    return rows.map((row) => namedAfter(batch, row, () => partitionText(column, valueAt(vector, row))));
  });
  return new WantedKeys({ stored, partition }, values, rows, texts);
}

/** The folder in which a row of the batch belongs; throws TableBlocked if no folder can be named after it. */
export function rowFolders(batch: RowBatch, partitionKey: readonly Column[]): (row: number) => string {
  if (partitionKey.length === 0) return () => '';
  const columns = partitionKey.map((column) => batchColumn(batch, column));
  return (row) =>
    namedAfter(batch, row, () =>
      partitionFolder(
        partitionKey,
        columns.map((values) => valueAt(values, row)),
      ),
    );
}

/** Replaces the key's row where it is, or moves it to its partition, or adds it; other places of the key are cleared. */
function putRow(table: TableEdits, row: number, folder: string, found: readonly Location[]): void {
  const home = found.find(({ file }) => file.folder === folder);
  if (home) table.edits(home.file).replace(home.group, home.row, row);
  for (const place of found) {
    if (place === home) continue;
    const edits = table.edits(place.file);
    edits.remove(place.group, place.row);
    if (!home) edits.losesMovedRows = true;
  }
  if (!home) table.add(folder, row, found.length > 0);
}

/** Edits of all files of a table. */
class TableEdits {
  private readonly byFile = new Map<OpenLakeFile, FileEdits>();
  private readonly added = new Map<string, { moved: number[]; new: number[] }>();

  constructor(
    private readonly lake: LakeTable,
    private readonly limits: Limits,
  ) {}

  edits(file: OpenLakeFile): FileEdits {
    let edits = this.byFile.get(file);
    if (!edits) this.byFile.set(file, (edits = new FileEdits(file)));
    return edits;
  }

  add(folder: string, row: number, moved: boolean): void {
    const rows = this.added.get(folder) ?? { moved: [], new: [] };
    this.added.set(folder, rows);
    rows[moved ? 'moved' : 'new'].push(row);
  }

  async plan(counts: RowCounts): Promise<MergePlan> {
    const first: FileWrite[] = [];
    const created: CreateFile[] = [];
    for (const [folder, rows] of this.added) {
      const file = await openFile(this.lake, folder, this.limits);
      const target = file && this.edits(file);
      // A file cannot both take in and let go of moved rows in one write and keep the order of the two.
      const takesMoved = !target?.losesMovedRows;
      target?.append(takesMoved ? [...rows.moved, ...rows.new] : rows.new);
      const apart = target ? (takesMoved ? [] : rows.moved) : [...rows.moved, ...rows.new];
      if (apart.length > 0) created.push({ kind: 'create', folder, rows: apart, holds: [], reason: 'new rows' });
    }
    const second: FileWrite[] = [];
    for (const edits of this.byFile.values()) {
      const plan = edits.plan(this.lake.columns, this.limits, 'changed rows');
      (edits.losesMovedRows ? second : first).push(plan);
    }
    const phases = [[...created, ...first], second].filter((phase) => phase.length > 0);
    const { columns, bloomFilterColumns } = this.lake;
    return { columns, bloomFilterColumns, phases, counts };
  }
}

/** The file of a partition that takes new rows: the last one, unless it has reached its size, or its footer has. */
export async function openFile(
  { files, columns }: LakeTable,
  folder: string,
  { targetFileBytes }: Limits,
): Promise<OpenLakeFile | undefined> {
  const last = files.findLast((file) => file.folder === folder);
  if (!last || last.size >= targetFileBytes) return undefined;
  return footerBytesWith(last, columns.length) < FULL_FOOTER_BYTES ? last.open() : undefined;
}
