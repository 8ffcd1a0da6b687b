/**
 * Load files of which a part is merged when they are replaced. Whoever puts a good copy in the place of one that is bad in its
 * midst mends it: nothing that waits behind it is lost, as it would be with a new full load.
 */
import { describe, expect, it } from '@jest/globals';
import type { Limits } from '../../lib/config.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { setBack } from '../../lib/table/replay.ts';
import { badEnd } from '../bad-files/bad-end.ts';
import { md5 } from '../cloud/bucket.ts';
import { verified } from '../verify/planted.ts';
import type { LabTable } from './table-lab.ts';
import { DAY, ID, ITEM, TableLab } from './table-lab.ts';

const LOAD = 'LOAD00000001.parquet';
const SECOND = 'LOAD00000002.parquet';
/** Each of its row groups is merged by itself. */
const BY_ROW_GROUP = { valuesPerMerge: 8, targetFileBytes: 1 };
const HOUR_MS = 3_600_000;

/** Three row groups of two rows. */
function threeGroups(item: string): Uint8Array {
  return writeDmsFile({
    columns: [ID, ITEM, DAY],
    rows: [1, 2, 3, 4, 5, 6].map((id) => [id, item, null]),
    codec: 'GZIP',
    rowsPerRowGroup: 2,
  });
}

/** Two of its row groups can be read, the third cannot. */
function badInItsMidst(): Uint8Array {
  return badEnd(threeGroups('pear'));
}

/** What comes while a load file is not merged whole. */
function changes(table: LabTable): void {
  table.change('20260301-120000000', [
    ['U', 1, 'fig'],
    ['D', 2],
    ['I', 7, 'lime'],
  ]);
}

function mends(table: LabTable, file: string): void {
  table.lab.clock.advance(HOUR_MS);
  table.put(file, threeGroups('pear'));
}

/** Files of the same bytes have the same eTag, as on S3. */
function byContent(limits: Partial<Limits> = BY_ROW_GROUP): TableLab {
  return new TableLab(limits, undefined, md5);
}

async function halfMerged(file: string): Promise<LabTable> {
  const lab = byContent();
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
      changes(table);
      await table.lab.settle();
      mends(table, file);
      expect((await table.lab.settle()).at(-1)).toMatchObject({ state: 'active' });
      expect(await table.rows()).toEqual(rows);
      expect(await verified(table)).toMatchObject({ state: 'equal', files: { waiting: 0 } });
    },
  );

  it('half merged, is mended also when another file was in the way in between', async () => {
    const table = await halfMerged(LOAD);
    const { lab } = table;
    changes(table);
    const odd = table.put('notes.csv', Buffer.from('no file of DMS'));
    await lab.settle();
    expect((await table.merge()).outcome).toMatchObject({ state: 'blocked', blocked: { file: 'notes.csv' } });
    mends(table, LOAD);
    await lab.settle();
    lab.raw.remove(odd);
    await table.merge();
    await lab.settle();
    expect(await table.rows()).toEqual(PEARS);
  });

  it('half merged, waits to be mended until the files before it are there again, if they are gone', async () => {
    const table = await halfMerged(SECOND);
    const { lab } = table;
    changes(table);
    const first = lab.raw.bytes(table.rawKey(LOAD))!;
    lab.raw.remove(table.rawKey(LOAD));
    mends(table, SECOND);
    await lab.settle();
    for (let looks = 0; looks < 2; looks++)
      expect((await table.merge()).outcome?.blocked?.reason).toContain('1 load files');
    expect(await table.rows()).toContain('10 apple');
    table.put(LOAD, first);
    await table.merge();
    await lab.settle();
    expect(await table.rows()).toEqual([...PEARS, '10 apple']);
  });

  it('of a new full load, is mended by another, and what came before that load stays superseded', async () => {
    const lab = new TableLab(BY_ROW_GROUP);
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change('20260301-110000000', [['I', 8, 'older than the load']]);
    await lab.settle();
    table.put(LOAD, badInItsMidst());
    expect((await lab.settle()).at(-1)).toMatchObject({ state: 'blocked', blocked: { file: LOAD } });
    changes(table);
    mends(table, LOAD);
    await lab.settle();
    expect(await table.rows()).toEqual(PEARS);
  });
});

describe('a load file that blocks nothing, and is written again half merged', () => {
  /** @param commits of slices, before the merge dies */
  async function died(
    file: string,
    commits: number,
    meanwhile: (table: LabTable) => unknown = () => undefined,
  ): Promise<LabTable> {
    const lab = byContent();
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
    changes(table);
    meanwhile(table);
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
  ])('is of a new full load where the first was written before it, be it as it was: %s', async (_, commits) => {
    const table = await died(SECOND, commits, (same) => same.load('LOAD00000001', [[10, 'apple']]));
    await table.lab.settle();
    expect(await table.rows()).toEqual([...[1, 2, 3, 4, 5, 6].map((id) => `${id} pear`), '10 apple']);
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

it('A new full load whose first file is as it was is none of what is built anew', async () => {
  const lab = byContent({ filesPerMerge: 1 });
  const table = await lab.activeTable({ primaryKey: [] });
  table.load('LOAD00000001', [[1, 'apple']]);
  table.load('LOAD00000002', [[2, 'pear']]);
  table.change('20260301-110000000', [['I', 3, 'fig']]);
  await lab.settle();
  lab.clock.advance(HOUR_MS);
  await setBack(table.path, { kind: 'all' }, lab.ports);
  lab.onCall = ({ store, target }) => (store === 'raw' && target.endsWith(SECOND) ? 'reject' : 'none');
  await table.merge();
  lab.onCall = () => 'none';
  expect(Object.keys((await table.item()).LoadFiles ?? {})).toEqual([LOAD]);
  table.load('LOAD00000001', [[1, 'apple']]);
  table.load('LOAD00000002', [
    [2, 'pear'],
    [3, 'fig'],
  ]);
  await lab.settle();
  expect(await table.rows()).toEqual(['1 apple', '2 pear', '3 fig']);
});
