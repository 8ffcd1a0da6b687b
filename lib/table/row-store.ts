import type { TableName } from '../dms/object-key.ts';
import type { Config } from '../config.ts';
import type { RandomSource } from '../ports/clock.ts';
import type { Attribute, TableItem, TableStore } from '../ports/table-store.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import { EDITED_ATTRIBUTES, newItem, progressAttributes, rowOfItem } from './item.ts';
import type { Progress, TableRow } from './row.ts';

/** A row together with the item that it was read from: the condition of its next update. */
export interface StoredRow extends TableRow {
  readonly item: TableItem;
}

/** The table's row; undefined if it is not registered. */
export async function readRow(path: string, tables: TableStore): Promise<StoredRow | undefined> {
  const item = await tables.get(path);
  return item && { ...rowOfItem(item), item };
}

/**
 * The row, as it is now, of a table that was registered a moment ago.
 * @throws TableItemChanged if it was removed since.
 */
export async function rereadRow(path: string, tables: TableStore): Promise<StoredRow> {
  const row = await readRow(path, tables);
  if (!row) throw new TableItemChanged(path);
  return row;
}

/** The table's row; a table that is seen for the first time is registered, inactive. */
export async function readOrRegisterRow(
  path: string,
  name: TableName,
  tables: TableStore,
  config: Config,
): Promise<StoredRow> {
  const known = await readRow(path, tables);
  if (known) return known;
  const item = await tables.create(newItem({ bucket: config.rawBucket, prefix: config.rawPrefix, ...name }, path));
  return { ...rowOfItem(item), item };
}

/**
 * Saves progress, if nobody wrote or edited the row since it was read.
 * @throws TableItemChanged if somebody did.
 */
export async function saveProgress(
  row: StoredRow,
  changes: Partial<Omit<Progress, 'version'>>,
  tables: TableStore,
  random: RandomSource,
): Promise<StoredRow> {
  const progress: Progress = { ...row.progress, ...changes, version: (row.progress.version ?? 0) + 1 };
  const set: Record<string, Attribute> = { WriteId: random.id() };
  const remove: string[] = [];
  const item: Record<string, Attribute> = {};
  const attributes = progressAttributes(row.path, progress);
  for (const name in row.item) {
    const value = row.item[name];
    if (name in attributes && attributes[name] === undefined) remove.push(name);
    else if (value !== undefined) item[name] = value;
  }
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) set[name] = value;
  }
  await tables.update(row.path, { set, remove }, asRead(row));
  return { ...row, progress, item: Object.assign(item, set, { path: row.path }) };
}

/** The condition that nobody wrote or edited the row since it was read. */
export function asRead({ item }: Pick<StoredRow, 'item'>): Record<string, Attribute | undefined> {
  return Object.fromEntries(['Version', ...EDITED_ATTRIBUTES].map((name) => [name, item[name]]));
}
