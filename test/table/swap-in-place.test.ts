import { describe, expect, it } from '@jest/globals';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

const HOUR_MS = 60 * 60_000;

async function loaded(limits = {}): Promise<{ lab: TableLab; table: LabTable }> {
  const lab = new TableLab(limits);
  const table = await lab.activeTable();
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
    [3, 'plum'],
  ]);
  await lab.settle();
  return { lab, table };
}

describe('files swapped in place', () => {
  it('keep their key: a change of rows writes the same object anew and leaves no other behind', async () => {
    const { lab, table } = await loaded();
    const before = table.lakeFiles();
    for (const [i, item] of ['a', 'b', 'c'].entries()) {
      table.change(`20260301-10000000${i}`, [
        ['U', 1, item],
        ['I', 10 + i, item],
      ]);
      await lab.settle();
    }
    expect(table.lakeFiles()).toEqual(before);
  });

  it('show every reader of the folder each key once, and none missing that is there before and after', async () => {
    const { lab, table } = await loaded({ targetFileBytes: 1 });
    lab.views.length = 0;
    for (let i = 0; i < 5; i++) {
      table.change(`20260301-10000000${i}`, [
        ['U', 1, `a${i}`],
        ['U', 3, `c${i}`],
        ['I', 10 + i, 'new'],
        ['D', 9 + i],
      ]);
      await lab.settle();
    }
    expect(table.lakeFiles().length).toBeGreaterThan(3);
    expect(await table.keysSeenTwice()).toEqual([]);
    for (const view of lab.views)
      expect((await table.rows(view)).map((row) => row[0])).toEqual(expect.arrayContaining(['1', '2', '3']));
  });

  it('begin with the old version, byte for byte, for readers who planned on it', async () => {
    const { lab, table } = await loaded({ deadBytesShare: 1 });
    const [key] = lab.lake.keys();
    const before = lab.lake.bytes(key!)!;
    table.change('20260301-100000000', [['U', 1, 'apricot']]);
    await lab.settle();
    const after = lab.lake.bytes(key!)!;
    expect(after.length).toBeGreaterThan(before.length);
    expect(Buffer.compare(after.subarray(0, before.length), before)).toBe(0);
  });

  it('stay as files without rows when their last row goes, and are removed a day later, not earlier', async () => {
    const { lab, table } = await loaded({ targetFileBytes: 1 });
    table.change('20260301-100000000', [['I', 4, 'lime']]);
    await lab.settle();
    expect(table.lakeFiles()).toHaveLength(2);
    table.change('20260301-110000000', [
      ['D', 1],
      ['D', 2],
      ['D', 3],
    ]);
    await lab.settle();
    expect([table.lakeFiles().length, await table.rows()]).toEqual([2, ['4 lime']]);
    lab.clock.advance(23 * HOUR_MS);
    table.change('20260302-100000000', [['U', 4, 'fig']]);
    await lab.settle();
    expect(table.lakeFiles()).toHaveLength(2);
    lab.clock.advance(HOUR_MS);
    table.change('20260302-110000000', [['U', 4, 'grape']]);
    await lab.settle();
    expect([table.lakeFiles().length, await table.rows()]).toEqual([1, ['4 grape']]);
  });

  it('never all go: the last one tells readers the columns of a table without rows', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-100000000', [
      ['D', 1],
      ['D', 2],
      ['D', 3],
    ]);
    await lab.settle();
    lab.clock.advance(48 * HOUR_MS);
    table.change('20260303-100000000', [['D', 1]]);
    await lab.settle();
    expect([table.lakeFiles().length, await table.rows()]).toEqual([1, []]);
  });

  it('that a reload replaced are emptied, then removed a day later', async () => {
    const { lab, table } = await loaded();
    table.change('20260301-100000000', [['U', 1, 'apricot']]);
    await lab.settle();
    table.load('LOAD00000001', [[5, 'fig']]);
    await lab.settle();
    expect(table.lakeFiles()).toHaveLength(2);
    lab.clock.advance(25 * HOUR_MS);
    table.change('20260302-100000000', [['U', 5, 'kiwi']]);
    await lab.settle();
    expect([table.lakeFiles().length, await table.rows()]).toEqual([1, ['5 kiwi']]);
  });

  it('are not touched by a merge that changes nothing in them', async () => {
    const { lab, table } = await loaded();
    const before = lab.snapshot();
    table.change('20260301-100000000', [['D', 77]]);
    const [outcome] = await lab.settle();
    expect(outcome?.report).toMatchObject({ changeFiles: 1, bytesWritten: 0 });
    expect(lab.snapshot()).toEqual(before);
  });
});
