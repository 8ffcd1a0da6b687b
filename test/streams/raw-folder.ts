import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { placeRawFile } from '../../lib/sample/sample-files.ts';
import type { TableFiles } from './oracle.ts';
import type { Stream } from './random-stream.ts';
import type { StreamTable } from './random-table.ts';

/** Does to the raw folder what happens before run `run` of the stream. */
export async function applySteps(stream: Stream, run: number, raw: string): Promise<void> {
  for (const table of stream.tables) {
    for (const step of table.steps[run] ?? []) {
      if ('place' in step) await placeRawFile(raw, step.place);
      else await rm(join(raw, step.remove));
    }
  }
}

/** What the oracle compares after run `run`. */
export async function tableFiles(
  table: StreamTable,
  run: number,
  folders: { raw: string; lake: string },
): Promise<TableFiles> {
  const arrived = table.files.filter((file) => file.run <= run);
  const load = Math.max(...arrived.map((file) => file.load));
  const lakeFolder = join(folders.lake, table.name);
  return {
    name: table.name,
    primaryKey: table.primaryKey,
    partitionKey: table.partitionKey,
    rawFiles: arrived.filter((file) => file.load === load).map(({ key }) => join(folders.raw, key)),
    lakeFiles: (await filesBelow(lakeFolder)).filter((path) => path.endsWith('.parquet')),
  };
}

/** The settings of the stream's tables before run `run`, as the file of `--tables`. */
export function tablesFile(stream: Stream, run: number): string {
  const settings = stream.tables.map(({ name, primaryKey, partitionKey, activeFrom }) => [
    name,
    { primaryKey, partitionKey, active: activeFrom <= run },
  ]);
  return JSON.stringify(Object.fromEntries(settings));
}

async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
