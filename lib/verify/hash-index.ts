/** A hash of 128 bits, as four words. */
export type Hash = Uint32Array;

/** From `from` to `to` - 1: the hashes whose first word lies there. */
export interface Share {
  from: number;
  /** At most `HASHES`. */
  to: number;
}

/** How many values the first word of a hash may have. */
export const HASHES = 2 ** 32;

/**
 * How wide a share of all hashes may be so that there is room for the keys in it, which hashes spread evenly.
 * @param keys as many as there may be, all different
 * @param room keys that there is room for
 */
export function shareWidth(keys: number, room: number): number {
  return Math.max(1, Math.floor(Math.min(1, (room * ROOM_USED) / Math.max(keys, 1)) * HASHES));
}

/** A share is chosen a little smaller than what there should be room for. */
const ROOM_USED = 0.95;

/**
 * Finds the entry of a hash: entries are numbered as they come, what belongs to them is the caller's. Open addressing in
 * typed arrays: 24 bytes an entry, all taken at the beginning.
 */
export class HashIndex {
  readonly capacity: number;
  readonly #hashes: Uint32Array;
  /** Number of an entry, plus 1; 0: none. At most half of them are taken. */
  readonly #slots: Uint32Array;
  #size = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#hashes = new Uint32Array(4 * capacity);
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * capacity + 1)));
  }

  get size(): number {
    return this.#size;
  }

  /** @returns the number of the entry; -1 if there is none */
  find(hash: Hash): number {
    return (this.#slots[this.#slotOf(hash)] as number) - 1;
  }

  /** The hash must not be there yet. @returns the number of its entry; -1 if there is no room */
  add(hash: Hash): number {
    if (this.#size === this.capacity) return -1;
    const entry = this.#size++;
    this.#hashes.set(hash, 4 * entry);
    this.#slots[this.#slotOf(hash)] = entry + 1;
    return entry;
  }

  /** First word of an entry's hash. */
  firstWord(entry: number): number {
    return this.#hashes[4 * entry] as number;
  }

  /** @param move is told the new number of an entry that stays, in ascending order; it is never greater than the old one */
  retain(stays: (entry: number) => boolean, move: (from: number, to: number) => void): void {
    const before = this.#size;
    this.#size = 0;
    this.#slots.fill(0);
    for (let entry = 0; entry < before; entry++) {
      if (!stays(entry)) continue;
      move(entry, this.#size);
      this.add(this.#hashes.slice(4 * entry, 4 * entry + 4));
    }
  }

  /** Where the hash is, or would be. */
  #slotOf(hash: Hash): number {
    const hashes = this.#hashes;
    const mask = this.#slots.length - 1;
    // Not the first word, which tells the share: within one it is much the same.
    for (let slot = (hash[1] as number) & mask; ; slot = (slot + 1) & mask) {
      const at = 4 * ((this.#slots[slot] as number) - 1);
      if (at < 0) return slot;
      if (hashes[at] !== hash[0] || hashes[at + 1] !== hash[1]) continue;
      if (hashes[at + 2] === hash[2] && hashes[at + 3] === hash[3]) return slot;
    }
  }
}
