import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readVarInt } from 'hyparquet/src/thrift.js';
import type { ColumnType } from './column-type.ts';
import { fixedBytes } from './plain-decode.ts';
import type { BytesVector, FlatVector } from './vector.ts';
import { emptyFixed } from './vector.ts';

/**
 * Encodings of newer writers (parquet.thrift, "Encoding"): rare in tables that DMS fills, so hyparquet unpacks their
 * integers. It has no limits of its own; levels, dictionary indices and the lengths of what it gives stay with us.
 */
export const GENERAL_ENCODING = {
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  DELTA_BYTE_ARRAY: 7,
  BYTE_STREAM_SPLIT: 9,
} as const;

/** Whether the format gives this encoding to values of this type. */
export function isGeneral(encoding: number, { physical }: ColumnType): boolean {
  switch (encoding) {
    case GENERAL_ENCODING.DELTA_BINARY_PACKED:
      return physical === 'INT32' || physical === 'INT64';
    case GENERAL_ENCODING.DELTA_LENGTH_BYTE_ARRAY:
      return physical === 'BYTE_ARRAY';
    case GENERAL_ENCODING.DELTA_BYTE_ARRAY:
      return physical === 'BYTE_ARRAY' || physical === 'FIXED_LEN_BYTE_ARRAY';
    case GENERAL_ENCODING.BYTE_STREAM_SPLIT:
      return physical !== 'BOOLEAN' && physical !== 'BYTE_ARRAY' && physical !== 'INT96';
    default:
      return false;
  }
}

/**
 * Counts what values repeat of the ones before them, in the page or in all pages that are in memory together: that costs
 * their pages no bytes.
 */
export class RepeatedBytes {
  private bytes = 0;
  private bytesMax = 128 * 1024 * 1024;

  /**
   * Before anything is made of them.
   * @param values that repeat them: addresses, paths and the like begin alike
   * @throws Error if they are too many.
   */
  add(bytes: number, values: number): void {
    this.bytes += bytes;
    this.bytesMax += values * REPEATED_BYTES_PER_VALUE;
    if (this.bytes > this.bytesMax) throw new Error(`its values repeat more than ${this.bytesMax} bytes of each other`);
  }
}

const REPEATED_BYTES_PER_VALUE = 256;

/**
 * Decodes values of one of these encodings, without nulls.
 * @param bytes of the values
 * @throws Error if they do not hold `count` values, or repeat too much.
 */
export function decodeGeneral(
  bytes: Uint8Array,
  encoding: number,
  count: number,
  type: ColumnType,
  repeated: RepeatedBytes,
): FlatVector {
  const reader: Reader = { view: new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length), offset: 0 };
  const { physical } = type;
  if (encoding === GENERAL_ENCODING.DELTA_LENGTH_BYTE_ARRAY) {
    const lengths = lengthsOf(reader, count);
    return deltaBytes(bytes, reader.offset, new Int32Array(count), lengths, repeated);
  }
  if (encoding === GENERAL_ENCODING.DELTA_BYTE_ARRAY) {
    const prefixes = lengthsOf(reader, count);
    const suffixes = lengthsOf(reader, count);
    const vector = deltaBytes(bytes, reader.offset, prefixes, suffixes, repeated);
    if (physical === 'FIXED_LEN_BYTE_ARRAY' && vector.offsets.some((offset, i) => offset !== i * type.length))
      throw new Error(`a page has values that are not ${type.length} bytes long`);
    return vector;
  }
  if (physical === 'FIXED_LEN_BYTE_ARRAY')
    return fixedBytes(splitBytes(reader, count, type.length), count, type.length);
  if (physical === 'BYTE_ARRAY' || physical === 'INT96') throw new Error(`encoding ${encoding} is none of ${physical}`);
  const vector = emptyFixed(physical, count);
  if (encoding === GENERAL_ENCODING.BYTE_STREAM_SPLIT) {
    const width = vector.data.BYTES_PER_ELEMENT;
    new Uint8Array(vector.data.buffer).set(splitBytes(reader, count, width));
  } else {
    readDeltas(reader, vector.data as Int32Array | BigInt64Array);
  }
  return vector;
}

interface Reader {
  view: DataView<ArrayBuffer>;
  offset: number;
}

function readDeltas(reader: Reader, output: Int32Array | BigInt64Array): void {
  if (output.length === 0) return;
  const header = { ...reader };
  const block = readVarInt(header);
  const miniblocks = readVarInt(header);
  const count = readVarInt(header);
  // hyparquet believes these: with a negative one it would read the same bytes for ever.
  if (block <= 0 || miniblocks <= 0 || block % (miniblocks * MINIBLOCK_MULTIPLE) !== 0)
    throw new Error(`a page packs ${block} differences as ${miniblocks} blocks`);
  if (count !== output.length) throw new Error(`a page has ${count} differences for ${output.length} values`);
  deltaBinaryUnpack(reader, count, output);
  // DuckDB writes unsigned integers as they are, so zigzag takes 33 bits, of which hyparquet reads 32 in the first value.
  if (output instanceof Int32Array && hasBit32(header))
    for (let i = 0; i < count; i++) output[i] = (output[i] as number) ^ 0x80000000;
}

/** Whether a varint has its bit 32, whose weight in a zigzag number is 2^31. */
function hasBit32({ view, offset }: Reader): boolean {
  for (let i = 0; i < 4; i++) if (view.getUint8(offset + i) < 0x80) return false;
  return (view.getUint8(offset + 4) & 0x10) !== 0;
}

/** A miniblock has a multiple of so many values (parquet-format, Encodings.md, "Delta Encoding"). */
const MINIBLOCK_MULTIPLE = 32;

/** Lengths of byte arrays. */
function lengthsOf(reader: Reader, count: number): Int32Array {
  const lengths = new Int32Array(count);
  readDeltas(reader, lengths);
  return lengths;
}

/** Every value begins with so many bytes of the one before it, and goes on with bytes of its own. */
function deltaBytes(
  source: Uint8Array,
  start: number,
  prefixes: Int32Array,
  suffixes: Int32Array,
  repeated: RepeatedBytes,
): BytesVector {
  const count = prefixes.length;
  const offsets = new Uint32Array(count + 1);
  let total = 0;
  let own = 0;
  for (let i = 0; i < count; i++) {
    const prefix = prefixes[i] ?? 0;
    const suffix = suffixes[i] ?? 0;
    const before = i === 0 ? 0 : total - (offsets[i - 1] ?? 0);
    if (prefix < 0 || suffix < 0 || prefix > before) throw new Error('a value is shorter than what it begins with');
    own += suffix;
    total += prefix + suffix;
    if (own > source.length - start) throw new Error('the values of a page are longer than the page');
    offsets[i + 1] = total;
  }
  repeated.add(total - own, count);
  const bytes = new Uint8Array(total);
  let from = start;
  for (let i = 0; i < count; i++) {
    const [prefix, suffix, to] = [prefixes[i] ?? 0, suffixes[i] ?? 0, offsets[i] ?? 0];
    const previous = offsets[i - 1] ?? 0;
    bytes.copyWithin(to, previous, previous + prefix);
    bytes.set(source.subarray(from, from + suffix), to + prefix);
    from += suffix;
  }
  return { kind: 'BYTES', length: count, bytes, offsets, valid: undefined };
}

/** Values of a fixed width whose first bytes stand together, then the second ones, and so on. */
function splitBytes(reader: Reader, count: number, width: number): Uint8Array {
  if (reader.view.byteLength !== count * width)
    throw new Error(`a page has ${reader.view.byteLength} bytes for ${count} values, which take ${count * width}`);
  // Views of one array, from its beginning.
  const [first] = byteStreamSplit(reader, count, 'FIXED_LEN_BYTE_ARRAY', width) as Uint8Array[];
  return first ? new Uint8Array(first.buffer) : new Uint8Array();
}
