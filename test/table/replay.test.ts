/**
 * A replay is one conditional update of the row; all else is done by the usual merges. Whatever happens in between, the
 * lake ends as the raw files say, each key with its last operation.
 */
import { describe, expect, it } from '@jest/globals';
import type { Limits } from '../../lib/config.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import type { ReplayRequest } from '../../lib/table/replay.ts';
import { setBack } from '../../lib/table/replay.ts';
import { Refused } from '../../lib/table/refused.ts';
import { skipFile } from '../../lib/table/skip.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { Fault } from '../cloud/fault.ts';
import { deferred } from './deferred.ts';
import type { Call, LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

const FILES = ['20260301-100000000', '20260301-110000000', '20260301-120000000'] as const;
const ALL: ReplayRequest = { kind: 'all' };
const ROWS = ['1 third', '2 second', '4 lime'];

function from(index: number): ReplayRequest {
  return { kind: 'from file', file: `${FILES[index] ?? ''}.parquet` };
}

async function merged(settings: TableSettings = {}, limits: Partial<Limits> = {}): Promise<LabTable> {
  const lab = new TableLab(limits);
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
    [3, 'plum'],
  ]);
  table.change(FILES[0], [
    ['U', 1, 'first'],
    ['I', 4, 'lime'],
  ]);
  table.change(FILES[1], [
    ['U', 1, 'second'],
    ['U', 2, 'second'],
    ['D', 3],
  ]);
  table.change(FILES[2], [['U', 1, 'third']]);
  await lab.settle();
  return table;
}

/** What is in the lake is made wrong, as a defect of an earlier version may have left it. */
async function spoil(table: LabTable): Promise<void> {
  await table.lab.settle();
  for (const key of table.lab.lake.keys(`${table.name}/`)) {
    const bytes = table.lab.lake.bytes(key)!;
    const text = Buffer.from(bytes).toString('latin1').replaceAll('second', 'spoilt').replaceAll('third', 'thxxx');
    table.lab.lake.put(key, Buffer.from(text, 'latin1'));
  }
}

function replay(table: LabTable, request: ReplayRequest) {
  return setBack(table.path, request, table.lab.ports);
}

async function replayAndMerge(table: LabTable, request: ReplayRequest): Promise<void> {
  await replay(table, request);
  await table.merge();
}

async function refusal(table: LabTable, request: ReplayRequest): Promise<Refused> {
  const before = await table.item();
  const error: unknown = await replay(table, request).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Refused);
  expect(await table.item()).toEqual(before);
  return error as Refused;
}

/** How many change files the table's next merge takes. */
async function changeFilesMerged(table: LabTable): Promise<unknown> {
  return (await table.merge()).outcome?.report?.changeFiles;
}

describe('a replay from a change file on', () => {
  it('merges that file and all after it again, in order, none of them late', async () => {
    const table = await merged();
    const planned = await replay(table, from(1));
    expect(planned.changeFiles.map(({ name }) => name)).toEqual([`${FILES[1]}.parquet`, `${FILES[2]}.parquet`]);
    const { LastIncrementalFile, ChangeFiles } = await table.item();
    expect([LastIncrementalFile, ChangeFiles]).toEqual([`${table.path}${FILES[0]}.parquet`, 1]);
    const { outcome } = await table.merge();
    expect(outcome?.report).toMatchObject({ changeFiles: 2, lateFiles: 0 });
    expect(await table.rows()).toEqual(ROWS);
    expect(await table.item()).toMatchObject({
      LastIncrementalFile: `${table.path}${FILES[2]}.parquet`,
      ChangeFiles: 3,
    });
  });

  it('puts right what a defect had left wrong', async () => {
    const table = await merged();
    await spoil(table);
    expect(await table.rows()).toEqual(['1 thxxx', '2 spoilt', '4 lime']);
    await replayAndMerge(table, from(0));
    expect(await table.rows()).toEqual(ROWS);
  });

  it('begins with the first file whose name is of the time that was given', async () => {
    const table = await merged();
    const { changeFiles } = await replay(table, { kind: 'from time', order: '20260301110000000' });
    expect(changeFiles).toHaveLength(2);
    // Those set back wait; of them, those from there on are told.
    const later = await replay(table, { kind: 'from time', order: '20260301110000001' });
    expect([later.progress, later.changeFiles.map(({ name }) => name)]).toEqual([undefined, [`${FILES[2]}.parquet`]]);
  });

  it('leaves what comes after the last merged file to be merged as ever', async () => {
    const table = await merged();
    table.change('20260301-130000000', [['D', 1]]);
    await replay(table, from(2));
    expect(await changeFilesMerged(table)).toBe(2);
    expect(await table.rows()).toEqual(['2 second', '4 lime']);
  });

  it('leaves a file that comes late while it runs to be merged as a late one', async () => {
    const table = await merged();
    await replay(table, from(1));
    table.change('20260301-090000000', [
      ['U', 2, 'late'],
      ['U', 4, 'late'],
      ['I', 5, 'late'],
    ]);
    const { outcome } = await table.merge();
    expect(outcome?.report).toMatchObject({ changeFiles: 3, lateFiles: 1 });
    // The file before the replayed ones touches 4.
    expect(await table.rows()).toEqual(['1 third', '2 second', '4 lime', '5 late']);
  });

  it('still takes a load file that comes then for a new full load', async () => {
    const table = await merged();
    await replay(table, from(0));
    table.load('LOAD00000002', [[9, 'new']]);
    await table.merge();
    await table.lab.settle();
    expect(await table.rows()).toEqual(['9 new']);
    expect(await table.item()).toMatchObject({ Generation: 2 });
  });

  it('finds files below the mark whose folders do not sort by time, though its own wake-up is lost', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    const old = table.change('31122025/20251231-100000000', [['U', 1, 'old']]);
    table.change('01012026/20260101-100000000', [['U', 1, 'first']]);
    table.change('02012026/20260102-100000000', [['U', 1, 'second']]);
    await lab.settle();
    lab.tables.edit(table.path, {
      LowWaterMark: old.slice(`${table.name}/`.length),
      SweptAt: lab.clock.now() - 2500,
    });
    await replay(table, { kind: 'from file', file: '01012026/20260101-100000000.parquet' });
    const { outcome } = await table.merge([table.change('31122026/20261231-100000000', [['I', 2, 'live']])]);
    expect(outcome?.report).toMatchObject({ changeFiles: 3, lateFiles: 0 });
    expect(await table.rows()).toEqual(['1 second', '2 live']);
  });

  it('takes a file of which a part was merged from its first row on, in its order', async () => {
    const table = await merged({}, { valuesPerMerge: 8 });
    const key = table.change('20260301-130000000', [
      ['I', 5, 'a'],
      ['I', 6, 'b'],
      ['I', 7, 'c'],
      ['I', 8, 'd'],
    ]);
    // Its first commit is its last.
    const held = nth('tables', 'update', 3);
    table.lab.onCall = (call) => (held(call) ? 'reject' : 'none');
    await table.merge([key]);
    table.lab.onCall = () => 'none';
    expect(await table.item()).toHaveProperty('Partial');
    await replay(table, from(2));
    expect(await table.item()).not.toHaveProperty('Partial');
    const { outcome } = await table.merge();
    expect(outcome?.report).toMatchObject({ changeFiles: 2, lateFiles: 0 });
    expect(await table.rows()).toEqual([...ROWS, '5 a', '6 b', '7 c', '8 d']);
  });

  it('done twice, or begun again in the middle, does no harm', async () => {
    const table = await merged({}, { filesPerMerge: 1 });
    await replay(table, from(0));
    await table.merge();
    await replay(table, from(0));
    await replay(table, from(1));
    await table.merge();
    expect(await table.rows()).toEqual(ROWS);
    expect(await table.item()).toMatchObject({ ChangeFiles: 3 });
    expect(await table.item()).not.toHaveProperty('Replay');
  });

  it('is taken up by the sweep, should its own wake-up be lost', async () => {
    const table = await merged();
    await replay(table, from(1));
    expect((await sweep('one', table.lab.ports)).woken).toBe(1);
    await table.lab.settle();
    expect(await table.item()).toMatchObject({ ChangeFiles: 3 });
    expect((await sweep('two', table.lab.ports)).woken).toBe(0);
  });

  it('looks again at what blocks the table', async () => {
    const table = await merged();
    table.put('20260301-130000000.parquet', Buffer.from('not Parquet'));
    await table.lab.settle();
    await replay(table, from(2));
    expect(await table.item()).not.toHaveProperty('Blocked');
    const { outcome } = await table.merge();
    expect(outcome?.state).toBe('blocked');
    expect(await table.rows()).toEqual(ROWS);
  });

  it('keeps the mark below the files that it takes out, and all before them merged', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const name = (i: number) => `20260301-${String(i).padStart(9, '0')}`;
    for (let i = 0; i <= 1001; i++) table.change(name(i), [['U', 1, `n${i}`]]);
    await lab.settle();
    lab.clock.advance(60 * 60_000);
    table.change(name(2000), [['U', 1, 'last']]);
    await lab.settle();
    await replay(table, { kind: 'from file', file: `${name(500)}.parquet` });
    expect((await table.item()).LowWaterMark).toBe(`${name(499)}.parquet`);
    expect(await changeFilesMerged(table)).toBe(503);
    expect(await table.rows()).toEqual(['1 last']);
  });
});

describe('a replay of all', () => {
  it('builds the table anew, in a new generation, from the full load on', async () => {
    const table = await merged();
    await spoil(table);
    await replayAndMerge(table, ALL);
    expect(await table.rows()).toEqual(ROWS);
    expect(await table.item()).toMatchObject({ Generation: 2, ChangeFiles: 3 });
    expect(await table.keysSeenTwice()).toEqual([]);
  });

  it('does not double the rows of a table without a key', async () => {
    const table = await merged({ primaryKey: [] });
    const rows = await table.rows();
    await replayAndMerge(table, ALL);
    expect(await table.rows()).toEqual(rows);
  });

  it('gives the right lake once a wrong key is corrected in the row', async () => {
    const table = await merged({ primaryKey: ['item'] });
    expect(await table.rows()).not.toEqual(ROWS);
    await table.configure({ primaryKey: ['id'] });
    await replayAndMerge(table, ALL);
    expect(await table.rows()).toEqual(ROWS);
    await table.lab.settle();
    expect(await table.rows()).toEqual(ROWS);
  });

  it('takes a load that comes while it runs for a new one, with nothing of the old', async () => {
    const lab = new TableLab({ filesPerMerge: 1 });
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.load('LOAD00000002', [[2, 'pear']]);
    table.change(FILES[0], [['U', 1, 'fig']]);
    await lab.settle();
    await replay(table, ALL);
    table.load('LOAD00000001', [[7, 'new']]);
    table.change(FILES[1], [['I', 9, 'newer']]);
    await table.merge();
    await lab.settle();
    expect(await table.rows()).toEqual(['7 new', '9 newer']);
  });

  it('takes a load that comes while it runs for one that supersedes the change files, where there was none before', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.change(FILES[0], [
      ['I', 1, 'apple'],
      ['I', 2, 'gone at the source by now'],
    ]);
    await lab.settle();
    await replay(table, ALL);
    table.load('LOAD00000001', [[1, 'fig']]);
    table.load('LOAD00000002', [[3, 'lime']]);
    await table.merge();
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '3 lime']);
  });

  it('done twice in the middle builds it once more', async () => {
    const table = await merged({}, { filesPerMerge: 1 });
    await replay(table, ALL);
    await replay(table, ALL);
    await table.merge();
    await replay(table, from(2));
    await replay(table, ALL);
    await table.merge();
    expect(await table.rows()).toEqual(ROWS);
    expect(await table.item()).toMatchObject({ ChangeFiles: 3 });
  });

  it('skips what was skipped', async () => {
    const table = await merged();
    await replay(table, ALL);
    await skipFile(table.path, `${FILES[2]}.parquet`, { undo: false }, table.lab.ports);
    await replay(table, ALL);
    await table.merge();
    expect(await table.rows()).toEqual(['1 second', '2 second', '4 lime']);
  });
});

describe('a replay is refused, with what to do instead, and changes nothing,', () => {
  it('from a file on, where a table has no key', async () => {
    const error = await refusal(await merged({ primaryKey: [] }), from(1));
    expect([error.message, error.next]).toEqual([
      expect.stringContaining('double their rows'),
      expect.stringContaining('--all'),
    ]);
  });

  it('where the table is inactive or unknown', async () => {
    const table = await merged();
    await table.configure({ active: false });
    expect((await refusal(table, ALL)).next).toContain('tidemark activate');
    const unknown = table.lab.table('shop/unknown');
    await expect(replay(unknown, ALL)).rejects.toThrow(Refused);
    expect(await table.lab.tables.get(unknown.path)).toBeUndefined();
  });

  it('where merged files from there on are gone, since older values would come back', async () => {
    const table = await merged();
    table.lab.raw.remove(table.rawKey(`${FILES[1]}.parquet`));
    expect((await refusal(table, from(0))).message).toContain(FILES[1]);
    await replayAndMerge(table, from(2));
    expect(await table.rows()).toEqual(ROWS);
  });

  it('where a time is given before all files that are left, naming the oldest', async () => {
    const table = await merged();
    table.lab.raw.remove(table.rawKey(`${FILES[0]}.parquet`));
    table.lab.tables.edit(table.path, {
      LowWaterMark: `${FILES[2]}.parquet`,
      SweptAt: table.lab.clock.now() + 1,
      MergedFiles: undefined,
    });
    expect((await refusal(table, { kind: 'from time', order: '2026' })).next).toContain(`--from ${FILES[1]}`);
    await replayAndMerge(table, from(1));
    expect(await table.rows()).toEqual(ROWS);
  });

  it.each(['LOAD00000001.parquet', `${FILES[0]}.parquet`])('of all, where %s is gone', async (file) => {
    const table = await merged();
    table.lab.raw.remove(table.rawKey(file));
    expect((await refusal(table, ALL)).message).toContain('gone');
  });

  it('of all, where a file that a replay before it had set back is gone by now', async () => {
    const table = await merged();
    await replay(table, ALL);
    table.lab.raw.remove(table.rawKey(`${FILES[0]}.parquet`));
    expect((await refusal(table, ALL)).message).toContain('2 of 3 change files');
    await expect(replay(table, from(1))).rejects.toThrow(Refused);
  });

  it('of all, where the hourly solution merged a part of it', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    lab.tables.edit(table.path, {
      LastFullLoadDate: '2026-01-01 00:00:00',
      LastIncrementalFile: `${FILES[0]}.parquet`,
    });
    table.load('LOAD00000001', [[1, 'apple']], new Date('2025-12-31T00:00:00Z'));
    table.change(FILES[0], [['U', 1, 'fig']]);
    await table.merge();
    expect((await refusal(table, ALL)).message).toContain('hourly solution');
  });

  it('of all, where the lake held the table before its first file', async () => {
    const before = await new TableLab().activeTable();
    before.load('LOAD00000001', [[1, 'apple']]);
    await before.lab.settle();
    const lab = new TableLab();
    for (const [key, bytes] of before.lab.snapshot()) lab.lake.put(key, bytes);
    const table = await lab.activeTable();
    table.change(FILES[0], [['I', 2, 'fig']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '2 fig']);
    expect((await refusal(table, ALL)).message).toContain('already when its first change file came');
  });

  it('where there is no such file, or it is a load file', async () => {
    const table = await merged();
    expect((await refusal(table, { kind: 'from file', file: 'no.parquet' })).next).toContain(FILES[0]);
    expect((await refusal(table, { kind: 'from file', file: 'LOAD00000001.parquet' })).next).toContain('--all');
  });
});

/** A merge that stalls at some call while the row is set back, and goes on when the replay is done, or before. */
describe('a merge under way while the row is set back', () => {
  const STALLS: [string, () => (call: Call) => boolean][] = [
    ['at its claim', () => nth('tables', 'update', 1)],
    ['as it writes', () => nth('lake', 'write', 1)],
    ['at its commit', () => nth('tables', 'update', 2)],
  ];
  const REQUESTS: [string, ReplayRequest][] = [
    ['from a file', from(0)],
    ['of all', ALL],
  ];
  const CASES = STALLS.flatMap(([where, held]) =>
    REQUESTS.map(([what, request]) => [where, what, held, request] as const),
  );

  it.each(CASES)('%s, and a replay %s: its commit fails, and its writes do no harm', async (_, what, held, request) => {
    for (const goesFirst of [false, true]) {
      const table = await merged();
      const { lab } = table;
      const stall = deferred();
      const release = deferred();
      let isStalled = false;
      const isHeld = held();
      lab.onCall = async (call): Promise<Fault> => {
        if (isStalled || !isHeld(call)) return 'none';
        isStalled = true;
        stall.resolve();
        await release.promise;
        return 'none';
      };
      const slow = table.merge([
        table.change('20260301-130000000', [
          ['I', 5, 'fig'],
          ['U', 2, 'newest'],
        ]),
      ]);
      await stall.promise;
      await replay(table, request);
      table.change('20260301-140000000', [['D', 5]]);
      if (goesFirst) {
        release.resolve();
        await slow;
      }
      await table.merge();
      release.resolve();
      await slow;
      expect([what, await table.rows()]).toEqual([what, ['1 third', '2 newest', '4 lime']]);
      await table.merge();
      await lab.settle();
      expect(await table.rows()).toEqual(['1 third', '2 newest', '4 lime']);
      expect(await table.item()).not.toHaveProperty('Intent');
    }
  });

  it('is not undone by it: the row is read again when a commit came in between', async () => {
    const table = await merged();
    table.change('20260301-130000000', [['I', 5, 'fig']]);
    let isFirst = true;
    table.lab.onCall = async ({ store, name }): Promise<Fault> => {
      if (!isFirst || store !== 'raw' || name !== 'list') return 'none';
      isFirst = false;
      await table.merge();
      return 'none';
    };
    const { changeFiles } = await replay(table, from(2));
    expect(changeFiles).toHaveLength(2);
    await table.merge();
    expect(await table.rows()).toEqual([...ROWS, '5 fig']);
  });
});

describe.each([
  ['from a file', from(0)],
  ['of all', ALL],
])('a replay %s', (_, request) => {
  it.each([
    ['is refused at any call', 'reject', false],
    ['loses the answer of any call', 'apply-then-fail', false],
    ['dies before any write', 'reject', true],
    ['dies after any write', 'apply-then-fail', true],
  ] as const)('and its merge end as the raw files say, where either %s', async (__, fault, dies) => {
    let at = 1;
    for (; ; at++) {
      const table = await merged();
      const { lab } = table;
      lab.views.length = 0;
      let calls = 0;
      lab.onCall = ({ name }) => {
        if (dies && calls >= at) return 'reject';
        const counts = !dies || ['write', 'delete', 'update', 'send'].includes(name);
        return counts && ++calls === at ? fault : 'none';
      };
      await replayAndMerge(table, request).catch(() => undefined);
      lab.onCall = () => 'none';
      await replayAndMerge(table, request);
      await lab.settle();
      expect([at, await table.rows()]).toEqual([at, ROWS]);
      expect(await table.keysSeenTwice()).toEqual([]);
      if (calls < at) break;
    }
    expect(at).toBeGreaterThan(3);
  });
});

function nth(store: Call['store'], name: string, n: number): (call: Call) => boolean {
  let calls = 0;
  return (call) => call.store === store && call.name === name && ++calls === n;
}

describe('a load that goes while it is merged again, before any change was', () => {
  it('has the table say that changes would be taken for later than another load', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    await replay(table, ALL);
    lab.raw.remove(key);
    table.change(FILES[0], [['U', 1, 'first']]);
    await table.configure({ partitionKey: ['day'] });
    expect((await lab.settle()).at(-1)?.blocked?.next).toMatch(
      /^Restore them, or have DMS reload the table once the change files that are there are removed, or keep the keys /,
    );
  });
});
