import { tablePath } from '../dms/object-key.ts';
import type { Ports } from '../ports/ports.ts';
import type { Attribute } from '../ports/table-store.ts';
import { columnNamesText, EDITED_ATTRIBUTES } from './item.ts';
import type { StoredRow } from './row-store.ts';
import { readOrRegisterRow } from './row-store.ts';
import type { TableSettingsOfRow } from './row.ts';

export interface TableSettings {
  primaryKey?: readonly string[];
  partitionKey?: readonly string[];
  active?: boolean;
  onTruncate?: TableSettingsOfRow['onTruncate'];
}

/**
 * Sets what people set in a table's row, registering the table if it is unknown; the same as editing the row by hand.
 * Settings that are absent stay as they are. Nothing is written if nothing differs.
 * @param name `<schema>/<table>`
 * @throws Error if the name is none.
 */
export async function configureTable(
  name: string,
  settings: TableSettings,
  { tables, random, config }: Pick<Ports, 'tables' | 'random' | 'config'>,
): Promise<void> {
  const [schema, table, ...rest] = name.split('/');
  if (!schema || !table || rest.length > 0) throw new Error(`${name} is no table's name; it must be <schema>/<table>.`);
  const path = tablePath(config.rawBucket, config.rawPrefix, schema, table);
  await saveSettings(await readOrRegisterRow(path, { schema, table }, tables, config), settings, { tables, random });
}

/**
 * Saves what people set, in one update, if nobody edited the row since it was read; merges may have gone on.
 * @returns whether anything differed
 * @throws TableItemChanged if somebody edited it.
 */
export async function saveSettings(
  { path, item }: Pick<StoredRow, 'path' | 'item'>,
  settings: TableSettings,
  { tables, random }: Pick<Ports, 'tables' | 'random'>,
): Promise<boolean> {
  const set: Record<string, Attribute> = {};
  for (const [attribute, value] of Object.entries(settingsAttributes(settings))) {
    if (value !== item[attribute]) set[attribute] = value;
  }
  if (Object.keys(set).length === 0) return false;
  const expected = Object.fromEntries(EDITED_ATTRIBUTES.map((attribute) => [attribute, item[attribute]]));
  await tables.update(path, { set: { ...set, EditId: random.id() }, remove: [] }, expected);
  return true;
}

/** Settings as attributes of a row's item; those that are absent are absent. */
export function settingsAttributes({
  primaryKey,
  partitionKey,
  active,
  onTruncate,
}: TableSettings): Record<string, Attribute> {
  return {
    ...(primaryKey && { PrimaryKey: columnNamesText(primaryKey) }),
    ...(partitionKey && { PartitionKey: columnNamesText(partitionKey) }),
    ...(active !== undefined && { ActiveFlag: String(active) }),
    ...(onTruncate && { OnTruncate: onTruncate }),
  };
}
