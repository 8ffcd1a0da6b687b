import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { rowGroupsOf } from '../../lib/merge/load-units.ts';
import type { OpenRawFile } from '../../lib/merge/raw-slice.ts';
import { openRawFile } from '../../lib/merge/raw-slice.ts';
import type { Column } from '../../lib/parquet/column-type.ts';
import { encodeChunk } from '../../lib/parquet/encode-chunk.ts';
import { nullVector } from '../../lib/parquet/vector.ts';
import { chooseSlices } from '../../lib/table/slices.ts';
import { streamedUpTo } from '../../lib/table/streamed-slice.ts';
import { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { fileOfChunks } from '../parquet/lake-bytes.ts';
import { INT } from '../parquet/sample-types.ts';

/** What is read of a lake file's footer, row groups × columns. */
const CHUNKS_READ = 500_000;

const names = (count: number): Column[] => Array.from({ length: count }, (_, i) => ({ name: `c${i}`, type: INT }));

/** A load file as DMS writes it, in row groups of 10,000 rows, of so many bytes a chunk: its footer alone. */
function loadFile(columns: number, rows: number, chunkBytes = 40): OpenRawFile {
  const chunk = { start: 4, end: 4 + chunkBytes, uncompressedBytes: chunkBytes };
  const rowGroups = Array.from({ length: Math.ceil(rows / 10_000) }, (_, i) => ({
    rows: Math.min(10_000, rows - i * 10_000),
    chunks: new Array<typeof chunk>(columns).fill(chunk),
  }));
  return { name: 'LOAD00000001.parquet', rows, footer: { columns: names(columns), rowGroups } } as never;
}

/** Slice after slice, as merges take them that come to their end. */
function slicesOf(file: OpenRawFile, limits = DEFAULT_LIMITS, lakeColumns: Column[] = []) {
  const slices: { from: number; to: number; chunks: number }[] = [];
  const columns = Math.max(file.footer.columns.length, lakeColumns.length) + 1;
  for (let from = 0; from < file.rows; from = slices.at(-1)!.to) {
    const to = streamedUpTo(file, from, 1, lakeColumns, limits);
    slices.push({ from, to, chunks: rowGroupsOf({ file, from, to }, limits.rowsPerRowGroup) * columns });
  }
  return slices;
}

describe('a slice of a load file that becomes a lake file', () => {
  it.each([
    [9_999, 12_000],
    [9_999, 100_000],
    [5_000, 50_000],
    [2_000, 300_000],
    [1_000, 1_100_000],
    [300, 10_000_000],
  ])('has far fewer chunks than a footer is read with: %i columns of %i rows', (columns, rows) => {
    const slices = slicesOf(loadFile(columns, rows));
    expect(Math.max(...slices.map(({ chunks }) => chunks))).toBeLessThanOrEqual(CHUNKS_READ / 4);
    expect(slices.at(-1)!.to).toBe(rows);
    // Nor is it smaller than it must be.
    const total = slices.reduce((sum, { chunks }) => sum + chunks, 0);
    expect(slices.length).toBeLessThanOrEqual(Math.ceil(total / 50_000));
  });

  it('is no smaller where the columns were renamed in case only', () => {
    const file = loadFile(2_000, 300_000);
    const renamed = names(2_000).map(({ name, type }) => ({ name: name.toUpperCase(), type }));
    expect(slicesOf(file, DEFAULT_LIMITS, renamed)).toEqual(slicesOf(file, DEFAULT_LIMITS, names(2_000)));
  });

  it('is of thousands of rows, and so are its row groups, though the table is as wide as any', () => {
    const file = loadFile(9_999, 100_000);
    const [slice] = slicesOf(file);
    expect(slice!.to).toBeGreaterThan(10_000);
    expect(slice!.to / rowGroupsOf({ file, ...slice! }, 8192)).toBeGreaterThan(1_500);
  });

  it('counts the columns that the table has besides, which it has as nulls', () => {
    const narrow = loadFile(9, 10_000_000, 4_000);
    const inTable = (columns: number) => slicesOf(narrow, { ...DEFAULT_LIMITS, targetFileBytes: 1e9 }, names(columns));
    expect(inTable(9)).toHaveLength(1);
    expect(Math.max(...inTable(3_000).map(({ chunks }) => chunks))).toBeLessThanOrEqual(CHUNKS_READ / 4);
  });

  it('is cut in even parts, whatever a row group of the lake takes', () => {
    const limits = { ...DEFAULT_LIMITS, rowsPerRowGroup: 10 };
    const sizes = slicesOf(loadFile(99, 40_000), limits).map(({ from, to }) => to - from);
    expect(sizes).toEqual([10_000, 10_000, 10_000, 10_000]);
  });

  it('becomes smaller with each merge that did not come to its end, but a row group of the lake at least', () => {
    const file = loadFile(9_999, 1_000_000);
    const at = (attempts: number) => streamedUpTo(file, 0, 1 / 2 ** attempts, [], DEFAULT_LIMITS);
    const sizes = [0, 1, 2, 3].map(at);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(new Set(sizes).size).toBe(4);
    expect(rowGroupsOf({ file, from: 0, to: at(10) }, 8192)).toBe(1);
    expect(at(10)).toBeGreaterThan(1_000);
  });

  it('ends where a row group of the file does, if it is its bytes that are many', () => {
    const file = loadFile(7, 100_000, 1_000_000);
    const limits = { ...DEFAULT_LIMITS, targetFileBytes: 15_000_000 };
    expect(slicesOf(file, limits).map(({ to }) => to)).toEqual([20_000, 40_000, 60_000, 80_000, 100_000]);
  });

  it('is the one that a merge that died has written, though the table has other columns since', async () => {
    const raw = new MemoryObjectStore();
    const columns = names(100);
    const groups = [1_500, 1_500].map((rows) => columns.map((each) => encodeChunk(each, nullVector(each.type, rows))));
    const object = raw.put('LOAD00000001.parquet', fileOfChunks(columns, groups));
    const file = await openRawFile(raw, { ...object, name: 'LOAD00000001.parquet', kind: 'load' });
    const limits = { ...DEFAULT_LIMITS, rowsPerRowGroup: 1, valuesPerMerge: 1_000 };
    const choose = (holds: { to: number }[], lakeColumns: Column[]) =>
      chooseSlices(
        [file],
        { partial: undefined, attempts: 0 },
        holds.map(({ to }) => ({ file: file.name, eTag: file.eTag, from: 0, to })),
        limits,
        { isPartitioned: false, columns: lakeColumns },
        raw,
      );
    const { slices, streamed } = await choose([], []);
    const [{ to } = { to: 0 }] = slices;
    expect(streamed).toBe(true);
    expect(to).toBeLessThan(3_000);
    const wider = names(200);
    expect((await choose([], wider)).slices[0]!.to).toBeLessThan(to);
    expect((await choose([{ to }], wider)).slices).toMatchObject([{ from: 0, to }]);
  });
});
