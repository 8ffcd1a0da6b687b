import { describe, expect, it } from '@jest/globals';
import type { Limits } from '../../lib/config.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import type { LabTable, OrderRow } from './table-lab.ts';
import { changeBytes, ID, ITEM, TableLab } from './table-lab.ts';

const ordersOf = (tag: string, rows = 10): OrderRow[] => Array.from({ length: rows }, (_, id) => [id, tag]);
const textsOf = (tag: string, rows = 10): string[] => Array.from({ length: rows }, (_, id) => `${id} ${tag}`);

/** Larger than what one merge holds in memory: it is streamed. */
const STREAMED: Partial<Limits> = { valuesPerMerge: 9, targetFileBytes: 1 };

/** A table whose first merge wrote to the lake and died before its commit. */
async function died(limits: Partial<Limits>, settings: TableSettings, put: (table: LabTable) => string) {
  const lab = new TableLab(limits);
  const table = await lab.activeTable(settings);
  await dieWriting(table, put(table));
  return { lab, table };
}

async function dieWriting(table: LabTable, key: string): Promise<void> {
  let dead = false;
  table.lab.onCall = ({ store, name }) => {
    if (dead) return 'reject';
    dead = store === 'lake' && name === 'write';
    return dead ? 'apply-then-fail' : 'none';
  };
  await table.merge([key]);
  table.lab.onCall = () => 'none';
}

describe('a raw file that is replaced, or removed, after a merge of it died before its commit', () => {
  it.each([
    ['streamed', STREAMED],
    ['read into memory', {}],
  ])('counts as a new load if it is a load file, %s: none of the old rows stays', async (_, limits) => {
    const { lab, table } = await died(limits, {}, (of) => of.load('LOAD00000001', ordersOf('old')));
    expect((await table.rows()).length).toBeGreaterThan(0);
    table.load('LOAD00000001', ordersOf('new'));
    await lab.settle();
    expect(await table.rows()).toEqual(textsOf('new'));
  });

  it('is appended once if it is a change file of a table without a key', async () => {
    const { lab, table } = await died({}, { primaryKey: [] }, (of) =>
      of.change('20260301-100000000', [['I', 1, 'old']]),
    );
    table.change('20260301-100000000', [['I', 1, 'new']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 new']);
  });

  it('has the table built anew from all of its files at once, also where only those after the mark were listed', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: [] });
    table.load('LOAD00000001', [[1, 'apple']]);
    const bytes = changeBytes([['I', 2, 'pear']]);
    for (let i = 1; i <= 1001; i++) table.put(`20260301-${String(i).padStart(9, '0')}.parquet`, bytes);
    lab.clock.advance(60 * 60_000);
    await lab.settle();
    expect((await table.item()).LowWaterMark).toBeDefined();
    const key = table.change('20260302-100000000', [['I', 3, 'old']]);
    await dieWriting(table, key);
    expect(await table.rows()).toContain('3 old');
    table.change('20260302-100000000', [['I', 3, 'new']]);
    const { outcome } = await table.merge([key]);
    expect(outcome?.report).toMatchObject({ changeFiles: 1002, lateFiles: 0 });
    const rows = await table.rows();
    expect([rows.length, rows[0], rows[1], rows.at(-1)]).toEqual([1003, '1 apple', '2 pear', '3 new']);
  });

  it('takes its rows along if it is gone when the next load comes', async () => {
    const { lab, table } = await died({}, {}, (of) => of.load('LOAD00000002', ordersOf('old')));
    lab.raw.remove(table.rawKey('LOAD00000002.parquet'));
    table.load('LOAD00000001', ordersOf('new'));
    await lab.settle();
    await table.merge();
    expect(await table.rows()).toEqual(textsOf('new'));
  });

  it('takes no other rows along if it is gone, and those merged before it are: the table blocks', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[100, 'apple']]);
    await lab.settle();
    await dieWriting(table, table.load('LOAD00000002', ordersOf('old')));
    for (const file of ['LOAD00000001', 'LOAD00000002']) lab.raw.remove(table.rawKey(`${file}.parquet`));
    table.change('20260301-100000000', [['I', 101, 'pear']]);
    expect((await lab.settle()).at(-1)?.blocked?.reason).toContain('LOAD00000002.parquet was removed');
    expect(await table.rows()).toContain('100 apple');
  });
});

it('a bad file that is streamed leaves no claim behind: looking at it again costs no files and no attempts', async () => {
  const lab = new TableLab(STREAMED);
  const table = await lab.activeTable();
  const rows = Array.from({ length: 20 }, (_, id) => [id === 19 ? 'U' : 'I', id, 'x'] as const);
  table.put('LOAD00000001.parquet', writeDmsFile({ columns: [OP_COLUMN, ID, ITEM], rows }));
  await lab.settle();
  for (let i = 0; i < 3; i++) {
    lab.clock.advance(3_600_000);
    expect((await table.merge()).outcome).toMatchObject({ state: 'blocked' });
  }
  expect(table.lakeFiles().length).toBeLessThanOrEqual(2);
  expect(await table.item()).not.toHaveProperty('Attempts');
});
