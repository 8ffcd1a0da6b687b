import type { Hash, Share } from './hash-index.ts';
import { HashIndex } from './hash-index.ts';

/** What is known of a key that the lake should hold, as bits. */
const FOUND = 1;
export const DIFFERENT = 2;
export const MISPLACED = 4;
export const TWICE = 8;
const SHOWN = 16;
const DELETED = 32;

/**
 * The keys of a share that the lake should hold, each with a hash of its row and one of its folder: 37 bytes a key. The
 * share shrinks if there are more keys than there is room for.
 */
export class ExpectedRows {
  readonly #share: Share;
  readonly #index: HashIndex;
  readonly #contents: Uint32Array;
  readonly #folders: Uint32Array;
  readonly #states: Uint8Array;

  /** @param share its end is lowered if there are more keys */
  constructor(share: Share, capacity: number) {
    this.#share = share;
    this.#index = new HashIndex(capacity);
    this.#contents = new Uint32Array(2 * capacity);
    this.#folders = new Uint32Array(capacity);
    this.#states = new Uint8Array(capacity);
  }

  /** The row of this key is now this one. @param content 64 bits */
  put(key: Hash, content: Uint32Array, folder: number): void {
    let entry = this.#index.find(key);
    if (entry < 0) {
      entry = this.#index.add(key);
      while (entry < 0) {
        this.#shrink();
        if (!holds(this.#share, key)) return;
        entry = this.#index.add(key);
      }
    }
    this.#contents.set(content, 2 * entry);
    this.#folders[entry] = folder;
    this.#states[entry] = 0;
  }

  /** There is no row of this key now. */
  remove(key: Hash): void {
    const entry = this.#index.find(key);
    if (entry >= 0) this.#states[entry] = DELETED;
  }

  /** @returns the number of the key's entry; -1 if there should be no such row */
  find(key: Hash): number {
    const entry = this.#index.find(key);
    return entry >= 0 && this.#states[entry] !== DELETED ? entry : -1;
  }

  /**
   * Notes a row of the lake.
   * @returns what is new about its key: some of `DIFFERENT`, `MISPLACED` and `TWICE`
   */
  note(entry: number, content: Uint32Array, folder: number): number {
    const before = this.#states[entry] as number;
    let seen = FOUND;
    if (before & FOUND) seen |= TWICE;
    if (this.#contents[2 * entry] !== content[0] || this.#contents[2 * entry + 1] !== content[1]) seen |= DIFFERENT;
    if (this.#folders[entry] !== folder) seen |= MISPLACED;
    this.#states[entry] = before | seen;
    return seen & ~before;
  }

  /** Whether no row of the lake was noted, nor the entry shown. */
  isMissing(entry: number): boolean {
    return this.#states[entry] === 0;
  }

  /** Marks an entry, so that it is shown once. */
  show(entry: number): void {
    this.#states[entry] = (this.#states[entry] as number) | SHOWN;
  }

  /** How many keys there should be, how many of them are not there, and how many are there as they should be. */
  count(): { expected: number; missing: number; equal: number } {
    const counts = { expected: 0, missing: 0, equal: 0 };
    for (let entry = 0; entry < this.#index.size; entry++) {
      const state = this.#states[entry];
      if (state === DELETED) continue;
      counts.expected++;
      if (state === 0) counts.missing++;
      if (state === FOUND) counts.equal++;
    }
    return counts;
  }

  /** Makes room: deleted keys first, then half of the share. */
  #shrink(): void {
    const retain = (): void =>
      this.#index.retain(
        (entry) => this.#states[entry] !== DELETED && this.#index.firstWord(entry) < this.#share.to,
        (from, to) => {
          this.#contents.copyWithin(2 * to, 2 * from, 2 * from + 2);
          this.#folders[to] = this.#folders[from] as number;
          this.#states[to] = this.#states[from] as number;
        },
      );
    retain();
    if (this.#index.size > this.#index.capacity * FULL_SHARE) {
      halve(this.#share);
      retain();
    }
  }
}

/** Fuller than that, deleted keys would have to be cleared away again and again. */
const FULL_SHARE = 0.75;

export function holds({ from, to }: Share, hash: Hash): boolean {
  const word = hash[0] as number;
  return word >= from && word < to;
}

/** @throws RangeError if there is nothing left to halve */
export function halve(share: Share): void {
  if (share.to - share.from < 2) throw new RangeError('more keys of one hash than there is room for');
  share.to = share.from + Math.floor((share.to - share.from) / 2);
}
