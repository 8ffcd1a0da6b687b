/**
 * Raw files that are written once more, as they were: to another storage class or key, to another folder, out of a backup.
 * They get new dates, and some of them new eTags; the table is what it was.
 */
import { describe, expect, it } from '@jest/globals';
import { Refused } from '../../lib/table/refused.ts';
import { setBack } from '../../lib/table/replay.ts';
import { skipFile } from '../../lib/table/skip.ts';
import { verified } from '../verify/planted.ts';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

const NAMES = Array.from({ length: 1200 }, (_, i) => `20260301-${100_000_000 + i}`);
const DAY_MS = 24 * 3_600_000;

/** A table of so many change files that its row knows most of them by their dates only. */
async function ofManyFiles(primaryKey: string[]): Promise<LabTable> {
  const lab = new TableLab();
  const table = await lab.activeTable({ primaryKey });
  table.load('LOAD00000001', [[99_999, 'load']]);
  NAMES.forEach((name, i) => table.change(name, [['I', i, 'x']]));
  await lab.settle();
  expect((await table.item()).LowWaterMark).toBeDefined();
  lab.clock.advance(DAY_MS);
  return table;
}

function rewrite(table: LabTable, from: number, to: number, item = 'x'): void {
  for (let i = from; i < to; i++) table.change(NAMES[i]!, [['I', i, item]]);
}

/** Raw files that are read until the table is up to date. */
async function readsUntilSettled(table: LabTable): Promise<number> {
  let reads = 0;
  table.lab.onCall = ({ store, name }) => {
    if (store === 'raw' && name === 'read') reads++;
    return 'none';
  };
  expect((await table.lab.settle()).at(-1)).toMatchObject({ state: 'active' });
  table.lab.onCall = () => 'none';
  return reads;
}

describe('merged change files that are written once more', () => {
  it.each([
    ['with a key', ['id']],
    ['without a key', []],
  ])(
    'are not merged again, nor counted twice, and are told of: in a table %s',
    async (_, primaryKey) => {
      const table = await ofManyFiles(primaryKey);
      const before = await table.rows();
      for (const [from, to, told] of [
        [100, 120, 20],
        [0, 1, 1],
        [1199, 1200, 1],
        // By now the row has the newest by its name.
        [0, 1200, 1199],
      ] as const) {
        table.lab.clock.advance(DAY_MS);
        rewrite(table, from, to);
        expect(await readsUntilSettled(table)).toBe(0);
        expect(await table.rows()).toEqual(before);
        expect(await table.item()).toMatchObject({ ChangeFiles: 1200 });
        expect(table.lab.said.at(-1)).toMatchObject({
          message: 'merged files have another date and are not merged again',
          facts: { table: table.path, count: told },
        });
      }
      expect(await verified(table)).toMatchObject({ state: 'equal', files: { merged: 1201, waiting: 0 } });
    },
    60_000,
  );

  it('do not keep one among them that came late from being merged', async () => {
    const table = await ofManyFiles([]);
    rewrite(table, 100, 120);
    table.change('20260301-090000000', [['I', 5_001, 'late']]);
    expect(await readsUntilSettled(table)).toBe(1);
    expect(await table.rows()).toHaveLength(1202);
    expect(await table.rows()).toContain('5001 late');
    expect(await verified(table)).toMatchObject({ files: { merged: 1202, waiting: 0 } });
  }, 60_000);

  it('among which several came late are all taken for late, and none is lost', async () => {
    const table = await ofManyFiles(['id']);
    rewrite(table, 1197, 1199);
    for (const name of ['20260301-100001197', '20260301-100001198'])
      table.change(`${name}5`, [['I', Number(name.slice(-4)) + 5_000, 'late']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(expect.arrayContaining(['6197 late', '6198 late']));
  }, 60_000);

  it('corrected, are in the table that is built anew, whether it was woken before or not', async () => {
    const table = await ofManyFiles(['id']);
    for (const isWoken of [false, true]) {
      rewrite(table, 100, 101, `corrected ${isWoken}`);
      if (isWoken) await table.lab.settle();
      await setBack(table.path, { kind: 'all' }, table.lab.ports);
      await table.merge();
      await table.lab.settle();
      expect(await table.rows()).toContain(`100 corrected ${isWoken}`);
      expect(await verified(table)).toMatchObject({ state: 'equal' });
      table.lab.clock.advance(DAY_MS);
    }
  }, 60_000);
});

describe('a load file that is written once more', () => {
  async function changed(): Promise<LabTable> {
    const table = await new TableLab().activeTable();
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
    table.change('20260301-100000000', [['U', 1, 'changed']]);
    table.change('20260301-110000000', [['D', 2]]);
    await table.lab.settle();
    table.lab.clock.advance(DAY_MS);
    return table;
  }

  function copyAll(table: LabTable): void {
    table.change('20260301-100000000', [['U', 1, 'changed']]);
    table.change('20260301-110000000', [['D', 2]]);
    table.load('LOAD00000001', [
      [1, 'apple'],
      [2, 'pear'],
    ]);
  }

  it('after change files that were, too, is no new full load: the table blocks, and a replay goes on', async () => {
    const table = await changed();
    copyAll(table);
    expect((await table.lab.settle()).at(-1)).toMatchObject({
      state: 'blocked',
      blocked: {
        file: 'LOAD00000001.parquet',
        reason: expect.stringMatching(
          /^LOAD00000001.parquet is another version .* merged change files were written again \(2, such as /,
        ),
        next: expect.stringContaining('`tidemark replay shop/orders --all`'),
      },
    });
    expect(await table.rows()).toEqual(['1 changed']);
    await setBack(table.path, { kind: 'all' }, table.lab.ports);
    await table.merge();
    expect((await table.lab.settle()).at(-1)?.state ?? 'active').toBe('active');
    expect(await table.rows()).toEqual(['1 changed']);
    expect(await verified(table)).toMatchObject({ state: 'equal' });
  });

  it('by itself is a new full load, and the change files before it are said to count no more', async () => {
    const table = await changed();
    table.load('LOAD00000001', [[3, 'fig']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['3 fig']);
    expect(table.lab.said.map(({ facts }) => facts.reason)).toContain(
      'LOAD00000001.parquet was loaded again; 2 change files before it no longer counted',
    );
    expect((await verified(table)).notes).toContain('Change files older than the full load do not count: 2.');
  });

  it('is not advised to undo one that is merged', async () => {
    const table = await changed();
    const skip = skipFile(table.path, 'LOAD00000001.parquet', { undo: false }, table.lab.ports);
    await expect(skip).rejects.toThrow(Refused);
    await expect(skip).rejects.toMatchObject({
      next: expect.stringMatching(/^To undo it, have DMS reload the table\./),
    });
  });
});
