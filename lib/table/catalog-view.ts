import { partitionType } from '../catalog/hive-type.ts';
import type { TableName } from '../dms/object-key.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import { resolveColumns } from '../merge/row-batch.ts';
import type { Ports } from '../ports/ports.ts';
import { CatalogRefused } from '../ports/catalog.ts';
import type { CatalogView } from './catalog-state.ts';
import { lakeSchema } from './catalog-state.ts';
import type { LakeAccess } from './lake-table.ts';
import { readLakeFiles } from './lake-table.ts';
import { columnsOfRawFiles } from './raw-columns.ts';
import type { RawListing } from './raw-listing.ts';
import type { TableRow } from './row.ts';
import { storedColumns } from './stored-columns.ts';

/**
 * What a table's lake is, from its files: for what an earlier merge has left to be registered. Where rows came and went
 * again there may be no file; the first one will have the columns of the raw files.
 * @param listing of the whole table
 * @returns undefined if there is no raw file either, so that nothing is known of its columns
 * @throws CatalogRefused if nothing says of which types its partition columns are.
 */
export async function readCatalogView(
  row: TableRow,
  name: TableName,
  prefix: string,
  listing: RawListing,
  access: LakeAccess,
  { raw, clock, config }: Pick<Ports, 'raw' | 'clock' | 'config'>,
): Promise<CatalogView | undefined> {
  const asOf = clock.now();
  const { current, stale, columns } = await readLakeFiles(row, prefix, access);
  const hasRawFiles = listing.loadFiles.length + listing.changeFiles.length > 0;
  if (columns.length === 0 && !hasRawFiles) return undefined;
  const stored = columns.length > 0 ? storedColumns(row, columns).columns : await columnsOfRawFiles(row, listing, raw);
  const partitionTypes = await partitionTypesOf(row, listing, raw);
  const schema = lakeSchema(row, name, prefix, stored, partitionTypes, config);
  const folders = [...new Set([...current, ...stale].map(({ folder }) => folder))];
  return { asOf, schema, folders, newFolders: undefined };
}

/** Partition columns are in the folders' names only, as text: the row, or a raw file, says what they were. */
async function partitionTypesOf(
  { progress, settings: { partitionKey } }: TableRow,
  { loadFiles, changeFiles }: RawListing,
  raw: Ports['raw'],
): Promise<readonly string[]> {
  const known = progress.catalog?.partitionTypes ?? [];
  if (known.length === partitionKey.length) return known;
  const file = changeFiles.at(-1) ?? loadFiles.at(-1);
  if (!file)
    throw new CatalogRefused('The types of its partition columns are not known, since no raw file is left.', {
      next: 'Nothing: its next raw file says them.',
    });
  const { footer } = await openRawFile(raw, file);
  return resolveColumns(partitionKey, footer.columns, file.name, 'PartitionKey').map(
    ({ type }) => partitionType(type) ?? 'string',
  );
}
