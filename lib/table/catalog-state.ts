import { partitionType, widerPartitionType } from '../catalog/hive-type.ts';
import { catalogName, catalogNameText } from '../catalog/catalog-name.ts';
import type { LakeSchema } from '../catalog/table-definition.ts';
import { definitionDigest } from '../catalog/table-definition.ts';
import type { Config } from '../config.ts';
import type { TableName } from '../dms/object-key.ts';
import { isNewFile } from '../merge/plan.ts';
import { resolveColumns } from '../merge/row-batch.ts';
import type { Column } from '../parquet/column-type.ts';
import type { Ports } from '../ports/ports.ts';
import type { LakeFiles } from './lake-table.ts';
import type { PlannedMerge } from './merge-files.ts';
import { isCatalogDue } from './catalog-due.ts';
import type { CatalogState, TableRow } from './row.ts';

/** What a merge has made of a table's lake, as far as the catalog is told. */
export interface CatalogView {
  /** When that was known, in ms since the epoch: before anything that another consumer did after it. */
  asOf: number;
  schema: LakeSchema;
  /** Partition folders below the table's folder. */
  folders: readonly string[];
  /** Those of them in which there was no file before; undefined: not known. */
  newFolders: readonly string[] | undefined;
}

/**
 * What the lake is once a planned merge is carried out, and what its commit notes of the catalog: that something is due
 * to be registered if this is the table's first merge, or gives it a column, a type or a partition.
 */
export function catalogAfter(
  row: TableRow,
  name: TableName,
  { prefix, current, stale }: LakeFiles,
  { plan, batch }: Pick<PlannedMerge, 'plan' | 'batch'>,
  { clock, config }: Pick<Ports, 'clock' | 'config'>,
): { view: CatalogView; state: CatalogState } {
  const { progress, settings } = row;
  const before = progress.catalog;
  const partition = resolveColumns(settings.partitionKey, batch.columns, '', 'PartitionKey');
  // The first merge of a generation says anew how partitions are named.
  const known = progress.partitionForms === undefined ? [] : (before?.partitionTypes ?? []);
  const partitionTypes = partition.map((column, i) => widened(known[i], column));
  const schema = lakeSchema(row, name, prefix, plan.columns, partitionTypes, config);
  const folders = new Set([...current, ...stale].map(({ folder }) => folder));
  const written = plan.phases.flat().flatMap((write) => (isNewFile(write) ? write.folder : []));
  const newFolders = [...new Set(written.filter((folder) => !folders.has(folder)))];
  const isPartitioned = partition.length > 0;
  const wasDue = isCatalogDue(before, schema.name);
  const due = wasDue || definitionDigest(schema) !== before?.definition || (isPartitioned && newFolders.length > 0);
  return {
    view: {
      asOf: clock.now(),
      schema,
      folders: [...folders, ...newFolders],
      newFolders: wasDue ? undefined : newFolders,
    },
    state: {
      table: catalogNameText(schema.name),
      definition: before?.definition,
      partitionTypes,
      due,
      tries: before?.tries ?? 0,
      failed: before?.failed,
    },
  };
}

export function lakeSchema(
  { path, settings }: TableRow,
  name: TableName,
  prefix: string,
  columns: readonly Column[],
  partitionTypes: readonly string[],
  { lakeBucket, catalogDatabase = '' }: Config,
): LakeSchema {
  return {
    path,
    name: catalogName(catalogDatabase, name),
    location: `s3://${lakeBucket}/${prefix}`,
    columns,
    partitionColumns: settings.partitionKey.map((column, i) => ({ name: column, type: partitionTypes[i] ?? 'string' })),
  };
}

function widened(known: string | undefined, { type }: Column): string {
  // What has no type of its own is read as the text that it is.
  const own = partitionType(type) ?? 'string';
  return known === undefined ? own : widerPartitionType(known, own);
}
