import type { FlatKeyForm, KeyForm } from './key-form.ts';
import { halves } from './key-hash.ts';

/**
 * Tells most rows without a wanted key from the others by a glance at one key column, at little more than the cost of
 * passing over its values: a table with a mark for each wanted value, at a place that follows from some of its bits.
 */
export class KeySieve {
  /** Places that are marked: the more, the fewer rows of a table pass by chance. */
  readonly marked: number;
  private readonly marks: Uint8Array;
  private readonly shift: number;
  private readonly nullIsWanted: boolean;

  /** @param keys the wanted values of the column; they may repeat */
  constructor(keys: FlatKeyForm) {
    const bits = Math.ceil(Math.log2(keys.length * PLACES_PER_KEY));
    this.shift = 32 - Math.min(Math.max(bits, PLACE_BITS_MIN), PLACE_BITS_MAX);
    this.marks = new Uint8Array(2 ** (32 - this.shift));
    this.nullIsWanted = keys.valid?.includes(0) ?? false;
    const placeOf = placesOf(keys, this.shift);
    let marked = this.nullIsWanted ? 1 : 0;
    for (let key = 0; key < keys.length; key++) {
      if (keys.valid?.[key] === 0 || this.marks[placeOf(key)] === 1) continue;
      this.marks[placeOf(key)] = 1;
      marked++;
    }
    this.marked = marked;
  }

  /**
   * The rows whose value may be wanted, all whose value is among them.
   * @param rows of the column
   * @param passed room for as many; is overwritten
   * @returns the beginning of `passed`, ascending
   */
  pass(column: KeyForm, rows: number, passed: Int32Array): Int32Array {
    const { marks, shift, nullIsWanted } = this;
    let count = 0;
    switch (column.kind) {
      case 'DICTIONARY': {
        const { dictionary, indices } = column;
        const isMarked = new Uint8Array(dictionary.length);
        for (const entry of this.pass(dictionary, dictionary.length, new Int32Array(dictionary.length))) {
          isMarked[entry] = 1;
        }
        for (let row = 0; row < rows; row++) {
          const index = indices[row] as number;
          if (index < 0 ? nullIsWanted : isMarked[index] === 1) passed[count++] = row;
        }
        break;
      }
      case 'INT32': {
        const { data, valid } = column;
        for (let row = 0; row < rows; row++) {
          if (valid?.[row] === 0 ? nullIsWanted : marks[placeOfInteger(data[row] as number, shift)] === 1) {
            passed[count++] = row;
          }
        }
        break;
      }
      case 'INT64': {
        const { valid } = column;
        const words = halves(column.data);
        for (let row = 0; row < rows; row++) {
          if (valid?.[row] === 0 ? nullIsWanted : marks[placeOfInteger(words[2 * row] as number, shift)] === 1) {
            passed[count++] = row;
          }
        }
        break;
      }
      case 'BYTES': {
        const { offsets, valid } = column;
        const view = viewOf(column.bytes);
        let start = offsets[0] as number;
        for (let row = 0; row < rows; row++) {
          const end = offsets[row + 1] as number;
          if (valid?.[row] === 0 ? nullIsWanted : marks[placeOfBytes(view, start, end, shift)] === 1) {
            passed[count++] = row;
          }
          start = end;
        }
      }
    }
    return passed.subarray(0, count);
  }
}

/** So that of rows that are not wanted about one in so many passes. */
const PLACES_PER_KEY = 16;
const PLACE_BITS_MIN = 12;
/** 256 KiB: more would not stay in a processor's second cache. */
const PLACE_BITS_MAX = 18;

function placesOf(column: FlatKeyForm, shift: number): (row: number) => number {
  switch (column.kind) {
    case 'INT32':
      return (row) => placeOfInteger(column.data[row] as number, shift);
    case 'INT64': {
      const words = halves(column.data);
      return (row) => placeOfInteger(words[2 * row] as number, shift);
    }
    case 'BYTES': {
      const view = viewOf(column.bytes);
      return (row) => placeOfBytes(view, column.offsets[row] as number, column.offsets[row + 1] as number, shift);
    }
  }
}

/** @param low the lower 32 bits, in which integers differ most */
function placeOfInteger(low: number, shift: number): number {
  return Math.imul(low, SPREAD) >>> shift;
}

/** By the last bytes, in which numbered texts differ most. */
function placeOfBytes(view: DataView, start: number, end: number, shift: number): number {
  let bits = end - start;
  if (bits >= 8) {
    bits = Math.imul(view.getInt32(end - 8, true), 0x85ebca6b) ^ view.getInt32(end - 4, true);
    bits ^= bits >>> 15;
  } else {
    for (let at = start; at < end; at++) bits = Math.imul(bits, 31) + view.getUint8(at);
  }
  return Math.imul(bits, SPREAD) >>> shift;
}

/** 2^32 divided by the golden ratio: the upper bits of a product with it depend on all bits of the factor. */
const SPREAD = 0x9e3779b1;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
