import { isDeepStrictEqual } from 'node:util';
import type { Catalog, CatalogColumn, CatalogName, CatalogTable, RegisteredTable } from '../ports/catalog.ts';
import { CatalogChanged, CatalogRefused } from '../ports/catalog.ts';
import { catalogNameText } from './catalog-name.ts';
import { registerAllPartitions, registerPartitions, removeAllPartitions } from './register-partitions.ts';
import { AS_OF_PARAMETER, PATH_PARAMETER } from './table-definition.ts';

/** What of a table is to be in the catalog. */
export interface TableEntry {
  name: CatalogName;
  definition: CatalogTable;
  /** Partition folders below the table's folder, `day=2026-03-01/`: all of them. */
  folders: readonly string[];
  /** Those of them that the catalog may not know; undefined: it may differ in any. */
  newFolders: readonly string[] | undefined;
}

/**
 * Brings a table's entry in the catalog up to what its lake is now: only what differs is written, and nothing that is not
 * Tidemark's. Columns that the lake has no longer stay, as do descriptions, comments and parameters that people added.
 * @param check called before each request; throws when there is no time left
 * @throws CatalogRefused if the entry is of another table, or cannot be; CatalogChanged if another consumer, which has seen
 *   a later lake, was faster; whatever `check` throws.
 */
export async function registerTable(entry: TableEntry, catalog: Catalog, check: () => void): Promise<void> {
  let tried = entry;
  for (let attempt = 1; ; attempt++) {
    try {
      await registerOnce(tried, catalog, check);
      return;
    } catch (error) {
      // What is there now may well be our own, since the answer to a write can be lost; its partitions may not be.
      if (!(error instanceof CatalogChanged) || attempt === ATTEMPTS_MAX) throw error;
      tried = { ...entry, newFolders: undefined };
    }
  }
}

const ATTEMPTS_MAX = 3;

async function registerOnce(entry: TableEntry, catalog: Catalog, check: () => void): Promise<void> {
  const { name, definition, folders, newFolders } = entry;
  check();
  const present = await catalog.table(name);
  const table = present ? succeeding(present, entry) : definition;
  const isChanged = !present || !isSame(present, table);
  if (isChanged) await writeTable(name, table, present, catalog, check);
  if (table.partitionColumns.length === 0) return;
  const site = { name, table, catalog, check };
  await (newFolders === undefined || isChanged
    ? registerAllPartitions(folders, site)
    : registerPartitions(newFolders, site));
}

/** The definition after what the catalog has: in its order, with all that is not ours to decide. */
function succeeding(present: RegisteredTable, { name, definition }: TableEntry): CatalogTable {
  const path = definition.parameters[PATH_PARAMETER];
  const owner = present.parameters[PATH_PARAMETER];
  if (owner !== path) {
    const whose = owner === undefined ? 'is not made by Tidemark' : `belongs to ${owner}`;
    throw new CatalogRefused(`${catalogNameText(name)} is in the catalog already and ${whose}.`, {
      next: 'Remove it from the catalog, or have another database with the setting catalogDatabase.',
    });
  }
  // It was written by a consumer that had read the lake later.
  if ((present.parameters[AS_OF_PARAMETER] ?? '') > (definition.parameters[AS_OF_PARAMETER] ?? ''))
    throw new CatalogChanged(name);
  const partitionColumns = commented(definition.partitionColumns, present);
  const partitionNames = new Set(partitionColumns.map((column) => column.name));
  const wanted = new Map(commented(definition.columns, present).map((column) => [column.name, column]));
  const before = present.columns.filter((column) => !partitionNames.has(column.name));
  const known = new Set(before.map((column) => column.name));
  return {
    ...definition,
    ...(present.description !== undefined && { description: present.description }),
    columns: [
      ...before.map((column) => wanted.get(column.name) ?? column),
      ...[...wanted.values()].filter((column) => !known.has(column.name)),
    ],
    partitionColumns,
    parameters: { ...present.parameters, ...definition.parameters },
  };
}

function commented(columns: readonly CatalogColumn[], present: CatalogTable): CatalogColumn[] {
  const comments = new Map([...present.columns, ...present.partitionColumns].map((c) => [c.name, c.comment]));
  return columns.map((column) => {
    const comment = comments.get(column.name);
    return comment === undefined ? column : { ...column, comment };
  });
}

/** But for the time. */
function isSame(present: RegisteredTable, table: CatalogTable): boolean {
  const compared = ({ location, columns, partitionColumns, parameters }: CatalogTable): unknown => [
    location,
    columns.map((column) => [column.name, column.type]),
    partitionColumns.map((column) => [column.name, column.type]),
    Object.entries({ ...parameters, [AS_OF_PARAMETER]: '' }).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  return isDeepStrictEqual(compared(present), compared(table));
}

async function writeTable(
  name: CatalogName,
  table: CatalogTable,
  present: RegisteredTable | undefined,
  catalog: Catalog,
  check: () => void,
): Promise<void> {
  check();
  if (!present) return catalog.createTable(name, table);
  const current = isDeepStrictEqual(partitionShape(present), partitionShape(table))
    ? present
    : await withoutPartitions(name, table, present, catalog, check);
  check();
  return catalog.replaceTable(name, table, current.version);
}

function partitionShape({ partitionColumns }: CatalogTable): unknown {
  return partitionColumns.map((column) => [column.name, column.type]);
}

/**
 * Partitions of other columns go before the table gets its own. Removing them names no version: the table is first
 * written as ours, so that a consumer that was overtaken removes none.
 */
async function withoutPartitions(
  name: CatalogName,
  table: CatalogTable,
  present: RegisteredTable,
  catalog: Catalog,
  check: () => void,
): Promise<RegisteredTable> {
  await catalog.replaceTable(name, { ...present, parameters: table.parameters }, present.version);
  await removeAllPartitions(name, catalog, check);
  check();
  const current = await catalog.table(name);
  if (!current) throw new CatalogChanged(name);
  return current;
}
