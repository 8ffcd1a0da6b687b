import { describe, expect, it } from '@jest/globals';
import type { OrderRow } from './table-lab.ts';
import { DAY, ID, ITEM, TableLab } from './table-lab.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';

describe('the initial load', () => {
  it('merges load files as they arrive', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    await table.merge([table.load('LOAD00000001', [[1, 'apple']])]);
    expect(await table.rows()).toEqual(['1 apple']);
    await table.merge([table.load('LOAD00000002', [[2, 'pear']])]);
    expect(await table.rows()).toEqual(['1 apple', '2 pear']);
  });

  it("adds Op = 'I' where a load file has no Op, or no value in it", async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.putFile('LOAD00000002.parquet', [OP_COLUMN, ID, ITEM], [['I', 2, 'pear']]);
    table.putFile('LOAD00000003.parquet', [OP_COLUMN, ID, ITEM], [[null, 3, 'plum']]);
    await lab.settle();
    const operations = (await table.records()).map(({ id, Op }) => [id, Op]);
    expect(operations).toEqual([
      [1, 'I'],
      [2, 'I'],
      [3, 'I'],
    ]);
  });

  it('understands hexadecimal counters, segments and folders', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const names = ['LOAD00000009', 'LOAD0000000A', 'LOAD0001F', 'SEGMENT1_LOAD00000001', 'p0/LOAD00000001'];
    names.forEach((name, i) => void table.load(name, [[i, name]]));
    const outcomes = await lab.settle();
    expect(await table.rows()).toEqual(names.map((name, i) => `${i} ${name}`));
    expect(outcomes.reduce((sum, { report }) => sum + (report?.loadFiles ?? 0), 0)).toBe(5);
  });

  it('comes before change files, whichever came first', async () => {
    const lab = new TableLab();
    const table = lab.table();
    table.change('20260301-100000000', [['U', 1, 'apricot']]);
    table.load('LOAD00000001', [[1, 'apple']], new Date('2026-02-28T00:00:00Z'));
    await table.configure({ primaryKey: ['id'], active: true });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot']);
  });

  it('of a table without rows leaves a table without rows, which takes changes', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', []);
    const [outcome] = await lab.settle();
    expect(outcome).toMatchObject({ state: 'active', report: { loadFiles: 1, rowsInserted: 0 } });
    table.change('20260301-100000000', [['I', 1, 'apple']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('merges a load file that is delivered twice once', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: [] });
    const key = table.load('LOAD00000001', [[1, 'apple']]);
    await table.merge([key, key]);
    await table.merge([key]);
    await table.merge();
    expect(await table.rows()).toEqual(['1 apple']);
  });
});

describe('a new full load', () => {
  const CHANGED: OrderRow[] = [
    [1, 'fig'],
    [7, 'kiwi'],
  ];

  it('with names used before replaces the table, piece by piece, and no key is there twice', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.load('LOAD00000002', [[3, 'plum']]);
    table.change('20260301-100000000', [['U', 3, 'peach']]);
    await lab.settle();
    table.load('LOAD00000001', CHANGED);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '7 kiwi']);
    table.load('LOAD00000002', [
      [2, 'cherry'],
      [3, 'grape'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '2 cherry', '3 grape', '7 kiwi']);
    expect(await table.keysSeenTwice()).toEqual([]);
  });

  it('of fewer pieces than before leaves nothing of the others', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.load('LOAD00000002', [[2, 'pear']]);
    table.change('20260301-100000000', [['I', 3, 'plum']]);
    await lab.settle();
    table.load('LOAD00000001', CHANGED);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '7 kiwi']);
    await table.merge();
    expect(await table.rows()).toEqual(['1 fig', '7 kiwi']);
  });

  it('of fewer pieces before any change was merged leaves nothing of the others', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.load('LOAD00000002', [[7, 'pear']]);
    await lab.settle();
    table.load('LOAD00000001', CHANGED);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '7 kiwi']);
    expect(await table.keysSeenTwice()).toEqual([]);
  });

  it('supersedes change files older than its first piece, merged or not', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000000', [['I', 2, 'pear']]);
    await lab.settle();
    table.change('20260301-110000000', [['I', 3, 'plum']]);
    table.load('LOAD00000001', CHANGED);
    table.change('20260301-120000000', [['I', 4, 'lime']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '4 lime', '7 kiwi']);
  });

  it('begins with a piece of a new name that comes after change files', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000000', [['I', 2, 'pear']]);
    await lab.settle();
    table.load('LOAD00000002', CHANGED);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '7 kiwi']);
  });

  it('has files of other names, where DMS drops a table that never changed and loads it in parallel', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'gone at the source'],
    ]);
    await lab.settle();
    lab.raw.remove(table.rawKey('LOAD00000001.parquet'));
    table.load('SEGMENT1_LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    table.load('SEGMENT2_LOAD00000001', [[3, 'fig']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '3 fig']);
    expect(await table.keysSeenTwice()).toEqual([]);
  });

  it('is none where its files are removed as soon as they are merged', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    for (const id of [1, 2, 3]) {
      const key = table.load(`LOAD0000000${id}`, [[id, 'apple']]);
      await lab.settle();
      lab.raw.remove(key);
    }
    expect(await table.rows()).toEqual(['1 apple', '2 apple', '3 apple']);
  });

  it('of no rows empties the table', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000000', [['I', 2, 'pear']]);
    await lab.settle();
    table.load('LOAD00000001', []);
    await lab.settle();
    expect(await table.rows()).toEqual([]);
  });

  it('brings the columns and types of its own', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-100000000', [['I', 2, 'pear']]);
    await lab.settle();
    table.putFile('LOAD00000001.parquet', [ID, { ...ITEM, type: { kind: 'float' } }], [[1, 0.5]]);
    await lab.settle();
    expect(await table.records()).toEqual([{ Op: 'I', id: 1, item: 0.5 }]);
  });

  it('is complete after changed keys, and though the load before it is gone', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple', 'mon']]);
    table.change('20260301-100000000', [['I', 2, 'pear', 'mon']]);
    await lab.settle();
    lab.raw.remove(table.rawKey('20260301-100000000.parquet'));
    lab.tables.edit(table.path, { PartitionKey: 'day' });
    const [blocked] = await lab.settle();
    expect(blocked).toMatchObject({ state: 'blocked', blocked: { next: expect.stringContaining('reload the table') } });
    table.load('LOAD00000001', [[1, 'fig', 'tue']]);
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)?.state).toBe('active');
    expect(await table.rows()).toEqual(['1 fig tue']);
    expect(table.lakeFiles()).toContainEqual(expect.stringMatching(/^day=tue\//));
  });

  it('does not begin with a piece that comes between the slices of the first change file twice a key', async () => {
    const lab = new TableLab({ valuesPerMerge: 8 });
    const table = await lab.activeTable();
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    await lab.settle();
    table.change('20260301-100000000', [
      ['I', 3, 'plum'],
      ['I', 4, 'lime'],
      ['U', 1, 'fig'],
      ['D', 2],
    ]);
    await stopAfterOneMerge(lab, () => table.merge());
    expect(await table.item()).toHaveProperty('Partial');
    table.load('LOAD00000002', [
      [3, 'peach'],
      [4, 'grape'],
    ]);
    await lab.settle();
    expect(await table.keysSeenTwice()).toEqual([]);
  });
});

/** Lets time pass with the first commit, so that no second merge is begun. */
async function stopAfterOneMerge(lab: TableLab, merge: () => Promise<unknown>): Promise<void> {
  lab.onCall = ({ store, name }) => {
    if (store === 'lake' && name === 'write') lab.clock.advance(10 * 60_000);
    return 'none';
  };
  await merge();
  lab.onCall = () => 'none';
}

describe('a load file with columns of its own', () => {
  it('adds them to the table, null in the rows of others', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.putFile('LOAD00000001.parquet', [ID, ITEM], [[1, 'apple']]);
    table.putFile('LOAD00000002.parquet', [ID, DAY], [[2, 'mon']]);
    await lab.settle();
    expect(await table.records()).toMatchObject([
      { id: 1, item: 'apple', day: null },
      { id: 2, item: null, day: 'mon' },
    ]);
  });
});
