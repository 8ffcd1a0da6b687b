import { describe, expect, it } from '@jest/globals';
import type { LabTable } from './table-lab.ts';
import { changeBytes, TableLab } from './table-lab.ts';

/** 4 columns, so two rows a merge. */
const TWO_ROWS = { valuesPerMerge: 8 };

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** Lets the merge die after its n-th commit. */
async function dieAfterCommits(table: LabTable, commits: number): Promise<void> {
  let updates = 0;
  table.lab.onCall = ({ store, name }) => {
    if (store === 'tables' && name === 'update') updates++;
    return updates > 2 * commits && store !== 'queue' ? 'reject' : 'none';
  };
  await table.merge();
  table.lab.onCall = () => 'none';
}

/** Of a change file's rows, two for each commit are merged. */
async function halfMerged(primaryKey: readonly string[], { rows = 6, commits = 1 } = {}): Promise<LabTable> {
  const lab = new TableLab(TWO_ROWS);
  const table = await lab.activeTable({ primaryKey });
  table.load('LOAD00000001', [[100, 'old']]);
  await lab.settle();
  table.change(
    '20260301-100000000',
    numbers(rows).map((id) => ['I', id, 'new'] as const),
  );
  lab.arrivals.length = 0;
  await dieAfterCommits(table, commits);
  return table;
}

describe('a file with more values than one merge takes', () => {
  it.each([
    ['with a key', ['id']],
    ['without a key', []],
  ])('of changes is merged in slices, and ends right, %s', async (_, primaryKey) => {
    const lab = new TableLab(TWO_ROWS);
    const table = await lab.activeTable({ primaryKey });
    table.change(
      '20260301-100000000',
      numbers(7).map((id) => ['I', id, 'new'] as const),
    );
    const [outcome] = await lab.settle();
    expect(await table.rows()).toEqual(numbers(7).map((id) => `${id} new`));
    expect(outcome?.report).toMatchObject({ changeFiles: 1, rowsInserted: 7 });
    expect(lab.views.length).toBeGreaterThan(3);
    expect(await table.item()).not.toHaveProperty('Partial');
  });

  it('of changes keeps the order of operations on a key across slices', async () => {
    const lab = new TableLab(TWO_ROWS);
    const table = await lab.activeTable();
    table.change('20260301-100000000', [
      ['I', 1, 'a'],
      ['I', 2, 'b'],
      ['U', 1, 'c'],
      ['D', 2],
      ['I', 2, 'd'],
      ['D', 1],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['2 d']);
  });

  it.each([
    ['with a key', ['id']],
    ['without a key', []],
  ])('of a load is merged in slices, and ends right, %s', async (_, primaryKey) => {
    const lab = new TableLab(TWO_ROWS);
    const table = await lab.activeTable({ primaryKey });
    table.load(
      'LOAD00000001',
      numbers(9).map((id) => [id, 'new'] as const),
    );
    const [outcome] = await lab.settle();
    expect(await table.rows()).toEqual(numbers(9).map((id) => `${id} new`));
    expect(outcome?.report).toMatchObject({ loadFiles: 1, rowsInserted: 9 });
  });

  it.each([
    ['with a key', ['id']],
    ['without a key', []],
  ])('goes on after a crash between two slices, %s', async (_, primaryKey) => {
    for (const commits of [1, 2, 3]) {
      const table = await halfMerged(primaryKey, { rows: 8, commits });
      expect(await table.item()).toMatchObject({ Partial: { rows: 2 * commits } });
      await table.merge();
      expect(await table.rows()).toEqual([...numbers(8).map((id) => `${id} new`), '100 old']);
    }
  });

  it('does not count as merged before its last slice is', async () => {
    const lab = new TableLab(TWO_ROWS);
    const table = await lab.activeTable();
    table.change(
      '20260301-100000000',
      numbers(4).map((id) => ['I', id, 'new'] as const),
    );
    await dieAfterCommits(table, 1);
    expect((await table.item()).LastIncrementalFile).toBe(`${table.path}0.parquet`);
  });

  it.each([
    ['with a key', ['id']],
    ['without a key', []],
  ])('leaves nothing behind when it is replaced between two slices, %s', async (_, primaryKey) => {
    const table = await halfMerged(primaryKey);
    table.change('20260301-100000000', [
      ['I', 2, 'good'],
      ['I', 7, 'good'],
    ]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['2 good', '7 good', '100 old']);
  });

  it('is merged from its beginning when it is replaced between two slices and raw files before it are gone, with a key', async () => {
    const table = await halfMerged(['id']);
    table.lab.raw.remove(table.rawKey('LOAD00000001.parquet'));
    table.change(
      '20260301-100000000',
      numbers(6).map((id) => ['I', id, 'good'] as const),
    );
    await table.lab.settle();
    expect(await table.rows()).toEqual([...numbers(6).map((id) => `${id} good`), '100 old']);
  });

  it('blocks when it is replaced between two slices and raw files before it are gone, without a key', async () => {
    const table = await halfMerged([]);
    table.lab.raw.remove(table.rawKey('LOAD00000001.parquet'));
    table.change('20260301-100000000', [['I', 1, 'good']]);
    const outcomes = await table.lab.settle();
    expect(outcomes.at(-1)?.blocked?.reason).toContain('replaced before a merge of it was done');
  });

  it('is done with when it is removed between two slices: the sweep does not wake the table for ever', async () => {
    const lab = new TableLab(TWO_ROWS);
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[100, 'old']]);
    await lab.settle();
    const key = table.change(
      '20260301-100000000',
      numbers(6).map((id) => ['I', id, 'new'] as const),
    );
    await dieAfterCommits(table, 1);
    lab.raw.remove(key);
    await table.merge();
    expect(await table.item()).not.toHaveProperty('Partial');
    expect(await table.rows()).toEqual(['1 new', '2 new', '100 old']);
  });
});

describe('many change files', () => {
  /** Few contents for many files: reading them is not what is tried here. */
  const CONTENTS = numbers(25).map((n) => changeBytes([['I', n % 10, `v${n}`]]));

  function putMany(table: LabTable, count: number, lastModified?: Date): void {
    for (const i of numbers(count))
      table.put(`20260228-${String(i).padStart(9, '0')}.parquet`, CONTENTS[i % 25]!, lastModified);
    table.lab.arrivals.length = 0;
  }

  function lastRows(count: number): string[] {
    const last = new Map(numbers(count).map((i) => [((i % 25) + 1) % 10, `v${(i % 25) + 1}`]));
    return [...last].sort(([a], [b]) => a - b).map(([id, item]) => `${id} ${item}`);
  }

  it('are merged whole, so many at a time as the limit says: 2,500 files', async () => {
    const lab = new TableLab({ filesPerMerge: 500 });
    const table = await lab.activeTable();
    putMany(table, 2500);
    const { outcome } = await table.merge();
    expect(outcome).toMatchObject({ state: 'active', report: { changeFiles: 2500 } });
    expect(await table.rows()).toEqual(lastRows(2500));
    expect(lab.views.length).toBe(5);
  });

  it('leave a row of bounded size, while they are merged and after', async () => {
    const lab = new TableLab({ filesPerMerge: 300 });
    const table = await lab.activeTable();
    putMany(table, 1700, new Date(lab.clock.now() - 24 * 60 * 60_000));
    const sizes: number[] = [];
    lab.tables.onChange = ({ after }) => sizes.push((after?.MergedFiles as string[] | undefined)?.length ?? 0);
    await table.merge();
    expect(await table.rows()).toEqual(lastRows(1700));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1300);
  });
});
