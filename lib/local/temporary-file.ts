import { rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './errno.ts';
import { isRunning } from './process-identity.ts';

/**
 * Names of what is being prepared beside the place where it will appear by a rename. They start with a dot and do not
 * end in `.parquet`, so that no engine that reads the folder takes them for data, and they hold their maker's identity,
 * so that what a killed process left can be removed.
 */
export function temporaryName(identity: string, id: string): string {
  return `.tidemark-${identity}-${id}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return makerOf(name) !== undefined;
}

/** Removes, anywhere below `root`, what processes that no longer run were preparing. */
export async function removeLeftovers(root: string): Promise<void> {
  for (const entry of await entriesOf(root)) {
    const path = join(root, entry.name);
    const maker = makerOf(entry.name);
    if (maker === undefined) {
      if (entry.isDirectory()) await removeLeftovers(path);
    } else if (!isRunning(maker)) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

const ownFolders = new Set<string>();

/** Has a folder of this process that stays until its end removed then; not if it is killed, of course. */
export function removeAtExit(folder: string): void {
  if (ownFolders.size === 0)
    process.once('exit', () => {
      for (const own of ownFolders) rmSync(own, { recursive: true, force: true });
    });
  ownFolders.add(folder);
}

function makerOf(name: string): string | undefined {
  return /^\.tidemark-(\d+-\d+)-[0-9a-f]+\.tmp$/.exec(name)?.[1];
}

/** None if the folder was removed meanwhile. */
async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
