import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LoadFile } from '../../lib/merge/plan.ts';
import type { RawSlice } from '../../lib/merge/raw-slice.ts';
import { openRawFile } from '../../lib/merge/raw-slice.ts';
import type { RowBatch } from '../../lib/merge/row-batch.ts';
import { readRowBatch, unreadBatch } from '../../lib/merge/row-batch.ts';
import { writeLakeFile } from '../../lib/merge/write-lake-file.ts';
import type { Column } from '../../lib/parquet/column-type.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { DuckDb } from '../parquet/duckdb.ts';
import { BIGINT, DATE, INT, TEXT } from '../parquet/sample-types.ts';
import { ID, MergeBench, NAME, OP, rowsOf } from './merge-bench.ts';

const LOAD = 'LOAD00000001.parquet';
const load = (slice: RawSlice): LoadFile => ({ kind: 'load', folder: '', slice, holds: [], reason: '' });

/** The bytes of a lake file of the slice. */
async function streamed(bench: MergeBench, slice: RawSlice, lakeColumns: readonly Column[] = []): Promise<Uint8Array> {
  const { columns } = unreadBatch(slice, lakeColumns);
  const key = await bench.write(load(slice), bench.content(columns, { values: new Map() }));
  return bench.lake.bytes(key)!;
}

/** The same from rows that are read into memory first. */
async function batched(bench: MergeBench, batch: RowBatch): Promise<Uint8Array> {
  const rows = Array.from({ length: batch.rows }, (_, row) => row);
  const create = { kind: 'create', folder: 'batch/', rows, holds: [], reason: '' } as const;
  const key = await bench.write(create, bench.content(batch.columns, batch));
  return bench.lake.bytes(key)!;
}

const schemaOf = (bytes: Uint8Array) => parseFooter(bytes, bytes.length).columns;
const groupRows = (bytes: Uint8Array) => parseFooter(bytes, bytes.length).rowGroups.map(({ rows }) => rows);

describe('a slice of a full load that is written as it is read', () => {
  let duckdb: DuckDb;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
  });
  afterAll(() => duckdb.close());

  it('has the rows that a batch of it has, whatever the slice', async () => {
    const scenario = fc
      .record({
        rows: fc.array(fc.tuple(fc.option(fc.integer()), fc.option(fc.string({ maxLength: 5 }))), { minLength: 1 }),
        op: fc.constantFrom('none', 'I', 'null', 'some'),
        rowsPerRowGroup: fc.integer({ min: 1, max: 6 }),
      })
      .chain((input) =>
        fc.tuple(fc.constant(input), fc.nat(input.rows.length - 1), fc.integer({ min: 1, max: input.rows.length })),
      );
    await fc.assert(
      fc.asyncProperty(scenario, async ([{ rows, op, rowsPerRowGroup }, from, length]) => {
        const bench = new MergeBench({ rowsPerRowGroup });
        const values = rows.map((row, i): DmsValue[] => {
          if (op === 'none') return row;
          return [op === 'I' || (op === 'some' && i % 2 === 0) ? 'I' : null, ...row];
        });
        const part = { from, to: Math.min(rows.length, from + length) };
        const slice = await bench.slice(LOAD, op === 'none' ? [ID, NAME] : [OP, ID, NAME], values, part);
        const bytes = await streamed(bench, slice);
        const expected = await batched(bench, await readRowBatch([slice], []));
        expect(rowsOf(bytes)).toEqual(rowsOf(expected));
        expect(schemaOf(bytes)).toEqual(schemaOf(expected));
        expect(Math.max(...groupRows(bytes))).toBeLessThanOrEqual(rowsPerRowGroup);
      }),
      { numRuns: 60 },
    );
  });

  it('has the columns of the table: of wider types, and nulls where the file has none', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice(
      LOAD,
      [ID, NAME],
      [
        [1, 'a'],
        [2, null],
        [3, 'c'],
        [4, 'd'],
        [5, 'e'],
      ],
      { from: 1 },
    );
    const lake: Column[] = [
      { name: 'id', type: BIGINT },
      { name: 'gone', type: DATE },
    ];
    const bytes = await streamed(bench, slice, lake);
    expect(schemaOf(bytes).map(({ name }) => name)).toEqual(['Op', 'id', 'gone', 'name']);
    expect(rowsOf(bytes)).toEqual(rowsOf(await batched(bench, await readRowBatch([slice], lake))));
    const path = await duckdb.save(bytes);
    expect(await duckdb.query(`SELECT Op, id, gone, name FROM '${path}'`)).toEqual([
      ['I', '2', null, null],
      ['I', '3', null, 'c'],
      ['I', '4', null, 'd'],
      ['I', '5', null, 'e'],
    ]);
  });

  it('comes in row groups of about the same size', async () => {
    const bench = new MergeBench({ rowsPerRowGroup: 4 });
    const slice = await bench.slice(
      LOAD,
      [ID],
      Array.from({ length: 9 }, (_, id) => [id]),
    );
    expect(groupRows(await streamed(bench, slice))).toEqual([3, 3, 3]);
  });

  it('has bloom filters where they are asked for', async () => {
    const bench = new MergeBench();
    const names = Array.from({ length: 12 }, (_, i) => `name ${i}`);
    const slice = await bench.slice(
      LOAD,
      [ID, NAME],
      names.map((name, id) => [id, name]),
    );
    const { columns } = unreadBatch(slice, []);
    const content = bench.content(columns, { values: new Map() }, { filtered: new Set(['name']) });
    const path = await duckdb.save(bench.lake.bytes(await bench.write(load(slice), content))!);
    const probe = async (column: string, value: string) =>
      (
        await duckdb.query(`SELECT bloom_filter_excludes FROM parquet_bloom_probe('${path}', '${column}', ${value})`)
      ).flat();
    expect(await probe('name', `'name 5'`)).toEqual(['true', 'false', 'true']);
    expect(await probe('name', `'absent'`)).toEqual(['true', 'true', 'true']);
    expect(await probe('id', '99')).toEqual(['false', 'false', 'false']);
  });

  it.each([
    ['an update', 'U'],
    ['a delete', 'D'],
    ['what is none', 'X'],
    ['an empty operation', ''],
  ])('blocks the table, the file named, where a row has another operation than I: %s', async (_, op) => {
    const bench = new MergeBench();
    const slice = await bench.slice(
      LOAD,
      [OP, ID],
      [
        ['I', 1],
        [null, 2],
        ['I', 3],
        [op, 4],
        ['I', 5],
      ],
    );
    const writing = streamed(bench, slice);
    await expect(writing).rejects.toMatchObject({
      name: 'TableBlocked',
      file: LOAD,
      message: expect.stringContaining('other than I in column Op'),
    });
    expect(bench.lake.keys()).toEqual([]);
    // The rows before it are a slice like any other.
    expect(rowsOf(await streamed(bench, { ...slice, to: 3 }))).toEqual([1, 2, 3].map((id) => ['I', id]));
  });

  it('blocks the table where its pages are damaged, and the column is named', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice(LOAD, [OP, ID], [['I', 1]]);
    const bytes = Uint8Array.from(bench.raw.bytes(LOAD)!);
    const { start, end } = slice.file.footer.rowGroups[0]!.chunks[1]!;
    bytes.fill(0xff, start, end);
    const object = bench.raw.put('LOAD2.parquet', bytes);
    const file = await openRawFile(bench.raw, { ...object, name: 'LOAD2.parquet', kind: 'load' });
    await expect(streamed(bench, { ...slice, file })).rejects.toMatchObject({
      name: 'TableBlocked',
      file: 'LOAD2.parquet',
      message: expect.stringContaining('column id'),
    });
  });

  it('blocks the table where a value has no room in the type of the lake', async () => {
    const bench = new MergeBench();
    const at: DmsColumn = { name: 'at', type: { kind: 'timestampMillis' } };
    const slice = await bench.slice(LOAD, [at], [[2n ** 62n]]);
    const micros = { physical: 'INT64', logical: { kind: 'timestamp', unit: 'MICROS', zone: 'unsaid' } } as const;
    const writing = streamed(bench, slice, [{ name: 'at', type: micros }]);
    await expect(writing).rejects.toMatchObject({
      name: 'TableBlocked',
      file: LOAD,
      message: expect.stringContaining('column at'),
    });
  });

  it('fails, and is tried again, where the store fails', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice(LOAD, [ID], [[1]]);
    const failing = { ...slice, file: { ...slice.file, read: () => Promise.reject(new Error('the store is slow')) } };
    await expect(streamed(bench, failing)).rejects.toThrow('the store is slow');
  });

  it('is in memory a part at a time', async () => {
    const bench = new MergeBench({ rowsPerRowGroup: 8_192 });
    const columns: Column[] = [
      { name: 'Op', type: TEXT },
      { name: 'id', type: INT },
    ];
    const groups = Array.from({ length: 24 }, (_, g) => Array.from({ length: 10_000 }, (__, i) => [g * 10_000 + i]));
    const slice = await bench.slice(LOAD, [ID], groups.flat(), {}, 10_000);
    let bytesRead = 0;
    const read: RawSlice['file']['read'] = (start, end) => {
      bytesRead += end - start;
      return slice.file.read(start, end);
    };
    const counted = { ...slice, file: { ...slice.file, read } };
    const content = bench.content(columns, { values: new Map() });
    const { pieces } = writeLakeFile(load(counted), content, { encoded: 0, kept: 0 });
    const parts: Uint8Array[] = [];
    const readAtPiece: number[] = [];
    for await (const piece of pieces) {
      parts.push(piece as Uint8Array);
      readAtPiece.push(bytesRead);
    }
    const bytes = Buffer.concat(parts);
    expect(rowsOf(bytes).every(([op, id], row) => op === 'I' && id === row)).toBe(true);
    expect(groupRows(bytes).reduce((sum, rows) => sum + rows, 0)).toBe(240_000);
    const all = slice.file.footer.rowGroups.flatMap(({ chunks }) => chunks);
    expect(bytesRead).toBe(all.reduce((sum, { start, end }) => sum + end - start, 0));
    // At the first of the rows, less than half of the file was read.
    expect(readAtPiece[1]).toBeLessThan(bytesRead * 0.6);
    expect(new Set(readAtPiece).size).toBeGreaterThan(3);
  });
});
