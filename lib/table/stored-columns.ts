import { bloomFilterColumns } from '../merge/bloom-filter-columns.ts';
import type { Column } from '../parquet/column-type.ts';
import type { TableRow } from './row.ts';

/** What is written into a table's files where no raw file is merged: the lake alone says which columns there are. */
export interface StoredColumns {
  /** Without the partition columns, which files of another writer may have inside. */
  columns: readonly Column[];
  bloomFilterColumns: ReadonlySet<string>;
}

/** @param columns that the lake's files hold */
export function storedColumns({ settings }: TableRow, columns: readonly Column[]): StoredColumns {
  const partition = named(settings.partitionKey, columns);
  const stored = columns.filter((column) => !partition.includes(column));
  return { columns: stored, bloomFilterColumns: bloomFilterColumns(named(settings.primaryKey, stored), stored) };
}

/** Those of the names that are there, whatever their case: partition columns most often are in no file. */
function named(names: readonly string[], columns: readonly Column[]): Column[] {
  return names.flatMap((name) => {
    const exact = columns.find((column) => column.name === name);
    const folded = columns.filter((column) => column.name.toLowerCase() === name.toLowerCase());
    return exact ?? (folded.length === 1 ? folded : []);
  });
}
