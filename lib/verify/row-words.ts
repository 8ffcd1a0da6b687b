import xxhash from 'xxhash-wasm';
import type { FlatVector, Vector } from '../parquet/vector.ts';

/**
 * Writes what a row's value is, exactly, as `WORDS` words at `at`: a value's bits, or a hash of 128 bits where it is
 * bytes. The same words for the same bits of one type, wherever they stand; all NaN are one.
 */
export type WordsOfRow = (row: number, out: Uint32Array, at: number) => void;

/** The first says whether there is a value. */
export const WORDS = 5;

/** Loading the module takes a promise, once. */
const hasher = await xxhash();
/** Two hashes of 64 bits of different seeds are as good as one of 128. */
const SEEDS = [0n, 0x9e3779b97f4a7c15n] as const;

export function wordsOf(vector: Vector): WordsOfRow {
  if (vector.kind !== 'DICTIONARY') return wordsOfFlat(vector);
  const { dictionary, indices } = vector;
  const ofEntry = wordsOfFlat(dictionary);
  const entries = new Uint32Array(WORDS * dictionary.length);
  for (let entry = 0; entry < dictionary.length; entry++) ofEntry(entry, entries, WORDS * entry);
  return (row, out, at) => {
    const index = indices[row] as number;
    if (index < 0) nothing(out, at);
    else for (let word = 0; word < WORDS; word++) out[at + word] = entries[WORDS * index + word] as number;
  };
}

/** The words of a text, or of none. */
export function wordsOfText(text: string | null, out: Uint32Array, at: number): void {
  if (text === null) nothing(out, at);
  else hashOf(Buffer.from(text), out, at);
}

function wordsOfFlat(vector: FlatVector): WordsOfRow {
  const ofValue = wordsOfValue(vector);
  const valid = vector.kind === 'LIST' ? undefined : vector.valid;
  if (!valid) return ofValue;
  return (row, out, at) => {
    if (valid[row] === 0) nothing(out, at);
    else ofValue(row, out, at);
  };
}

function wordsOfValue(vector: FlatVector): WordsOfRow {
  switch (vector.kind) {
    case 'BYTES': {
      const { bytes, offsets } = vector;
      return (row, out, at) => hashOf(bytes.subarray(offsets[row], offsets[row + 1]), out, at);
    }
    case 'FLOAT':
      return ofNumbers(new Uint32Array(vector.data.map(oneNaN).buffer), 1);
    case 'DOUBLE':
      return ofNumbers(new Uint32Array(vector.data.map(oneNaN).buffer), 2);
    case 'INT64': {
      const { buffer, byteOffset, length } = vector.data;
      return ofNumbers(new Uint32Array(buffer, byteOffset, 2 * length), 2);
    }
    case 'INT32':
    case 'BOOLEAN':
      return ofNumbers(vector.data, 1);
    case 'LIST':
      return (row, out, at) => {
        const value = vector.values[row] ?? null;
        wordsOfText(value === null ? null : String(value), out, at);
      };
  }
}

function ofNumbers(words: Uint32Array | Int32Array | Uint8Array, width: 1 | 2): WordsOfRow {
  return (row, out, at) => {
    out[at] = 1;
    out[at + 1] = words[width * row] as number;
    out[at + 2] = width === 2 ? (words[width * row + 1] as number) : 0;
    out[at + 3] = out[at + 4] = 0;
  };
}

function oneNaN(value: number): number {
  return Number.isNaN(value) ? NaN : value;
}

function nothing(out: Uint32Array, at: number): void {
  out.fill(0, at, at + WORDS);
}

const hashed = new BigUint64Array(2);
const hashedWords = new Uint32Array(hashed.buffer);

function hashOf(bytes: Uint8Array, out: Uint32Array, at: number): void {
  hashed[0] = hasher.h64Raw(bytes, SEEDS[0]);
  hashed[1] = hasher.h64Raw(bytes, SEEDS[1]);
  out[at] = 1;
  out.set(hashedWords, at + 1);
}

/** Puts several values' words side by side and hashes them: 64 bits of `out` for each of `seeds`. */
export class RowHash {
  /** The words of the row that was hashed last, column by column. */
  readonly words: Uint32Array;
  readonly #bytes: Uint8Array;

  constructor(columns: number) {
    this.words = new Uint32Array(Math.max(1, WORDS * columns));
    this.#bytes = new Uint8Array(this.words.buffer);
  }

  fill(columns: readonly WordsOfRow[], row: number): this {
    for (let i = 0; i < columns.length; i++) (columns[i] as WordsOfRow)(row, this.words, WORDS * i);
    return this;
  }

  /** 128 bits. */
  into128(out: Uint32Array): Uint32Array {
    this.into64(out);
    hashed[0] = hasher.h64Raw(this.#bytes, SEEDS[1]);
    out[2] = hashedWords[0] as number;
    out[3] = hashedWords[1] as number;
    return out;
  }

  into64(out: Uint32Array): Uint32Array {
    hashed[0] = hasher.h64Raw(this.#bytes, SEEDS[0]);
    out[0] = hashedWords[0] as number;
    out[1] = hashedWords[1] as number;
    return out;
  }
}
