import { ThriftReader } from './thrift-reader.ts';
import { serializeThrift } from './thrift.ts';
import type { Hashes } from './value-hash.ts';
import { hashValues } from './value-hash.ts';
import type { Vector } from './vector.ts';

/**
 * A split-block bloom filter: tells for most values that a column chunk does not hold them, without reading the chunk.
 * A value belongs to one block of 256 bits, in which it sets one bit in each of eight words.
 * @see https://github.com/apache/parquet-format/blob/master/BloomFilter.md
 */
export class BloomFilter {
  private constructor(
    /** Eight to a block. The format's words are little-endian, as those of every machine that Node.js runs on. */
    private readonly words: Uint32Array,
  ) {}

  /**
   * A filter of the values of a vector.
   * @param distinctMax how many values it is made for: of others it then takes 0.1 % to be among them. With more of its
   *   own it becomes less selective, never wrong.
   * @returns undefined if such values have no hashes (see `hashValues`)
   */
  static of(vector: Vector, distinctMax = vector.length): BloomFilter | undefined {
    const hashes = hashValues(vector);
    if (!hashes) return undefined;
    let byteLength = BLOCK_BYTES;
    while (byteLength < distinctMax * BYTES_PER_VALUE && byteLength < BYTES_MAX) byteLength *= 2;
    const filter = new BloomFilter(new Uint32Array(byteLength / 4));
    filter.insert(hashes);
    return filter;
  }

  /**
   * Reads a filter as a file holds it.
   * @param bytes from its header on; may be longer than the filter
   * @returns undefined if it is none, or of a kind that the format does not define: the chunk may contain anything
   */
  static parse(bytes: Uint8Array): BloomFilter | undefined {
    const place = bitset(bytes);
    if (!place) return undefined;
    // A copy: words begin at multiples of four bytes.
    return new BloomFilter(new Uint32Array(Uint8Array.from(bytes.subarray(place.start, place.end)).buffer));
  }

  /** Of the bitset. */
  get byteLength(): number {
    return this.words.byteLength;
  }

  /** Adds the values; nulls are in no filter. */
  insert(hashes: Hashes): void {
    for (let i = 0; i < hashes.length; i++) if (hashes.valid?.[i] !== 0) this.add(hashes, i);
  }

  /** False if the value of row `row` is surely not in the chunk. */
  mayContain({ words: hashWords, valid }: Hashes, row: number): boolean {
    if (valid?.[row] === 0) return true;
    const { words } = this;
    const low = hashWords[2 * row] ?? 0;
    const first = this.firstWord(hashWords[2 * row + 1] ?? 0);
    for (let i = 0; i < WORDS_PER_BLOCK; i++) {
      if ((((words[first + i] ?? 0) >>> (Math.imul(low, SALT[i] ?? 0) >>> 27)) & 1) === 0) return false;
    }
    return true;
  }

  /** Header and bitset, as they go into a file. */
  bytes(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.words;
    const only = { field_1: {} };
    const header = serializeThrift({ field_1: byteLength, field_2: only, field_3: only, field_4: only });
    const bytes = new Uint8Array(header.length + byteLength);
    bytes.set(header);
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), header.length);
    return bytes;
  }

  private add({ words: hashWords }: Hashes, row: number): void {
    const { words } = this;
    const low = hashWords[2 * row] ?? 0;
    const first = this.firstWord(hashWords[2 * row + 1] ?? 0);
    for (let i = 0; i < WORDS_PER_BLOCK; i++) {
      words[first + i] = (words[first + i] ?? 0) | (1 << (Math.imul(low, SALT[i] ?? 0) >>> 27));
    }
  }

  /** The upper half of a hash chooses the block: as a fraction of all blocks, which is exact in a double. */
  private firstWord(high: number): number {
    const blocks = this.words.length / WORDS_PER_BLOCK;
    return Math.floor((high * blocks) / 2 ** 32) * WORDS_PER_BLOCK;
  }
}

const WORDS_PER_BLOCK = 8;
const BLOCK_BYTES = 32;
const BYTES_PER_VALUE = 2;
/** Of a filter that is made here. */
const BYTES_MAX = 1024 * 1024;
/** Of a filter that is read: parquet-java makes none that is larger, and `firstWord` is exact up to half of it. */
const FOREIGN_BYTES_MAX = 64 * 1024 * 1024;
const SALT = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);

/** Where the bitset is, after a BloomFilterHeader (parquet.thrift) that names the one algorithm, hash and compression. */
function bitset(bytes: Uint8Array): { start: number; end: number } | undefined {
  try {
    const reader = new ThriftReader(bytes);
    let byteLength = 0;
    let known = 0;
    for (let field = reader.next(); field > 0; field = reader.next()) {
      if (field === 1) byteLength = reader.integer();
      else if (field <= 4) known += isFirstOfUnion(reader) ? 1 : 0;
      else reader.skip();
    }
    const start = reader.offset;
    const end = start + byteLength;
    const fits = byteLength >= BLOCK_BYTES && byteLength % BLOCK_BYTES === 0 && byteLength <= FOREIGN_BYTES_MAX;
    return known === 3 && fits && end <= bytes.length ? { start, end } : undefined;
  } catch {
    // A filter only saves reading: one that is broken saves nothing.
    return undefined;
  }
}

function isFirstOfUnion(reader: ThriftReader): boolean {
  let first = 0;
  const outer = reader.enter();
  for (let field = reader.next(); field > 0; field = reader.next()) {
    first ||= field;
    reader.skip();
  }
  reader.leave(outer);
  return first === 1;
}
