/**
 * A column that is renamed in case only (`id`, then `ID`) is one column to the engines that read the lake, so it is one to
 * merges. Whatever the files call it, rows are found by their keys, and none is keyed by a column that its file lacks.
 */
import { dirname } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { planTable } from '../../lib/table/plan-table.ts';
import { setBack } from '../../lib/table/replay.ts';
import { verified } from '../verify/planted.ts';
import type { LabTable } from './table-lab.ts';
import { DAY, ID, ITEM, readParquet, TableLab } from './table-lab.ts';

const FILES = ['20260301-100000000', '20260301-110000000', '20260301-120000000'] as const;
const ROWS = [
  ['U', 1, 'apricot'],
  ['D', 2, null],
  ['I', 4, 'lime'],
  ['I', 5, 'fig'],
] as const;
const MERGED = ['1 apricot', '3 plum', '4 lime', '5 fig'];

function renamed(column: DmsColumn, name: string): DmsColumn {
  return { ...column, name };
}

/** A change file of columns of these names. */
function change(
  table: LabTable,
  file: string,
  names: readonly string[],
  rows: readonly (readonly DmsValue[])[],
): string {
  const types = [ID, ITEM, DAY];
  const columns = names.map((name, i) => renamed(types[i] ?? ITEM, name));
  return table.putFile(`${file}.parquet`, [OP_COLUMN, ...columns], rows);
}

async function loaded(settings: TableSettings = {}): Promise<LabTable> {
  const table = await new TableLab().activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple', 'mon'],
    [2, 'pear', 'mon'],
    [3, 'plum', 'tue'],
  ]);
  await table.lab.settle();
  return table;
}

/** The names of the columns in any of the lake's files. */
async function lakeColumns({ lab }: LabTable): Promise<string[]> {
  const files = await Promise.all([...lab.snapshot().values()].map(readParquet));
  return [...new Set(files.flat().flatMap((row) => Object.keys(row)))];
}

async function idsAndItems(table: LabTable): Promise<string[]> {
  return (await table.records()).map(({ id, item }) => `${String(id)} ${String(item)}`).sort();
}

function folders(table: LabTable): string[] {
  return [...new Set(table.lakeFiles().map((file) => dirname(file)))];
}

function blockedBy(outcomes: readonly { blocked?: unknown }[]): unknown {
  return outcomes.at(-1)?.blocked;
}

describe('a column that is renamed in case only', () => {
  it('keeps rows under their keys where it is the key, and its name in the lake', async () => {
    const table = await loaded();
    change(table, FILES[0], ['ID', 'item'], ROWS);
    const [outcome] = await table.lab.settle();
    expect(outcome?.report).toMatchObject({ rowsInserted: 2, rowsUpdated: 1, rowsDeleted: 1 });
    expect(await idsAndItems(table)).toEqual(MERGED);
    expect(await lakeColumns(table)).toEqual(['Op', 'id', 'item', 'day']);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 4 } });
  });

  it('is planned as it is merged', async () => {
    const table = await loaded();
    change(table, FILES[0], ['ID', 'item'], ROWS);
    const name = { schema: 'shop', table: 'orders' };
    expect(await planTable(table.path, name, undefined, table.lab.ports)).toMatchObject({
      state: 'to be merged',
      plan: { rows: { inserted: 2, updated: 1, deleted: 1 } },
    });
  });

  it('is one where one merge takes files of both names, and of the old one again', async () => {
    const table = await loaded();
    change(table, FILES[0], ['id', 'item'], [['U', 1, 'first'], ['I', 4, 'first']]); // prettier-ignore
    change(table, FILES[1], ['ID', 'item'], ROWS);
    change(table, FILES[2], ['id', 'ITEM'], [['U', 4, 'last'], ['D', 5, null]]); // prettier-ignore
    const outcomes = await table.lab.settle();
    expect(outcomes.map(({ report }) => report?.changeFiles)).toEqual([3]);
    expect(await idsAndItems(table)).toEqual(['1 apricot', '3 plum', '4 last']);
    expect(await lakeColumns(table)).toEqual(['Op', 'id', 'item', 'day']);
    expect(await verified(table)).toMatchObject({ state: 'equal' });
  });

  it('is one from file to file of a table that has no lake yet', async () => {
    const table = await new TableLab().activeTable();
    change(table, FILES[0], ['ID', 'item'], [['I', 1, 'apple'], ['I', 2, 'pear']]); // prettier-ignore
    change(table, FILES[1], ['id', 'ITEM'], ROWS);
    await table.lab.settle();
    expect((await table.records()).map(({ ID: id, item }) => `${String(id)} ${String(item)}`).sort()).toEqual([
      '1 apricot',
      '4 lime',
      '5 fig',
    ]);
    expect(await lakeColumns(table)).toEqual(['Op', 'ID', 'item']);
  });

  it('has its values in one column where it is not of the key', async () => {
    const table = await loaded();
    change(table, FILES[0], ['id', 'Item'], ROWS);
    await table.lab.settle();
    expect(await idsAndItems(table)).toEqual(MERGED);
    expect(await lakeColumns(table)).toEqual(['Op', 'id', 'item', 'day']);
  });

  it('becomes of a wider type as any other', async () => {
    const table = await loaded();
    const wide: DmsColumn = { name: 'ID', type: { kind: 'int64' } };
    table.putFile(`${FILES[0]}.parquet`, [OP_COLUMN, wide, ITEM], [['U', 1n, 'apricot'], ['D', 2n, null]]); // prettier-ignore
    await table.lab.settle();
    expect(await idsAndItems(table)).toEqual(['1 apricot', '3 plum']);
  });

  it('names one kind of folders where it is a partition column, of the key or not', async () => {
    for (const primaryKey of [['id'], ['id', 'day']]) {
      const table = await loaded({ primaryKey, partitionKey: ['day'] });
      change(table, FILES[0], ['id', 'item', 'DAY'], [
        ['U', 1, 'apricot', 'mon'],
        ['D', 2, null, 'mon'],
        ['I', 4, 'lime', 'wed'],
      ]); // prettier-ignore
      await table.lab.settle();
      expect(await table.rows()).toEqual(['1 apricot mon', '3 plum tue', '4 lime wed']);
      expect(folders(table)).toEqual(['day=mon', 'day=tue', 'day=wed']);
      expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 3 } });
    }
  });

  it('is one where a table without a key is appended to', async () => {
    const table = await loaded({ primaryKey: [] });
    change(table, FILES[0], ['ID', 'ITEM'], [['I', 4, 'lime']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['1 apple mon', '2 pear mon', '3 plum tue', '4 lime']);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 4 } });
  });

  it('is one in a load file that is larger than memory', async () => {
    const table = await new TableLab({ valuesPerMerge: 6 }).activeTable();
    table.load('LOAD00000001', [[1, 'apple', 'mon']]);
    const upper = [renamed(ID, 'ID'), renamed(ITEM, 'ITEM'), DAY];
    table.putFile(
      'LOAD00000002.parquet',
      upper,
      [2, 3, 4, 5].map((id) => [id, `item ${id}`, 'tue']),
    );
    await table.lab.settle();
    change(table, FILES[0], ['id', 'item', 'day'], [['U', 3, 'changed', 'tue']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual([
      '1 apple mon',
      '2 item 2 tue',
      '3 changed tue',
      '4 item 4 tue',
      '5 item 5 tue',
    ]);
  });

  it('is one when the table is built anew from all raw files', async () => {
    const table = await loaded();
    change(table, FILES[0], ['ID', 'item'], ROWS);
    await table.lab.settle();
    await setBack(table.path, { kind: 'all' }, table.lab.ports);
    await table.merge();
    expect(await idsAndItems(table)).toEqual(MERGED);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 4 } });
  });

  it('is one in late files and those after them', async () => {
    for (const [late, later] of [['id', 'ID'], ['ID', 'id']] as const) {
      const table = await loaded();
      change(table, FILES[1], [later, 'item'], ROWS);
      await table.lab.settle();
      change(table, FILES[0], [late, 'item'], [
        ['U', 1, 'late'],
        ['I', 2, 'late'],
        ['U', 3, 'late'],
        ['U', 4, 'late'],
        ['I', 6, 'late'],
      ]); // prettier-ignore
      const [outcome] = await table.lab.settle();
      expect(outcome?.report).toMatchObject({ lateFiles: 1 });
      expect(await idsAndItems(table)).toEqual(['1 apricot', '3 late', '4 lime', '5 fig', '6 late']);
      expect(await verified(table)).toMatchObject({ state: 'equal' });
    } // prettier-ignore
  });

  it('keeps the name of the later file where a late one comes first to a lake', async () => {
    const table = await new TableLab().activeTable({ partitionKey: ['day'] });
    change(table, FILES[1], ['ID', 'item', 'DAY'], [['I', 1, 'apple', 'mon']]);
    await table.lab.settle();
    change(table, FILES[0], ['id', 'item', 'day'], [['I', 1, 'late', 'mon'], ['I', 2, 'late', 'mon']]); // prettier-ignore
    await table.lab.settle();
    expect(folders(table)).toEqual(['DAY=mon']);
    expect((await table.records()).map(({ ID: id, item }) => `${String(id)} ${String(item)}`).sort()).toEqual([
      '1 apple',
      '2 late',
    ]);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 2 } });
  });

  it('is none that the source calls op: DMS writes Op', async () => {
    const table = await loaded();
    const op = renamed(ITEM, 'op');
    table.putFile(`${FILES[0]}.parquet`, [ID, op], [[4, 'U']]);
    table.putFile(`${FILES[1]}.parquet`, [OP_COLUMN, ID, op], [['U', 1, 'sell']]);
    await table.lab.settle();
    const records = await table.records();
    expect(records.filter(({ id }) => id === 1 || id === 4)).toEqual([
      { Op: 'U', id: 1, item: null, day: null, op: 'sell' },
      { Op: 'I', id: 4, item: null, day: null, op: 'U' },
    ]);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 4 } });
  });
});

describe('keys in another case than the columns', () => {
  it('are the columns that the lake has, whatever a file calls them', async () => {
    const table = await loaded({ primaryKey: ['ID'], partitionKey: ['DAY'] });
    change(table, FILES[0], ['ID', 'item', 'DAY'], [
      ['U', 1, 'apricot', 'wed'],
      ['D', 2, null, 'mon'],
    ]); // prettier-ignore
    await table.lab.settle();
    change(table, FILES[1], ['id', 'item', 'day'], [['U', 3, 'prune', 'tue']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['1 apricot wed', '3 prune tue']);
    expect(await lakeColumns(table)).toEqual(['Op', 'id', 'item']);
    expect(folders(table).every((folder) => folder.startsWith('day='))).toBe(true);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 2 } });
  });

  it('find the rows of a lake that another program began, whatever it calls them', async () => {
    const table = await new TableLab().activeTable({ partitionKey: ['day'] });
    const columns = [OP_COLUMN, renamed(ID, 'Id'), ITEM];
    const bytes = writeDmsFile({ columns, rows: [['I', 1, 'apple'], ['I', 2, 'pear']] }); // prettier-ignore
    table.lab.lake.put('shop/orders/Day=mon/part-0.parquet', bytes);
    change(table, FILES[0], ['id', 'item', 'day'], [['U', 1, 'apricot', 'mon'], ['D', 2, null, 'mon']]); // prettier-ignore
    await table.lab.settle();
    expect(await table.records()).toEqual([{ Op: 'U', Id: 1, item: 'apricot', Day: 'mon' }]);
  });

  it('do not go by files of the lake that have no rows', async () => {
    const table = await loaded({ partitionKey: ['day'] });
    const empty = writeDmsFile({ columns: [OP_COLUMN, renamed(ID, 'Id')], rows: [] });
    table.lab.lake.put('shop/orders/day=wed/g1-v00000001-00000000000a.parquet', empty);
    change(table, FILES[0], ['id', 'item', 'day'], [['D', 2, null, 'mon']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['1 apple mon', '3 plum tue']);
  });

  it('block a table of whose lake a part has a key column under another name', async () => {
    for (const [folder, name, key] of [['', 'ID', 'ID'], ['DAY=mon/', 'id', 'DAY']] as const) {
      const partitionKey = folder === '' ? [] : ['day'];
      const table = await new TableLab().activeTable({ primaryKey: ['id', ...partitionKey], partitionKey });
      const bytes = (id: string) => writeDmsFile({ columns: [OP_COLUMN, renamed(ID, id), ITEM], rows: [['I', 1, 'apple']] });
      table.lab.lake.put(`shop/orders/${folder}part-0.parquet`, bytes(name));
      table.lab.lake.put(`shop/orders/${folder.toLowerCase()}part-1.parquet`, bytes('id'));
      change(table, FILES[0], ['id', 'item', 'day'], [['D', 1, null, 'mon']]);
      expect(blockedBy(await table.lab.settle())).toMatchObject({
        file: '',
        reason: `The lake file shop/orders/${folder}part-0.parquet has the key column ${key.toLowerCase()} under the name ${key}.`,
        next: expect.stringContaining('tidemark replay shop/orders --all'),
      });
    } // prettier-ignore
  });
});

describe('two columns that differ in case only', () => {
  const TWO = ['id', 'item', 'day', 'Item'];

  async function withBoth(settings: TableSettings = {}): Promise<LabTable> {
    const table = await new TableLab().activeTable(settings);
    table.putFile('LOAD00000001.parquet', [ID, ITEM, DAY, renamed(ITEM, 'Item')], [[1, 'a', 'mon', 'A']]);
    await table.lab.settle();
    return table;
  }

  it('stay two where the source has had them from the load on, also where a file has one of them', async () => {
    const table = await withBoth();
    change(table, FILES[0], TWO, [['I', 2, 'b', 'mon', 'B']]);
    change(table, FILES[1], ['id', 'Item'], [['I', 3, 'C']]);
    await table.lab.settle();
    expect(await table.records()).toEqual([
      { Op: 'I', id: 1, item: 'a', day: 'mon', Item: 'A' },
      { Op: 'I', id: 2, item: 'b', day: 'mon', Item: 'B' },
      { Op: 'I', id: 3, item: null, day: null, Item: 'C' },
    ]);
    expect(await verified(table)).toMatchObject({ state: 'equal' });
  });

  it('block a table that has one of them at the file that brings the other, until it is reloaded', async () => {
    const table = await loaded();
    change(table, FILES[0], ['id', 'item'], [['D', 2, null]]);
    change(table, FILES[1], TWO, [['I', 4, 'd', 'mon', 'D']]);
    expect(blockedBy(await table.lab.settle())).toMatchObject({
      file: `${FILES[1]}.parquet`,
      reason: expect.stringContaining(`${FILES[1]}.parquet has item and Item where the table has item: `),
      next: expect.stringContaining('Rename one of them'),
    });
    expect(await table.rows()).toEqual(['1 apple mon', '3 plum tue']);
    table.putFile('LOAD00000001.parquet', [ID, ITEM, DAY, renamed(ITEM, 'Item')], [[4, 'd', 'mon', 'D']]);
    await table.lab.settle();
    expect(await table.records()).toEqual([{ Op: 'I', id: 4, item: 'd', day: 'mon', Item: 'D' }]);
  });

  it.each([
    ['of a file, neither of which the table has', ['ID', 'item', 'day', 'Id'], 'ID and Id where the table has id'],
    ['of the table, neither of which the file has', ['id', 'ITEM'], 'ITEM where the table has item and Item'],
  ])('block the table where it cannot be told which is which: %s', async (_, names, said) => {
    const table = await withBoth();
    change(table, FILES[0], names, [['I', 2, ...names.slice(1).map(() => null)]]);
    expect(blockedBy(await table.lab.settle())).toMatchObject({
      file: `${FILES[0]}.parquet`,
      reason: expect.stringContaining(said),
    });
    expect(await table.rows()).toEqual(['1 a mon']);
  });

  it('block the table at a file that lacks the one that PrimaryKey names', async () => {
    const table = await withBoth({ primaryKey: ['item'] });
    change(table, FILES[0], ['id', 'Item'], [['D', 1, 'A']]);
    expect(blockedBy(await table.lab.settle())).toMatchObject({
      file: `${FILES[0]}.parquet`,
      reason: `${FILES[0]}.parquet has the column Item and not item, which PrimaryKey names; the table has both.`,
      next: expect.stringContaining('Have DMS reload the table'),
    });
    expect(await table.records()).toHaveLength(1);
  });

  it('block the table at a late file where a later one lacks the one that PrimaryKey names', async () => {
    const table = await new TableLab().activeTable();
    change(table, FILES[1], ['ID', 'item'], [['D', 1, null]]);
    await table.lab.settle();
    const columns = [OP_COLUMN, ID, renamed(ID, 'ID'), ITEM];
    table.putFile(`${FILES[0]}.parquet`, columns, [['I', 1, 7, 'deleted later']]);
    expect(blockedBy(await table.lab.settle())).toMatchObject({
      reason: `${FILES[1]}.parquet has the column ID and not id, which PrimaryKey names; the table has both.`,
    });
    expect(await table.records()).toEqual([]);
  });

  it('block the table where files lack the one that PartitionKey names', async () => {
    const table = await withBoth({ partitionKey: ['item'] });
    change(table, FILES[0], TWO, [['I', 2, 'a', 'mon', 'B']]);
    change(table, FILES[1], ['id', 'Item'], [['D', 1, 'A']]);
    expect(blockedBy(await table.lab.settle())).toMatchObject({
      reason: expect.stringMatching(/item=a\/.* has the key column Item under the name item\.$/),
      next: expect.stringContaining('or have DMS reload it'),
    });
    expect(await table.rows()).toEqual(['1 a mon', '2 a mon']);
  });
});
