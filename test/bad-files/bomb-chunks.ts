import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Column } from '../../lib/parquet/column-type.ts';
import type { EncodedChunk } from '../../lib/parquet/encoded-chunk.ts';
import { dataPageHeader, dictionaryPageHeader, ENCODING } from '../../lib/parquet/page.ts';
import { INT, TEXT, utf8 } from '../parquet/sample-types.ts';

/*
 * Column chunks, and pages, that stand for more than they are.
 */

export const MIB = 2 ** 20;

/** A run of so many equal values, of at most 8 bits each. */
export function run(count: number, value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = count * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.of(...bytes, rest, value);
}

export interface Page {
  rows: number;
  encoding: number;
  values: Uint8Array;
  /** Of the values before compression, as the header is to say. */
  valueBytes?: number;
  nulls?: number;
}

/** A chunk of one data page v2, its values as they come, and a dictionary page perhaps. */
export function chunk(
  column: Column,
  codec: string,
  page: Page,
  dictionary?: { entries: number; bytes: Uint8Array; uncompressedBytes: number },
  claimedBytes?: number,
): EncodedChunk {
  const { rows, encoding, values, valueBytes = values.length, nulls = 0 } = page;
  const levels = run(rows, nulls > 0 ? 0 : 1);
  const first = dictionary && [
    dictionaryPageHeader({
      values: dictionary.entries,
      uncompressedBytes: dictionary.uncompressedBytes,
      compressedBytes: dictionary.bytes.length,
    }),
    dictionary.bytes,
  ];
  const header = dataPageHeader({
    values: rows,
    nulls,
    encoding,
    definitionBytes: levels.length,
    uncompressedBytes: levels.length + valueBytes,
    compressedBytes: levels.length + values.length,
    compressed: codec !== 'UNCOMPRESSED',
  });
  const parts = [...(first ?? []), header, levels, values];
  const byteLength = parts.reduce((sum, { length }) => sum + length, 0);
  const dataPageOffset = (first ?? []).reduce((sum, { length }) => sum + length, 0);
  return {
    parts,
    byteLength,
    column: column.name,
    physical: column.type.physical,
    codec,
    encodings: [encoding],
    values: rows,
    uncompressedBytes: claimedBytes ?? byteLength + valueBytes + (dictionary?.uncompressedBytes ?? 0),
    dataPageOffset,
    dictionaryPageOffset: dictionary && 0,
    statistics: { nulls: undefined, min: undefined, max: undefined },
    bloomFilter: undefined,
  };
}

/** A chunk with the data pages of others after its own. */
export function withPages(first: EncodedChunk, ...others: readonly EncodedChunk[]): EncodedChunk {
  const all = [first, ...others];
  const sum = (of: (one: EncodedChunk) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    ...first,
    parts: all.flatMap(({ parts }) => parts),
    byteLength: sum(({ byteLength }) => byteLength),
    values: sum(({ values }) => values),
    uncompressedBytes: sum(({ uncompressedBytes }) => uncompressedBytes),
  };
}

export const ID: Column = { name: 'id', type: INT };
export const text = (name: string): Column => ({ name, type: TEXT });
export const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`);

/** The numbers from `first` on, plain. */
export function ids(rows: number, first = 0): EncodedChunk {
  const values = new Uint8Array(Int32Array.from({ length: rows }, (_, i) => first + i).buffer);
  return chunk(ID, 'UNCOMPRESSED', { rows, encoding: ENCODING.PLAIN, values });
}

/** So many null rows, in a few bytes. */
export function nulls(column: Column, rows: number): EncodedChunk {
  return chunk(column, 'UNCOMPRESSED', { rows, encoding: ENCODING.PLAIN, values: new Uint8Array(), nulls: rows });
}

/** The bytes of one plain text of `length - 4` zeros. */
export function plainText(length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(length - 4);
  return bytes;
}

const gzip = (length: number): Uint8Array => gzipSync(plainText(length));
const brotli = (length: number): Uint8Array =>
  brotliCompressSync(plainText(length), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

/** One Zstandard frame: the length of the text in a raw block, then blocks that repeat one byte. */
export function zstd(length: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32LE(0xfd2fb528, 0);
  header.writeUInt8(0b1110_0000, 4);
  header.writeBigUInt64LE(BigInt(length), 5);
  const parts: Uint8Array[] = [header, Uint8Array.of(4 << 3, 0, 0), plainText(length).subarray(0, 4)];
  for (let left = length - 4; left > 0; left -= 128 * 1024) {
    const size = Math.min(left, 128 * 1024);
    const block = Buffer.alloc(4);
    block.writeUIntLE((size << 3) | (1 << 1) | (left <= 128 * 1024 ? 1 : 0), 0, 3);
    parts.push(block);
  }
  return Buffer.concat(parts);
}

/** Literals for the length and one zero, then one match of all the rest, then the five literals that must end a block. */
function lz4(length: number): Uint8Array {
  const matched = length - 5 - 5;
  let rest = matched - 4 - 15;
  const lengths: number[] = [];
  for (; rest >= 255; rest -= 255) lengths.push(255);
  const begin = Uint8Array.of(0x5f, ...plainText(length).subarray(0, 5), 1, 0);
  return Buffer.concat([begin, Uint8Array.from([...lengths, rest]), Uint8Array.of(0x50, 0, 0, 0, 0, 0)]);
}

/** A literal of the length and one zero, then copies of 64 bytes. */
function snappy(length: number): Uint8Array {
  const head: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) | 0x80);
  const parts: Uint8Array[] = [Uint8Array.of(...head, rest, 4 << 2, ...plainText(length).subarray(0, 5))];
  const copies = Math.ceil((length - 5) / 64);
  const body = Buffer.alloc(copies * 3);
  for (let i = 0; i < copies; i++) {
    const size = Math.min(64, length - 5 - i * 64);
    body.writeUInt8(((size - 1) << 2) | 2, i * 3);
    body.writeUInt16LE(1, i * 3 + 1);
  }
  return Buffer.concat([...parts, body]);
}

export const PACKERS = { GZIP: gzip, BROTLI: brotli, ZSTD: zstd, LZ4_RAW: lz4, SNAPPY: snappy };

/** One long text in a dictionary, to which many rows refer. */
export function dictionaryOfOne(column: Column, rows: number, length: number): EncodedChunk {
  const bytes = gzip(length + 4);
  return chunk(
    column,
    'GZIP',
    {
      rows,
      encoding: ENCODING.RLE_DICTIONARY,
      values: gzipSync(Buffer.concat([Uint8Array.of(1), run(rows, 0)])),
      valueBytes: 1 + run(rows, 0).length,
    },
    { entries: 1, bytes, uncompressedBytes: length + 4 },
  );
}

/** Values that each begin with the whole of the one before it, and add a byte. */
export function growingTexts(column: Column, rows: number): EncodedChunk {
  // The first prefix, then differences of 1; every suffix is 1 (parquet-format, Encodings.md, "Delta Encoding").
  const deltas = (first: number, delta: number): Uint8Array => {
    const blocks = Math.ceil((rows - 1) / 128);
    const zigzag = (value: number): number => value * 2;
    return Buffer.concat([
      Uint8Array.of(0x80, 0x01, 4),
      varint(rows),
      Uint8Array.of(zigzag(first)),
      ...Array.from({ length: blocks }, () => Uint8Array.of(zigzag(delta), 0, 0, 0, 0)),
    ]);
  };
  const values = Buffer.concat([deltas(0, 1), deltas(1, 0), Buffer.alloc(rows, 0x78)]);
  return chunk(column, 'UNCOMPRESSED', { rows, encoding: 7, values });
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.of(...bytes, rest);
}

/** Thrift that is nothing but structs, or lists, within each other or beside each other. */
export function thriftFile(thrift: Uint8Array): Uint8Array {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(thrift.length);
  end.write('PAR1', 4);
  return Buffer.concat([utf8('PAR1'), thrift, end]);
}

/** One row, whose text of zeros is the whole of the page. */
export function oneTextChunk(
  column: Column,
  codec: string,
  length: number,
  pack: (length: number) => Uint8Array,
  claimedBytes?: number,
): EncodedChunk {
  const page = { rows: 1, encoding: ENCODING.PLAIN, values: pack(length + 4), valueBytes: length + 4 };
  return chunk(column, codec, page, undefined, claimedBytes);
}
