import { readFile, rename, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { isErrno } from '../local/errno.ts';

/** How far the changes of a schema are in the raw folder. */
export type ReplicatedUpTo = v.InferOutput<typeof replicatedUpTo>;

const replicatedUpTo = v.object({
  schema: v.string(),
  file: v.string(),
  position: v.pipe(v.number(), v.integer(), v.minValue(4)),
  /** ms since the epoch of the newest change file's name; 0 if there is none. */
  lastFileAt: v.number(),
});

/** @returns undefined if there is none: the full load was not finished */
export async function readPosition(path: string): Promise<ReplicatedUpTo | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return v.parse(replicatedUpTo, JSON.parse(text));
}

/** Whole or not at all. */
export async function writePosition(path: string, upTo: ReplicatedUpTo): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(upTo)}\n`);
  await rename(`${path}.new`, path);
}
