import { mapConcurrently } from '../concurrency.ts';
import { messageOf, TableBlocked } from '../errors.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Column, Values } from '../parquet/column-type.ts';
import { decodeChunk } from '../parquet/parquet-file.ts';
import { convertValues } from '../parquet/widening.ts';
import type { Key, KeyColumns } from './key.ts';
import { lakeKeys } from './key.ts';

/** Where a row of the lake is. */
export interface Location {
  file: OpenLakeFile;
  group: number;
  /** Within the row group. */
  row: number;
}

/**
 * Finds the rows of the lake whose key is in `wanted`, decoding key columns only.
 * @returns for each key found its places: one, but for lakes of another writer that hold a key twice
 */
export async function locate(
  files: readonly OpenLakeFile[],
  keys: KeyColumns,
  wanted: ReadonlyMap<Key, unknown>,
): Promise<Map<Key, Location[]>> {
  const found = new Map<Key, Location[]>();
  if (wanted.size === 0) return found;
  await mapConcurrently(files, FILES_AT_ONCE, async (file) => {
    for (let group = 0; group < file.footer.rowGroups.length; group++) {
      const rows = file.footer.rowGroups[group]?.rows ?? 0;
      const values: Values[] = [];
      for (const column of keys.stored) values.push(await readLakeColumn(file, group, column));
      const keyOf = lakeKeys(values, file.folder, keys);
      for (let row = 0; row < rows; row++) {
        const key = keyOf(row);
        if (!wanted.has(key)) continue;
        const places = found.get(key);
        if (places) places.push({ file, group, row });
        else found.set(key, [{ file, group, row }]);
      }
    }
  });
  return found;
}

/**
 * The values of one column of a row group in the type of `column`; nulls if the file has no such column.
 * @throws TableBlocked if they cannot be decoded.
 */
export async function readLakeColumn(file: OpenLakeFile, group: number, column: Column): Promise<Values> {
  const { columns, rowGroups } = file.footer;
  const rowGroup = rowGroups[group];
  const index = columns.findIndex(({ name }) => name === column.name);
  const source = columns[index];
  const chunk = rowGroup?.chunks[index];
  if (!source || !chunk) return new Array<null>(rowGroup?.rows ?? 0).fill(null);
  const bytes = await file.read(chunk.start, chunk.end);
  try {
    return convertValues(decodeChunk(bytes, chunk, source), source.type, column.type);
  } catch (error) {
    throw new TableBlocked(
      '',
      `Column ${column.name} of the lake file ${file.key} cannot be read: ${messageOf(error)}.`,
      {
        next: 'Have DMS reload the table, so that the file is replaced.',
        cause: error,
      },
    );
  }
}

const FILES_AT_ONCE = 4;
