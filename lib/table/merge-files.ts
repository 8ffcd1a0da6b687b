import type { Limits } from '../config.ts';
import { TableBlocked } from '../errors.ts';
import type { Hold } from '../lake/file-metadata.ts';
import { bloomFilterColumns } from '../merge/bloom-filter-columns.ts';
import { smallerSlices } from '../merge/held-bytes.ts';
import type { Key } from '../merge/key.ts';
import { keyColumns } from '../merge/key.ts';
import { isNewFile } from '../merge/plan.ts';
import type { MergePlan } from '../merge/plan.ts';
import { planAppend, planLoad } from '../merge/plan-append.ts';
import type { LakeTable } from '../merge/plan-merge.ts';
import { planMerge } from '../merge/plan-merge.ts';
import type { RawSlice } from '../merge/raw-slice.ts';
import { goOnWithout, nameColumns } from '../merge/remedies.ts';
import type { RowBatch } from '../merge/row-batch.ts';
import { fileOfRow, readRowBatch, resolveColumns, unreadBatch } from '../merge/row-batch.ts';
import { withReplacements } from '../merge/replacements.ts';
import { TooManyBytes } from '../parquet/chunk-rows.ts';
import type { Column } from '../parquet/column-type.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Threads } from '../ports/threads.ts';
import { requireKeyInLake, requireOwnKey } from './key-spelling.ts';
import { dropKeysOf, WiderKey } from './later-keys.ts';
import { isCommitted } from './uncommitted.ts';
import type { LakeFiles } from './lake-table.ts';
import { namedSlices } from './named-slices.ts';
import { partitionForms, requireSameForms } from './partition-forms.ts';
import type { ChangeFile, RawListing } from './raw-listing.ts';
import type { TableRow } from './row.ts';
import type { ChosenSlices } from './slices.ts';

export interface PlannedMerge {
  plan: MergePlan;
  batch: RowBatch;
  slices: readonly RawSlice[];
}

/** What a plan is made from, beside the slices. */
export interface PlanInput {
  row: TableRow;
  lakeFiles: LakeFiles;
  listing: RawListing;
  /** Files merged already that come after the slices (a late file's). */
  later: readonly ChangeFile[];
  limits: Limits;
  raw: ObjectStore;
  threads: Threads;
}

/**
 * Plans what a row's next merge writes; reads only. A slice that turns out to be bad ends what is taken before it, so
 * that good files before a bad one are merged and the bad one is then the first.
 * @param columns that the table has at least
 * @throws TableBlocked if the first slice is bad, or the settings do not fit.
 */
export async function planFiles(
  { slices, streamed }: ChosenSlices,
  input: PlanInput,
  columns: readonly Column[] = input.lakeFiles.columns,
): Promise<PlannedMerge> {
  try {
    const { valuesPerMerge } = input.limits;
    const named = namedSlices(slices, columns, input.lakeFiles);
    const [first] = named;
    const batch =
      streamed && first ? unreadBatch(first, columns) : await readRowBatch(named, columns, { valuesPerMerge });
    const plan = await planBatch(batch, streamed, input);
    return { plan, batch, slices: named };
  } catch (error) {
    if (error instanceof WiderKey) return planFiles({ slices, streamed }, input, error.columns);
    // The same slices come to the same: a merge that died before its commit took as little of them.
    if (error instanceof TooManyBytes) return planFiles({ slices: smallerSlices(slices), streamed: false }, input);
    const bad = error instanceof TableBlocked ? slices.findIndex(({ file }) => file.name === error.file) : -1;
    if (bad <= 0) throw error;
    return planFiles({ slices: slices.slice(0, bad), streamed: false }, input);
  }
}

/** The parts of raw files that lake files say they hold. */
export function heldParts({ current }: LakeFiles): Hold[] {
  return current.flatMap(({ metadata }) => metadata?.holds ?? []);
}

async function planBatch(
  batch: RowBatch,
  streamed: boolean,
  { row, lakeFiles, listing, later, limits, raw, threads }: PlanInput,
): Promise<MergePlan> {
  const { primaryKey, partitionKey } = row.settings;
  // Each file must have the columns that people named, or its rows would go astray.
  let forms = row.progress.partitionForms;
  for (const { slice } of batch.slices) {
    resolveColumns(primaryKey, slice.file.footer.columns, slice.file.name, 'PrimaryKey');
    requireSameForms(slice.file, partitionKey, forms);
    forms ??= partitionForms(slice.file, partitionKey);
  }
  const partition = resolveColumns(partitionKey, batch.columns, '', 'PartitionKey');
  requireText(partition, batch);
  const columns = batch.columns.filter(({ name }) => !partition.some((column) => column.name === name));
  const key = resolveColumns(primaryKey, batch.columns, '', 'PrimaryKey');
  for (const { slice } of batch.slices) {
    const { name, footer } = slice.file;
    requireOwnKey(key, footer.columns, name, 'PrimaryKey');
    requireOwnKey(partition, footer.columns, name, 'PartitionKey');
  }
  const keys = keyColumns(key, partition);
  requireKeyInLake(keys.stored, partition, lakeFiles.current);
  const lake: LakeTable = {
    files: lakeFiles.current,
    columns,
    partitionKey: partition,
    bloomFilterColumns: bloomFilterColumns(key, columns),
  };
  const appends = primaryKey.length === 0 || batch.slices.every(({ slice }) => slice.file.kind === 'load');
  const superseded = async (changes: Map<Key, number>): Promise<void> => {
    for (const file of later) await dropKeysOf(file, changes, batch, row.settings, limits, raw);
  };
  const planRows = (): MergePlan | Promise<MergePlan> => {
    const [placed] = batch.slices;
    if (streamed && placed) return planLoad(placed.slice, lake);
    if (appends) return planAppend(batch, lake, limits, (hold) => isCommitted(hold, row, listing));
    return planMerge(batch, lake, keys, limits, threads, superseded);
  };
  const plan = await planRows();
  requireStorableFolders(plan, lakeFiles.prefix, batch);
  return withReplacements(plan, lake, lakeFiles.stale, limits);
}

/** S3 takes keys of 1,024 bytes, file systems and Hadoop folder names of 255; a file's own name takes up to 64. */
function requireStorableFolders({ phases }: MergePlan, prefix: string, batch: RowBatch): void {
  const isTooLong = (folder: string): boolean =>
    Buffer.byteLength(prefix + folder) > 960 || folder.split('/').some((name) => Buffer.byteLength(name) > 255);
  const created = phases.flat().filter((write) => isNewFile(write) && isTooLong(write.folder));
  if (created.length === 0) return;
  if (isTooLong('')) {
    throw new TableBlocked('', `The table's folder in the lake, ${prefix}, is too long (960 bytes).`, {
      next: "Set out_path in the table's row to a shorter folder of the lake.",
    });
  }
  const rows = created.flatMap((write) => (write.kind === 'create' ? [...write.rows] : []));
  const file = fileOfRow(
    batch,
    rows.reduce((first, row) => Math.min(first, row), Infinity),
  );
  throw new TableBlocked(
    file,
    `${file} has a value in a column of PartitionKey that is too long to name a folder (255 bytes, 960 in all).`,
    {
      next: `Name columns with short values: ${nameColumns('PartitionKey')}; or correct the value, put a good copy of the file in its place, or ${goOnWithout(file)}.`,
    },
  );
}

/** A folder's name is text. */
function requireText(partition: LakeTable['partitionKey'], { slices }: RowBatch): void {
  const bytes = partition.find(({ type }) => type.logical.kind === 'bytes');
  if (!bytes) return;
  const isBytes = (column: Column): boolean => column.name === bytes.name && column.type.logical.kind === 'bytes';
  const file = slices.find(({ slice }) => slice.file.footer.columns.some(isBytes))?.slice.file.name ?? '';
  const where = file === '' ? '' : ` in ${file}`;
  throw new TableBlocked(file, `PartitionKey names the column ${bytes.name}, which holds bytes, not text${where}.`, {
    next: `Name another column: ${nameColumns('PartitionKey')}.`,
  });
}
