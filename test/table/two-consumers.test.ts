/**
 * A consumer that stalls in mid-merge (P1) while another takes its table over (P2), merges more and commits. Whatever
 * P1 had under way arrives late and must change nothing.
 */
import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../cloud/fault.ts';
import { deferred } from './deferred.ts';
import type { Call, Change, LabTable, OrderRow } from './table-lab.ts';
import { TableLab } from './table-lab.ts';
import type { TableSettings } from '../../lib/table/configure.ts';

interface Shape {
  settings: TableSettings;
  load: readonly OrderRow[];
  /** What P1 merges. */
  first: readonly Change[];
  /** What has come when P2 looks. */
  second: readonly Change[];
  /** Which of P1's calls is held until P2 is done. */
  held: (call: Call) => boolean;
  rows: readonly string[];
}

const FIRST_FILE = '20260301-100000000';
const SECOND_FILE = '20260301-110000000';

/** The n-th write to the lake. */
function lakeWrite(n: number): (call: Call) => boolean {
  let writes = 0;
  return ({ store, name }) => store === 'lake' && name === 'write' && ++writes === n;
}

/** The n-th update of the row: 1 is the claim, and the one after the last claim the commit. */
function rowUpdate(n: number): (call: Call) => boolean {
  let updates = 0;
  return ({ store, name }) => store === 'tables' && name === 'update' && ++updates === n;
}

const KEYED: Pick<Shape, 'settings' | 'load'> = {
  settings: { primaryKey: ['id'] },
  load: [
    [1, 'apple'],
    [2, 'pear'],
  ],
};
const PARTITIONED: Pick<Shape, 'settings' | 'load'> = {
  settings: { primaryKey: ['id'], partitionKey: ['day'] },
  load: [
    [1, 'apple', 'mon'],
    [2, 'pear', 'mon'],
    [3, 'plum', 'tue'],
  ],
};

const SHAPES: [string, () => Shape][] = [
  [
    'a later file cancels what an earlier one would add to a file',
    () => ({ ...KEYED, first: [['I', 5, 'fig']], second: [['D', 5]], held: lakeWrite(1), rows: ['1 apple', '2 pear'] }),
  ],
  [
    'a later file cancels what an earlier one would write to a new file',
    () => ({
      ...PARTITIONED,
      first: [['I', 5, 'fig', 'wed']],
      second: [['D', 5]],
      held: lakeWrite(1),
      rows: ['1 apple mon', '2 pear mon', '3 plum tue'],
    }),
  ],
  [
    'a row moves to a new partition and back, held on its way out',
    () => ({
      ...PARTITIONED,
      first: [['U', 1, 'apple', 'wed']],
      second: [['U', 1, 'apple', 'mon']],
      held: lakeWrite(1),
      rows: ['1 apple mon', '2 pear mon', '3 plum tue'],
    }),
  ],
  [
    'a row moves to a new partition and back, held as it leaves its old place',
    () => ({
      ...PARTITIONED,
      first: [['U', 1, 'apple', 'wed']],
      second: [['U', 1, 'apple', 'mon']],
      held: lakeWrite(2),
      rows: ['1 apple mon', '2 pear mon', '3 plum tue'],
    }),
  ],
  [
    'a file is emptied by the first and filled again by the second',
    () => ({
      ...PARTITIONED,
      first: [['D', 3]],
      second: [['I', 3, 'peach', 'tue']],
      held: lakeWrite(1),
      rows: ['1 apple mon', '2 pear mon', '3 peach tue'],
    }),
  ],
  [
    'the first has not claimed yet',
    () => ({ ...KEYED, first: [['I', 5, 'fig']], second: [['D', 5]], held: rowUpdate(1), rows: ['1 apple', '2 pear'] }),
  ],
  [
    'the first has written all and not committed',
    () => ({ ...KEYED, first: [['I', 5, 'fig']], second: [['D', 5]], held: rowUpdate(2), rows: ['1 apple', '2 pear'] }),
  ],
  [
    'rows are appended without a key',
    () => ({
      settings: { primaryKey: [] },
      load: KEYED.load,
      first: [['I', 5, 'fig']],
      second: [['I', 6, 'lime']],
      held: lakeWrite(1),
      rows: ['1 apple', '2 pear', '5 fig', '6 lime'],
    }),
  ],
  [
    'rows are appended to several partitions without a key, some of them done',
    () => ({
      settings: { primaryKey: [], partitionKey: ['day'] },
      load: PARTITIONED.load,
      first: [
        ['I', 5, 'fig', 'mon'],
        ['I', 6, 'lime', 'tue'],
        ['I', 7, 'kiwi', 'wed'],
        ['I', 8, 'date', 'thu'],
      ],
      second: [['I', 5, 'fig', 'mon']],
      held: lakeWrite(2),
      rows: [
        '1 apple mon',
        '2 pear mon',
        '3 plum tue',
        '5 fig mon',
        '5 fig mon',
        '6 lime tue',
        '7 kiwi wed',
        '8 date thu',
      ],
    }),
  ],
  [
    'rows are appended without a key, all written and not committed',
    () => ({
      settings: { primaryKey: [] },
      load: KEYED.load,
      first: [['I', 5, 'fig']],
      second: [['I', 6, 'lime']],
      held: rowUpdate(2),
      rows: ['1 apple', '2 pear', '5 fig', '6 lime'],
    }),
  ],
];

/** Runs P1 into its stall, P2 to its end, then lets P1 go. */
async function collide(
  { settings, load, first, second, held }: Shape,
  beforeSecond: (table: LabTable) => Promise<void> | void = () => undefined,
): Promise<{ table: LabTable; rowsOfSecond: string[]; failed: string[][] }> {
  const lab = new TableLab();
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', load);
  await lab.settle();
  const stall = deferred();
  const release = deferred();
  let stalled = false;
  lab.onCall = async (call): Promise<Fault> => {
    if (!stalled && held(call)) {
      stalled = true;
      stall.resolve();
      await release.promise;
    }
    return 'none';
  };
  const p1 = table.merge([table.change(FIRST_FILE, first)]);
  await stall.promise;
  const key = table.change(SECOND_FILE, second);
  await beforeSecond(table);
  const { failed } = await table.merge([key]);
  const rowsOfSecond = await table.rows();
  release.resolve();
  return { table, rowsOfSecond, failed: [failed, (await p1).failed] };
}

describe('of two consumers of one table', () => {
  it.each(SHAPES)('the slow one changes nothing where %s', async (_, shape) => {
    const { table, rowsOfSecond, failed } = await collide(shape());
    expect(rowsOfSecond).toEqual(shape().rows);
    expect(await table.rows()).toEqual(shape().rows);
    expect(failed).toEqual([[], []]);
    await table.merge();
    expect(await table.rows()).toEqual(shape().rows);
    expect(await table.item()).not.toHaveProperty('Intent');
  });

  it.each(SHAPES.slice(0, 3))('the slow one would do harm, were its intent not known, where %s', async (_, shape) => {
    const { table, rowsOfSecond } = await collide(shape(), ({ lab, path }) => {
      lab.tables.edit(path, { Intent: undefined });
    });
    expect(rowsOfSecond).toEqual(shape().rows);
    expect(await table.rows()).not.toEqual(shape().rows);
  });

  it('no reader finds a key twice, whichever is slow', async () => {
    for (const [name, shape] of SHAPES) {
      const { partitionKey = [], primaryKey = [] } = shape().settings;
      if (primaryKey.length === 0 || partitionKey.length > 0) continue;
      const { table } = await collide(shape());
      expect([name, await table.keysSeenTwice()]).toEqual([name, []]);
    }
  });

  it('the slow one finds what it would create taken for a day, though no row is in it', async () => {
    const [, shape] = SHAPES[1]!;
    const lab = new TableLab();
    const table = await lab.activeTable(shape().settings);
    table.load('LOAD00000001', shape().load);
    await lab.settle();
    const stall = deferred();
    const release = deferred();
    const held = lakeWrite(1);
    lab.onCall = async (call): Promise<Fault> => {
      if (!held(call)) return 'none';
      stall.resolve();
      await release.promise;
      return 'none';
    };
    const p1 = table.merge([table.change(FIRST_FILE, shape().first)]);
    await stall.promise;
    await table.merge([table.change(SECOND_FILE, shape().second)]);
    lab.clock.advance(23 * 60 * 60_000);
    await table.merge([table.change('20260302-090000000', [['U', 2, 'quince', 'mon']])]);
    release.resolve();
    await p1;
    expect(await table.rows()).toEqual(['1 apple mon', '2 quince mon', '3 plum tue']);
  });

  it('a third takes over from one that died while it took over', async () => {
    const [, shape] = SHAPES[1]!;
    const lab = new TableLab();
    const table = await lab.activeTable(shape().settings);
    table.load('LOAD00000001', shape().load);
    await lab.settle();
    const stall = deferred();
    const release = deferred();
    const held = lakeWrite(1);
    let second = false;
    lab.onCall = async (call): Promise<Fault> => {
      if (!second && held(call)) {
        stall.resolve();
        await release.promise;
        return 'none';
      }
      return second && call.store === 'lake' && call.name === 'write' ? 'reject' : 'none';
    };
    const p1 = table.merge([table.change(FIRST_FILE, shape().first)]);
    await stall.promise;
    const key = table.change(SECOND_FILE, shape().second);
    second = true;
    expect((await table.merge([key])).failed).toHaveLength(1);
    second = false;
    await table.merge([key]);
    release.resolve();
    await p1;
    expect(await table.rows()).toEqual(shape().rows);
  });
});
