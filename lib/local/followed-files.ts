/**
 * Follows raw files from their appearance until the lake holds them, by what the tables' rows say: a file is in the lake
 * once the row accounts for it, which is the commit of the merge that took it.
 */
import { parseObjectKey, tablePath } from '../dms/object-key.ts';
import type { Ports } from '../ports/ports.ts';
import { rowOfItem } from '../table/item.ts';
import { isSuperseded } from '../table/pending.ts';
import type { TableRow } from '../table/row.ts';
import type { ListedFile } from './pending-files.ts';
import { listedFile, pendingFiles, pendingNames } from './pending-files.ts';

export interface FollowedFile {
  /** Grows from file to file. */
  readonly id: number;
  /** Path of its table. */
  readonly path: string;
  /** Relative to the table's folder. */
  readonly name: string;
  readonly eTag: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly appearedAt: number;
  /** Whether it was there when following began: then nobody saw it appear. */
  readonly wasThere: boolean;
  /** `dropped`: replaced, removed, skipped or part of a later load before it was merged. */
  state: 'waiting' | 'blocked' | 'merged' | 'dropped';
  /** Set once it is merged: when the commit was seen, in ms since the epoch. */
  mergedAt?: number;
}

/** What a look at a table's row found. */
export interface Look {
  path: string;
  row: TableRow;
  /** Files whose state is another than before. */
  changed: readonly FollowedFile[];
}

/** Of each table so many files are followed at a time; of more that wait, the oldest are forgotten. */
export const FILES_PER_TABLE_MAX = 5_000;

export class FollowedFiles {
  readonly #ports: Pick<Ports, 'raw' | 'tables' | 'clock' | 'config'>;
  readonly #onLook: (look: Look) => void;
  readonly #onError: (error: unknown) => void;
  /** Files that are not merged, by their table's path, then by name. */
  readonly #waiting = new Map<string, Map<string, Waiting>>();
  /** Tables that are being looked at, and whether to look again. */
  readonly #looking = new Map<string, { again: boolean; done: Promise<void> }>();
  #nextId = 1;

  /** @param listener is told of each look, in order for each table */
  constructor(
    ports: Pick<Ports, 'raw' | 'tables' | 'clock' | 'config'>,
    listener: { onLook: (look: Look) => void; onError: (error: unknown) => void },
  ) {
    this.#ports = ports;
    this.#onLook = listener.onLook;
    this.#onError = listener.onError;
  }

  /** How many of a table's followed files are not merged. */
  waitingOf(path: string): number {
    return this.#waiting.get(path)?.size ?? 0;
  }

  /**
   * Follows a file that appeared, and looks whether it is merged already.
   * @returns undefined if it is no table's file, or gone
   */
  async follow(key: string, appearedAt: number): Promise<FollowedFile | undefined> {
    const { raw, config } = this.#ports;
    const parsed = parseObjectKey(key, config.rawPrefix);
    if (parsed.kind === 'other') return undefined;
    const object = await raw.head(key);
    const listed = object && listedFile(object, parsed.file);
    if (!listed) return undefined;
    const path = tablePath(config.rawBucket, config.rawPrefix, parsed.schema, parsed.table);
    const known = this.#waiting.get(path)?.get(parsed.file)?.file;
    const isKnown = known?.eTag === object.eTag;
    if (isKnown && !known.wasThere) return known;
    const file = this.#add(path, listed, { appearedAt, wasThere: false, before: isKnown ? undefined : known });
    this.look(path);
    return file;
  }

  /**
   * Counts the files that are there already and wait, too, until they are merged.
   * @param onTable is told of each table that has some
   */
  async followPresent(onTable: (path: string) => void): Promise<void> {
    for await (const { path, files } of pendingFiles(this.#ports)) {
      for (const listed of files.slice(-FILES_PER_TABLE_MAX))
        if (!this.#waiting.get(path)?.has(listed.name))
          this.#add(path, listed, { appearedAt: listed.lastModified.getTime(), wasThere: true, before: undefined });
      // It may have been merged meanwhile.
      this.look(path);
      onTable(path);
    }
  }

  #add(
    path: string,
    listed: ListedFile,
    { before, ...seen }: Pick<FollowedFile, 'appearedAt' | 'wasThere'> & Pick<Waiting, 'before'>,
  ): FollowedFile {
    const ofTable = this.#waiting.get(path) ?? new Map<string, Waiting>();
    this.#waiting.set(path, ofTable);
    const { name, eTag, size } = listed;
    if (!ofTable.has(name) && ofTable.size >= FILES_PER_TABLE_MAX) ofTable.delete(ofTable.keys().next().value ?? '');
    const file: FollowedFile = { id: this.#nextId++, path, name, eTag, size, ...seen, state: 'waiting' };
    ofTable.set(name, { file, listed, before });
    return file;
  }

  /** Looks at a table's row, now and, should it be looked at already, once more. */
  look(path: string): void {
    const looking = this.#looking.get(path);
    if (looking) {
      looking.again = true;
      return;
    }
    const begun = { again: false, done: Promise.resolve() };
    this.#looking.set(path, begun);
    begun.done = this.#lookUntilDone(path, begun).catch(this.#onError);
  }

  /** Waits for the looks at a table that are under way or asked for. */
  async settle(path: string): Promise<void> {
    await this.#looking.get(path)?.done;
  }

  async #lookUntilDone(path: string, looking: { again: boolean }): Promise<void> {
    const isToLook = (): boolean => looking.again;
    try {
      do {
        looking.again = false;
        await this.#lookOnce(path);
      } while (isToLook());
    } finally {
      this.#looking.delete(path);
    }
  }

  async #lookOnce(path: string): Promise<void> {
    const item = await this.#ports.tables.get(path);
    // Not before the row was read, so that no file is said to be in the lake earlier than it is.
    const now = this.#ports.clock.now();
    if (!item) return;
    const row = rowOfItem(item);
    this.#onLook({ path, row, changed: await this.#changedBy(row, now) });
  }

  async #changedBy(row: TableRow, now: number): Promise<FollowedFile[]> {
    const ofTable = this.#waiting.get(row.path);
    if (!ofTable) return [];
    const changed: FollowedFile[] = [];
    const pending = pendingOf([...ofTable.values()], row);
    for (const waiting of [...ofTable.values()]) {
      const { file, before } = waiting;
      if (before) {
        before.state = 'dropped';
        changed.push(before);
        waiting.before = undefined;
      }
      const state = await this.#stateOf(waiting, pending, row);
      if (state === file.state) continue;
      file.state = state;
      if (state === 'merged') file.mergedAt = now;
      if (state === 'merged' || state === 'dropped') ofTable.delete(file.name);
      changed.push(file);
    }
    if (ofTable.size === 0) this.#waiting.delete(row.path);
    return changed;
  }

  async #stateOf(
    { file, listed }: Waiting,
    pending: ReadonlySet<string>,
    { progress }: TableRow,
  ): Promise<FollowedFile['state']> {
    const { blocked, skipped, since } = progress;
    if (skipped.get(file.name) === file.eTag) return 'dropped';
    if (blocked?.file === file.name && blocked.eTag === file.eTag) return 'blocked';
    if (!pending.has(file.name)) {
      const isOfLaterLoad = listed.kind === 'change' && listed.lastModified.getTime() < since;
      return isOfLaterLoad || isSuperseded(listed, progress) ? 'dropped' : 'merged';
    }
    // It was in the way and is no more, yet not merged: someone removed it, unless it is to be tried again.
    if (file.state === 'blocked' && (await this.#isGone(file))) return 'dropped';
    return 'waiting';
  }

  async #isGone({ path, name, eTag }: FollowedFile): Promise<boolean> {
    const object = await this.#ports.raw.head(path.slice(path.indexOf('/') + 1) + name);
    return object?.eTag !== eTag;
  }
}

interface Waiting {
  file: FollowedFile;
  listed: ListedFile;
  /** The file that this one took the place of, until that was told. */
  before: FollowedFile | undefined;
}

function pendingOf(files: readonly Waiting[], row: TableRow): Set<string> {
  return pendingNames(
    files.map(({ listed }) => listed),
    row,
  );
}
