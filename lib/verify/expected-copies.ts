import { halve, holds } from './expected-rows.ts';
import type { Hash, Share } from './hash-index.ts';
import { HashIndex } from './hash-index.ts';

/**
 * The rows of a share of a table without a primary key: how many of each there should be in the lake, by a hash of all
 * that a row is. The share shrinks if there are more rows, all different, than there is room for.
 */
export class ExpectedCopies {
  readonly #share: Share;
  readonly #index: HashIndex;
  /** How many are still to be found. */
  readonly #copies: Uint32Array;
  #missing = 0;
  #equal = 0;

  constructor(share: Share, capacity: number) {
    this.#share = share;
    this.#index = new HashIndex(capacity);
    this.#copies = new Uint32Array(capacity);
  }

  put(row: Hash): void {
    let entry = this.#index.find(row);
    if (entry < 0) entry = this.#index.add(row);
    while (entry < 0) {
      this.#shrink();
      if (!holds(this.#share, row)) return;
      entry = this.#index.add(row);
    }
    this.#copies[entry] = (this.#copies[entry] as number) + 1;
    this.#missing++;
  }

  /** Notes a row of the lake. @returns whether it should be there */
  take(row: Hash): boolean {
    const entry = this.#index.find(row);
    const copies = entry < 0 ? 0 : (this.#copies[entry] as number);
    if (copies === 0) return false;
    this.#copies[entry] = copies - 1;
    this.#missing--;
    this.#equal++;
    return true;
  }

  count(): { expected: number; missing: number; equal: number } {
    return { expected: this.#missing + this.#equal, missing: this.#missing, equal: this.#equal };
  }

  #shrink(): void {
    halve(this.#share);
    this.#missing = 0;
    const { size } = this.#index;
    this.#index.retain(
      (entry) => this.#index.firstWord(entry) < this.#share.to,
      (from, to) => {
        this.#copies[to] = this.#copies[from] as number;
        this.#missing += this.#copies[from] as number;
      },
    );
    this.#copies.fill(0, this.#index.size, size);
  }
}
