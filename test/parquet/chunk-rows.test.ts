import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readChunkRows, TooManyBytes } from '../../lib/parquet/chunk-rows.ts';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import type { Chunk } from '../../lib/parquet/footer.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import { MalformedParquet } from '../../lib/parquet/parquet-file.ts';
import { valuesOf } from '../../lib/parquet/vector.ts';
import type { DmsColumn } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import {
  chunk as chunkOf,
  dictionaryOfOne,
  ids,
  ID,
  MIB,
  oneTextChunk,
  PACKERS,
  text,
  withPages,
} from '../bad-files/bomb-chunks.ts';
import { CODECS } from '../streams/codecs.ts';
import { fileOfChunks } from './lake-bytes.ts';

const COLUMNS: readonly DmsColumn[] = [
  { name: 'id', type: { kind: 'int32' } },
  { name: 'name', type: { kind: 'string' } },
  { name: 'open', type: { kind: 'boolean' } },
];

/** The chunks of a file's first row group, and the ranges that are read of them. */
function opened(bytes: Uint8Array) {
  const { columns, rowGroups } = parseFooter(bytes, bytes.length);
  const ranges: [start: number, end: number][] = [];
  const read = (start: number, end: number) => {
    ranges.push([start, end]);
    return Promise.resolve(bytes.subarray(start, end));
  };
  const chunks = columns.map((column, i) => ({ column, chunk: rowGroups[0]!.chunks[i]! }));
  return { chunks, read, ranges };
}

describe('rows of a column chunk', () => {
  it('are those that the whole chunk has there, whatever its pages, encoding and codec', async () => {
    const cell = fc.tuple(
      fc.option(fc.integer(), { freq: 3 }),
      fc.option(fc.constantFrom('a', 'bb', 'a longer text'), { freq: 3 }),
      fc.option(fc.boolean()),
    );
    const scenario = fc.record({
      rows: fc.array(cell, { minLength: 1, maxLength: 40 }),
      rowsPerPage: fc.integer({ min: 1, max: 40 }),
      encoding: fc.constantFrom('PLAIN' as const, 'PLAIN_DICTIONARY' as const, 'RLE_DICTIONARY' as const),
      codec: fc.constantFrom(...CODECS),
      range: fc.tuple(fc.nat(40), fc.nat(40)),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ rows, rowsPerPage, encoding, codec, range }) => {
        const bytes = writeDmsFile({ columns: COLUMNS, rows, rowsPerPage, encoding, ...codec });
        const [from, to] = range.map((row) => Math.min(row, rows.length)).sort((a, b) => a - b) as [number, number];
        const { chunks, read } = opened(bytes);
        for (const { column, chunk } of chunks) {
          const whole = valuesOf(decodeChunk(bytes.subarray(chunk.start, chunk.end), chunk, column));
          const found = await readChunkRows(read, chunk, column, { from, to });
          expect(valuesOf(found).map(plain)).toEqual(whole.slice(from, to).map(plain));
        }
      }),
    );
  });

  it('come with the bytes of their pages, and not with those of the chunk', async () => {
    const rows = Array.from({ length: 40 }, (_, id) => [id, `${id}`.padStart(MIB, 'x'), true]);
    const { chunks, read, ranges } = opened(
      writeDmsFile({ columns: COLUMNS, rows, rowsPerPage: 1, encoding: 'PLAIN' }),
    );
    const { chunk, column } = chunks[1]!;
    const found = await readChunkRows(read, chunk, column, { from: 30, to: 31 });
    expect(
      valuesOf(found).map((value) =>
        Buffer.from(value as Uint8Array)
          .subarray(-3)
          .toString(),
      ),
    ).toEqual(['x30']);
    expect(Math.max(...ranges.map(([start, end]) => end - start))).toBeLessThanOrEqual(8 * MIB);
    expect(Math.max(...ranges.map(([, end]) => end))).toBeLessThan(chunk.start + 40 * MIB);
  });

  it('come with one request where the chunk is small', async () => {
    const { chunks, read, ranges } = opened(writeDmsFile({ columns: COLUMNS, rows: [[1, 'a', true]] }));
    const { chunk, column } = chunks[1]!;
    await readChunkRows(read, chunk, column, { from: 0, to: 1 });
    expect(ranges).toEqual([[chunk.start, chunk.end]]);
  });

  it('do not keep a dictionary that is larger than they are', async () => {
    const rows = Array.from({ length: 100 }, (_, id) => [id, `${id % 50}`.padStart(1000, 'x'), true]);
    const { chunks, read } = opened(writeDmsFile({ columns: COLUMNS, rows }));
    const { chunk, column } = chunks[1]!;
    const range = { from: 5, to: 6 };
    expect(await readChunkRows(read, chunk, column, range)).toMatchObject({ kind: 'BYTES', length: 1 });
    expect(await readChunkRows(read, chunk, column, { from: 0, to: 100 })).toMatchObject({ kind: 'DICTIONARY' });
  });
});

describe('rows of a column chunk are refused', () => {
  const fileWith = (a: ReturnType<typeof oneTextChunk>) => opened(fileOfChunks([ID, text('a')], [[ids(a.values), a]]));
  const readAll = async (
    { chunks, read }: ReturnType<typeof opened>,
    bytesMax?: number,
    change: Partial<Chunk> = {},
  ): Promise<unknown> => {
    const chunk = { ...chunks[1]!.chunk, ...change };
    const limits = bytesMax === undefined ? {} : { bytesMax };
    return readChunkRows(read, chunk, chunks[1]!.column, { from: 0, to: chunk.values }, limits);
  };

  it('where they take more memory than they may: fewer may fit', async () => {
    const file = fileWith(dictionaryOfOne(text('a'), 100, 1_000));
    await expect(readAll(file, 90_000)).rejects.toThrow(TooManyBytes);
    await expect(readAll(file, 110_000)).resolves.toBeDefined();
  });

  it('where few of them after few of them would never come to an end', async () => {
    const file = fileWith(dictionaryOfOne(text('a'), 1_000, MIB));
    await expect(readAll(file, MIB)).rejects.toThrow(/^its values take \d+ bytes; at most \d+ are decoded$/);
  });

  it('where they come to more than any chunk of so many, before the pages after that are looked at', async () => {
    const unknown = chunkOf(text('a'), 'UNCOMPRESSED', { rows: 1, encoding: 4, values: new Uint8Array() });
    const file = fileWith(withPages(dictionaryOfOne(text('a'), 300, MIB), unknown));
    await expect(readAll(file)).rejects.toThrow(/^its values take \d+ bytes; at most \d+ are decoded$/);
  });

  it('where a page is too large for memory, naming the settings that make it smaller', async () => {
    const file = fileWith(oneTextChunk(text('a'), 'ZSTD', 70 * MIB, PACKERS.ZSTD));
    await expect(readAll(file)).rejects.toThrow(/a page has 734\d+ bytes .* \(DataPageSize .* maximum LOB size/);
  });

  it('where pages have more bytes than the footer says', async () => {
    const file = fileWith(oneTextChunk(text('a'), 'ZSTD', 5 * MIB, PACKERS.ZSTD));
    await expect(readAll(file, undefined, { uncompressedBytes: 100 })).rejects.toThrow(/where the footer says 100/);
  });

  it('where there are more or fewer of them than the footer says', async () => {
    const file = fileWith(dictionaryOfOne(text('a'), 100, 10));
    await expect(readAll(file, undefined, { values: 99 })).rejects.toThrow(MalformedParquet);
    await expect(readAll(file, undefined, { values: 101 })).rejects.toThrow(MalformedParquet);
  });
});

const plain = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value);
