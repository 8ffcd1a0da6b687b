import type { OpenRawFile, RawObject } from '../merge/raw-slice.ts';
import type { KeySetting } from '../merge/remedies.ts';
import { OP, resolveColumns } from '../merge/row-batch.ts';
import type { LoadFile, RawListing } from './raw-listing.ts';
import type { TableSettingsOfRow } from './row.ts';

/** The newest load file and the newest change file, as far as there are: they have the table's columns as they are at the source now. */
export function newestFiles({ loadFiles, changeFiles }: Pick<RawListing, 'loadFiles' | 'changeFiles'>): RawObject[] {
  const newestLoad = loadFiles.reduce<LoadFile | undefined>(
    (newest, file) => (newest && newest.lastModified >= file.lastModified ? newest : file),
    undefined,
  );
  return [...(newestLoad ? [newestLoad] : []), ...changeFiles.slice(-1)];
}

/**
 * @param said how the person knows the settings
 * @throws TableBlocked if the file lacks a column of the keys.
 */
export function requireKeyColumns(
  { name: file, footer }: OpenRawFile,
  { primaryKey, partitionKey }: Pick<TableSettingsOfRow, 'primaryKey' | 'partitionKey'>,
  said: Record<KeySetting, string>,
): void {
  const columns = footer.columns.filter(({ name }) => name !== OP);
  resolveColumns(primaryKey, columns, file, 'PrimaryKey', said.PrimaryKey);
  resolveColumns(partitionKey, columns, file, 'PartitionKey', said.PartitionKey);
}
