import { mkdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isErrno } from './errno.ts';
import { WrongUsage } from './wrong-usage.ts';

/** Absolute paths, links resolved. */
export interface Folders {
  raw: string;
  lake: string;
  /** The controller table and the locks. */
  state: string;
}

/**
 * Checks the folders a person named and makes those of the lake and of the state if they are missing.
 * @param state `<lake>/_tidemark` unless given
 * @throws WrongUsage if there is no raw folder, or if what is written into one folder would be found in another.
 */
export async function openFolders(given: GivenFolders): Promise<Folders> {
  const folders = await checkFolders(given);
  await makeFolder('--lake', folders.lake);
  await makeFolder('--state', folders.state);
  return folders;
}

/** The folders as a person named them. */
export interface GivenFolders {
  raw: string;
  lake: string;
  state?: string | undefined;
}

/** The same, but nothing is made: for who only reads. */
export async function checkFolders(given: GivenFolders): Promise<Folders> {
  const raw = await resolved(given.raw);
  const lake = await resolved(given.lake);
  const state = await resolved(given.state ?? join(lake, '_tidemark'));
  if (!(await isFolder(raw))) {
    throw new WrongUsage(
      `--raw: there is no folder ${raw}. Give the folder that holds the DMS files, as <schema>/<table>/LOAD00000001.parquet.`,
    );
  }
  refuse(raw === lake, '--raw and --lake are the same folder', 'Give two folders');
  refuse(
    contains(raw, lake),
    '--lake lies inside --raw, so the lake would be read as raw files',
    'Give a folder beside it',
  );
  refuse(
    contains(lake, raw),
    '--raw lies inside --lake, so readers of the lake would find raw files',
    'Give a folder beside it',
  );
  refuse(state === raw || contains(raw, state), '--state lies inside --raw', 'Give another folder');
  refuse(state === lake || contains(state, lake), '--lake lies inside --state', 'Give another folder for the state');
  refuse(contains(state, raw), '--raw lies inside --state', 'Give another folder for the state');
  for (const [option, path] of [
    ['--lake', lake],
    ['--state', state],
  ] as const)
    if (await isInTheWay(path)) throw new WrongUsage(`${option}: ${path} cannot be made or is not a folder.`);
  return { raw, lake, state };
}

function refuse(condition: boolean, what: string, next: string): void {
  if (condition) throw new WrongUsage(`${what}. ${next}.`);
}

function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && resolve(outer, path) === inner;
}

/** With links resolved as far as the path exists. */
async function resolved(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR') || dirname(absolute) === absolute) throw error;
    return join(await resolved(dirname(absolute)), basename(absolute));
  }
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** Whether the path, or what should be a folder above it, is a file. */
async function isInTheWay(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    if (isErrno(error, 'ENOTDIR')) return true;
    throw error;
  }
}

async function makeFolder(option: string, path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    if (!isErrno(cause, 'EEXIST', 'ENOTDIR', 'EACCES', 'EROFS')) throw cause;
    throw new WrongUsage(`${option}: ${path} cannot be made or is not a folder.`, { cause });
  }
}
