import { catalogName, catalogNameText } from '../catalog/catalog-name.ts';
import type { Config } from '../config.ts';
import type { TableName } from '../dms/object-key.ts';
import type { CatalogName } from '../ports/catalog.ts';
import type { CatalogState, Progress, TableRow } from './row.ts';

/** Whether something of a table that was merged is still to be registered under that name. */
export function isCatalogDue(state: CatalogState | undefined, name: CatalogName): boolean {
  return !state || state.due || state.definition === undefined || state.table !== catalogNameText(name);
}

/** The same by a table's row alone; never where tables are not registered. */
export function isRowDueInCatalog({ progress }: TableRow, name: TableName, { catalogDatabase }: Config): boolean {
  const isMerged = progress.generation > 0 && (progress.loadFiles.size > 0 || progress.changeFiles > 0);
  if (catalogDatabase === undefined || !isMerged) return false;
  return isCatalogDue(progress.catalog, catalogName(catalogDatabase, name));
}

/**
 * What a row is to say once a merge is given up that may have written files: its commit would have said which of their
 * folders are new, so all are due to be looked at.
 */
export function dueAfterGivingUp({ catalog }: Progress): Partial<Progress> {
  return catalog ? { catalog: { ...catalog, due: true } } : {};
}
