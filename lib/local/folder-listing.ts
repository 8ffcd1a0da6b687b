import { statSync, type BigIntStats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './errno.ts';
import { isTemporaryName } from './temporary-file.ts';

export interface ListedFile {
  key: string;
  stats: BigIntStats;
}

/**
 * Files below `root` whose key starts with `prefix` and sorts after `after`, in the byte order of whole keys, as an object
 * store lists them; one folder at a time is in memory. Temporary files and the folders `hidden` (absolute paths) are
 * left out, and so are links to folders, which could lead round in circles, and those that lead nowhere.
 * @param onLink is told of each link that is left out, by its path
 */
export async function* listFolder(
  root: string,
  prefix: string,
  after: string | undefined,
  hidden: ReadonlySet<string>,
  onLink: (path: string) => void = () => undefined,
): AsyncGenerator<ListedFile> {
  yield* walk(prefix.slice(0, prefix.lastIndexOf('/') + 1));

  async function* walk(folderKey: string): AsyncGenerator<ListedFile> {
    const folder = join(root, folderKey);
    for (const { key, isFolder, isLink } of await sortedEntries(folder, folderKey)) {
      if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) continue;
      if (isFolder) {
        const allBefore = after !== undefined && !after.startsWith(key) && compareBytes(key, after) < 0;
        if (!allBefore && !hidden.has(join(root, key.slice(0, -1)))) yield* walk(key);
      } else if (after === undefined || compareBytes(key, after) > 0) {
        const stats = statFile(join(root, key));
        if (stats) yield { key, stats };
        else if (isLink) onLink(join(root, key));
      }
    }
  }
}

/** What is at `path` if it is a file; undefined if there is nothing, or something else, such as a link in a circle. */
export function statFile(path: string): BigIntStats | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    return stats.isFile() ? stats : undefined;
  } catch (error) {
    if (isErrno(error, ...NO_FILE)) return undefined;
    throw error;
  }
}

/** What a system says where a path leads to no file. */
export const NO_FILE = ['ENOENT', 'ENOTDIR', 'ELOOP'] as const;

/** Keys of the folder's entries. Those of folders end in a slash, so that `a-b` comes before all that is in `a/`. */
async function sortedEntries(
  folder: string,
  folderKey: string,
): Promise<{ key: string; isFolder: boolean; isLink: boolean }[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
  return entries
    .filter((entry) => !isTemporaryName(entry.name))
    .map((entry) => {
      const isFolder = entry.isDirectory();
      const key = `${folderKey}${entry.name}${isFolder ? '/' : ''}`;
      return { key, isFolder, isLink: entry.isSymbolicLink(), bytes: Buffer.from(key) };
    })
    .sort((left, right) => Buffer.compare(left.bytes, right.bytes));
}

/** UTF-8 order; that of JavaScript's strings (UTF-16) differs beyond U+FFFF. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
