import { catalogName, catalogNameText } from '../catalog/catalog-name.ts';
import type { Config } from '../config.ts';
import type { TableName } from '../dms/object-key.ts';
import type { CatalogName } from '../ports/catalog.ts';
import type { CatalogState, Progress, TableRow } from './row.ts';

/** Whether a table is still to be registered under that name, now that it has something to be merged. */
export function isCatalogDue(state: CatalogState | undefined, name: CatalogName): boolean {
  return isLeftDue(state, name) || state?.definition === undefined;
}

/** Whether something that was merged is left to be registered, by a table's row; never where tables are not registered. */
export function isRowDueInCatalog({ progress }: TableRow, name: TableName, { catalogDatabase }: Config): boolean {
  const isMerged = progress.generation > 0 && (progress.loadFiles.size > 0 || progress.changeFiles > 0);
  if (catalogDatabase === undefined || !isMerged) return false;
  return isLeftDue(progress.catalog, catalogName(catalogDatabase, name));
}

function isLeftDue(state: CatalogState | undefined, name: CatalogName): boolean {
  return !state || state.due || state.table !== catalogNameText(name);
}

/**
 * What a row is to say once a merge is given up that may have written files: its commit would have said which of their
 * folders are new, so all are due to be looked at.
 */
export function dueAfterGivingUp({ catalog }: Progress): Partial<Progress> {
  return catalog ? { catalog: { ...catalog, due: true } } : {};
}
