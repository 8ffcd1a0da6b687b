/**
 * Load files that turn out to be bad in their midst, or for other keys. Whoever puts a good copy in the place
 * of what blocks a table mends it: nothing that waits behind it is lost, as it would be with a new full load.
 */
import { describe, expect, it } from '@jest/globals';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { verified } from '../verify/planted.ts';
import type { LabTable, OrderRow } from './table-lab.ts';
import { DAY, ID, ITEM, TableLab } from './table-lab.ts';

const LOAD = 'LOAD00000001.parquet';
const SECOND = 'LOAD00000002.parquet';
/** Each of its row groups is merged by itself. */
const BY_ROW_GROUP = { valuesPerMerge: 8, targetFileBytes: 1 };
const HOUR_MS = 3_600_000;

/** Three row groups of two rows. */
function threeGroups(item: string): Uint8Array {
  const rows = [1, 2, 3, 4, 5, 6].map((id): OrderRow => [id, item, null]);
  return writeDmsFile({
    columns: [ID, ITEM, DAY],
    rows: rows.map(([id, text = null]) => [id, text, null]),
    codec: 'GZIP',
    rowsPerRowGroup: 2,
  });
}

/** Two of its row groups can be read, the third cannot. */
function badInItsMidst(): Uint8Array {
  const bytes = threeGroups('pear');
  const footer = bytes.length - 8 - new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 8, true);
  return bytes.fill(0xff, footer - 40, footer - 8);
}

function mends(table: LabTable, file: string): void {
  table.lab.clock.advance(HOUR_MS);
  table.put(file, threeGroups('pear'));
}

async function halfMerged(file: string): Promise<LabTable> {
  const lab = new TableLab(BY_ROW_GROUP);
  const table = await lab.activeTable();
  if (file === SECOND) table.load('LOAD00000001', [[10, 'apple']]);
  table.put(file, badInItsMidst());
  expect((await lab.settle()).at(-1)).toMatchObject({ state: 'blocked', blocked: { file } });
  expect(await table.item()).toMatchObject({ Partial: { file, rows: 4 } });
  return table;
}

const PEARS = ['1 fig', '3 pear', '4 pear', '5 pear', '6 pear', '7 lime'];

describe('a load file that blocks its table', () => {
  it.each([
    ['the first', LOAD, PEARS],
    ['a later one', SECOND, [...PEARS, '10 apple']],
  ])(
    'half merged, is mended by another in its place: what changed meanwhile is merged on top (%s)',
    async (_, file, rows) => {
      const table = await halfMerged(file);
      table.change('20260301-110000000', [
        ['U', 1, 'fig'],
        ['D', 2],
        ['I', 7, 'lime'],
      ]);
      await table.lab.settle();
      mends(table, file);
      expect((await table.lab.settle()).at(-1)).toMatchObject({ state: 'active' });
      expect(await table.rows()).toEqual(rows);
      expect(await verified(table)).toMatchObject({ state: 'equal', files: { waiting: 0 } });
    },
  );

  it('since it has no column of the new key, is mended by another that has, and no change is lost', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const file = table
      .putFile(
        LOAD,
        [ID, ITEM],
        [1, 2].map((id) => [id, 'pear']),
      )
      .slice(-LOAD.length);
    table.change('20260301-110000000', [
      ['U', 1, 'fig', 'mon'],
      ['I', 7, 'lime', 'mon'],
    ]);
    await lab.settle();
    lab.tables.edit(table.path, { PrimaryKey: 'id,day' });
    expect((await lab.settle()).at(-1)).toMatchObject({ state: 'blocked', blocked: { file } });
    lab.clock.advance(HOUR_MS);
    table.load('LOAD00000001', [
      [1, 'pear', 'mon'],
      [2, 'pear', 'tue'],
    ]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig mon', '2 pear tue', '7 lime mon']);
    expect(await verified(table)).toMatchObject({ state: 'equal', files: { merged: 2 } });
  });

  it('of a new full load, is mended by another, and what came before that load stays superseded', async () => {
    const lab = new TableLab(BY_ROW_GROUP);
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-110000000', [['I', 8, 'older than the load']]);
    await lab.settle();
    table.put(LOAD, badInItsMidst());
    expect((await lab.settle()).at(-1)).toMatchObject({ state: 'blocked', blocked: { file: LOAD } });
    table.change('20260301-120000000', [
      ['U', 1, 'fig'],
      ['D', 2],
      ['I', 7, 'lime'],
    ]);
    mends(table, LOAD);
    await lab.settle();
    expect(await table.rows()).toEqual(PEARS);
  });
});

describe('a load file that blocks nothing, and is written again half merged', () => {
  /** @param commits of slices, before the merge dies */
  async function died(file: string, commits: number): Promise<LabTable> {
    const lab = new TableLab(BY_ROW_GROUP);
    const table = await lab.activeTable();
    if (file === SECOND) table.load('LOAD00000001', [[10, 'apple']]);
    await lab.settle();
    const key = table.put(file, threeGroups('apple'));
    let writes = 0;
    lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'write') writes++;
      return writes > commits && store === 'tables' ? 'reject' : 'none';
    };
    await table.merge([key]);
    lab.onCall = () => 'none';
    table.change('20260301-110000000', [
      ['U', 1, 'fig'],
      ['D', 2],
      ['I', 7, 'lime'],
    ]);
    table.put(file, threeGroups('pear'));
    return table;
  }

  it.each([
    ['a part of it is committed', 1],
    ['what is written of it is not', 0],
  ])('is of a new full load, which has in it what changed before, if it is the first: %s', async (_, commits) => {
    const table = await died(LOAD, commits);
    expect((await table.item()).Partial !== undefined).toBe(commits > 0);
    await table.lab.settle();
    expect(await table.rows()).toEqual([1, 2, 3, 4, 5, 6].map((id) => `${id} pear`));
  });

  it.each([
    ['a part of it is committed', 1],
    ['what is written of it is not', 0],
  ])('is mended where the first is as it was: %s', async (_, commits) => {
    const table = await died(SECOND, commits);
    expect((await table.item()).Partial !== undefined).toBe(commits > 0);
    await table.lab.settle();
    expect(await table.rows()).toEqual([...PEARS, '10 apple']);
  });
});
