import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Folders } from '../../lib/local/folders.ts';
import type { BenchCase } from './bench-cases.ts';
import { loadFiles } from './bench-table.ts';
import { runProcess } from './measured-process.ts';
import type { TidemarkJob } from './tidemark-process.ts';

export const SCHEMA = 'bench';
export const TIDEMARK_PROCESS = join(import.meta.dirname, 'tidemark-process.ts');

/** A table that Tidemark has loaded; others are copied from it, it stays as it is. */
export interface LoadedTable {
  folders: Folders;
  /** Its lake files, in order. */
  lakeFiles: string[];
  /** Bytes of its lake files. */
  lakeBytes: number;
}

/** Folder below `folder` with the raw files of a case's table. */
export function tableFolder({ table }: Pick<BenchCase, 'table'>, folder: string): string {
  return join(folder, `${table.name}-${table.rows}`);
}

/**
 * The table of a case, loaded by Tidemark unless this very code has done so before.
 * @param folder of all that is kept between runs
 */
export async function loadedTable(
  { table, targetFileBytes }: Pick<BenchCase, 'table' | 'targetFileBytes'>,
  threads: number,
  folder: string,
): Promise<LoadedTable> {
  const own = tableFolder({ table }, folder);
  const layout = targetFileBytes === undefined ? 'files' : 'one-file';
  const loaded = join(own, `loaded-${layout}-${await codeVersion()}`);
  if (!existsSync(loaded)) {
    await removeOthers(own, `loaded-${layout}-`);
    const files = await loadFiles(table, join(own, 'load'));
    const unfinished = join(own, 'unfinished');
    await rm(unfinished, { recursive: true, force: true });
    const folders = foldersIn(unfinished);
    const arriving = await linked(files, join(unfinished, 'incoming'), join(folders.raw, SCHEMA, table.name));
    const job: TidemarkJob = {
      table: `${SCHEMA}/${table.name}`,
      primaryKey: ['id'],
      threads,
      ...(targetFileBytes !== undefined && { targetFileBytes }),
      runs: [{ folders, arriving }],
    };
    await runProcess(TIDEMARK_PROCESS, job);
    await rename(unfinished, loaded);
  }
  const folders = foldersIn(loaded);
  const lakeFiles = await lakeFilesIn(folders, table.name);
  return { folders, lakeFiles, lakeBytes: await bytesOf(lakeFiles) };
}

/**
 * A copy to merge into. Load files are linked, not copied: to Tidemark, a copy would be another load file.
 */
export async function copyOf({ folders }: LoadedTable, table: string, folder: string): Promise<Folders> {
  const copy = foldersIn(folder);
  const loads = join(SCHEMA, table);
  await mkdir(join(copy.raw, loads), { recursive: true });
  for (const name of await readdir(join(folders.raw, loads))) {
    await link(join(folders.raw, loads, name), join(copy.raw, loads, name));
  }
  await cp(folders.lake, copy.lake, { recursive: true });
  await cp(folders.state, copy.state, { recursive: true });
  await settle(await lakeFilesIn(copy, table));
  return copy;
}

export function foldersIn(folder: string): Folders {
  return { raw: join(folder, 'raw'), lake: join(folder, 'lake'), state: join(folder, 'state') };
}

/** Links files into a folder from which they can be moved to where they arrive. */
export async function linked(
  paths: readonly string[],
  incoming: string,
  arrival: string,
): Promise<{ from: string; to: string }[]> {
  await mkdir(incoming, { recursive: true });
  const moves = [];
  for (const path of paths) {
    const from = join(incoming, basename(path));
    await link(path, from);
    moves.push({ from, to: join(arrival, basename(path)) });
  }
  return moves;
}

/** Paths of a table's lake files, in order. */
export async function lakeFilesIn({ lake }: Folders, table: string): Promise<string[]> {
  const folder = join(lake, SCHEMA, table);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.parquet')).sort();
  return names.map((name) => join(folder, name));
}

export async function bytesOf(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map((path) => stat(path)));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** Waits until files are on the disk: what is still to go there would do so while the clock runs. */
export async function settle(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const file = await open(path, 'r+');
    await file.sync();
    await file.close();
  }
}

/** Names the code that decides how lake files are laid out. */
async function codeVersion(): Promise<string> {
  const hash = createHash('sha256');
  const lib = resolve(import.meta.dirname, '../../lib');
  for (const folder of ['.', 'lake', 'merge', 'parquet', 'threads']) {
    for (const name of (await readdir(join(lib, folder))).filter((file) => file.endsWith('.ts')).sort()) {
      hash.update(name).update(await readFile(join(lib, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

async function removeOthers(folder: string, prefix: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of (await readdir(folder)).filter((entry) => entry.startsWith(prefix))) {
    await rm(join(folder, name), { recursive: true });
  }
}
