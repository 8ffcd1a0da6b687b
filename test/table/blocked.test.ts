import { describe, expect, it } from '@jest/globals';
import type { DmsColumn } from '../../lib/sample/dms-column.ts';
import type { Fault } from '../cloud/fault.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { ObjectArchived } from '../../lib/ports/object-store.ts';
import type { TableOutcome } from '../../lib/table/reconcile-batch.ts';
import { skipFile } from '../../lib/table/skip.ts';
import { sweep } from '../../lib/table/sweep.ts';
import { deferred } from './deferred.ts';
import type { LabTable } from './table-lab.ts';
import { changeBytes, ID, ITEM, loadBytes, TableLab } from './table-lab.ts';

const BAD = Buffer.from('this is no Parquet file');

async function loaded(settings = {}): Promise<{ lab: TableLab; table: LabTable }> {
  const lab = new TableLab();
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
  ]);
  await lab.settle();
  return { lab, table };
}

/** A merge that is held when it reads a raw file, the first time. */
async function slowMerge(table: LabTable, woken: string, held: string) {
  const { lab } = table;
  const [reading, goOn] = [deferred(), deferred()];
  lab.onCall = async ({ store, name, target }): Promise<Fault> => {
    if (store !== 'raw' || name !== 'read' || target !== held) return 'none';
    lab.onCall = () => 'none';
    reading.resolve();
    await goOn.promise;
    return 'none';
  };
  const slow = table.merge([woken]);
  await reading.promise;
  return { slow, release: () => goOn.resolve() };
}

const NAMES = ['20260301-100000000', '20260301-110000000', '20260301-120000000'];

describe('a file that cannot be merged', () => {
  it.each([
    ['first', 0, ['1 apple', '2 pear']],
    ['in the middle', 1, ['0 new', '1 apple', '2 pear']],
    ['last', 2, ['0 new', '1 apple', '2 pear', '10 new']],
  ])('%s, blocks its table with the reason; the files before it are merged', async (_, position, rows) => {
    const { lab, table } = await loaded();
    NAMES.forEach((name, i) =>
      i === position ? table.put(`${name}.parquet`, BAD) : table.change(name, [['I', 10 * i, 'new']]),
    );
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)).toMatchObject({ state: 'blocked', blocked: { file: `${NAMES[position]}.parquet` } });
    expect(await table.rows()).toEqual(rows);
    const { LastIncrementalFile, Blocked } = await table.item();
    expect(LastIncrementalFile).toBe(`${table.path}${position === 0 ? '0' : NAMES[position - 1]}.parquet`);
    expect(Blocked).toMatchObject({
      file: `${NAMES[position]}.parquet`,
      reason: expect.stringContaining('cannot be read'),
      next: expect.stringMatching(/put a good copy in its place.*tidemark skip/),
      since: new Date(lab.clock.now()).toISOString(),
    });
    expect(lab.queue.size).toBe(0);
  });

  async function blocked(): Promise<{ lab: TableLab; table: LabTable }> {
    const { lab, table } = await loaded();
    table.put(`${NAMES[0]}.parquet`, BAD);
    table.change(NAMES[1]!, [['U', 1, 'after']]);
    await lab.settle();
    return { lab, table };
  }

  it('goes on when it is replaced', async () => {
    const { lab, table } = await blocked();
    table.change(NAMES[0]!, [['U', 2, 'good']]);
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)?.state).toBe('active');
    expect(await table.rows()).toEqual(['1 after', '2 good']);
    expect(await table.item()).not.toHaveProperty('Blocked');
  });

  it('goes on when it is replaced while it is found to be bad', async () => {
    const { lab, table } = await loaded();
    const key = table.put(`${NAMES[0]}.parquet`, BAD);
    lab.onCall = async ({ store, name, target }) => {
      // It is replaced as soon as its bytes are read, and before the row says that it is bad.
      if (store === 'tables' && name === 'get' && lab.raw.bytes(key)?.length === BAD.length && readOnce)
        table.change(NAMES[0]!, [['U', 2, 'good']]);
      if (store === 'raw' && name === 'read' && target === key) readOnce = true;
      return Promise.resolve('none');
    };
    let readOnce = false;
    await table.merge([key]);
    lab.onCall = () => 'none';
    await table.merge([key]);
    expect(await table.rows()).toEqual(['1 apple', '2 good']);
  });

  it('blocks nothing where it was replaced and merged while a slow merge was reading it', async () => {
    const { table } = await loaded();
    const key = table.put(`${NAMES[0]}.parquet`, BAD);
    const next = table.change(NAMES[1]!, [['U', 1, 'after']]);
    // Both are read side by side; the bad one is read when the other is held.
    const { slow, release } = await slowMerge(table, key, next);
    table.change(NAMES[0]!, [['U', 2, 'good']]);
    await table.merge([key]);
    release();
    await slow;
    expect(await table.item()).not.toHaveProperty('Blocked');
    expect(await table.rows()).toEqual(['1 after', '2 good']);
  });

  it.each([
    [
      'skipped',
      async ({ path, lab }: LabTable) => {
        expect(await skipFile(path, `${NAMES[0]}.parquet`, { undo: false }, lab.ports)).toMatchObject({
          outcome: 'skipped',
        });
      },
      { primaryKey: ['id'] },
      BAD,
    ],
    [
      'made good by a corrected key',
      ({ path, lab }: LabTable) => {
        lab.tables.edit(path, { PrimaryKey: 'id' });
        return Promise.resolve();
      },
      { primaryKey: ['number'] },
      changeBytes([['U', 2, 'good']]),
    ],
  ])('blocks nothing where it was %s while a slow merge was reading it', async (_, unblock, settings, bytes) => {
    const lab = new TableLab();
    const table = await lab.activeTable(settings);
    const key = table.put(`${NAMES[0]}.parquet`, bytes);
    const { slow, release } = await slowMerge(table, key, key);
    expect((await table.merge([key])).outcome?.state).toBe('blocked');
    await unblock(table);
    await table.merge([key]);
    release();
    await slow;
    expect(await table.item()).not.toHaveProperty('Blocked');
  });

  it('hides none before it that came to be in the way while a slow merge was reading it', async () => {
    const { lab, table } = await blocked();
    const [first, last] = [`${NAMES[0]}.parquet`, `${NAMES[2]}.parquet`];
    await skipFile(table.path, first, { undo: false }, lab.ports);
    expect((await table.merge([])).outcome?.state).toBe('active');
    const key = table.put(last, BAD);
    const { slow, release } = await slowMerge(table, key, key);
    await skipFile(table.path, first, { undo: true }, lab.ports);
    expect((await table.merge([])).outcome).toMatchObject({ state: 'blocked', blocked: { file: first } });
    release();
    expect((await slow).outcome).toMatchObject({ state: 'blocked', blocked: { file: first } });
    expect(await table.item()).toMatchObject({ Blocked: { file: first } });
  });

  it('goes on when it is deleted and the sweep comes by', async () => {
    const { lab, table } = await blocked();
    lab.raw.remove(table.rawKey(`${NAMES[0]}.parquet`));
    expect((await sweep('one', lab.ports)).woken).toBe(1);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 after', '2 pear']);
  });

  it('goes on when it is deleted, though no other raw file is left', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const key = table.put(`${NAMES[0]}.parquet`, BAD);
    await lab.settle();
    lab.raw.remove(key);
    await sweep('one', lab.ports);
    const outcomes = await lab.settle();
    expect(outcomes.map(({ state }) => state)).toEqual(['active']);
    expect(await table.item()).not.toHaveProperty('Blocked');
  });

  it('goes on when the table is loaded anew', async () => {
    const { lab, table } = await blocked();
    table.load('LOAD00000001', [[7, 'kiwi']]);
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)?.state).toBe('active');
    expect(await table.rows()).toEqual(['7 kiwi']);
  });

  it('is not read again for every wake-up, which all are acknowledged', async () => {
    const { lab, table } = await blocked();
    let reads = 0;
    lab.onCall = ({ store, name }) => {
      if (store === 'raw' && name === 'read') reads++;
      return 'none';
    };
    const keys = [table.change(NAMES[2]!, [['U', 1, 'x']]), table.rawKey(`${NAMES[1]}.parquet`)];
    const { failed, outcome } = await table.merge(keys);
    expect([failed, outcome?.state, reads]).toEqual([[], 'blocked', 0]);
  });

  it('keeps the time since when it is in the way', async () => {
    const { lab, table } = await blocked();
    const { since } = (await table.item()).Blocked as { since: string };
    lab.clock.advance(60 * 60_000);
    await table.merge();
    expect((await table.item()).Blocked).toMatchObject({ since });
  });

  it('is no business of other tables', async () => {
    const { lab, table } = await blocked();
    const other = await lab.activeTable({}, 'shop/other');
    other.load('LOAD00000001', [[1, 'fine']]);
    table.change(NAMES[2]!, [['U', 1, 'x']]);
    await lab.settle();
    expect(await other.rows()).toEqual(['1 fine']);
  });

  it('is one that fails in a later slice: what came before it stays, and a good copy mends it', async () => {
    const lab = new TableLab({ valuesPerMerge: 8 });
    const table = await lab.activeTable();
    const good = changeBytes([
      ['I', 1, 'a'],
      ['I', 2, 'b'],
      ['I', 3, 'c'],
      ['I', 4, 'd'],
    ]);
    const rows = [
      ['I', 1, 'a'],
      ['I', 2, 'b'],
      ['X', 3, 'c'],
      ['I', 4, 'd'],
    ] as const;
    table.putFile(`${NAMES[0]}.parquet`, [OP_COLUMN, ID, ITEM], rows);
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)?.state).toBe('blocked');
    table.put(`${NAMES[0]}.parquet`, good);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 a', '2 b', '3 c', '4 d']);
  });
});

describe('a table is blocked with a clear error by', () => {
  async function blockedBy(put: (table: LabTable) => unknown, settings = {}): Promise<TableOutcome['blocked']> {
    const { lab, table } = await loaded(settings);
    put(table);
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)?.state).toBe('blocked');
    return outcomes.at(-1)?.blocked;
  }

  it('a CSV file, naming the endpoint setting to change', async () => {
    const blocked = await blockedBy((table) => table.put('LOAD00000002.csv', Buffer.from('I,1,apple')));
    expect(blocked).toMatchObject({ file: 'LOAD00000002.csv', next: expect.stringContaining('DataFormat=parquet') });
  });

  it('a Parquet file of another name', async () => {
    const blocked = await blockedBy((table) => table.put('backup.parquet', changeBytes([['I', 1]])));
    expect(blocked).toMatchObject({ file: 'backup.parquet', reason: expect.stringContaining('LOAD00000001.parquet') });
  });

  it('a file without the key column, naming it and those that are there', async () => {
    const blocked = await blockedBy((table) => table.putFile(`${NAMES[0]}.parquet`, [OP_COLUMN, ITEM], [['U', 'x']]));
    expect(blocked?.reason).toContain('PrimaryKey names the column id');
    expect(blocked?.reason).toContain('Op, item');
    expect(blocked?.next).toContain(`\`tidemark skip shop/orders ${NAMES[0]}.parquet\``);
  });

  it('a column whose type cannot be brought together with the lake', async () => {
    const text: DmsColumn = { name: 'id', type: { kind: 'boolean' } };
    const blocked = await blockedBy((table) => table.putFile(`${NAMES[0]}.parquet`, [OP_COLUMN, text], [['U', true]]));
    expect(blocked).toMatchObject({ file: `${NAMES[0]}.parquet`, reason: expect.stringContaining('column id') });
  });

  it('an operation that is none', async () => {
    const blocked = await blockedBy((table) => table.putFile(`${NAMES[0]}.parquet`, [OP_COLUMN, ID], [['X', 1]]));
    expect(blocked).toMatchObject({ file: `${NAMES[0]}.parquet`, reason: expect.stringContaining('operation') });
  });

  it('a partition key that no file has', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['nowhere'] });
    table.load('LOAD00000001', [[1, 'apple']]);
    const [outcome] = await lab.settle();
    expect(outcome?.blocked?.reason).toContain('PartitionKey names the column nowhere');
  });

  it.each([
    ['a change file', '20260301-100000000.parquet', changeBytes([['U', 1, 'fig']]), ['1 fig', '2 pear']],
    ['a load file', 'LOAD00000002.parquet', loadBytes([[3, 'fig']]), ['1 apple', '2 pear', '3 fig']],
  ])('%s that a lifecycle rule archived, until it is restored', async (_, file, bytes, rows) => {
    const { lab, table } = await loaded();
    const key = table.put(file, bytes);
    lab.onCall = ({ store, name, target }) => {
      if (store === 'raw' && name === 'read' && target === key) throw new ObjectArchived(key);
      return 'none';
    };
    await lab.settle();
    expect((await table.item()).Blocked).toMatchObject({
      file,
      reason: `${file} is archived, and cannot be read.`,
      next: expect.stringContaining('restore-object'),
    });
    lab.onCall = () => 'none';
    await sweep('restored', lab.ports);
    await lab.settle();
    expect(await table.rows()).toEqual(rows);
  });

  it('no fault of a store: that is tried again', async () => {
    const { lab, table } = await loaded();
    lab.onCall = ({ store, name }) => (store === 'raw' && name === 'read' ? 'reject' : 'none');
    const { failed } = await table.merge([table.change(NAMES[0]!, [['U', 1, 'fig']])]);
    expect(failed).toHaveLength(1);
    expect(await table.item()).not.toHaveProperty('Blocked');
  });
});

describe('settings that were wrong', () => {
  it('unblock the table when they are corrected in its row, and it is built with the new ones', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: ['nr'] });
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.change(NAMES[0]!, [['U', 1, 'fig']]);
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)?.state).toBe('blocked');
    lab.tables.edit(table.path, { PrimaryKey: 'id' });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '2 pear']);
  });

  it('have the lake built anew from all raw files, when a lake was built with them', async () => {
    const { lab, table } = await loaded({ primaryKey: [] });
    table.change(NAMES[0]!, [
      ['U', 1, 'fig'],
      ['D', 2],
      ['I', 3, 'plum'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '2 pear', '3 plum']);
    lab.tables.edit(table.path, { PrimaryKey: 'id' });
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig', '3 plum']);
    expect(await table.keysSeenTwice()).toEqual([]);
  });

  it.each([
    ['a load file', 'LOAD00000001.parquet'],
    ['a change file', '20260301-100000000.parquet'],
  ])('block the table rather than empty it, when %s is gone; setting them back goes on', async (_, gone) => {
    const { lab, table } = await loaded();
    table.change(NAMES[0]!, [['U', 1, 'fig']]);
    await lab.settle();
    lab.raw.remove(table.rawKey(gone));
    lab.tables.edit(table.path, { PrimaryKey: 'item' });
    const outcomes = await lab.settle();
    expect(outcomes.at(-1)).toMatchObject({ state: 'blocked', blocked: { reason: expect.stringContaining('gone') } });
    expect(await table.rows()).toEqual(['1 fig', '2 pear']);
    lab.tables.edit(table.path, { PrimaryKey: 'id' });
    expect((await lab.settle()).at(-1)?.state).toBe('active');
  });

  it('that were changed are heeded by whatever wakes the table first', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: ['item'] });
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    const bytes = changeBytes([['U', 1, 'apple']]);
    for (let i = 0; i < 1001; i++) table.put(`20260301-${String(i).padStart(9, '0')}.parquet`, bytes);
    lab.arrivals.length = 0;
    await table.merge();
    lab.tables.edit(table.path, { PrimaryKey: 'id' });
    const { outcome } = await table.merge([table.change('20260302-100000000', [['U', 2, 'fig']])]);
    expect(outcome?.state).toBe('active');
    expect(await table.rows()).toEqual(['1 apple', '2 fig']);
  });
});
