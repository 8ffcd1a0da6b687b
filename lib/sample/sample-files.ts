import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OP_COLUMN } from './dms-column.ts';
import { writeDmsFile } from './dms-file.ts';
import { SAMPLE_SCHEMA, type SampleChange, type SampleDatabase, type SampleTableName } from './sample-database.ts';

/** An object of the raw bucket. */
export interface RawFile {
  /** `<schema>/<table>/<file>` */
  key: string;
  bytes: Uint8Array;
}

/** The full load of every table, as DMS writes it with includeOpForFullLoad: `sampledb/<table>/LOAD00000001.parquet`. */
export function fullLoadFiles(database: SampleDatabase): RawFile[] {
  return tables(database).map(([name, { columns, rows }]) => ({
    key: `${SAMPLE_SCHEMA}/${name}/LOAD00000001.parquet`,
    bytes: writeDmsFile({ columns: [OP_COLUMN, ...columns], rows: rows.map((row) => ['I', ...row]) }),
  }));
}

/** One change file for every table that changed, named by the time it is written: `YYYYMMDD-HHMMSSmmm.parquet`. */
export function changeFiles(
  database: SampleDatabase,
  changes: Readonly<Record<SampleTableName, readonly SampleChange[]>>,
  writtenAt: Date,
): RawFile[] {
  return tables(database)
    .filter(([name]) => changes[name].length > 0)
    .map(([name, { columns }]) => ({
      key: `${SAMPLE_SCHEMA}/${name}/${changeFileName(writtenAt)}`,
      bytes: writeDmsFile({
        columns: [OP_COLUMN, ...columns],
        rows: changes[name].map(({ operation, row }) => [operation, ...row]),
      }),
    }));
}

/** `YYYYMMDD-HHMMSSmmm.parquet` */
export function changeFileName(writtenAt: Date): string {
  const [day = '', time = ''] = writtenAt
    .toISOString()
    .replace(/[-:.Z]/g, '')
    .split('T');
  return `${day}-${time}.parquet`;
}

/**
 * Puts a file into a folder that stands for the raw bucket, whole at once: under a name that no watcher takes for a
 * Parquet file, then renamed.
 */
export async function placeRawFile(folder: string, { key, bytes }: RawFile): Promise<void> {
  const path = join(folder, key);
  const unfinished = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(unfinished, bytes);
  await rename(unfinished, path);
}

function tables(database: SampleDatabase): [SampleTableName, SampleDatabase[SampleTableName]][] {
  return Object.entries(database) as [SampleTableName, SampleDatabase[SampleTableName]][];
}
