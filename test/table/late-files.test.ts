import { describe, expect, it } from '@jest/globals';
import { sweep } from '../../lib/table/sweep.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { LabTable } from './table-lab.ts';
import { changeBytes, ID, ITEM, TableLab } from './table-lab.ts';

async function merged(settings = {}): Promise<{ lab: TableLab; table: LabTable }> {
  const lab = new TableLab();
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
    [3, 'plum'],
  ]);
  table.change('20260301-100000000', [['I', 10, 'first']]);
  table.change('20260301-120000000', [
    ['U', 1, 'noon'],
    ['D', 2],
  ]);
  await lab.settle();
  return { lab, table };
}

describe('a late change file', () => {
  it('changes only keys that no later file touches', async () => {
    const { lab, table } = await merged();
    table.change('20260301-110000000', [
      ['U', 1, 'late'],
      ['U', 2, 'late'],
      ['U', 3, 'late'],
      ['I', 4, 'late'],
    ]);
    const [outcome] = await lab.settle();
    expect(await table.rows()).toEqual(['1 noon', '3 late', '4 late', '10 first']);
    expect(outcome?.report).toMatchObject({ changeFiles: 1, rowsInserted: 1, rowsUpdated: 1 });
  });

  it('deletes only keys that no later file touches', async () => {
    const { lab, table } = await merged();
    table.change('20260301-110000000', [
      ['D', 1],
      ['D', 3],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 noon', '10 first']);
  });

  it('stands back for a later file whose key is of a wider type, of which nothing is in the lake', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const wide = { ...ID, type: { kind: 'int64' } } as const;
    table.putFile('20260301-120000000.parquet', [OP_COLUMN, wide, ITEM], [['D', 2n, null]]);
    await lab.settle();
    table.change('20260301-110000000', [
      ['I', 2, 'deleted later'],
      ['I', 3, 'pear'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['3 pear']);
  });

  it('leaves LastIncrementalFile at the newest name', async () => {
    const { lab, table } = await merged();
    table.change('20260301-110000000', [['U', 3, 'late']]);
    await lab.settle();
    expect((await table.item()).LastIncrementalFile).toBe(`${table.path}20260301-120000000.parquet`);
  });

  it('is applied in its place among other late ones', async () => {
    const { lab, table } = await merged();
    table.change('20260301-113000000', [['U', 3, 'later']]);
    table.change('20260301-110000000', [
      ['U', 3, 'earlier'],
      ['U', 1, 'earlier'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 noon', '3 later', '10 first']);
  });

  it('is merged before newer files that came with it', async () => {
    const { lab, table } = await merged();
    table.change('20260301-130000000', [['U', 3, 'newest']]);
    table.change('20260301-110000000', [
      ['U', 3, 'late'],
      ['I', 4, 'late'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 noon', '3 newest', '4 late', '10 first']);
  });

  it('is appended once, without a primary key', async () => {
    const { lab, table } = await merged({ primaryKey: [] });
    const key = table.change('20260301-110000000', [
      ['I', 1, 'apple'],
      ['I', 4, 'late'],
    ]);
    await lab.settle();
    await table.merge([key]);
    await table.merge();
    expect(await table.rows()).toEqual(['1 apple', '1 apple', '2 pear', '3 plum', '4 late', '10 first']);
  });

  it('blocks the table when a later file is gone, and goes on when it is removed', async () => {
    const { lab, table } = await merged();
    lab.raw.remove(table.rawKey('20260301-120000000.parquet'));
    const key = table.change('20260301-110000000', [['U', 1, 'late']]);
    const [outcome] = await lab.settle();
    expect(outcome).toMatchObject({
      state: 'blocked',
      blocked: { file: '20260301-110000000.parquet', reason: expect.stringContaining('gone') },
    });
    expect(await table.rows()).toEqual(['1 noon', '3 plum', '10 first']);
    lab.raw.remove(key);
    const { outcome: after } = await table.merge();
    expect(after?.state).toBe('active');
  });

  it('is found by its place in a date folder that does not sort by time', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.change('31012026/20260131-100000000', [['I', 3, 'a']]);
    table.change('01022026/20260201-100000000', [['U', 1, 'february']]);
    await lab.settle();
    table.change('31012026/20260131-230000000', [
      ['U', 1, 'january'],
      ['U', 2, 'january'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 february', '2 january', '3 a']);
  });
});

describe('a late change file below the low-water mark', () => {
  const MERGED = 1001;
  const HOUR_MS = 60 * 60_000;

  /** As many files as make the row keep a mark instead of their names; the last one touches key 1. */
  async function marked(settings = {}, name = (i: number) => `20260301-${String(i).padStart(9, '0')}`, ageMs = 0) {
    const lab = new TableLab();
    const table = await lab.activeTable(settings);
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    const bytes = changeBytes([['U', 1, 'merged']]);
    for (let i = 1; i <= MERGED; i++) table.put(`${name(2 * i)}.parquet`, bytes, new Date(lab.clock.now() - ageMs));
    lab.arrivals.length = 0;
    await table.merge();
    lab.clock.advance(HOUR_MS);
    expect(await table.item()).toMatchObject({ LowWaterMark: `${name(2 * MERGED)}.parquet` });
    return { lab, table, late: name(2 * MERGED - 1) };
  }

  it('is found by the key of its wake-up', async () => {
    const { table, late } = await marked();
    const { outcome } = await table.merge([
      table.change(late, [
        ['U', 1, 'late'],
        ['U', 2, 'late'],
      ]),
    ]);
    expect(outcome?.report).toMatchObject({ changeFiles: 1 });
    expect(await table.rows()).toEqual(['1 merged', '2 late']);
    await table.merge();
    expect(await table.rows()).toEqual(['1 merged', '2 late']);
  });

  it('is found by the sweep, when its event was lost', async () => {
    const { lab, table, late } = await marked();
    table.change(late, [['U', 2, 'late']]);
    lab.arrivals.length = 0;
    expect((await sweep('one', lab.ports)).woken).toBe(1);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 merged', '2 late']);
    expect((await sweep('two', lab.ports)).woken).toBe(0);
  });

  it('is held against all later files, though date folders do not sort by time', async () => {
    const { table } = await marked({}, (i) => `01022026/20260201-${String(i).padStart(9, '0')}`);
    const key = table.change('31012026/20260131-230000000', [
      ['U', 1, 'late'],
      ['U', 2, 'late'],
    ]);
    await table.merge([key]);
    expect(await table.rows()).toEqual(['1 merged', '2 late']);
  });

  it('is held against later files that went while the table was listed, a page after the other', async () => {
    const { lab, table, late } = await marked({}, undefined, HOUR_MS);
    const key = table.change(late, [['U', 1, 'late']]);
    const others = lab.raw.keys().filter((other) => other !== key);
    let listed = 0;
    lab.onCall = ({ store, name }) => {
      // From the mark on, then the whole table: of it the first page has what is older.
      if (store === 'raw' && name === 'list' && ++listed === 3) for (const other of others) lab.raw.remove(other);
      return 'none';
    };
    const { outcome } = await table.merge([key]);
    expect(outcome).toMatchObject({ state: 'blocked', blocked: { file: `${late}.parquet` } });
    expect(await table.rows()).toEqual(['1 merged', '2 pear']);
  });

  it('that is bad stays in the way of later wake-ups', async () => {
    const { lab, table, late } = await marked();
    await table.merge([table.put(`${late}.parquet`, Buffer.from('not Parquet at all'))]);
    const { outcome } = await table.merge([table.change('20260302-100000000', [['U', 2, 'next']])]);
    expect(outcome).toMatchObject({ state: 'blocked', blocked: { file: `${late}.parquet` } });
    lab.raw.remove(table.rawKey(`${late}.parquet`));
    await table.merge();
    expect(await table.rows()).toEqual(['1 merged', '2 next']);
  });

  it('lets go of the names: the row keeps few, and nothing is merged again', async () => {
    const { table } = await marked({ primaryKey: [] });
    expect(((await table.item()).MergedFiles as string[] | undefined)?.length ?? 0).toBeLessThanOrEqual(1000);
    const { outcome } = await table.merge();
    expect(outcome).toEqual({ path: table.path, state: 'active' });
  });
});

describe('a file that comes late among more of its age than a row has room for', () => {
  it.each([
    ['with a key', ['id']],
    ['without a key', []],
  ])(
    'is found by the sweep, which has the table built anew: %s',
    async (_, primaryKey) => {
      const lab = new TableLab({ filesPerMerge: 5_000 });
      const table = await lab.activeTable({ primaryKey });
      const uploadedAt = new Date(lab.clock.now());
      const put = (i: number): void =>
        void table.put(`20260301-${100_000_000 + i}.parquet`, changeBytes([['I', i, 'x']]), uploadedAt);
      for (let i = 0; i < 2_600; i++) if (i !== 300) put(i);
      await lab.settle();
      // Its upload began with those of the others, and took longer.
      put(300);
      await lab.settle();
      lab.clock.advance(3_600_000);
      expect((await sweep('one', lab.ports)).woken).toBe(1);
      await lab.settle();
      expect(await table.rows()).toHaveLength(2_600);
      expect((await sweep('two', lab.ports)).woken).toBe(0);
    },
    60_000,
  );
});
