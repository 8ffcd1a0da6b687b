import { describe, expect, it } from '@jest/globals';
import { rowGroupsOf } from '../../lib/merge/load-units.ts';
import { planAppend } from '../../lib/merge/plan-append.ts';
import type { LakeTable } from '../../lib/merge/plan-merge.ts';
import { planMerge } from '../../lib/merge/plan-merge.ts';
import { keyColumns } from '../../lib/merge/key.ts';
import type { FileWrite, LoadFile } from '../../lib/merge/plan.ts';
import type { RawSlice } from '../../lib/merge/raw-slice.ts';
import { openRawFile } from '../../lib/merge/raw-slice.ts';
import { resolveColumns, unreadBatch } from '../../lib/merge/row-batch.ts';
import type { Column } from '../../lib/parquet/column-type.ts';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import { encodeChunk } from '../../lib/parquet/encode-chunk.ts';
import type { Footer, RowGroup } from '../../lib/parquet/footer.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import type { Vector } from '../../lib/parquet/vector.ts';
import { nullVector, valueAt, vectorOf } from '../../lib/parquet/vector.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { fileOfChunks, lakeBytes } from '../parquet/lake-bytes.ts';
import { INT, TEXT, utf8 } from '../parquet/sample-types.ts';
import { ID, MergeBench, NAME, OP } from './merge-bench.ts';

const names = (count: number, type = INT): Column[] =>
  Array.from({ length: count }, (_, i) => ({ name: `c${i}`, type }));

/** A load file of one row group. */
async function loadOf(
  bench: MergeBench,
  columns: readonly Column[],
  vectorOfColumn: (i: number) => Vector,
): Promise<RawSlice> {
  const name = 'LOAD00000001.parquet';
  const chunks = columns.map((column, i) => encodeChunk(column, vectorOfColumn(i)));
  const object = bench.raw.put(name, fileOfChunks(columns, [chunks]));
  const file = await openRawFile(bench.raw, { ...object, name, kind: 'load' });
  return { file, from: 0, to: file.rows };
}

async function loaded(bench: MergeBench, slice: RawSlice): Promise<{ bytes: Uint8Array; footer: Footer }> {
  const load: LoadFile = { kind: 'load', folder: '', slice, holds: [], reason: '' };
  const { columns } = unreadBatch(slice, []);
  const key = await bench.write(load, bench.content(columns, { values: new Map() }));
  const bytes = bench.lake.bytes(key)!;
  return { bytes, footer: parseFooter(bytes, bytes.length) };
}

const groupRows = ({ rowGroups }: Footer) => rowGroups.map(({ rows }) => rows);

describe('wide rows of a full load', () => {
  it('are as many in a row group as narrow ones, and each column has its values', async () => {
    const bench = new MergeBench({ rowsPerRowGroup: 8192 });
    // 2.4 million values.
    const columns = names(600);
    const length = 4_000;
    const indices = Int32Array.from({ length }, (_, row) => (row % 7 === 0 ? -1 : Math.floor(row / 1_000)));
    const slice = await loadOf(bench, columns, (i) => {
      const dictionary = vectorOf(INT, [i, i + 1, i + 2, i + 3]);
      return { kind: 'DICTIONARY', length, dictionary, indices };
    });
    const { bytes, footer } = await loaded(bench, slice);
    expect(groupRows(footer)).toEqual([4_000]);
    expect(footer.columns.map(({ name }) => name)).toEqual(['Op', ...columns.map(({ name }) => name)]);
    for (const i of [0, 299, 300, 599]) {
      const chunk = footer.rowGroups[0]!.chunks[i + 1]!;
      const vector = decodeChunk(bytes.subarray(chunk.start, chunk.end), chunk, footer.columns[i + 1]!);
      expect([0, 1, 1_003, 3_999].map((row) => valueAt(vector, row))).toEqual([null, i, i + 1, i + 3]);
    }
  });

  it('come in fewer rows only where a few columns alone take too much, as texts do that recur', async () => {
    const bench = new MergeBench({ rowsPerRowGroup: 8192 });
    const dictionary = vectorOf(TEXT, [utf8('x'.repeat(1_000))]);
    const length = 4_000;
    const recurring: Vector = { kind: 'DICTIONARY', length, dictionary, indices: new Int32Array(length) };
    const slice = await loadOf(bench, names(40, TEXT), () => recurring);
    // 160 MB of text: all of it is too much, and so is half of the rows, but for half of the columns.
    expect(groupRows((await loaded(bench, slice)).footer)).toEqual([2_000, 2_000]);
  });

  it('make as many row groups as was foreseen when the slice was chosen', async () => {
    const nulls = nullVector(INT, 8_000);
    for (const rowsPerRowGroup of [8192, 1_000]) {
      const slice = await loadOf(new MergeBench(), names(300), () => nulls);
      for (const part of [slice, { ...slice, from: 1_234, to: 7_000 }, { ...slice, to: 1 }]) {
        const { footer } = await loaded(new MergeBench({ rowsPerRowGroup }), part);
        expect(footer.rowGroups).toHaveLength(rowGroupsOf(part, rowsPerRowGroup));
        expect(groupRows(footer).reduce((sum, rows) => sum + rows, 0)).toBe(part.to - part.from);
      }
    }
  });
});

describe('new rows', () => {
  const full = 16 * 1024 * 1024;
  const lakeColumns: Column[] = [
    { name: 'Op', type: TEXT },
    { name: 'id', type: INT },
    { name: 'name', type: TEXT },
  ];

  /** Where a new row of a table goes whose file has a footer of that size and so many columns more to come. */
  async function homes(footerBytes: number, moreColumns: number): Promise<FileWrite['kind'][]> {
    const bench = new MergeBench();
    bench.lake.put('a.parquet', lakeBytes(lakeColumns, [[[utf8('I')], [1], [utf8('a')]]]));
    const batch = await bench.batch(await bench.slice('20260301-100000000.parquet', [OP, ID, NAME], [['I', 2, 'b']]));
    const table = await bench.table(batch, [], ['id']);
    const lake: LakeTable = {
      ...table,
      files: table.files.map((file) => ({ ...file, footerBytes })),
      columns: [...table.columns, ...names(moreColumns)],
    };
    const keys = keyColumns(resolveColumns(['id'], batch.columns, '', 'PrimaryKey'), []);
    const plans = [
      await planAppend(batch, lake, bench.limits, () => false),
      await planMerge(batch, lake, keys, bench.limits, OWN_THREAD),
    ];
    return plans.flatMap(({ phases }) => phases.flat().map(({ kind }) => kind));
  }

  it('go to a file until its footer is a quarter of what is read: of wide tables, long before it has its size', async () => {
    expect(await homes(full - 1, 0)).toEqual(['change', 'change']);
    expect(await homes(full, 0)).toEqual(['create', 'create']);
  });

  it('do not go to a file whose footer would be so long with all columns of the table', async () => {
    expect(await homes(full / 100, 290)).toEqual(['change', 'change']);
    expect(await homes(full / 100, 300)).toEqual(['create', 'create']);
  });
});

describe('a lake file whose footer would not be read', () => {
  it('is not written: the table blocks, and says what to do', async () => {
    const bench = new MergeBench();
    bench.lake.put('a.parquet', lakeBytes([{ name: 'c0', type: INT }], [[[1]]]));
    const [file] = await bench.files();
    const columns = names(10_000).map((column) => ({ ...column, required: false }));
    const group: RowGroup = { rows: 1, struct: new Uint8Array(), chunks: [], placeless: true };
    const write = (groups: number) =>
      bench.write(
        {
          kind: 'change',
          file: { ...file!, footer: { ...file!.footer, columns, rowGroups: new Array<RowGroup>(groups).fill(group) } },
          groups: new Array<{ kind: 'keep' }>(groups).fill({ kind: 'keep' }),
          appended: [],
          holds: [],
          layout: 'grow',
          reason: '',
        },
        bench.content(columns, { values: new Map() }),
      );
    const before = bench.lake.bytes('a.parquet');
    await expect(write(51)).rejects.toMatchObject({
      name: 'TableBlocked',
      file: '',
      message:
        'The lake file a.parquet cannot be written: it would have at least 51 row groups, of 10000 columns; at most 500000 chunks are read.',
      next: expect.stringContaining('rowsPerRowGroup'),
    });
    expect(bench.lake.bytes('a.parquet')).toEqual(before);
  });
});
