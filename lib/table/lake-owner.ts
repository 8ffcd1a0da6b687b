/**
 * Tables write, empty and remove what is in their folder of the lake, so it must be no other table's. Each file that
 * Tidemark writes says of which table it is. Those of other writers and of older versions say nothing and are taken for the
 * table's own, as long as they are where its own would be.
 */
import { TableBlocked } from '../errors.ts';
import type { KnownLakeFile } from '../lake/known-lake-file.ts';
import type { LakeFile } from '../lake/lake-file.ts';
import type { TableRow } from './row.ts';

/** @throws TableBlocked if a file is of another table. */
export function requireOwnFiles({ path }: TableRow, prefix: string, files: readonly KnownLakeFile[]): void {
  const other = files.find(({ metadata }) => metadata?.table !== undefined && metadata.table !== path);
  const owner = other?.metadata?.table;
  if (!other || owner === undefined) return;
  throw new TableBlocked('', `The lake file ${other.key} is of another table, ${owner}.`, {
    next: `${OWN_FOLDER} If that table is no more, or has its lake elsewhere now, move its files out of ${prefix}.`,
  });
}

/**
 * Below a table's folder there are folders of partitions alone, as `day=2026-03-01/`: another one is of another table, or of
 * whoever put it there.
 * @throws TableBlocked if a file is in such a folder.
 */
export function requireOwnFolders(prefix: string, files: readonly LakeFile[]): void {
  const other = files.find(({ folder }) => !isOfPartition(folder));
  if (!other) return;
  throw new TableBlocked('', `The lake file ${other.key} is in no partition folder of ${prefix}.`, {
    next: `${OWN_FOLDER} If it is of no table, move it out of ${prefix}.`,
  });
}

/** @param folder below a table's folder, with its '/'; empty for that folder itself */
export function isOfPartition(folder: string): boolean {
  return folder.split('/').every((name) => name === '' || name.includes('='));
}

/** What is to be done where two tables have one folder. */
export const OWN_FOLDER = "Give each table a folder of its own: see out_path in the tables' rows.";
