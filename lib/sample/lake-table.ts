import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** A table of the lake as any reader of a folder sees it: all its files, partition columns taken from their folders. */
export interface LakeTable {
  /** Files that hold rows. */
  files: number;
  rows: LakeRow[];
}

/** By column; values as hyparquet gives them, partition values as the text of their folder's name. */
export type LakeRow = Record<string, unknown>;

/** @param folder `<lake>/<schema>/<table>`; a table that is not there has no rows. */
export async function readLakeTable(folder: string): Promise<LakeTable> {
  const table: LakeTable = { files: 0, rows: [] };
  for (const path of await parquetFilesBelow(folder)) {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, path)), compressors });
    if (rows.length === 0) continue;
    table.files++;
    const partition = partitionValues(path);
    for (const row of rows) table.rows.push({ ...row, ...partition });
  }
  return table;
}

/** Paths below the folder. Names that begin with a dot or an underscore are not the table's, as everywhere in Hive's world. */
async function parquetFilesBelow(folder: string): Promise<string[]> {
  try {
    const paths = await readdir(folder, { recursive: true });
    return paths.filter((path) => /(?:^|\/)[^._/][^/]*\.parquet$/.test(path)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** `day=2018-11-27/…` says that `day` is 2018-11-27 in all rows of the file. */
function partitionValues(path: string): LakeRow {
  const folders = path.split('/').slice(0, -1);
  return Object.fromEntries(
    folders.map((folder) => {
      const [column = '', value = ''] = folder.split('=');
      return [decodeURIComponent(column), value === '__HIVE_DEFAULT_PARTITION__' ? null : decodeURIComponent(value)];
    }),
  );
}
