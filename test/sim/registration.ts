/** Whether the catalog knows a table as it is in the lake. */
import { isDeepStrictEqual } from 'node:util';
import type { MemoryCatalog } from '../cloud/memory-catalog.ts';
import type { LakeView } from './lake-view.ts';
import { isSkipped } from './raw-version.ts';
import type { SourceTable } from './source-table.ts';

/** The setting that says where tables are registered. */
export const CATALOG_DATABASE = 'lake_{schema}';

/** Whether nothing tells the columns of a table, which cannot be registered then: it has neither lake files nor raw files. */
export function hasNoColumns({ lakeFolder, model, item }: SourceTable, view: LakeView): boolean {
  const good = [...model.present.values()].filter((file) => !file.isBad && !(item && isSkipped(file, item)));
  return view.columns(lakeFolder).size === 0 && good.length === 0;
}

/** What the catalog has wrong of a table, or does not know of it; undefined if nothing. */
export async function unregistered(
  table: SourceTable,
  catalog: MemoryCatalog,
  view: LakeView,
): Promise<string | undefined> {
  const { path, name, lakeFolder, isPartitioned, item } = table;
  // What the hourly solution left is registered with the first merge on top of it.
  const isMerged = Number(item?.Generation ?? 0) > 0 && (item?.LoadFiles ?? item?.ChangeFiles) !== undefined;
  if (!isMerged || item?.ActiveFlag !== 'true' || item.Blocked !== undefined) return undefined;
  if (hasNoColumns(table, view)) return undefined;
  const [schema, tableName] = name.split('/') as [string, string];
  const entry = `lake_${schema}.${tableName}`;
  const state = item.Catalog as { due?: boolean } | undefined;
  if (state === undefined || state.due === true) return `${path} is not registered, as its row says`;
  const registered = await catalog.table({ database: `lake_${schema}`, table: tableName });
  if (!registered) return `${entry} is not in the catalog, though the row of ${path} says so`;
  const types = new Map(registered.columns.map((column) => [column.name, column.type]));
  // What has no rows may be left from before the table was partitioned, and lies in no partition.
  for (const column of view.columnsOfRows(lakeFolder)) {
    const [columnName, type] = hiveColumn(column);
    if (types.get(columnName) !== type)
      return `${entry} has ${columnName} as ${types.get(columnName)}, files of ${path} as ${type}`;
  }
  if (isPartitioned !== registered.partitionColumns.length > 0)
    return `${entry} has ${registered.partitionColumns.length} partition columns, as ${path} has not`;
  return ofPartitions(entry, lakeFolder, registered.columns, catalog, view);
}

/** A partition for each folder that has rows, of the table's own columns: engines refuse others. */
function ofPartitions(
  entry: string,
  lakeFolder: string,
  columns: unknown,
  catalog: MemoryCatalog,
  view: LakeView,
): string | undefined {
  const partitions = catalog.partitionsOf(entry);
  const other = partitions.find((partition) => !isDeepStrictEqual(partition.columns, columns));
  if (other) return `a partition of ${entry} has other columns than the table`;
  const known = new Set(partitions.map(({ location }) => location));
  const folders = new Set(view.rows(lakeFolder).map(({ folder }) => `${folder}/`));
  folders.delete(lakeFolder);
  for (const folder of folders)
    if (!known.has(`s3://lake-bucket/${folder}`)) return `${entry} has no partition for ${folder}`;
  return undefined;
}

/** @param column name, physical type, precision and scale */
function hiveColumn(column: string): [string, string] {
  const [name = '', physical = '', precision, scale] = column.split(' ');
  if (precision !== 'undefined') return [name.toLowerCase(), `decimal(${precision},${scale})`];
  if (name === 'at') return ['at', 'timestamp'];
  return [name.toLowerCase(), { INT32: 'int', INT64: 'bigint', BYTE_ARRAY: 'string' }[physical] ?? physical];
}
