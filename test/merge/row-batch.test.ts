import { describe, expect, it } from '@jest/globals';
import { TableBlocked } from '../../lib/errors.ts';
import { openRawFile } from '../../lib/merge/raw-slice.ts';
import { readRowBatch, resolveColumns, tableColumns } from '../../lib/merge/row-batch.ts';
import type { Vector } from '../../lib/parquet/vector.ts';
import { valuesOf } from '../../lib/parquet/vector.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { BIGINT, DATE, INT, TEXT } from '../parquet/sample-types.ts';
import { ID, MergeBench, NAME, OP } from './merge-bench.ts';

const CHANGE = '20260301-100000000.parquet';
const LATER = '20260301-100000001.parquet';
const plain = (vector: Vector | undefined) =>
  vector && valuesOf(vector).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value));

describe('the rows of a merge', () => {
  it('are those of its slices, one after the other, in the types of the lake', async () => {
    const bench = new MergeBench();
    const wide: DmsColumn = { name: 'id', type: { kind: 'int64' } };
    const slices = [
      await bench.slice(
        CHANGE,
        [OP, ID, NAME],
        [
          ['I', 1, 'a'],
          ['U', 2, 'b'],
          ['D', 3, null],
          ['I', 4, 'd'],
          ['I', 5, 'e'],
        ],
        { from: 1, to: 4 },
      ),
      await bench.slice(LATER, [OP, wide, { name: 'new', type: { kind: 'boolean' } }], [['I', 6n, true]]),
    ];
    const batch = await readRowBatch(slices, [
      { name: 'id', type: INT },
      { name: 'gone', type: DATE },
    ]);
    expect(batch.rows).toBe(4);
    expect(batch.columns.map(({ name }) => name)).toEqual(['id', 'gone', 'Op', 'name', 'new']);
    expect(batch.columns[0]!.type).toEqual(BIGINT);
    expect(plain(batch.values.get('id'))).toEqual([2n, 3n, 4n, 6n]);
    expect(plain(batch.values.get('name'))).toEqual(['b', null, 'd', null]);
    expect(plain(batch.values.get('new'))).toEqual([null, null, null, true]);
    expect(plain(batch.values.get('gone'))).toEqual([null, null, null, null]);
    expect(batch.operations).toEqual(['U', 'D', 'I', 'I']);
    expect(plain(batch.values.get('Op'))).toEqual(['U', 'D', 'I', 'I']);
    expect(batch.slices.map(({ start, end }) => [start, end])).toEqual([
      [0, 3],
      [3, 4],
    ]);
  });

  it('have Op as their first column where files lack it', async () => {
    const bench = new MergeBench();
    const columns = tableColumns([await bench.slice('LOAD1.parquet', [ID], [[1]])], []);
    expect(columns.map(({ name }) => name)).toEqual(['Op', 'id']);
    expect(columns[0]!.type).toEqual(TEXT);
  });

  it.each<[string, string, DmsColumn[], DmsValue[][]]>([
    ['load files without Op', 'LOAD00000001.parquet', [ID], [[1], [2]]],
    [
      'load files with Op',
      'LOAD00000001.parquet',
      [OP, ID],
      [
        ['I', 1],
        ['I', 2],
      ],
    ],
    [
      'load files with an Op of nulls',
      'LOAD00000001.parquet',
      [OP, ID],
      [
        [null, 1],
        [null, 2],
      ],
    ],
    ['change files of inserts only, without Op', CHANGE, [ID], [[1], [2]]],
    [
      'change files of inserts only, with an Op of nulls',
      CHANGE,
      [OP, ID],
      [
        [null, 1],
        [null, 2],
      ],
    ],
  ])('are inserts: %s', async (_, name, columns, rows) => {
    const bench = new MergeBench();
    const batch = await bench.batch(await bench.slice(name, columns, rows));
    expect(batch.operations).toEqual(['I', 'I']);
    expect(plain(batch.values.get('Op'))).toEqual(['I', 'I']);
  });

  it('are read as far as they are asked for', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice(CHANGE, [OP, ID, NAME], [['I', 1, 'a']]);
    const batch = await readRowBatch([slice], [], { isWanted: (name) => name === 'id' });
    expect([...batch.values.keys()].toSorted()).toEqual(['Op', 'id']);
  });

  it.each<[string, string, DmsValue[][], string]>([
    [
      'an operation that is none',
      CHANGE,
      [
        ['I', 1],
        ['X', 2],
      ],
      'other than I, U and D',
    ],
    ['a long operation', CHANGE, [['INSERT', 1]], 'other than I, U and D'],
    ['an empty operation', CHANGE, [['', 1]], 'other than I, U and D'],
    ['an operation in small letters', CHANGE, [['i', 1]], 'other than I, U and D'],
    [
      'some rows without operation',
      CHANGE,
      [
        ['I', 1],
        [null, 2],
      ],
      '1 of its rows have no operation',
    ],
    [
      'a delete in a full load',
      'LOAD1.parquet',
      [
        ['I', 1],
        ['D', 2],
      ],
      'other than I',
    ],
    ['an update in a full load', 'LOAD1.parquet', [['U', 1]], 'other than I'],
  ])('block the table, the file named: %s', async (_, name, rows, reason) => {
    const bench = new MergeBench();
    const reading = bench.batch(await bench.slice(name, [OP, ID], rows));
    await expect(reading).rejects.toThrow(TableBlocked);
    await expect(reading).rejects.toMatchObject({ file: name, message: expect.stringContaining(reason) });
  });

  it('block the table where no type holds those of lake and file, and both are named', async () => {
    const bench = new MergeBench();
    const slices = [
      await bench.slice(CHANGE, [OP, ID], [['I', 1]]),
      await bench.slice(LATER, [OP, { ...NAME, name: 'id' }], [['I', 'x']]),
    ];
    expect(() => tableColumns(slices, [])).toThrow(
      expect.objectContaining({
        name: 'TableBlocked',
        file: LATER,
        message: `${LATER} has text in column id where the lake has int32: no type holds both exactly.`,
        next: expect.stringContaining('reload the table'),
      }),
    );
  });

  it('block the table where a value has no room in the type of the lake', async () => {
    const bench = new MergeBench();
    const at: DmsColumn = { name: 'at', type: { kind: 'timestampMillis' } };
    const slice = await bench.slice(CHANGE, [OP, at], [['I', 2n ** 62n]]);
    const micros = {
      name: 'at',
      type: { physical: 'INT64', logical: { kind: 'timestamp', unit: 'MICROS', zone: 'unsaid' } },
    } as const;
    await expect(readRowBatch([slice], [micros])).rejects.toMatchObject({ name: 'TableBlocked', file: CHANGE });
  });
});

describe('a raw file', () => {
  const object = (bench: MergeBench, bytes: Uint8Array) => ({
    ...bench.raw.put('x', bytes),
    kind: 'change' as const,
    name: 'x',
  });

  it('that is no Parquet blocks the table; the reason is told', async () => {
    const bench = new MergeBench();
    const opening = openRawFile(bench.raw, object(bench, Buffer.from('Op,id\nI,1\n, and more')));
    await expect(opening).rejects.toMatchObject({
      name: 'TableBlocked',
      file: 'x',
      message: expect.stringContaining('PAR1'),
    });
  });

  it('whose pages are damaged blocks the table when they are read', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice(
      CHANGE,
      [OP, ID],
      [
        ['I', 1],
        ['I', 2],
      ],
    );
    const bytes = Uint8Array.from(bench.raw.bytes(CHANGE)!);
    bytes.fill(0xff, 4, 60);
    const opened = await openRawFile(bench.raw, object(bench, bytes));
    await expect(readRowBatch([{ ...slice, file: opened }], [])).rejects.toMatchObject({
      name: 'TableBlocked',
      file: 'x',
    });
  });

  it('that was replaced since it was listed is read again, not mixed', async () => {
    const bench = new MergeBench();
    const listed = object(bench, Buffer.alloc(100));
    bench.raw.put('x', Buffer.alloc(200));
    await expect(openRawFile(bench.raw, listed)).rejects.toThrow(ObjectChanged);
  });
});

describe('columns that people name', () => {
  const columns = ['id', 'Day', 'day', 'Shop'].map((name) => ({ name, type: INT }));
  const resolve = (...names: string[]) => resolveColumns(names, columns, CHANGE, 'PrimaryKey').map(({ name }) => name);

  it('are found as they are written, or else whatever their case', () => {
    expect(resolve('id', 'day', 'Day', 'SHOP')).toEqual(['id', 'day', 'Day', 'Shop']);
  });

  it.each([
    ['none of that name', 'nope'],
    ['two, neither as written', 'DAY'],
    ['no name', ''],
  ])('block the table with what there is instead: %s', (_, name) => {
    expect(() => resolve(name)).toThrow(
      expect.objectContaining({
        name: 'TableBlocked',
        file: CHANGE,
        message: expect.stringContaining('Day, Shop, day, id'),
      }),
    );
  });
});
