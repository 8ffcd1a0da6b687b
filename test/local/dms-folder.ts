import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';

/** A row of the test tables; `Op` is left out in load files. */
export interface Order {
  Op?: 'I' | 'U' | 'D';
  id: number;
  item: string | null;
}

/** Puts a file of DMS into a raw folder, at once, as S3 would. */
export async function putDmsFile(raw: string, key: string, rows: readonly Order[]): Promise<void> {
  const withOp = rows.some(({ Op }) => Op !== undefined);
  const bytes = parquetWriteBuffer({
    codec: 'SNAPPY',
    columnData: [
      ...(withOp ? [{ name: 'Op', data: rows.map(({ Op }) => Op), type: 'STRING' as const, nullable: true }] : []),
      { name: 'id', data: rows.map(({ id }) => id), type: 'INT32' as const, nullable: true },
      { name: 'item', data: rows.map(({ item }) => item), type: 'STRING' as const, nullable: true },
    ],
  });
  const path = join(raw, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, new Uint8Array(bytes));
  await rename(`${path}.part`, path);
}

/** What any engine reads from a table's lake folder: its rows by id, without `Op`. */
export async function lakeRows(lake: string, table: string): Promise<Order[]> {
  const rows: Order[] = [];
  for (const path of await parquetFiles(join(lake, table))) {
    // At once: a merge may put another version in its place between two reads.
    const { buffer: file } = new Uint8Array(await readFile(path));
    const found = (await parquetReadObjects({ file })) as Order[];
    rows.push(...found.map(({ id, item }) => ({ id, item })));
  }
  return rows.sort((left, right) => left.id - right.id);
}

/** The files that an engine reads: hidden ones are none. Empty if there is no such folder. */
async function parquetFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet') && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name));
}
