import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../errors.ts';
import type { RandomSource } from '../ports/clock.ts';
import {
  TableItemChanged,
  type Attribute,
  type TableItem,
  type TableItemChange,
  type TableStore,
} from '../ports/table-store.ts';
import { Refused } from '../table/refused.ts';
import { isErrno } from './errno.ts';
import type { FolderLock } from './folder-lock.ts';
import { OWN_IDENTITY } from './process-identity.ts';
import { readableFileName } from './readable-file-name.ts';
import { temporaryName } from './temporary-file.ts';

/**
 * The controller table as a folder: one JSON file per item, named after its path (`raw%2Fsales%2Forders%2F.json`), which
 * a person may read, and edit while nothing runs. Updates are atomic and conditional as in `FolderObjectStore`. Each call
 * throws Refused where a person left a file that is not JSON.
 */
export class FolderTableStore implements TableStore {
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #random: RandomSource;

  /** @param folder absolute path; made when it is first written to. */
  constructor(folder: string, { lock, random }: { lock: FolderLock; random: RandomSource }) {
    this.#folder = folder;
    this.#lock = lock;
    this.#random = random;
  }

  get(path: string): Promise<TableItem | undefined> {
    return Promise.resolve(fileName(path)).then((name) => this.#readItem(name));
  }

  async *scan(): AsyncIterable<TableItem> {
    for (const name of await this.#fileNames()) {
      const item = this.#readItem(name);
      if (item) yield item;
    }
  }

  create(item: TableItem): Promise<TableItem> {
    return this.#lock.hold(() => {
      const found = this.#readItem(fileName(item.path));
      if (!found) this.#replaceItem(item);
      return found ?? item;
    });
  }

  update(path: string, change: TableItemChange, expected: Record<string, Attribute | undefined>): Promise<void> {
    return this.#lock.hold(() => {
      const item = this.#readItem(fileName(path));
      if (!item || !isAs(expected, item)) throw new TableItemChanged(path);
      const kept = Object.entries(item).filter(([name]) => !change.remove.includes(name));
      this.#replaceItem({ ...Object.fromEntries(kept), ...change.set, path });
    });
  }

  delete(path: string, expected: Record<string, Attribute | undefined>): Promise<void> {
    return this.#lock.hold(() => {
      const item = this.#readItem(fileName(path));
      if (!item) return;
      if (!isAs(expected, item)) throw new TableItemChanged(path);
      rmSync(join(this.#folder, fileName(path)));
    });
  }

  async #fileNames(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => name.endsWith('.json'));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  #readItem(name: string): TableItem | undefined {
    const file = join(this.#folder, name);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as TableItem;
    } catch (cause) {
      throw new Refused(
        `${file} is not JSON, so the state of its table is unknown: ${messageOf(cause)}.`,
        "If it was edited, mend it. Its table starts anew if the file is removed together with the table's lake folder.",
        { cause },
      );
    }
  }

  #replaceItem(item: TableItem): void {
    mkdirSync(this.#folder, { recursive: true });
    const temporaryPath = join(this.#folder, temporaryName(OWN_IDENTITY, this.#random.id()));
    try {
      writeFileSync(temporaryPath, `${JSON.stringify(item, null, 2)}\n`);
      renameSync(temporaryPath, join(this.#folder, fileName(item.path)));
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      throw error;
    }
  }
}

function isAs(expected: Record<string, Attribute | undefined>, item: TableItem): boolean {
  return Object.entries(expected).every(([name, value]) => isDeepStrictEqual(item[name], value));
}

function fileName(path: string): string {
  return `${readableFileName(path)}.json`;
}
