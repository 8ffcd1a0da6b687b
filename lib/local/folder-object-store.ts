import {
  close,
  closeSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock, RandomSource } from '../ports/clock.ts';
import {
  ObjectChanged,
  type ObjectStore,
  type ObjectSummary,
  type Pieces,
  type Replaces,
  type WrittenObject,
} from '../ports/object-store.ts';
import { isErrno } from './errno.ts';
import type { FolderLock } from './folder-lock.ts';
import { listFolder, NO_FILE, statFile } from './folder-listing.ts';
import { keyPath } from './key-path.ts';
import { readFully } from './open-file.ts';
import { PieceWriter } from './piece-writer.ts';
import { OWN_IDENTITY } from './process-identity.ts';
import { temporaryName } from './temporary-file.ts';

export interface FolderObjectStoreOptions {
  /** Shared by all processes that write to the folder; lies in a folder that `hidden` names, or outside. */
  lock: FolderLock;
  clock: Clock;
  random: RandomSource;
  /** Absolute paths of folders below the root that hold no objects. */
  hidden?: readonly string[];
  /** Is told, once, of each link below the root that holds no object: it leads to a folder, nowhere, or in a circle. */
  onLink?: (path: string) => void;
}

/**
 * A bucket that is a folder: the object `a/b.parquet` is the file `b.parquet` in its folder `a`.
 *
 * A new version is written to a temporary file beside its place and renamed onto it, so a reader finds the old bytes or
 * the new ones, and a process may be killed at any moment: nothing is lost and nothing is half there. (That holds for
 * the process. Nothing is forced to the disk, so it does not hold for a loss of power.) Comparing with the version to
 * be replaced and renaming happen under a lock, so of all processes that use this class one wins; programs that do not
 * are not held back, but what they write has another eTag.
 *
 * An eTag is made of the file's inode, size and time of modification, so none needs reading to be known. This class sets
 * that time itself, later than that of the version replaced and of all that it wrote before: the system's own clock for
 * files ticks in milliseconds, in which an inode and a size may well come back.
 */
export class FolderObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #lock: FolderLock;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #hidden: ReadonlySet<string>;
  readonly #onLink: (path: string) => void;
  readonly #linksTold = new Set<string>();
  #lastMicros = 0n;

  /** @param root absolute path; made by the first write if it is missing. */
  constructor(root: string, { lock, clock, random, hidden = [], onLink = () => undefined }: FolderObjectStoreOptions) {
    this.#root = root;
    this.#lock = lock;
    this.#clock = clock;
    this.#random = random;
    this.#hidden = new Set(hidden);
    this.#onLink = (path) => {
      if (!this.#linksTold.has(path)) onLink(path);
      this.#linksTold.add(path);
    };
  }

  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<ObjectSummary> {
    for await (const { key, stats } of listFolder(this.#root, prefix, options.after, this.#hidden, this.#onLink)) {
      yield summaryOf(key, stats);
    }
  }

  head(key: string): Promise<ObjectSummary | undefined> {
    return Promise.resolve(key).then(() => {
      const stats = statFile(keyPath(this.#root, key));
      return stats && summaryOf(key, stats);
    });
  }

  async read(key: string, eTag: string, start: number, end: number): Promise<Uint8Array> {
    const file = this.#openVersion(key, eTag);
    try {
      // A buffer of their own, which can be moved to another thread.
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer);
      const filled = await readFully(file, bytes, start);
      // Looked at again: another program may have written into the file while it was read.
      if (eTagOf(fstatSync(file, { bigint: true })) !== eTag) throw new ObjectChanged(key, eTag);
      if (filled < bytes.length)
        throw new RangeError(`${key} has no bytes up to ${end}: it ends at ${start + filled}.`);
      return bytes;
    } finally {
      closeSync(file);
    }
  }

  async write(key: string, pieces: Pieces, replaces: Replaces): Promise<WrittenObject> {
    const path = keyPath(this.#root, key);
    const temporaryPath = join(dirname(path), temporaryName(OWN_IDENTITY, this.#random.id()));
    const replaced = replaces === 'absent' ? undefined : this.#openVersion(key, replaces.eTag);
    try {
      mkdirSync(dirname(path), { recursive: true });
      const file = openSync(temporaryPath, 'wx');
      try {
        const amounts = await new PieceWriter(file, replaced).write(pieces);
        const { eTag, renameMs } = await this.#swap(key, file, temporaryPath, replaces);
        // ext4 finds room for what is new in a file when that is renamed onto another one (ext4(5), auto_da_alloc).
        const copiedShare = amounts.bytesCopied / Math.max(1, amounts.size);
        return { eTag, ...amounts, copyMs: amounts.copyMs + renameMs * copiedShare };
      } catch (error) {
        rmSync(temporaryPath, { force: true });
        throw error;
      } finally {
        closeSync(file);
      }
    } finally {
      if (replaced !== undefined) closeLater(replaced);
    }
  }

  async delete(key: string, eTag: string): Promise<void> {
    const path = keyPath(this.#root, key);
    await this.#lock.hold(() => {
      const found = statFile(path);
      if (!found) return;
      if (eTagOf(found) !== eTag) throw new ObjectChanged(key, eTag);
      unlinkSync(path);
    });
  }

  /** Puts the finished file in its place if that still holds what is to be replaced. */
  #swap(
    key: string,
    file: number,
    temporaryPath: string,
    replaces: Replaces,
  ): Promise<{ eTag: string; renameMs: number }> {
    const path = keyPath(this.#root, key);
    return this.#lock.hold(() => {
      const found = statFile(path);
      const isAsExpected = replaces === 'absent' ? !found : found && eTagOf(found) === replaces.eTag;
      if (!isAsExpected) throw new ObjectChanged(key, replaces === 'absent' ? 'absent' : replaces.eTag);
      const seconds = this.#laterThan(found);
      futimesSync(file, seconds, seconds);
      const eTag = eTagOf(fstatSync(file, { bigint: true }));
      const startedMs = performance.now();
      renameSync(temporaryPath, path);
      return { eTag, renameMs: performance.now() - startedMs };
    });
  }

  /** A time of modification, in seconds, that no version before this one had. */
  #laterThan(replaced: BigIntStats | undefined): number {
    const candidates = [BigInt(this.#clock.now()) * 1000n, this.#lastMicros + 1n];
    if (replaced) candidates.push(replaced.mtimeNs / 1000n + 1n);
    this.#lastMicros = candidates.reduce((latest, candidate) => (candidate > latest ? candidate : latest));
    // Whole microseconds survive; the half keeps the rounding of the floating-point seconds from taking one away.
    return (Number(this.#lastMicros) + 0.5) / 1e6;
  }

  #openVersion(key: string, eTag: string): number {
    let file: number;
    try {
      file = openSync(keyPath(this.#root, key), 'r');
    } catch (error) {
      if (isErrno(error, ...NO_FILE)) throw new ObjectChanged(key, eTag, { cause: error });
      throw error;
    }
    if (eTagOf(fstatSync(file, { bigint: true })) === eTag) return file;
    closeSync(file);
    throw new ObjectChanged(key, eTag);
  }
}

/**
 * Closes a version that was replaced. The last to let go of a large file makes the system free its blocks, which holds
 * up what is written next: the commit of this very write. So it is done a moment later.
 */
function closeLater(file: number): void {
  setTimeout(() => close(file), CLOSE_AFTER_MS).unref();
}

const CLOSE_AFTER_MS = 100;

function summaryOf(key: string, stats: BigIntStats): ObjectSummary {
  return {
    key,
    eTag: eTagOf(stats),
    size: Number(stats.size),
    lastModified: stats.ctime > stats.mtime ? stats.ctime : stats.mtime,
  };
}

/** The time of the last change of the inode is left out: a rename moves it. */
function eTagOf({ ino, size, mtimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs].map((part) => part.toString(16)).join('-');
}
