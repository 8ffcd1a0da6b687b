import { randomFillSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Column } from '../../lib/parquet/column-type.ts';
import type { EncodedChunk } from '../../lib/parquet/encoded-chunk.ts';
import { ENCODING } from '../../lib/parquet/page.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { withFooter } from '../parquet/foreign-bytes.ts';
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
  text,
} from './bomb-chunks.ts';

/**
 * The worst files of each kind: each just within a limit of what is read, or just beyond it. Every one has a column `id`,
 * its key.
 */
export interface WorstFile {
  what: string;
  /** @param version files of two versions have the same keys and other values */
  bytes: (version: number) => Uint8Array;
  end: 'merged' | 'blocked';
  /** Of the change file after the full load, if another. */
  changeEnd?: 'merged' | 'blocked';
}

/** Texts of so many bytes in pages of about 1 MiB, as DMS writes them. Of each, only the first bytes are random. */
function texts(
  column: Column,
  version: number,
  options: { rows: number; length: number; random?: number; codec?: string; pageBytes?: number },
): EncodedChunk {
  const { rows, length, random = Math.ceil(length / 25), codec = 'GZIP', pageBytes = MIB } = options;
  const rowsPerPage = Math.max(1, Math.floor(pageBytes / (length + 4)));
  const pages: EncodedChunk[] = [];
  for (let first = 0; first < rows; first += rowsPerPage) {
    const count = Math.min(rowsPerPage, rows - first);
    const bytes = Buffer.alloc(count * (length + 4), 0x61 + (version % 26));
    for (let i = 0; i < count; i++) {
      bytes.writeUInt32LE(length, i * (length + 4));
      // Text, not noise: the lake's readers take the column for UTF-8.
      const own = randomFillSync(Buffer.alloc(Math.ceil(random / 2)))
        .toString('hex')
        .slice(0, random);
      bytes.write(own, i * (length + 4) + 4, 'latin1');
    }
    const values = codec === 'GZIP' ? gzipSync(bytes, { level: 1 }) : bytes;
    pages.push(chunk(column, codec, { rows: count, encoding: ENCODING.PLAIN, values, valueBytes: bytes.length }));
  }
  return joined(pages);
}

/** One chunk of the pages of several. */
function joined(chunks: readonly EncodedChunk[]): EncodedChunk {
  const sum = (of: (part: EncodedChunk) => number) => chunks.reduce((total, part) => total + of(part), 0);
  return {
    ...chunks[0]!,
    parts: chunks.flatMap(({ parts }) => parts),
    byteLength: sum(({ byteLength }) => byteLength),
    values: sum(({ values }) => values),
    uncompressedBytes: sum(({ uncompressedBytes }) => uncompressedBytes),
  };
}

/** A file of one row group: ids and such columns. */
function file(rows: number, columns: readonly Column[], chunkOf: (column: Column) => EncodedChunk): Uint8Array {
  return fileOfChunks([ID, ...columns], [[ids(rows), ...columns.map(chunkOf)]]);
}

/** Keys of so many bytes that differ at their end. */
function keys(rows: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(rows * (length + 4), 0x6b);
  for (let i = 0; i < rows; i++) {
    bytes.writeUInt32LE(length, i * (length + 4));
    bytes.write(String(i).padStart(10, '0'), (i + 1) * (length + 4) - 10, 'latin1');
  }
  return bytes;
}

function keyFile(rows: number, length: number): (version: number) => Uint8Array {
  return (version) => {
    const perPage = Math.max(1, Math.floor((4 * MIB) / length));
    const all = keys(rows, length);
    const pages: EncodedChunk[] = [];
    for (let first = 0; first < rows; first += perPage) {
      const count = Math.min(perPage, rows - first);
      const bytes = all.subarray(first * (length + 4), (first + count) * (length + 4));
      const values = gzipSync(bytes, { level: 1 });
      pages.push(
        chunk(text('id'), 'GZIP', { rows: count, encoding: ENCODING.PLAIN, values, valueBytes: bytes.length }),
      );
    }
    const [a] = [text('a')];
    return fileOfChunks([text('id'), a], [[joined(pages), texts(a, version, { rows, length: 20 })]]);
  };
}

/** So many row groups of one row, each column but the key null. */
function groupsOfNulls(columns: number, groups: number): Uint8Array {
  const all = names(columns - 1).map(text);
  const ofNulls = all.map((column) => nulls(column, 1));
  return fileOfChunks(
    [ID, ...all],
    Array.from({ length: groups }, (_, i) => [ids(1, i), ...ofNulls]),
  );
}

export const WORST_FILES: readonly WorstFile[] = [
  {
    what: 'JSON of 20 KB in 10,000 rows, 200 MB packed 20:1 in one row group',
    bytes: (version) => file(10_000, [text('a')], (a) => texts(a, version, { rows: 10_000, length: 20_000 })),
    end: 'merged',
  },
  {
    what: 'texts of 20 bytes in 10,000 rows, all of which become texts of 20 KB',
    bytes: (version) =>
      file(10_000, [text('a')], (a) => texts(a, version, { rows: 10_000, length: version === 0 ? 20 : 20_000 })),
    end: 'merged',
  },
  {
    what: 'texts of 40 KB in 10,000 rows, 400 MB in one row group, not packed',
    bytes: (version) =>
      file(10_000, [text('a')], (a) => texts(a, version, { rows: 10_000, length: 40_000, codec: 'UNCOMPRESSED' })),
    end: 'merged',
  },
  {
    what: 'the same of noise',
    bytes: (version) =>
      file(10_000, [text('a')], (a) =>
        texts(a, version, { rows: 10_000, length: 40_000, random: 40_000, codec: 'UNCOMPRESSED' }),
      ),
    end: 'merged',
  },
  {
    what: 'four columns in pages of 60 MiB, 240 MiB in one row group',
    bytes: (version) =>
      file(1_200, names(4).map(text), (column) =>
        texts(column, version, { rows: 1_200, length: 52_000, pageBytes: 60 * MIB }),
      ),
    end: 'merged',
  },
  {
    what: 'a page of 70 MiB',
    bytes: (version) =>
      file(1_400, [text('a')], (a) => texts(a, version, { rows: 1_400, length: 52_000, pageBytes: 80 * MIB })),
    end: 'blocked',
  },
  ...Object.entries(PACKERS).map(([codec, pack]): WorstFile => ({
    what: `${codec}: a text of 60 MiB`,
    bytes: () => file(1, [text('a')], (a) => oneTextChunk(a, codec, 60 * MIB, pack)),
    end: 'merged',
  })),
  {
    what: 'a row of two texts of 60 MiB',
    bytes: () => file(1, names(2).map(text), (a) => oneTextChunk(a, 'ZSTD', 60 * MIB, PACKERS.ZSTD)),
    end: 'merged',
  },
  {
    what: 'a row of three texts of 60 MiB',
    bytes: () => file(1, names(3).map(text), (a) => oneTextChunk(a, 'ZSTD', 60 * MIB, PACKERS.ZSTD)),
    end: 'blocked',
  },
  {
    what: 'a value of 1 MiB in a dictionary, for 250 rows',
    bytes: () => file(250, [text('a')], (a) => dictionaryOfOne(a, 250, MIB)),
    end: 'merged',
  },
  {
    what: 'a value of 20 KB in a dictionary, for 10,000 rows',
    bytes: () => file(10_000, [text('a')], (a) => dictionaryOfOne(a, 10_000, 20_000)),
    end: 'merged',
  },
  {
    what: 'a value of 1 MiB in a dictionary, for 10,000 rows',
    bytes: () => file(10_000, [text('a')], (a) => dictionaryOfOne(a, 10_000, MIB)),
    end: 'blocked',
  },
  {
    what: 'values of 10 MiB in four dictionaries, for 6 rows, and in pages of their own for another',
    bytes: () =>
      file(7, names(4).map(text), (column) =>
        joined([dictionaryOfOne(column, 6, 10 * MIB), oneTextChunk(column, 'GZIP', 10 * MIB, PACKERS.GZIP)]),
      ),
    end: 'merged',
  },
  {
    what: 'dictionaries of 20 MiB in 50 columns, for 12 rows',
    bytes: () => file(12, names(50).map(text), (column) => dictionaryOfOne(column, 12, 20 * MIB)),
    end: 'blocked',
  },
  {
    what: '16 million null rows of 64 bits',
    bytes: () => {
      const columns = [{ name: 'id', type: BIGINT }];
      return fileOfChunks(columns, [[nulls(columns[0]!, 1 << 24)]]);
    },
    end: 'merged',
    changeEnd: 'blocked',
  },
  { what: '9,999 columns in 50 row groups', bytes: () => groupsOfNulls(9_999, 50), end: 'merged' },
  { what: '10,000 columns in 50 row groups', bytes: () => groupsOfNulls(10_000, 50), end: 'blocked' },
  { what: '500 columns in 1,000 row groups', bytes: () => groupsOfNulls(500, 1_000), end: 'merged' },
  { what: '5 columns in 100,000 row groups', bytes: () => groupsOfNulls(5, 100_000), end: 'merged' },
  { what: '5 columns in 100,001 row groups', bytes: () => groupsOfNulls(5, 100_001), end: 'blocked' },
  { what: '600,000 keys of 600 bytes', bytes: keyFile(600_000, 600), end: 'merged' },
  { what: '4,000 keys of 60 KB', bytes: keyFile(4_000, 60_000), end: 'merged' },
  { what: '40 keys of 6 MB', bytes: keyFile(40, 6_000_000), end: 'merged' },
  { what: '3 million keys of 32 bits', bytes: () => fileOfChunks([ID], [[ids(3_000_000)]]), end: 'merged' },
  {
    what: 'texts that grow by a byte a row, 60 MiB',
    bytes: () => file(11_000, [text('a')], (a) => growingTexts(a, 11_000)),
    end: 'merged',
  },
  {
    what: 'a footer of 60 MB of notes',
    bytes: () =>
      withFooter(fileOfChunks([ID], [[ids(10)]]), (footer: ThriftStruct) => {
        footer.field_5 = Array.from({ length: 6_000_000 }, (_, i) => ({ field_1: String(i) }));
      }),
    end: 'blocked',
  },
];
