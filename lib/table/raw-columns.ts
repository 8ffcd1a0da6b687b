import { openRawFile } from '../merge/raw-slice.ts';
import { tableColumns } from '../merge/row-batch.ts';
import type { Column } from '../parquet/column-type.ts';
import type { Ports } from '../ports/ports.ts';
import type { RawListing } from './raw-listing.ts';
import type { TableRow } from './row.ts';
import { storedColumns } from './stored-columns.ts';

/**
 * The columns that the files of a table will have which has none yet; `Op` alone if there is no raw file either.
 * @param listing of the whole table: below its mark there may be the only files that tell
 * @throws TableBlocked if the raw file cannot be read.
 */
export async function columnsOfRawFiles(
  row: TableRow,
  { loadFiles, changeFiles }: RawListing,
  raw: Ports['raw'],
): Promise<readonly Column[]> {
  const file = loadFiles[0] ?? changeFiles[0];
  const slices = file ? [{ file: await openRawFile(raw, file), from: 0, to: 0 }] : [];
  return storedColumns(row, tableColumns(slices, [])).columns;
}
