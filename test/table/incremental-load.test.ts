import { describe, expect, it } from '@jest/globals';
import type { DmsColumn, DmsType, DmsValue } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { LabTable } from './table-lab.ts';
import { DAY, ID, ITEM, TableLab } from './table-lab.ts';

async function loaded(settings = {}): Promise<{ lab: TableLab; table: LabTable }> {
  const lab = new TableLab();
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
    [3, 'plum'],
  ]);
  await lab.settle();
  return { lab, table };
}

describe('the incremental load without a primary key', () => {
  it('appends only rows with Op I, and says how many others it ignored', async () => {
    const { lab, table } = await loaded({ primaryKey: [] });
    table.change('20260301-100000000', [
      ['I', 4, 'lime'],
      ['U', 1, 'apricot'],
      ['D', 2, 'pear'],
      ['I', 1, 'apple'],
    ]);
    const [outcome] = await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '1 apple', '2 pear', '3 plum', '4 lime']);
    expect(outcome?.report).toMatchObject({ changeFiles: 1, rowsInserted: 2, rowsIgnored: 2, rowsUpdated: 0 });
  });

  it('appends a file that is delivered twice once', async () => {
    const { lab, table } = await loaded({ primaryKey: [] });
    const key = table.change('20260301-100000000', [['I', 4, 'lime']]);
    await table.merge([key, key]);
    await table.merge([key]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '2 pear', '3 plum', '4 lime']);
  });

  it('takes every row of a file without Op as an insert', async () => {
    const { lab, table } = await loaded({ primaryKey: [] });
    table.putFile(
      '20260301-100000000.parquet',
      [ID, ITEM],
      [
        [4, 'lime'],
        [5, 'fig'],
      ],
    );
    const [outcome] = await lab.settle();
    expect(outcome?.report).toMatchObject({ rowsInserted: 2, rowsIgnored: 0 });
    expect(await table.rows()).toEqual(['1 apple', '2 pear', '3 plum', '4 lime', '5 fig']);
  });
});

describe('the incremental load with a primary key', () => {
  it('inserts, updates and deletes', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-100000000', [
      ['I', 4, 'lime'],
      ['U', 1, 'apricot'],
      ['D', 2, 'pear'],
    ]);
    const [outcome] = await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '3 plum', '4 lime']);
    expect(outcome?.report).toMatchObject({ changeFiles: 1, rowsInserted: 1, rowsUpdated: 1, rowsDeleted: 1 });
  });

  it('lets the last operation on a key win, in the order file name, then row', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-110000000', [['U', 1, 'last']]);
    table.change('20260301-100000000', [
      ['U', 1, 'first'],
      ['U', 2, 'a'],
      ['U', 2, 'b'],
    ]);
    table.change('20260301-1030000000', [
      ['U', 1, 'middle'],
      ['D', 3],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 last', '2 b']);
  });

  it('folds I, U, D, I of one key in one file to the last', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-100000000', [
      ['I', 9, 'a'],
      ['U', 9, 'b'],
      ['D', 9],
      ['I', 9, 'c'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '2 pear', '3 plum', '9 c']);
  });

  it('deletes by a row that carries only its key', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-100000000', [['D', 2]]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '3 plum']);
  });

  it('takes U of an unknown key as an insert, I of a known key as an update, D of an unknown key as nothing', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-100000000', [
      ['U', 8, 'fig'],
      ['I', 1, 'apricot'],
      ['D', 77],
    ]);
    const [outcome] = await lab.settle();
    expect(await table.rows()).toEqual(['1 apricot', '2 pear', '3 plum', '8 fig']);
    expect(outcome?.report).toMatchObject({ rowsInserted: 1, rowsUpdated: 1, rowsDeleted: 0 });
  });

  it('leaves the unchanged rows of a rewritten file as they were', async () => {
    const { lab, table } = await loaded();
    const before = await table.records();
    table.change('20260301-100000000', [['U', 2, 'quince']]);
    await lab.settle();
    const after = await table.records();
    expect(after.filter(({ id }) => id !== 2)).toEqual(before.filter(({ id }) => id !== 2));
  });

  it('fills columns missing on one side with null, keeps those that vanish', async () => {
    const { lab, table } = await loaded();
    const price: DmsColumn = { name: 'price', type: { kind: 'int32' } };
    table.putFile(
      '20260301-100000000.parquet',
      [OP_COLUMN, ID, price],
      [
        ['U', 1, 5],
        ['I', 4, 6],
      ],
    );
    await lab.settle();
    expect(await byId(table)).toMatchObject([
      { id: 1, item: null, price: 5 },
      { id: 2, item: 'pear', price: null },
      { id: 3, item: 'plum', price: null },
      { id: 4, item: null, price: 6 },
    ]);
    table.change('20260301-110000000', [['U', 4, 'lime']]);
    await lab.settle();
    expect((await byId(table)).at(3)).toMatchObject({ id: 4, item: 'lime', price: null });
  });

  it('converts a column whose type widens, in all files of the table', async () => {
    const { lab, table } = await loaded();
    const wide: DmsColumn = { name: 'id', type: { kind: 'int64' } };
    table.putFile(
      '20260301-100000000.parquet',
      [OP_COLUMN, wide, ITEM],
      [
        ['U', 1n, 'fig'],
        ['I', 1n << 40n, 'lime'],
      ],
    );
    await lab.settle();
    expect((await byId(table)).map(({ id, item }) => [id, item])).toEqual([
      [1n, 'fig'],
      [2n, 'pear'],
      [3n, 'plum'],
      [1n << 40n, 'lime'],
    ]);
  });

  it('comes after the load, and keeps the newest name in the row', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-110000000', [['U', 1, 'b']]);
    table.change('20260301-100000000', [['U', 1, 'a']]);
    await lab.settle();
    expect((await table.item()).LastIncrementalFile).toBe(`${table.path}20260301-110000000.parquet`);
  });

  it('orders files in date folders by the time in their names', async () => {
    const { lab, table } = await loaded();
    table.change('01022026/20260201-100000000', [['U', 1, 'newer']]);
    table.change('31012026/20260131-100000000', [['U', 1, 'older']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 newer', '2 pear', '3 plum']);
  });

  it('has the column of TimestampColumnName as any other column', async () => {
    const { lab, table } = await loaded();
    const stamp: DmsColumn = { name: 'dms_ts', type: { kind: 'string' }, required: true };
    table.putFile(
      '20260301-100000000.parquet',
      [stamp, OP_COLUMN, ID, ITEM],
      [['2026-03-01 10:00:00.000000', 'U', 1, 'fig']],
    );
    await lab.settle();
    expect((await byId(table))[0]).toMatchObject({ id: 1, item: 'fig', dms_ts: '2026-03-01 10:00:00.000000' });
  });

  describe.each<[string, DmsType[], DmsValue[], DmsValue[]]>([
    ['text', [{ kind: 'string' }], ['ä'], ['a']],
    ['decimal', [{ kind: 'decimal', precision: 38, scale: 4 }], [1234567890123456789012345678n], [-1n]],
    ['timestamp', [{ kind: 'timestampMicros' }], [1_700_000_000_000_001n], [1_700_000_000_000_002n]],
    ['null', [{ kind: 'int32' }], [null], [0]],
    ['composite', [{ kind: 'string' }, { kind: 'string' }], ['a', 'bc'], ['ab', 'c']],
    ['composite with null', [{ kind: 'string' }, { kind: 'string' }], ['a', null], [null, 'a']],
  ])('by a key that is %s', (_, types, changed, kept) => {
    it('finds the very row', async () => {
      const keys = types.map((type, i): DmsColumn => ({ name: `k${i}`, type }));
      const lab = new TableLab();
      const table = await lab.activeTable({ primaryKey: keys.map(({ name }) => name) });
      table.putFile(
        'LOAD00000001.parquet',
        [...keys, ITEM],
        [
          [...changed, 'old'],
          [...kept, 'kept'],
        ],
      );
      table.putFile('20260301-100000000.parquet', [OP_COLUMN, ...keys, ITEM], [['U', ...changed, 'new']]);
      await lab.settle();
      expect((await table.records()).map(({ item }) => item)).toEqual(['new', 'kept']);
      table.putFile('20260301-110000000.parquet', [OP_COLUMN, ...keys, DAY], [['D', ...changed, null]]);
      await lab.settle();
      expect((await table.records()).map(({ item }) => item)).toEqual(['kept']);
    });
  });
});

async function byId(table: LabTable) {
  const records = await table.records();
  return records.sort((a, b) => Number(a.id) - Number(b.id));
}
