import type { FlatKeyForm, KeyForm } from './key-form.ts';
import { keyEquality } from './key-equality.ts';
import { rowHash } from './key-hash.ts';
import { KeySieve } from './key-sieve.ts';

/**
 * A hash table of distinct keys with open addressing, all in typed arrays: the rows of a row group are looked up without
 * an object per row.
 */
export class KeyTable {
  private readonly hashes: Int32Array;
  /** Number of the key in the table plus 1; 0 is free. A power of two long. */
  private readonly slots: Int32Array;
  /** Of the column that tells most keys apart. */
  private readonly sieve: KeySieve;
  private readonly sieveColumn: number;
  /** Used again for each row group: memory that is new to the process is slow. */
  private passed = new Int32Array(0);

  /**
   * @param keys the columns of the keys: one or more
   * @param length number of keys
   */
  constructor(
    private readonly keys: readonly FlatKeyForm[],
    length: number,
  ) {
    const sieves = keys.map((column) => new KeySieve(column));
    this.sieve = sieves.reduce((best, sieve) => (sieve.marked > best.marked ? sieve : best));
    this.sieveColumn = sieves.indexOf(this.sieve);
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(length * SLOTS_PER_KEY + 1)));
    this.hashes = new Int32Array(length);
    const hashOf = rowHash(keys);
    const mask = this.slots.length - 1;
    for (let key = 0; key < length; key++) {
      const hash = hashOf(key);
      let slot = hash & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = key + 1;
      this.hashes[key] = hash;
    }
  }

  /**
   * Calls back for each row that holds a key of the table, in the order of the rows.
   * @param columns as those of the keys
   * @param rows of each of them
   */
  find(columns: readonly KeyForm[], rows: number, onFound: (row: number, key: number) => void): void {
    const isSame = keyEquality(this.keys, columns);
    if (this.passed.length < rows) this.passed = new Int32Array(rows);
    const passed = this.sieve.pass(columns[this.sieveColumn] as KeyForm, rows, this.passed);
    if (passed.length === 0) return;
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    const hashOf = rowHash(columns);
    for (const row of passed) {
      const hash = hashOf(row);
      let slot = hash & mask;
      for (let key; (key = (slots[slot] as number) - 1) >= 0; slot = (slot + 1) & mask) {
        if (hashes[key] !== hash || !isSame(key, row)) continue;
        onFound(row, key);
        break;
      }
    }
  }
}

const SLOTS_PER_KEY = 2;
