import { mapConcurrently } from '../concurrency.ts';
import { TableBlocked } from '../errors.ts';
import { footerCacheOf } from '../lake/footer-cache.ts';
import type { LakeFile } from '../lake/lake-file.ts';
import { openLakeFile } from '../lake/lake-file.ts';
import { partitionNames } from '../lake/partition.ts';
import { ColumnNames } from '../merge/column-names.ts';
import type { KeyColumns } from '../merge/key.ts';
import { keyColumns } from '../merge/key.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import type { KeySetting } from '../merge/remedies.ts';
import { OP, resolveColumns } from '../merge/row-batch.ts';
import type { Column } from '../parquet/column-type.ts';
import { typeName } from '../parquet/column-type.ts';
import { IncompatibleColumn, mergeColumns } from '../parquet/widening.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { requireOwnKey } from '../table/key-spelling.ts';
import type { BuiltWith } from '../table/row.ts';
import type { MergedFile } from './merged-files.ts';

/** The columns in which raw files and lake are compared. */
export interface TableShape {
  /** Those inside lake files, `Op` included, each in the widest type that lake or raw files have. */
  stored: readonly Column[];
  partition: readonly Column[];
  key: KeyColumns;
  /** Whether rows have a primary key. */
  isKeyed: boolean;
}

export interface TableSize {
  shape: TableShape;
  loadRows: number;
  rawRows: number;
  lakeRows: number;
}

/**
 * Reads the footers of all files, some at a time, and forgets them again.
 * @throws TableBlocked if a file cannot be read or its columns do not fit to the others; ObjectChanged
 */
export async function readShape(
  merged: readonly MergedFile[],
  lakeFiles: readonly LakeFile[],
  { primaryKey, partitionKey }: Pick<BuiltWith, 'primaryKey' | 'partitionKey'>,
  { raw, lake }: { raw: ObjectStore; lake: ObjectStore },
): Promise<TableSize> {
  let columns: Column[] = [];
  const add = (file: string, incoming: readonly Column[]): void => {
    columns = withColumns(columns, incoming, file);
  };
  const sizes = { loadRows: 0, rawRows: 0, lakeRows: 0 };
  // The lake first: its columns have the types that raw files are converted to.
  const inLake = await mapConcurrently(lakeFiles, FILES_AT_ONCE, async (file) => {
    const { rows, footer } = await openLakeFile(lake, file, footerCacheOf(lake));
    return { name: file.key, rows, columns: footer.columns };
  });
  const inRaw = await mapConcurrently(merged, FILES_AT_ONCE, async ({ object, rows: first }) => {
    const { rows, footer } = await openRawFile(raw, object);
    return { name: object.name, kind: object.kind, rows: Math.min(rows, first ?? rows), columns: footer.columns };
  });
  // Raw files alone say which names are of one column: the lake has what merges took for that.
  const names = new ColumnNames(partitionNames(newest(lakeFiles)));
  const named = inRaw.map(({ columns }) => names.take(columns));
  for (const file of inLake) {
    sizes.lakeRows += file.rows;
    add(`the lake file ${file.name}`, names.named(file.columns));
  }
  inRaw.forEach((file, i) => {
    sizes.rawRows += file.rows;
    if (file.kind === 'load') sizes.loadRows += file.rows;
    add(file.name, named[i] ?? []);
  });
  const shape = shapeOf(columns, primaryKey, partitionKey);
  const key = [...shape.key.stored, ...shape.key.partition];
  inRaw.forEach(({ name }, i) => {
    requireOwnKey(key, named[i] ?? [], name, 'PrimaryKey');
    requireOwnKey(shape.partition, named[i] ?? [], name, 'PartitionKey');
  });
  return { shape, ...sizes };
}

/** A table that is built anew may get folders of other names. */
function newest(files: readonly LakeFile[]): LakeFile[] {
  const generation = files.reduce((most, file) => Math.max(most, file.generation), 0);
  return files.filter((file) => file.generation === generation);
}

const FILES_AT_ONCE = 8;

function withColumns(columns: Column[], incoming: readonly Column[], file: string): Column[] {
  try {
    return mergeColumns(columns, incoming);
  } catch (error) {
    if (!(error instanceof IncompatibleColumn)) throw error;
    const { column, lake, incoming: type } = error;
    const reason = `${file} has ${typeName(type)} in column ${column} where other files have ${typeName(lake)}: no type holds both exactly.`;
    throw new TableBlocked('', reason, { next: 'Have DMS reload the table.', cause: error });
  }
}

function shapeOf(columns: Column[], primaryKey: readonly string[], partitionKey: readonly string[]): TableShape {
  const all = columns.some(({ name }) => name === OP) ? columns : [OP_COLUMN, ...columns];
  // A table of no rows and no files has none of its columns either.
  const named = (names: readonly string[], setting: KeySetting): Column[] =>
    columns.length === 0 ? [] : resolveColumns(names, all, 'the table', setting);
  const partition = named(partitionKey, 'PartitionKey');
  const partitionNames = new Set(partition.map(({ name }) => name));
  return {
    stored: all.filter(({ name }) => !partitionNames.has(name)),
    partition,
    key: keyColumns(named(primaryKey, 'PrimaryKey'), partition),
    isKeyed: primaryKey.length > 0,
  };
}

const OP_COLUMN: Column = { name: OP, type: { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'UTF8' } } };
