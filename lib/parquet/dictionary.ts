import type { ColumnType } from './column-type.ts';
import { BIT_WIDTH_MAX, bitWidthFor } from './rle-encode.ts';
import type { BytesVector, DictionaryVector, FixedVector, FlatVector, Vector } from './vector.ts';
import { flatVector } from './vector-rows.ts';
import { wordsOf } from './words.ts';

/**
 * The vector with a dictionary of the values that occur in it; undefined if that does not make it much smaller. Values
 * are the same if their bits are. A dictionary that is there already is used as it is: its values need not differ.
 */
export function withDictionary(type: ColumnType, vector: Vector): DictionaryVector | undefined {
  const found = vector.kind === 'DICTIONARY' ? usedEntries(type, vector) : buildDictionary(type, vector);
  return found && pays(found) ? found : undefined;
}

/** Without the entries that no row refers to. */
function usedEntries(type: ColumnType, vector: DictionaryVector): DictionaryVector {
  const { dictionary, indices, length } = vector;
  const newIndices = new Int32Array(dictionary.length).fill(-1);
  const entries = new Int32Array(dictionary.length);
  let used = 0;
  for (let row = 0; row < length; row++) {
    const index = indices[row] as number;
    if (index < 0 || newIndices[index] !== -1) continue;
    entries[used] = index;
    newIndices[index] = used++;
  }
  if (used === dictionary.length) return vector;
  const remapped = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const index = indices[row] as number;
    remapped[row] = index < 0 ? -1 : (newIndices[index] as number);
  }
  return {
    kind: 'DICTIONARY',
    length,
    dictionary: pick(type, dictionary, entries.subarray(0, used)),
    indices: remapped,
  };
}

function buildDictionary(type: ColumnType, vector: FlatVector): DictionaryVector | undefined {
  // Booleans take a bit each as they are.
  if (vector.kind === 'LIST' || vector.kind === 'BOOLEAN') return undefined;
  const indices = new Int32Array(vector.length);
  const firstRows = vector.kind === 'BYTES' ? indexBytes(vector, indices) : indexWords(vector, indices);
  return firstRows && { kind: 'DICTIONARY', length: vector.length, dictionary: pick(type, vector, firstRows), indices };
}

/**
 * Fills `indices` with the number of each row's value, in the order in which values first occur.
 * @returns the first row of each value; undefined if there are too many values
 */
function indexWords(vector: Exclude<FixedVector, { kind: 'BOOLEAN' }>, indices: Int32Array): Int32Array | undefined {
  const { length, valid } = vector;
  const { words, perValue } = wordsOf(vector);
  const slots = new Slots(length);
  const { table, mask, firstRows } = slots;
  // With one word a value, the high word is the same as the low one.
  const high = perValue - 1;
  let previous = -1;
  for (let row = 0; row < length; row++) {
    if (row % CHECK_ROWS === 0 && slots.isTooMany(row)) return undefined;
    if (valid?.[row] === 0) {
      indices[row] = -1;
      continue;
    }
    const a = words[row * perValue] as number;
    const b = words[row * perValue + high] as number;
    if (previous >= 0 && words[previous * perValue] === a && words[previous * perValue + high] === b) {
      indices[row] = indices[previous] as number;
      continue;
    }
    previous = row;
    let slot = mix(Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) & mask;
    for (;;) {
      const entry = (table[slot] as number) - 1;
      if (entry < 0) {
        indices[row] = slots.add(slot, row);
        break;
      }
      const first = firstRows[entry] as number;
      if (words[first * perValue] === a && words[first * perValue + high] === b) {
        indices[row] = entry;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return slots.rows();
}

/** The same for bytes. */
function indexBytes(vector: BytesVector, indices: Int32Array): Int32Array | undefined {
  const { length, valid, bytes, offsets } = vector;
  const slots = new Slots(length);
  const { table, mask, firstRows } = slots;
  let previous = -1;
  for (let row = 0; row < length; row++) {
    if (row % CHECK_ROWS === 0 && slots.isTooMany(row)) return undefined;
    if (valid?.[row] === 0) {
      indices[row] = -1;
      continue;
    }
    if (previous >= 0 && sameBytes(bytes, offsets, previous, row)) {
      indices[row] = indices[previous] as number;
      continue;
    }
    previous = row;
    const end = offsets[row + 1] as number;
    let hash = 0x811c9dc5;
    for (let i = offsets[row] as number; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    let slot = mix(hash) & mask;
    for (;;) {
      const entry = (table[slot] as number) - 1;
      if (entry < 0) {
        indices[row] = slots.add(slot, row);
        break;
      }
      if (sameBytes(bytes, offsets, firstRows[entry] as number, row)) {
        indices[row] = entry;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return slots.rows();
}

/** An open hash table: in each slot the number of an entry plus 1, 0 if there is none. */
class Slots {
  readonly table: Int32Array;
  readonly mask: number;
  readonly firstRows: Int32Array;
  private count = 0;

  constructor(rows: number) {
    const size = 2 << bitWidthFor(rows);
    this.table = new Int32Array(size);
    this.mask = size - 1;
    this.firstRows = new Int32Array(rows);
  }

  add(slot: number, row: number): number {
    this.firstRows[this.count] = row;
    this.table[slot] = ++this.count;
    return this.count - 1;
  }

  /** Whether a dictionary of all rows is not worth going on for: three quarters of the first rows have values of their own. */
  isTooMany(rows: number): boolean {
    return this.count * 4 > rows * 3;
  }

  rows(): Int32Array {
    return this.firstRows.subarray(0, this.count);
  }
}

/** Early enough to cost little, late enough for a few thousand values in a row group to recur. */
const CHECK_ROWS = 2048;

/** A dictionary is read and written again whenever a page of its chunk changes: it has to halve the bytes to be worth that. */
function pays({ dictionary, indices }: DictionaryVector): boolean {
  const bitWidth = bitWidthFor(dictionary.length);
  if (dictionary.kind === 'LIST' || dictionary.kind === 'BOOLEAN' || bitWidth > BIT_WIDTH_MAX) return false;
  let plainBytes = 0;
  let present = 0;
  for (const index of indices) {
    if (index < 0) continue;
    present++;
    if (dictionary.kind === 'BYTES')
      plainBytes += LENGTH_BYTES + (dictionary.offsets[index + 1] as number) - (dictionary.offsets[index] as number);
    else plainBytes += dictionary.data.BYTES_PER_ELEMENT;
  }
  const dictionaryBytes =
    dictionary.kind === 'BYTES'
      ? dictionary.bytes.length + dictionary.length * LENGTH_BYTES
      : dictionary.length * dictionary.data.BYTES_PER_ELEMENT;
  // Row groups are joined by their bytes, so long values must not hide in a dictionary.
  if (plainBytes > present * LONG_BYTES || dictionaryBytes > DICTIONARY_BYTES_MAX) return false;
  return present > 0 && dictionaryBytes + (present * bitWidth) / 8 <= plainBytes / 2;
}

const LENGTH_BYTES = 4;
/** A row group of so long values comes to 256 MiB without a dictionary. */
const LONG_BYTES = 32 * 1024;
const DICTIONARY_BYTES_MAX = 16 * 1024 * 1024;

function pick(type: ColumnType, dictionary: FlatVector, indices: Int32Array): FlatVector {
  return flatVector(type, { kind: 'DICTIONARY', length: indices.length, dictionary, indices });
}

function sameBytes(bytes: Uint8Array, offsets: Uint32Array, a: number, b: number): boolean {
  const startOfA = offsets[a] as number;
  const startOfB = offsets[b] as number;
  const length = (offsets[a + 1] as number) - startOfA;
  if ((offsets[b + 1] as number) - startOfB !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[startOfA + i] !== bytes[startOfB + i]) return false;
  return true;
}

/** Brings the high bits of a hash into the low ones. */
function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
