import type { Config } from '../config.ts';
import { TableBlocked } from '../errors.ts';
import type { FooterCache } from '../lake/footer-cache.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import { listLakeFiles, openLakeFiles } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import { lakeType, mergeColumns } from '../parquet/widening.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TableName } from '../dms/object-key.ts';
import type { TableRow } from './row.ts';

/** A table's files in the lake, read as far as their footers. */
export interface LakeFiles {
  /** Prefix of the table's files in the lake bucket. */
  prefix: string;
  /** Files of the row's generation. */
  current: readonly OpenLakeFile[];
  /** Files of other generations: they count for nothing. */
  stale: readonly OpenLakeFile[];
  /** All columns that the current files hold, in the order of their first appearance, each in its widest type. */
  columns: readonly Column[];
}

export async function readLakeFiles(
  row: TableRow,
  prefix: string,
  lake: ObjectStore,
  footers: FooterCache,
): Promise<LakeFiles> {
  const files = await openLakeFiles(lake, await listLakeFiles(lake, prefix), footers);
  const current = files.filter(({ generation }) => generation === row.progress.generation);
  const stale = files.filter(({ generation }) => generation !== row.progress.generation);
  let columns: Column[] = [];
  for (const { footer } of current) columns = mergeColumns(columns, footer.columns.map(withLakeType));
  return { prefix, current, stale, columns };
}

/**
 * Prefix of a table's files in the lake bucket: `<lake prefix><schema>/<table>/`, or where a row of the hourly solution
 * says that they are.
 * @throws TableBlocked if that is not below the lake prefix.
 */
export function lakePrefix(row: TableRow, { schema, table }: TableName, config: Config): string {
  const { outPath } = row.settings;
  if (outPath === undefined) return `${config.lakePrefix}${schema}/${table}/`;
  const path = outPath.replace(/^s3a?:\/\//, '').replace(/\/*$/, '/');
  const top = `${config.lakeBucket}/${config.lakePrefix}`;
  if (path.startsWith(top) && path.length > top.length) return path.slice(config.lakeBucket.length + 1);
  throw new TableBlocked('', `out_path is ${outPath}, which is not a folder below the lake, ${top}.`, {
    next: `Set out_path to ${top}<folder>/, or remove it to use ${top}${schema}/${table}/.`,
  });
}

function withLakeType({ name, type }: Column): Column {
  return { name, type: lakeType(type) };
}
