/**
 * Verifying says by the raw files alone which of their columns are one, so that a lake in which merges took a column that
 * was renamed in case for another one is found to differ.
 */
import { describe, expect, it } from '@jest/globals';
import type { DmsColumn } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { LabTable } from '../table/table-lab.ts';
import { DAY, ID, ITEM, TableLab } from '../table/table-lab.ts';
import { differences, plant, plantIn, verified } from './planted.ts';

const CHANGES = '20260301-100000000';
const UPPER_ID: DmsColumn = { ...ID, name: 'ID' };
const UPPER_ITEM: DmsColumn = { ...ITEM, name: 'ITEM' };
const UPPER_DAY: DmsColumn = { ...DAY, name: 'DAY' };

/** Keys 1 to 3, of which changes to columns of these names have touched 1, taken away 2 and brought 4. */
async function orders(columns: readonly DmsColumn[], settings = {}): Promise<LabTable> {
  const table = await new TableLab().activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple', 'mon'],
    [2, 'pear', 'mon'],
    [3, 'plum', 'mon'],
  ]);
  table.putFile(
    `${CHANGES}.parquet`,
    [OP_COLUMN, ...columns],
    [
      ['U', 1, 'apricot', 'mon'],
      ['D', 2, null, 'mon'],
      ['I', 4, 'lime', 'mon'],
    ],
  );
  await table.lab.settle();
  return table;
}

describe('a lake of a table of which a column was renamed in case only', () => {
  it('is equal with the rows under the keys that they have, by any of the names', async () => {
    const table = await orders([UPPER_ID, ITEM, DAY]);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 3, equal: 3 } });
    for (const id of [ID, UPPER_ID, { ...ID, name: 'Id' }]) {
      plant(table, 0, [['I', 3, 'plum', 'mon'], ['U', 1, 'apricot', 'mon'], ['I', 4, 'lime', 'mon']], [id, ITEM, DAY]); // prettier-ignore
      expect(await verified(table)).toMatchObject({ state: 'equal', rows: { equal: 3 } });
    }
  });

  it('differs where the changes were keyed by a column of their own, and null', async () => {
    const table = await orders([UPPER_ID, ITEM, DAY]);
    const columns = [ID, ITEM, DAY, UPPER_ID];
    plant(
      table,
      0,
      [
        ['I', 1, 'apple', 'mon', null],
        ['I', 2, 'pear', 'mon', null],
        ['I', 3, 'plum', 'mon', null],
        ['I', null, 'lime', 'mon', 4],
      ],
      columns,
    );
    expect(differences(await verified(table))).toEqual({
      state: 'differs',
      missing: { count: 1, smallest: { id: '4' }, largest: { id: '4' } },
      unexpected: { count: 2, smallest: { id: null }, largest: { id: '2' } },
      different: { count: 1, smallest: { id: '1' }, largest: { id: '1' }, columns: ['Op', 'item'] },
    });
  });

  it('differs where it has the values of the new name in a column of their own', async () => {
    const table = await orders([ID, UPPER_ITEM, DAY]);
    const columns = [ID, ITEM, DAY, UPPER_ITEM];
    plant(
      table,
      0,
      [
        ['U', 1, null, 'mon', 'apricot'],
        ['I', 3, 'plum', 'mon', null],
        ['I', 4, null, 'mon', 'lime'],
      ],
      columns,
    );
    expect(differences(await verified(table))).toMatchObject({ different: { count: 2, columns: ['item', 'ITEM'] } });
  });

  it('is equal where a reload has named its folders anew, though the old ones are still there', async () => {
    const table = await new TableLab().activeTable({ partitionKey: ['day'] });
    table.putFile('LOAD00000001.parquet', [ID, UPPER_DAY], [[1, 'mon']]);
    await table.lab.settle();
    table.load('LOAD00000001', [[2, 'pear', 'mon']]);
    await table.lab.settle();
    table.putFile(`${CHANGES}.parquet`, [OP_COLUMN, ID, UPPER_DAY], [['I', 3, 'mon']]);
    await table.lab.settle();
    expect(table.lakeFiles().map((file) => file.split('/')[0])).toEqual(['DAY=mon', 'day=mon']);
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 2, equal: 2 } });
  });

  it('is not equal where it has two kinds of folders', async () => {
    const table = await orders([ID, ITEM, UPPER_DAY], { partitionKey: ['day'] });
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { equal: 3 } });
    plant(table, 0, [['I', 3, 'plum'], ['U', 1, 'apricot']]); // prettier-ignore
    plantIn(table, 'DAY=mon/', [['I', 4, 'lime']], [ID, ITEM]);
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining(`${CHANGES}.parquet has the column DAY and not day, which PartitionKey names`),
    });
  });

  it('is not equal where a file lacks the key that another one has beside it', async () => {
    const table = await orders([UPPER_ID, ITEM, DAY]);
    table.putFile('LOAD00000001.parquet', [ID, UPPER_ID, ITEM, DAY], [[1, 1, 'apple', 'mon']]);
    table.lab.tables.edit(table.path, { LoadFiles: await versionOf(table, 'LOAD00000001.parquet') });
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining(`${CHANGES}.parquet has the column ID and not id, which PrimaryKey names`),
    });
  });
});

/** As a table's row notes a load file that is merged. */
async function versionOf({ lab, ...table }: LabTable, file: string): Promise<Record<string, string>> {
  const { eTag = '' } = (await lab.raw.head(`${table.name}/${file}`)) ?? {};
  return { [file]: eTag };
}
