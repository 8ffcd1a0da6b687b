/** At a TRUNCATE of the source, DMS may remove all raw files of the table. Its lake is kept, unless its row says otherwise. */
import { describe, expect, it } from '@jest/globals';
import type { TablePlan } from '../../lib/table/plan-table.ts';
import { planTable } from '../../lib/table/plan-table.ts';
import { setBack } from '../../lib/table/replay.ts';
import { skipFile } from '../../lib/table/skip.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { Fault } from '../cloud/fault.ts';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

const FILES = ['LOAD00000001.parquet', '20260301-100000000.parquet'];
const GONE = 'all raw files of a table are gone';

async function merged(settings = {}): Promise<LabTable> {
  const lab = new TableLab();
  const table = await lab.activeTable({ partitionKey: ['day'], ...settings });
  table.load('LOAD00000001', [
    [1, 'apple', 'mon'],
    [2, 'pear', 'tue'],
  ]);
  table.change('20260301-100000000', [['U', 1, 'fig', 'mon']]);
  await lab.settle();
  // Another table, so that the raw folder as a whole is not empty.
  lab.table('shop/other').load('LOAD00000001', [[1, 'other']]);
  await lab.settle();
  return table;
}

function truncate(table: LabTable): void {
  table.lab.clock.advance(10 * 60_000);
  for (const file of FILES) table.lab.raw.remove(table.rawKey(file));
}

async function truncated(settings = {}): Promise<LabTable> {
  const table = await merged(settings);
  truncate(table);
  return table;
}

/** A load and a change come together; the load is merged, and goes before the change is. */
async function mergeLoadThatGoes(table: LabTable): Promise<void> {
  const { lab } = table;
  const load = table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
  ]);
  table.change('20260301-110000000', [['U', 1, 'fig']]);
  await mergeLoadOnly(table);
  lab.raw.remove(load);
  await table.merge();
}

async function mergeLoadOnly(table: LabTable): Promise<void> {
  const { lab } = table;
  lab.onCall = ({ store, name, target }) =>
    store === 'raw' && name === 'read' && target.includes('2026') ? 'reject' : 'none';
  await table.merge();
  lab.onCall = () => 'none';
}

/** A merge has begun to empty its lake, and died. */
async function halfEmptied(): Promise<LabTable> {
  const table = await truncated({ onTruncate: 'empty' });
  table.lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' ? 'reject' : 'none');
  await table.merge();
  table.lab.onCall = () => 'none';
  return table;
}

const ROWS = ['1 fig mon', '2 pear tue'];

function said({ lab }: LabTable): number {
  return lab.said.filter(({ message }) => message === GONE).length;
}

async function sweepAndSettle({ lab }: LabTable, cause: string): Promise<number> {
  const { woken } = await sweep(cause, lab.ports);
  await lab.settle();
  return woken;
}

function plan(table: LabTable): Promise<TablePlan> {
  return planTable(table.path, { schema: 'shop', table: 'orders' }, undefined, table.lab.ports);
}

async function notes(table: LabTable): Promise<string> {
  return (await plan(table)).notes.join('\n');
}

describe('a table whose raw files are all gone', () => {
  it('keeps its lake, and says so once, when the sweep finds it', async () => {
    const table = await truncated();
    expect(await notes(table)).toContain('its lake is kept');
    expect(await sweepAndSettle(table, 'one')).toBe(1);
    expect(await sweepAndSettle(table, 'two')).toBe(0);
    await table.merge();
    expect([said(table), await table.rows()]).toEqual([1, ROWS]);
    expect((await table.item()).RawFilesGone).toMatchObject({ lake: 'kept' });
    expect(await notes(table)).toContain("Set OnTruncate to 'empty'");
  });

  it('says so again only if files were there in between', async () => {
    const table = await truncated();
    await sweepAndSettle(table, 'one');
    const key = table.change('20260301-110000000', [['U', 2, 'plum', 'tue']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['1 fig mon', '2 plum tue']);
    expect(await table.item()).not.toHaveProperty('RawFilesGone');
    table.lab.raw.remove(key);
    await sweepAndSettle(table, 'two');
    expect(said(table)).toBe(2);
  });

  it('is as before once they are put back, also where no event tells of it', async () => {
    const table = await merged();
    const { raw, arrivals } = table.lab;
    const kept = FILES.map((file) => raw.bytes(table.rawKey(file))!);
    truncate(table);
    await sweepAndSettle(table, 'one');
    for (const [i, file] of FILES.entries()) raw.put(table.rawKey(file), kept[i]!, new Date('2026-03-01T09:00:00Z'));
    arrivals.length = 0;
    expect(await sweepAndSettle(table, 'two')).toBe(1);
    expect(await table.item()).not.toHaveProperty('RawFilesGone');
    expect(await sweepAndSettle(table, 'three')).toBe(0);
  });

  it('gets its lake emptied where its row says so', async () => {
    const table = await truncated({ onTruncate: 'empty' });
    expect(await notes(table)).toContain('the next merge empties its lake');
    await sweepAndSettle(table, 'one');
    expect(await table.rows()).toEqual([]);
    expect(await table.item()).toMatchObject({ Generation: 2, RawFilesGone: { lake: 'emptied' } });
    expect(await table.item()).not.toHaveProperty('Intent');
    expect([await sweepAndSettle(table, 'two'), said(table)]).toEqual([0, 1]);
    expect(await notes(table)).toContain('was emptied');
  });

  it('gets its lake emptied also where it is filled again before anyone looks', async () => {
    const table = await truncated({ onTruncate: 'empty' });
    table.change('20260301-110000000', [['I', 7, 'kiwi', 'wed']]);
    expect(await notes(table)).toContain('the next merge empties its lake');
    await table.lab.settle();
    expect(await table.rows()).toEqual(['7 kiwi wed']);
    expect(await table.item()).toMatchObject({ Generation: 2, ChangeFiles: 1 });
    expect(await table.item()).not.toHaveProperty('RawFilesGone');
    table.change('20260301-120000000', [['I', 8, 'lime', 'wed']]);
    await table.lab.settle();
    expect([await table.rows(), said(table)]).toEqual([['7 kiwi wed', '8 lime wed'], 1]);
  });

  it('gets its lake emptied also where its mark hides the files that are gone', async () => {
    const table = await merged({ onTruncate: 'empty' });
    const names = Array.from({ length: 1_010 }, (_, i) => `20260302-1${String(i).padStart(8, '0')}`);
    for (const name of names) table.change(name, [['U', 1, 'fig', 'mon']]);
    await table.lab.settle();
    expect((await table.item()).LowWaterMark).toBe(`${names[999]}.parquet`);
    truncate(table);
    for (const name of names) table.lab.raw.remove(table.rawKey(`${name}.parquet`));
    table.change('20260303-100000000', [['I', 7, 'kiwi', 'wed']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['7 kiwi wed']);
  });

  it('gets its lake emptied also where it is filled again moments after its first merge', async () => {
    const table = await merged({ onTruncate: 'empty' });
    for (const file of FILES) table.lab.raw.remove(table.rawKey(file));
    table.change('20260301-110000000', [['I', 7, 'kiwi', 'wed']]);
    await table.lab.settle();
    expect([said(table), await table.rows()]).toEqual([1, ['7 kiwi wed']]);
  });

  it('keeps what it began with where the load goes before the changes that came with it are merged', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ onTruncate: 'empty' });
    await mergeLoadThatGoes(table);
    expect(await table.rows()).toEqual(['1 fig', '2 pear']);
  });

  it('keeps what it began with also when it was emptied before', async () => {
    const table = await truncated({ onTruncate: 'empty', partitionKey: [] });
    await sweepAndSettle(table, 'one');
    await mergeLoadThatGoes(table);
    expect(await table.rows()).toEqual(['1 fig', '2 pear']);
  });

  it('gets its lake emptied each time, also where its keys were changed while it was empty', async () => {
    const table = await truncated({ onTruncate: 'empty' });
    const { lab } = table;
    await sweepAndSettle(table, 'one');
    await table.configure({ partitionKey: [] });
    await sweepAndSettle(table, 'two');
    const filled = table.change('20260301-110000000', [['I', 5, 'plum', 'mon']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['5 plum mon']);
    lab.raw.remove(filled);
    table.change('20260301-120000000', [['I', 7, 'kiwi', 'wed']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['7 kiwi wed']);
  });

  it('keeps one lake file, of its newest columns, which tells readers that it has no rows', async () => {
    const table = await merged({ onTruncate: 'empty', partitionKey: ['item'] });
    await table.configure({ partitionKey: ['day'] });
    await table.lab.settle();
    truncate(table);
    await sweepAndSettle(table, 'one');
    table.lab.clock.advance(25 * 3_600_000);
    await sweepAndSettle(table, 'two');
    expect(table.lakeFiles()).toEqual([expect.stringMatching(/^day=/)]);
  });

  it('gets its lake emptied also where it is filled again while files are merged again', async () => {
    const table = await merged({ onTruncate: 'empty' });
    const from = { kind: 'from file', file: FILES[1]! } as const;
    await setBack(table.path, from, table.lab.ports);
    truncate(table);
    table.change('20260301-110000000', [['I', 7, 'kiwi', 'wed']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['7 kiwi wed']);
  });

  it('gets its lake emptied also where it is filled again when a file was half merged', async () => {
    const lab = new TableLab({ valuesPerMerge: 12 });
    const table = await lab.activeTable({ partitionKey: ['day'], onTruncate: 'empty' });
    table.load('LOAD00000001', [[1, 'apple', 'mon']]);
    await lab.settle();
    const ids = Array.from({ length: 10 }, (_, i) => i + 10);
    const large = table.change(
      '20260301-100000000',
      ids.map((id) => ['I', id, 'many', 'tue']),
    );
    let writes = 0;
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' && ++writes > 1 ? 'reject' : 'none');
    await table.merge([large]);
    lab.onCall = () => 'none';
    expect(await table.item()).toHaveProperty('Partial');
    truncate(table);
    table.change('20260301-110000000', [['I', 7, 'kiwi', 'wed']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['7 kiwi wed']);
  });

  it.each([
    ['a merged one is left', FILES[1]!],
    ['its load is left', FILES[0]!],
  ])('keeps its lake where others come and %s', async (_, left) => {
    const table = await merged({ onTruncate: 'empty' });
    table.lab.clock.advance(10 * 60_000);
    for (const file of FILES) if (file !== left) table.lab.raw.remove(table.rawKey(file));
    table.change('20260301-110000000', [['I', 7, 'kiwi', 'wed']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual([...ROWS, '7 kiwi wed']);
  });

  it('keeps its lake where others come and its row does not say so', async () => {
    const table = await truncated();
    table.change('20260301-110000000', [['I', 7, 'kiwi', 'wed']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual([...ROWS, '7 kiwi wed']);
  });

  it('keeps what is built anew where the files go of which that is half done', async () => {
    const table = await merged({ onTruncate: 'empty' });
    const { lab } = table;
    await table.configure({ partitionKey: [] });
    await mergeLoadOnly(table);
    lab.raw.remove(table.rawKey(FILES[0]!));
    await lab.settle();
    expect((await table.rows()).map((row) => row.slice(0, 5))).toEqual(['1 fig', '2 pea']);
  });

  it('gets its lake emptied also where a replay is asked for meanwhile', async () => {
    const table = await halfEmptied();
    await expect(setBack(table.path, { kind: 'all' }, table.lab.ports)).rejects.toThrow('is being emptied');
    await sweepAndSettle(table, 'one');
    expect(await table.rows()).toEqual([]);
  });

  it('gets its lake emptied also where a file comes meanwhile that is skipped', async () => {
    const table = await halfEmptied();
    const file = '20260301-110000000.parquet';
    await table.merge([table.put(file, Buffer.from('this is no Parquet file'))]);
    const { outcome } = await skipFile(table.path, file, { undo: false }, table.lab.ports);
    expect(outcome).toBe('skipped');
    await table.lab.settle();
    await sweepAndSettle(table, 'one');
    expect(await table.rows()).toEqual([]);
  });

  it('gets its lake emptied where its keys were changed as well, and the plan says so', async () => {
    const table = await truncated({ onTruncate: 'empty', partitionKey: [] });
    await table.configure({ primaryKey: ['item'] });
    expect(await plan(table)).toMatchObject({ state: 'up to date' });
    expect(await notes(table)).toContain('the next merge empties its lake');
    expect((await table.merge()).outcome?.state).toBe('active');
    expect(await table.rows()).toEqual([]);
  });

  it('gets its lake emptied once its row comes to say so', async () => {
    const table = await truncated();
    await sweepAndSettle(table, 'one');
    table.lab.tables.edit(table.path, { OnTruncate: 'empty' });
    await table.lab.settle();
    expect(await table.rows()).toEqual([]);
  });

  it('keeps its lake, whatever its row says, where raw files expire: it did not change for long', async () => {
    const table = await truncated({ onTruncate: 'empty' });
    table.lab.ports.config = { ...table.lab.ports.config, rawFilesExpire: true };
    expect(await notes(table)).toContain('its lake is kept, since raw files expire');
    expect(await sweepAndSettle(table, 'one')).toBe(1);
    expect(await table.rows()).toEqual(ROWS);
    expect(said(table)).toBe(1);
    expect(await sweepAndSettle(table, 'two')).toBe(0);
  });

  it('is loaded anew, also with the very files that were there before', async () => {
    const table = await merged({ onTruncate: 'empty' });
    const bytes = FILES.map((file) => table.lab.raw.bytes(table.rawKey(file))!);
    truncate(table);
    await sweepAndSettle(table, 'one');
    for (const [i, file] of FILES.entries()) table.put(file, bytes[i]!);
    await table.lab.settle();
    expect(await table.rows()).toEqual(ROWS);
    expect(await table.item()).toMatchObject({ Generation: 2 });
    expect(await table.item()).not.toHaveProperty('RawFilesGone');
    expect(await table.keysSeenTwice()).toEqual([]);
  });

  it('keeps its lake while any file of it is left', async () => {
    const table = await merged({ onTruncate: 'empty' });
    table.lab.raw.remove(table.rawKey(FILES[0]!));
    await sweepAndSettle(table, 'one');
    await table.merge();
    expect([said(table), await table.rows()]).toEqual([0, ROWS]);
  });

  it('keeps its lake where only what is after its mark was listed', async () => {
    const table = await merged({ onTruncate: 'empty' });
    table.lab.tables.edit(table.path, { LowWaterMark: FILES[1]!, SweptAt: table.lab.clock.now() + 1 });
    truncate(table);
    const key = table.change('20260301-090000000', []);
    table.lab.raw.remove(key);
    await table.merge([key]);
    expect([said(table), await table.rows()]).toEqual([0, ROWS]);
    await table.merge();
    expect(await table.rows()).toEqual([]);
  });

  it('is none that was never merged', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ onTruncate: 'empty' });
    await table.merge();
    expect([said(table), (await table.item()).Generation]).toEqual([0, undefined]);
  });
});

describe('emptying a lake', () => {
  it.each([
    ['is refused at any call', 'reject', false],
    ['loses the answer of any call', 'apply-then-fail', false],
    ['dies at any call', 'reject', true],
    ['dies after any call', 'apply-then-fail', true],
  ] as const)('ends with no row, and a load after it with its rows, where a merge %s', async (_, fault, dies) => {
    let at = 1;
    for (; ; at++) {
      const table = await truncated({ onTruncate: 'empty' });
      const { lab } = table;
      let calls = 0;
      lab.onCall = () => (++calls === at || (dies && calls > at) ? fault : 'none');
      await table.merge().catch(() => undefined);
      lab.onCall = () => 'none';
      // What is left half done, the sweep finds.
      await sweepAndSettle(table, 'one');
      expect([at, await table.rows()]).toEqual([at, []]);
      table.load('LOAD00000001', [[7, 'kiwi', 'wed']]);
      await lab.settle();
      expect([at, await table.rows()]).toEqual([at, ['7 kiwi wed']]);
      if (calls < at) break;
    }
    expect(at).toBeGreaterThan(5);
  });

  it('blocks the table where listing its lake takes all the time, rather than going on for ever, and goes on in time', async () => {
    const table = await truncated({ onTruncate: 'empty' });
    const { lab } = table;
    lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'list') lab.clock.advance(15.5 * 60_000);
      return 'none';
    };
    await sweep('one', lab.ports);
    expect((await lab.settle()).at(-1)).toMatchObject({
      state: 'blocked',
      blocked: { reason: expect.stringContaining('in time') },
    });
    expect(await table.rows()).toEqual(ROWS);
    lab.onCall = () => 'none';
    await sweepAndSettle(table, 'two');
    expect(await table.rows()).toEqual([]);
    expect(await table.item()).not.toHaveProperty('Blocked');
  });

  it('does no harm to a load that comes while it is under way', async () => {
    let at = 1;
    for (; ; at++) {
      const table = await truncated({ onTruncate: 'empty' });
      const { lab } = table;
      let writes = 0;
      lab.onCall = async ({ store, name }): Promise<Fault> => {
        if (['write', 'update'].includes(name) && store !== 'raw' && ++writes === at) {
          lab.onCall = () => 'none';
          await table.merge([table.load('LOAD00000001', [[7, 'kiwi', 'wed']])]);
        }
        return 'none';
      };
      await table.merge();
      lab.onCall = () => 'none';
      await lab.settle();
      if (writes < at) break;
      expect([at, await table.rows()]).toEqual([at, ['7 kiwi wed']]);
    }
    expect(at).toBeGreaterThan(4);
  });
});
