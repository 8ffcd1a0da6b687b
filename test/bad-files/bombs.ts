import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Column } from '../../lib/parquet/column-type.ts';
import type { EncodedChunk } from '../../lib/parquet/encoded-chunk.ts';
import { dataPageHeader, dictionaryPageHeader, ENCODING } from '../../lib/parquet/page.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { fileOfFooter, withFooter } from '../parquet/foreign-bytes.ts';
import { fileOfChunks } from '../parquet/lake-bytes.ts';
import { BIGINT, INT, TEXT, utf8 } from '../parquet/sample-types.ts';

/**
 * Small files that say they are large, or become it when they are read. Every one has a column `id`, and columns `a`,
 * `b`, … that do the harm.
 */
export interface Bomb {
  what: string;
  bytes: () => Uint8Array;
  /** Whether the file is refused; otherwise it may also be merged, in as little time and memory. */
  refused?: boolean;
  /** A change file, whose rows are all in memory; otherwise it may be a load file. */
  isChange?: boolean;
}

const MIB = 2 ** 20;

/** A run of so many equal values, of at most 8 bits each. */
function run(count: number, value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = count * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.of(...bytes, rest, value);
}

interface Page {
  rows: number;
  encoding: number;
  values: Uint8Array;
  /** Of the values before compression, as the header is to say. */
  valueBytes?: number;
  nulls?: number;
}

/** A chunk of one data page v2, its values as they come, and a dictionary page perhaps. */
function chunk(
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

const ID: Column = { name: 'id', type: INT };
const text = (name: string): Column => ({ name, type: TEXT });
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`);

/** The numbers from 0, plain. */
function ids(rows: number): EncodedChunk {
  const values = new Uint8Array(Int32Array.from({ length: rows }, (_, i) => i).buffer);
  return chunk(ID, 'UNCOMPRESSED', { rows, encoding: ENCODING.PLAIN, values });
}

/** So many null rows, in a few bytes. */
function nulls(column: Column, rows: number): EncodedChunk {
  return chunk(column, 'UNCOMPRESSED', { rows, encoding: ENCODING.PLAIN, values: new Uint8Array(), nulls: rows });
}

/** A row for the id, and one text of zeros so long that its bytes are the whole of the page. */
function oneText(codec: string, length: number, pack: (length: number) => Uint8Array, claimedBytes?: number) {
  return (columns: number) => (): Uint8Array => {
    const page = { rows: 1, encoding: ENCODING.PLAIN, values: pack(length + 4), valueBytes: length + 4 };
    const all = names(columns).map(text);
    return fileOfChunks(
      [ID, ...all],
      [[ids(1), ...all.map((column) => chunk(column, codec, page, undefined, claimedBytes))]],
    );
  };
}

/** The bytes of one plain text of `length - 4` zeros. */
function plainText(length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(length - 4);
  return bytes;
}

const gzip = (length: number): Uint8Array => gzipSync(plainText(length));
const brotli = (length: number): Uint8Array =>
  brotliCompressSync(plainText(length), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

/** One Zstandard frame: the length of the text in a raw block, then blocks that repeat one byte. */
function zstd(length: number): Uint8Array {
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

const PACKERS = { GZIP: gzip, BROTLI: brotli, ZSTD: zstd, LZ4_RAW: lz4, SNAPPY: snappy };

/** One long text in a dictionary, to which many rows refer. */
function dictionaryOfOne(column: Column, rows: number, length: number): EncodedChunk {
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

/** The same, and a short text in a page of its own, so that no dictionary holds all values. */
function dictionaryAndPlain(column: Column, rows: number, length: number): EncodedChunk {
  const long = dictionaryOfOne(column, rows, length);
  const short = plainText(8);
  const page = { rows: 1, encoding: ENCODING.PLAIN, values: gzipSync(short), valueBytes: short.length };
  const plain = chunk(column, 'GZIP', page);
  return {
    ...long,
    parts: [...long.parts, ...plain.parts],
    byteLength: long.byteLength + plain.byteLength,
    values: rows + 1,
    uncompressedBytes: long.uncompressedBytes + plain.uncompressedBytes,
  };
}

/** Values that each begin with the whole of the one before it, and add a byte. */
function growingTexts(column: Column, rows: number): EncodedChunk {
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

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.of(...bytes, rest);
}

/** A file of which one chunk stands for those of many row groups. */
function sameChunkAgain(groups: number): Uint8Array {
  const rows = 100_000;
  const all = [ID, { name: 'a', type: BIGINT }];
  const file = fileOfChunks(all, [[nulls(ID, rows), nulls(all[1]!, rows)]]);
  return withFooter(file, (footer) => {
    const [group] = footer.field_4 as ThriftStruct[];
    footer.field_4 = Array.from({ length: groups }, () => group!);
    footer.field_3 = BigInt(groups * rows);
  });
}

/** Thrift that is nothing but structs, or lists, within each other or beside each other. */
function thriftFile(thrift: Uint8Array): Uint8Array {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(thrift.length);
  end.write('PAR1', 4);
  return Buffer.concat([utf8('PAR1'), thrift, end]);
}

export const BOMBS: readonly Bomb[] = [
  ...Object.entries(PACKERS).flatMap(([codec, pack]): Bomb[] => [
    { what: `${codec}: a text of 60 MiB`, bytes: oneText(codec, 60 * MIB, pack)(1) },
    { what: `${codec}: more bytes than the page says`, bytes: oneText(codec, 16, () => pack(MIB))(1), refused: true },
    { what: `${codec}: 2 GiB, in words`, bytes: oneText(codec, 2 ** 31 - 100, () => pack(MIB), 100)(1), refused: true },
  ]),
  { what: 'four texts of 300 MiB', bytes: oneText('ZSTD', 300 * MIB, zstd)(4), refused: true },
  {
    what: 'texts of 300 MiB that the footer says are small',
    bytes: oneText('ZSTD', 300 * MIB, zstd, 100)(4),
    refused: true,
  },
  {
    what: 'long texts in dictionaries, for few rows',
    bytes: () => {
      const all = names(8).map(text);
      return fileOfChunks([ID, ...all], [[ids(20), ...all.map((column) => dictionaryOfOne(column, 20, 2 * MIB))]]);
    },
  },
  {
    what: 'long texts in dictionaries that come to much together',
    bytes: () => {
      const all = names(8).map(text);
      return fileOfChunks([ID, ...all], [[ids(21), ...all.map((column) => dictionaryAndPlain(column, 20, 10 * MIB))]]);
    },
    refused: true,
    isChange: true,
  },
  {
    what: 'long texts in dictionaries, for many rows',
    refused: true,
    bytes: () => {
      const all = names(4).map(text);
      return fileOfChunks(
        [ID, ...all],
        [[ids(1_000_000), ...all.map((column) => dictionaryOfOne(column, 1_000_000, 5 * MIB))]],
      );
    },
  },
  {
    what: 'a long text in a dictionary, for all keys',
    refused: true,
    bytes: () => fileOfChunks([text('id')], [[dictionaryOfOne(text('id'), 100_000, 50 * MIB)]]),
  },
  { what: '4 million null rows', bytes: () => fileOfChunks([ID], [[nulls(ID, 1 << 24)]]) },
  {
    what: 'more null rows than a row group may have',
    bytes: () => fileOfChunks([ID], [[nulls(ID, (1 << 24) + 1)]]),
    refused: true,
  },
  {
    what: '16 million null rows in 100 columns',
    refused: true,
    bytes: () => {
      const all = names(100).map(text);
      return fileOfChunks([ID, ...all], [[nulls(ID, 1 << 24), ...all.map((column) => nulls(column, 1 << 24))]]);
    },
  },
  { what: 'a row group of null rows that is named 10,000 times', refused: true, bytes: () => sameChunkAgain(10_000) },
  {
    what: 'texts that grow by a byte a row',
    refused: true,
    bytes: () => fileOfChunks([ID, text('a')], [[ids(30_000), growingTexts(text('a'), 30_000)]]),
  },
  {
    what: 'a footer of 60 MB of empty columns',
    bytes: () => {
      const elements = Buffer.alloc(60e6);
      return thriftFile(
        Buffer.concat([
          Uint8Array.of(0x15, 4, 0x19, 0xfc),
          varint(elements.length),
          elements,
          Uint8Array.of(0x16, 0, 0x19, 0x0c, 0),
        ]),
      );
    },
    refused: true,
  },
  {
    what: 'a footer of 600,000 empty row groups',
    bytes: () => {
      const file = fileOfFooter({
        schema: [
          { name: 's', num_children: 1, repetition_type: 'REQUIRED' },
          { name: 'id', type: 'INT32', repetition_type: 'OPTIONAL' },
        ],
      });
      return withFooter(file, (footer) => (footer.field_4 = Array.from({ length: 600_000 }, () => ({}))));
    },
    refused: true,
  },
];
