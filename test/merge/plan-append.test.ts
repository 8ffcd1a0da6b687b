import { describe, expect, it } from '@jest/globals';
import type { Hold } from '../../lib/lake/file-metadata.ts';
import { fileMetadata } from '../../lib/lake/file-metadata.ts';
import { planAppend, planLoad } from '../../lib/merge/plan-append.ts';
import type { ChangeFile, MergePlan } from '../../lib/merge/plan.ts';
import { NO_ROWS } from '../../lib/merge/plan.ts';
import type { RawSlice } from '../../lib/merge/raw-slice.ts';
import { openedFile } from '../../lib/lake/known-lake-file.ts';
import { unreadBatch } from '../../lib/merge/row-batch.ts';
import { withReplacements } from '../../lib/merge/replacements.ts';
import type { Column } from '../../lib/parquet/column-type.ts';
import { valuesOf } from '../../lib/parquet/vector.ts';
import type { DmsValue } from '../../lib/sample/dms-column.ts';
import { lakeBytes } from '../parquet/lake-bytes.ts';
import { BIGINT, INT, TEXT, timestamp, utf8 } from '../parquet/sample-types.ts';
import { int96Bytes } from '../parquet/foreign-bytes.ts';
import { DAY, ID, MergeBench, NAME, OP } from './merge-bench.ts';

const CHANGE = '20260301-100000000.parquet';
const noneCommitted = () => false;

async function plan(
  bench: MergeBench,
  slices: RawSlice[],
  isCommitted: (hold: Hold) => boolean = noneCommitted,
  partitionKey = ['day'],
) {
  const batch = await bench.batch(...slices);
  const planned = await planAppend(batch, await bench.table(batch, partitionKey), bench.limits, isCommitted);
  return { batch, planned };
}

const summary = ({ phases }: MergePlan) =>
  phases.flat().map((write) => {
    if (write.kind === 'empty') return [write.file.key];
    const holds = write.holds.map(({ file, from, to }) => [file, from, to]);
    if (write.kind === 'change') return [write.file.key, [...intoGroups(write), ...write.appended], holds];
    return [write.folder, write.kind === 'create' ? write.rows : write.kind, holds];
  });

/** Rows of the batch that row groups of the file take in. */
const intoGroups = ({ groups }: ChangeFile) =>
  groups.flatMap((group) => (group.kind === 'encode' ? group.appended : []));

const rows = (...days: (string | null)[]): DmsValue[][] => days.map((day, i) => ['I', i, `row ${i}`, day]);
const COLUMNS = [OP, ID, NAME, DAY];

describe('a plan to append', () => {
  it('puts the rows of each partition into one file, in one write, which notes what they are of', async () => {
    const bench = new MergeBench();
    const slices = [
      await bench.slice('LOAD1.parquet', COLUMNS, rows('1', '2', '1')),
      await bench.slice('LOAD2.parquet', COLUMNS, rows('2', null)),
    ];
    const { planned } = await plan(bench, slices);
    expect(planned.phases).toHaveLength(1);
    expect(summary(planned)).toEqual([
      ['day=1/', [0, 2], [['LOAD1.parquet', 0, 3]]],
      [
        'day=2/',
        [1, 3],
        [
          ['LOAD1.parquet', 0, 3],
          ['LOAD2.parquet', 0, 2],
        ],
      ],
      ['day=__HIVE_DEFAULT_PARTITION__/', [4], [['LOAD2.parquet', 0, 2]]],
    ]);
    expect(planned.counts).toEqual({ inserted: 5, updated: 0, deleted: 0, ignored: 0 });
  });

  it('takes inserts alone, and counts the updates and deletes that it cannot apply', async () => {
    const bench = new MergeBench();
    const changes = [
      ['I', 1, 'a', '1'],
      ['U', 1, 'b', '1'],
      ['D', 1, null, null],
      ['I', 1, 'a', '1'],
    ];
    const { planned } = await plan(bench, [await bench.slice(CHANGE, COLUMNS, changes)]);
    expect(summary(planned)).toEqual([['day=1/', [0, 3], [[CHANGE, 0, 4]]]]);
    expect(planned.counts).toEqual({ inserted: 2, updated: 0, deleted: 0, ignored: 2 });
  });

  it('writes nothing where there is nothing to insert', async () => {
    const bench = new MergeBench();
    const { planned } = await plan(bench, [
      await bench.slice(CHANGE, COLUMNS, [
        ['U', 1, 'b', '1'],
        ['D', 1, null, null],
      ]),
    ]);
    expect(planned).toMatchObject({ phases: [], counts: { inserted: 0, ignored: 2 } });
  });

  it('takes rows without an operation for inserts', async () => {
    const bench = new MergeBench();
    const withoutOp = [
      await bench.slice('LOAD1.parquet', [ID, DAY], [[1, '1']]),
      await bench.slice(CHANGE, [ID, DAY], [[2, '1']]),
    ];
    const { batch, planned } = await plan(bench, withoutOp);
    expect(planned.counts).toMatchObject({ inserted: 2, ignored: 0 });
    expect(batch.columns[0]!.name).toBe('Op');
    const operations = valuesOf(batch.values.get('Op')!).map((op) => Buffer.from(op as Uint8Array).toString());
    expect(operations).toEqual(['I', 'I']);
  });

  it('appends to the last file of the partition until that has its size', async () => {
    const bench = new MergeBench({ targetFileBytes: 400 });
    const lakeColumns = [
      { name: 'Op', type: TEXT },
      { name: 'id', type: INT },
      { name: 'name', type: TEXT },
    ];
    bench.lake.put('day=1/small.parquet', lakeBytes(lakeColumns, []));
    const large = lakeBytes(
      lakeColumns,
      [1, 2].map((id) => [[utf8('I')], [id], [utf8('text')]]),
    );
    expect(large.length).toBeGreaterThan(400);
    bench.lake.put('day=2/large.parquet', large);
    const { planned } = await plan(bench, [await bench.slice(CHANGE, COLUMNS, rows('1', '2'))]);
    expect(summary(planned).map(([where]) => where)).toEqual(['day=1/small.parquet', 'day=2/']);
  });

  it('fills up the last row group of a file, and gives only the rest row groups of their own', async () => {
    const bench = new MergeBench({ rowsPerRowGroup: 3, deadBytesShare: 1 });
    const days = (count: number) => rows(...Array.from({ length: count }, () => '1'));
    for (const [i, count] of [2, 3, 1, 5].entries()) {
      const { batch, planned } = await plan(bench, [await bench.slice(`LOAD${i}.parquet`, COLUMNS, days(count))]);
      await bench.carryOut(planned, batch);
    }
    const [file, ...others] = await bench.files();
    expect(others).toEqual([]);
    expect(file!.footer.rowGroups.map(({ rows: inGroup }) => inGroup)).toEqual([3, 3, 3, 2]);
    expect(bench.rows().map(([, , id]) => id)).toEqual([0, 1, 0, 1, 2, 0, 0, 1, 2, 3, 4]);
  });

  it('passes over what a merge that died has appended already, in that partition only', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice(CHANGE, COLUMNS, rows('1', '2', '1'));
    const first = await plan(bench, [slice]);
    // It died after the first of its two writes.
    const [write] = first.planned.phases[0]!;
    await bench.write(write!, bench.content(first.planned.columns, first.batch));
    const again = await plan(bench, [slice]);
    expect(summary(again.planned)).toEqual([['day=2/', [1], [[CHANGE, 0, 3]]]]);
    await bench.carryOut(again.planned, again.batch);
    expect(bench.rows()).toEqual([
      ['day=1/', 'I', 0, 'row 0'],
      ['day=1/', 'I', 2, 'row 2'],
      ['day=2/', 'I', 1, 'row 1'],
    ]);
    expect((await plan(bench, [slice])).planned.phases).toEqual([]);
  });

  it('does not take another version, or another part, of a file for what was appended', async () => {
    const bench = new MergeBench({ rowsPerRowGroup: 2 });
    const whole = await bench.slice(CHANGE, COLUMNS, rows('1', '1', '1', '1'));
    const firstHalf = { ...whole, to: 2 };
    const first = await plan(bench, [firstHalf]);
    await bench.carryOut(first.planned, first.batch);
    const rest = await plan(bench, [{ ...whole, from: 2 }]);
    expect(summary(rest.planned)).toMatchObject([
      [
        expect.stringMatching(/^day=1\//),
        [0, 1],
        [
          [CHANGE, 0, 2],
          [CHANGE, 2, 4],
        ],
      ],
    ]);
    const replaced = await bench.slice(CHANGE, COLUMNS, rows('1', '1'));
    expect((await plan(bench, [replaced])).planned.phases).toHaveLength(1);
    expect((await plan(bench, [firstHalf])).planned.phases).toHaveLength(0);
  });

  it('keeps notes until the merge that they are of is committed', async () => {
    const bench = new MergeBench();
    const one = await plan(bench, [await bench.slice('LOAD1.parquet', COLUMNS, rows('1'))]);
    await bench.carryOut(one.planned, one.batch);
    const next = await bench.slice('LOAD2.parquet', COLUMNS, rows('1'));
    const holds = async (isCommitted: (hold: Hold) => boolean) =>
      (await plan(bench, [next], isCommitted)).planned.phases
        .flat()
        .map((write) => write.kind !== 'empty' && write.holds.map(({ file }) => file));
    expect(await holds(noneCommitted)).toEqual([['LOAD1.parquet', 'LOAD2.parquet']]);
    expect(await holds(({ file }) => file === 'LOAD1.parquet')).toEqual([['LOAD2.parquet']]);
  });
});

describe('a plan to load a slice of a file', () => {
  const columns = [OP, ID, NAME];
  const threeRows: DmsValue[][] = [1, 2, 3].map((id) => ['I', id, 'a']);
  const planned = async (bench: MergeBench, slice: RawSlice) => {
    const batch = unreadBatch(slice, []);
    return { batch, plan: planLoad(slice, await bench.table(batch, [])) };
  };

  it('makes one file of all its rows, which notes what they are of; nothing is read for it', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice('LOAD1.parquet', columns, threeRows, { from: 1 });
    const unreadable = { ...slice, file: { ...slice.file, read: () => Promise.reject(new Error('read')) } };
    const { plan: load } = await planned(bench, unreadable);
    expect(load.phases).toEqual([
      [
        {
          kind: 'load',
          folder: '',
          slice: unreadable,
          holds: [{ file: 'LOAD1.parquet', eTag: slice.file.eTag, from: 1, to: 3 }],
          reason: expect.any(String),
        },
      ],
    ]);
    expect(load.counts).toEqual({ inserted: 2, updated: 0, deleted: 0, ignored: 0 });
  });

  it('writes nothing if a merge that died has written it already, another part or version of the file apart', async () => {
    const bench = new MergeBench();
    const slice = await bench.slice('LOAD1.parquet', columns, threeRows, { to: 2 });
    const first = await planned(bench, slice);
    await bench.carryOut(first.plan, first.batch);
    const again = (await planned(bench, slice)).plan;
    expect(again).toMatchObject({ phases: [], counts: { inserted: 2 } });
    const rest = await planned(bench, { ...slice, from: 2, to: 3 });
    await bench.carryOut(rest.plan, rest.batch);
    expect(bench.rows().map(([, , id]) => id)).toEqual([1, 2, 3]);
    const replaced = await bench.slice('LOAD1.parquet', columns, [...threeRows, ['I', 4, 'b']], { to: 2 });
    expect((await planned(bench, replaced)).plan.phases).toHaveLength(1);
  });
});

describe('what the table as a whole asks for', () => {
  const columns: Column[] = [
    { name: 'Op', type: TEXT },
    { name: 'id', type: INT },
  ];
  const holds = [{ file: 'LOAD1.parquet', eTag: 'e', from: 0, to: 1 }];
  const bytes = (id: number, notes: Hold[] = []) =>
    lakeBytes(columns, [[[utf8('I')], [id]]], fileMetadata({ id: `${id}`, generation: 1, holds: notes }));

  async function replaced(bench: MergeBench, lakeColumns: Column[], isStale: (key: string) => boolean) {
    const files = (await bench.files()).map(openedFile);
    const current = files.filter(({ key }) => !isStale(key));
    const created = { kind: 'create' as const, folder: '', rows: [0], holds: [], reason: 'new rows' };
    const empty = {
      columns: lakeColumns,
      bloomFilterColumns: new Set<string>(),
      phases: [[created]],
      counts: { inserted: 1, updated: 0, deleted: 0, ignored: 0 },
    };
    const lake = { files: current, columns: lakeColumns, partitionKey: [], bloomFilterColumns: new Set<string>() };
    return withReplacements(
      empty,
      lake,
      files.filter(({ key }) => isStale(key)),
      bench.limits,
    );
  }

  it('rows of an older generation leave before new ones come', async () => {
    const bench = new MergeBench();
    bench.lake.put('old.parquet', bytes(1));
    bench.lake.put('older-and-empty.parquet', lakeBytes(columns, []));
    const { phases } = await replaced(bench, columns, () => true);
    expect(phases.map((phase) => phase.map((write) => (write.kind === 'empty' ? write.file.key : write.kind)))).toEqual(
      [['old.parquet'], ['create']],
    );
  });

  it('every file that has a column in a narrower type is encoded anew, and keeps its notes', async () => {
    const bench = new MergeBench();
    bench.lake.put('a.parquet', bytes(1, holds));
    const wide: Column[] = [
      { name: 'Op', type: TEXT },
      { name: 'id', type: BIGINT },
      { name: 'new', type: TEXT },
    ];
    bench.lake.put('b.parquet', lakeBytes(wide, []));
    const { phases } = await replaced(bench, wide, () => false);
    expect(phases).toHaveLength(2);
    expect(phases[0]).toMatchObject([
      { kind: 'change', file: { key: 'a.parquet' }, layout: 'anew', groups: [{ kind: 'encode' }], holds },
    ]);
    await bench.carryOut(
      { columns: wide, bloomFilterColumns: new Set(), phases: phases.slice(0, 1), counts: NO_ROWS },
      { values: new Map() },
    );
    expect(bench.rows()).toEqual([['', 'I', 1n, null]]);
    expect((await bench.files())[0]!.metadata).toMatchObject({ holds });
  });

  it('INT96 beside timestamps is left until its file is changed', async () => {
    const bench = new MergeBench();
    bench.lake.put('a.parquet', int96Bytes(columns, [[utf8('I')], [1]], [0n]));
    const { phases } = await replaced(bench, [...columns, { name: 'at', type: timestamp('MICROS') }], () => false);
    expect(phases).toHaveLength(1);
  });

  it('a file that is only short of a column is left as it is', async () => {
    const bench = new MergeBench();
    bench.lake.put('a.parquet', bytes(1));
    const { phases } = await replaced(bench, [...columns, { name: 'new', type: TEXT }], () => false);
    expect(phases).toHaveLength(1);
  });
});
