import { gzipSync } from 'node:zlib';
import type { Column } from '../../lib/parquet/column-type.ts';
import type { EncodedChunk } from '../../lib/parquet/encoded-chunk.ts';
import { ENCODING } from '../../lib/parquet/page.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { fileOfFooter, withFooter } from '../parquet/foreign-bytes.ts';
import { fileOfChunks } from '../parquet/lake-bytes.ts';
import { BIGINT } from '../parquet/sample-types.ts';
import {
  chunk,
  dictionaryOfOne,
  growingTexts,
  ID,
  ids,
  MIB,
  names,
  nulls,
  oneTextChunk,
  PACKERS,
  plainText,
  text,
  thriftFile,
  varint,
  withPages,
  zstd,
} from './bomb-chunks.ts';

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

/** A row for the id, and one text of zeros so long that its bytes are the whole of the page. */
function oneText(codec: string, length: number, pack: (length: number) => Uint8Array, claimedBytes?: number) {
  return (columns: number) => (): Uint8Array => {
    const all = names(columns).map(text);
    return fileOfChunks(
      [ID, ...all],
      [[ids(1), ...all.map((column) => oneTextChunk(column, codec, length, pack, claimedBytes))]],
    );
  };
}

/** The same, and a short text in a page of its own, so that no dictionary holds all values. */
function dictionaryAndPlain(column: Column, rows: number, length: number): EncodedChunk {
  const long = dictionaryOfOne(column, rows, length);
  const short = plainText(8);
  const page = { rows: 1, encoding: ENCODING.PLAIN, values: gzipSync(short), valueBytes: short.length };
  return withPages(long, chunk(column, 'GZIP', page));
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
      const all = names(4).map(text);
      return fileOfChunks([ID, ...all], [[ids(11), ...all.map((column) => dictionaryAndPlain(column, 10, 10 * MIB))]]);
    },
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
  {
    what: 'texts that grow by a byte a row, on each of many pages',
    refused: true,
    bytes: () => {
      const page = growingTexts(text('a'), 8_000);
      const others = new Array<EncodedChunk>(99).fill(page);
      return fileOfChunks([ID, text('a')], [[ids(800_000), withPages(page, ...others)]]);
    },
  },
];
