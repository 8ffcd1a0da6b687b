import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../local/errno.ts';
import { placeRawFile, type RawFile } from '../sample/sample-files.ts';

/** The folder that stands for the raw bucket, as DMS's S3 target writes to it. */
export class RawTarget {
  readonly #folder: string;
  readonly #onFile: (key: string) => void;

  /** @param onFile is told the key of every file once it is in place */
  constructor(folder: string, onFile: (key: string) => void = () => undefined) {
    this.#folder = folder;
    this.#onFile = onFile;
  }

  async place(file: RawFile): Promise<void> {
    await placeRawFile(this.#folder, file);
    this.#onFile(file.key);
  }

  /** Removes all raw files of a table. */
  async removeTable(schema: string, table: string): Promise<void> {
    const folder = join(this.#folder, schema, table);
    for (const name of await namesIn(folder)) await rm(join(folder, name), { force: true });
  }

  /** The base names of all files below the folder. */
  async fileNames(): Promise<string[]> {
    return (await namesIn(this.#folder, true)).map((path) => path.slice(path.lastIndexOf('/') + 1));
  }
}

async function namesIn(folder: string, recursive = false): Promise<string[]> {
  try {
    return await readdir(folder, { recursive });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
