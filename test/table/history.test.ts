/** What a reconcile tells of itself: its table's history, and what is measured. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Measures } from '../../lib/ports/metrics.ts';
import type { HistoryEntry } from '../../lib/table/history-entry.ts';
import { setBack } from '../../lib/table/replay.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

let lab: TableLab;
let table: LabTable;
beforeEach(async () => {
  lab = new TableLab();
  table = await lab.activeTable();
});

const history = () => lab.history.list(table.path, { limit: 100 });
const newest = async () => (await history())[0];

/** All that was measured since the last time, added up; samples side by side. */
function measured(): Record<string, number | number[]> {
  const sums: Record<string, number | number[]> = {};
  for (const { measures } of lab.measured.splice(0)) {
    for (const [name, value] of Object.entries(measures)) {
      const before = sums[name];
      if (typeof value === 'number') sums[name] = ((before as number | undefined) ?? 0) + value;
      else sums[name] = [...((before as number[] | undefined) ?? []), ...(value as number[])];
    }
  }
  return sums;
}

describe('a merge', () => {
  it('is one entry of the history, with its files, rows, bytes and times, and the request that did it', async () => {
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.change('20260301-100000000', [
      ['U', 1, 'plum'],
      ['D', 2],
      ['I', 3, 'fig'],
    ]);
    lab.clock.advance(5_000);
    const { outcome } = await table.merge([], { requestId: 'request-7' });
    const [entry, ...others] = await history();
    expect(others).toEqual([]);
    expect(entry).toEqual({
      at: new Date(lab.clock.now()).toISOString(),
      requestId: 'request-7',
      report: outcome!.report!,
    } satisfies HistoryEntry);
    expect(entry!.report).toMatchObject({
      loadFiles: 1,
      changeFiles: 1,
      rowsInserted: 3,
      rowsUpdated: 1,
      rowsDeleted: 1,
      bytesRead: expect.any(Number),
      freshFiles: 2,
      freshnessP50Ms: 5_000,
      freshnessP99Ms: 6_000,
      freshnessMaxMs: 6_000,
    });
  });

  it('is measured: each file’s freshness, files, rows, bytes and time, and nothing that did not happen', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    lab.clock.advance(2_000);
    await table.merge();
    const found = measured();
    expect(found).toMatchObject({ Freshness: [2_000], LoadFiles: 1, RowsInserted: 1 });
    for (const name of ['BytesRead', 'BytesWritten']) expect(found[name]).toBeGreaterThan(0);
    for (const name of ['ChangeFiles', 'RowsDeleted', 'LateFiles', 'Conflicts']) expect(found).not.toHaveProperty(name);
  });

  it('that had nothing to do is neither told nor measured', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    await table.merge();
    measured();
    await table.merge();
    expect(await history()).toHaveLength(1);
    expect(measured()).toEqual({});
  });

  it('is not held up by a history that fails, which is said', async () => {
    lab.history.failure = new Error('throttled');
    table.load('LOAD00000001', [[1, 'apple']]);
    const { failed } = await table.merge();
    expect(failed).toEqual([]);
    expect(await table.rows()).toEqual(['1 apple']);
    expect(lab.said).toMatchObject([{ message: 'what was done to a table could not be added to its history' }]);
  });

  it('counts late and ignored and vanished', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000002', [['U', 1, 'pear']]);
    await table.merge();
    measured();
    table.change('20260301-100000001', [['I', 2, 'late']]);
    await table.merge();
    expect(measured()).toMatchObject({ LateFiles: 1, ChangeFiles: 1 });
    const gone = table.change('20260301-100000003', [['I', 3, 'gone']]);
    lab.onCall = ({ store, name }) => {
      if (store === 'raw' && name === 'read') lab.raw.remove(gone);
      return 'none';
    };
    await table.merge();
    expect(measured()).toMatchObject({ VanishedFiles: 1, Conflicts: 1 });
  });

  it('that fails after it has merged a part tells of that part, and why it failed', async () => {
    lab = new TableLab({ filesPerMerge: 1 });
    table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000001', [['U', 1, 'pear']]);
    let writes = 0;
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' && ++writes === 2 ? 'reject' : 'none');
    expect((await table.merge()).failed).toHaveLength(1);
    expect(await newest()).toMatchObject({ report: { loadFiles: 1, changeFiles: 0 }, failed: expect.any(String) });
    expect(measured()).toMatchObject({ LoadFiles: 1, FailedMerges: 1 });
    lab.onCall = () => 'none';
    await table.merge();
    expect(measured()).toMatchObject({ ChangeFiles: 1, TakeOvers: 1 });
  });
});

describe('freshness', () => {
  it('is not told of files that lay there before the table was active', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    lab.clock.advance(3_600_000);
    table.change('20260301-100000001', [['U', 1, 'pear']]);
    lab.clock.advance(1_000);
    await table.merge();
    expect(measured()).toMatchObject({ LoadFiles: 1, ChangeFiles: 1, Freshness: [1_000] });
  });

  it('is told of files that waited, however long', async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    await table.merge();
    measured();
    table.change('20260301-100000001', [['U', 1, 'pear']]);
    lab.clock.advance(86_400_000);
    await table.merge();
    expect(measured()).toMatchObject({ Freshness: [86_400_000] });
    expect((await newest())!.report).toMatchObject({ freshFiles: 1, freshnessMaxMs: 86_400_000 });
  });

  it.each([
    ['from a file on', { kind: 'from file', file: '20260301-100000001.parquet' } as const],
    ['all of it', { kind: 'all' } as const],
  ])('is not told of files that are merged again: %s', async (_, request) => {
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000001', [['U', 1, 'pear']]);
    await table.merge();
    lab.clock.advance(1_000);
    measured();
    await setBack(table.path, request, lab.ports);
    await table.merge();
    const found = measured();
    expect(found).toMatchObject({ ChangeFiles: 1 });
    expect(found).not.toHaveProperty('Freshness');
    const entry = await newest();
    expect(entry).toMatchObject({ replayed: true, report: { changeFiles: 1 } });
    expect(entry!.report).not.toHaveProperty('freshFiles');
  });
});

describe('a table that is blocked', () => {
  beforeEach(async () => {
    table.load('LOAD00000001', [[1, 'apple']]);
    table.put('20260301-100000001.parquet', Buffer.from('no Parquet'));
    await table.merge();
  });

  it('says so once in its history, and when it is released', async () => {
    expect(await newest()).toMatchObject({
      report: { loadFiles: 1 },
      blocked: { file: '20260301-100000001.parquet', reason: expect.any(String) },
    });
    await table.merge();
    expect(await history()).toHaveLength(1);
    table.change('20260301-100000001', [['U', 1, 'pear']]);
    await table.merge();
    expect(await newest()).toMatchObject({ released: true, report: { changeFiles: 1 } });
    expect(await history()).toHaveLength(2);
  });

  it('is released when what was in the way is removed, too', async () => {
    lab.raw.remove(table.rawKey('20260301-100000001.parquet'));
    await table.merge();
    expect(await newest()).toMatchObject({ released: true });
  });

  it('is counted by merge whenever it meets it, and by the sweep with all others', async () => {
    expect(measured()).toMatchObject({ BlockedTables: 1 });
    const other = await lab.activeTable({}, 'shop/items');
    other.put('LOAD00000001.parquet', Buffer.from('no Parquet'));
    await other.merge();
    measured();
    expect(await sweep('one', lab.ports)).toMatchObject({ blocked: 2 });
    expect(measured()).toEqual({ BlockedTables: 2 });
  });

  it('is none once the sweep finds none, which is said as well', async () => {
    table.change('20260301-100000001', [['U', 1, 'pear']]);
    await table.merge();
    measured();
    await sweep('two', lab.ports);
    expect(lab.measured).toEqual([{ measures: { BlockedTables: 0 } satisfies Measures }]);
  });
});

it('a new full load says in the history why the table was begun anew', async () => {
  table.load('LOAD00000001', [[1, 'apple']]);
  table.change('20260301-100000001', [['U', 1, 'pear']]);
  await table.merge();
  table.load('LOAD00000001', [[1, 'fig']]);
  await table.merge();
  expect(await newest()).toMatchObject({ builtAnew: expect.any(String), report: { loadFiles: 1 } });
});

it('compacting is told with what it did', async () => {
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
  ]);
  await table.merge();
  table.change('20260301-100000001', [['D', 1]]);
  await table.merge();
  measured();
  const compact = { purge: true, join: false };
  await lab.merge([{ table: table.path, cause: 'compact', compact }]);
  expect(await newest()).toMatchObject({ compacted: { filesLaidOut: 1 } });
  expect(measured()).toMatchObject({ FilesCompacted: 1 });
});

it('a row knows how many rows were merged on its last day, UTC', async () => {
  lab.clock.advance(Date.parse('2026-03-01T23:00:00Z') - lab.clock.now());
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
  ]);
  await table.merge();
  table.change('20260301-230000000', [['U', 1, 'fig']]);
  await table.merge();
  expect(await table.item()).toMatchObject({ RowsToday: { day: '2026-03-01', rows: 3 } });
  lab.clock.advance(3_600_000);
  table.change('20260302-000000000', [['D', 1]]);
  await table.merge();
  expect(await table.item()).toMatchObject({ RowsToday: { day: '2026-03-02', rows: 1 } });
});
