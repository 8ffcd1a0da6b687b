import { describe, expect, it } from '@jest/globals';
import type { Limits } from '../../lib/config.ts';
import { planTable } from '../../lib/table/plan-table.ts';
import { Refused } from '../../lib/table/refused.ts';
import { setBack } from '../../lib/table/replay.ts';
import { skipFile, SKIPPED_MAX } from '../../lib/table/skip.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { Change, LabTable } from './table-lab.ts';
import { changeBytes, loadBytes, TableLab } from './table-lab.ts';

const BAD = Buffer.from('this is no Parquet file');
const NAMES = ['20260301-100000000', '20260301-110000000', '20260301-120000000'] as const;
const SECOND = `${NAMES[1]}.parquet`;

/** A table with a bad second change file. */
async function blocked(settings = {}, limits: Partial<Limits> = {}): Promise<LabTable> {
  const lab = new TableLab(limits);
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
  ]);
  table.change(NAMES[0], [['U', 1, 'first']]);
  table.put(SECOND, BAD);
  table.change(NAMES[2], [['U', 2, 'third']]);
  expect((await lab.settle()).at(-1)).toMatchObject({ state: 'blocked', blocked: { file: SECOND } });
  return table;
}

function skip(table: LabTable, file = SECOND, undo = false) {
  return skipFile(table.path, file, { undo }, table.lab.ports);
}

async function refusal(table: LabTable, file: string, undo = false): Promise<Refused> {
  const before = await table.item();
  const error: unknown = await skip(table, file, undo).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refused);
  expect(await table.item()).toEqual(before);
  return error as Refused;
}

describe('a skipped file', () => {
  it('is not in the way of those after it, and LastIncrementalFile passes it', async () => {
    const table = await blocked();
    expect(await skip(table)).toMatchObject({ outcome: 'skipped', isRebuilt: false });
    expect((await table.merge()).outcome?.state).toBe('active');
    expect(await table.rows()).toEqual(['1 first', '2 third']);
    const item = await table.item();
    expect(item).toMatchObject({ LastIncrementalFile: `${table.path}${NAMES[2]}.parquet`, ChangeFiles: 2 });
    expect(item).not.toHaveProperty('Blocked');
  });

  it('wakes nothing any more', async () => {
    const table = await blocked();
    await skip(table);
    await table.merge([table.rawKey(SECOND)]);
    expect((await sweep('one', table.lab.ports)).woken).toBe(0);
    expect((await table.merge([table.rawKey(SECOND)])).outcome).toEqual({ path: table.path, state: 'active' });
  });

  it('may be one that DMS should not have written', async () => {
    const table = await blocked();
    await skip(table);
    table.put('notes.csv', BAD);
    await table.lab.settle();
    expect((await table.item()).Blocked).toMatchObject({ file: 'notes.csv' });
    await skip(table, 'notes.csv');
    expect((await table.merge()).outcome?.state).toBe('active');
  });

  it('may be a load file', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.put('LOAD00000002.parquet', BAD);
    await lab.settle();
    await skip(table, 'LOAD00000002.parquet');
    table.change(NAMES[0], [['U', 1, 'fig']]);
    await lab.settle();
    expect(await table.rows()).toEqual(['1 fig']);
    expect(await table.item()).toMatchObject({ Generation: 1 });
  });

  describe('of a full load on top of which changes were merged', () => {
    async function loadedWithout(second: Uint8Array): Promise<LabTable> {
      const lab = new TableLab();
      const table = await lab.activeTable();
      table.load('LOAD00000001', [
        [1, 'apple'],
        [3, 'lime'],
      ]);
      await lab.settle();
      table.put(LOAD_2, second);
      await skip(table, LOAD_2);
      table.change(NAMES[0], [['U', 1, 'fig']]);
      await table.merge();
      await lab.settle();
      expect(await table.rows()).toEqual(['1 fig', '3 lime']);
      return table;
    }
    const LOAD_2 = 'LOAD00000002.parquet';
    const ROWS = ['1 fig', '2 pear', '3 lime'];

    it('has the table built anew with it when the skip is taken back: it is no new full load', async () => {
      const table = await loadedWithout(loadBytes([[2, 'pear']]));
      expect(await skip(table, LOAD_2, true)).toMatchObject({ outcome: 'taken back', isRebuilt: true });
      await table.merge();
      await table.lab.settle();
      expect(await table.rows()).toEqual(ROWS);
      expect(await table.keysSeenTwice()).toEqual([]);
    });

    it('has the table built anew with another version of it, too', async () => {
      const table = await loadedWithout(BAD);
      table.load('LOAD00000002', [[2, 'pear']]);
      await table.lab.settle();
      expect(await table.rows()).toEqual(ROWS);
      expect(await table.item()).not.toHaveProperty('SkippedFiles');
    });

    it('is a part of the load also when it is mended after the skip was taken back', async () => {
      const table = await loadedWithout(BAD);
      await skip(table, LOAD_2, true);
      expect((await table.merge()).outcome).toMatchObject({ state: 'blocked', blocked: { file: LOAD_2 } });
      table.load('LOAD00000002', [[2, 'pear']]);
      await table.lab.settle();
      expect(await table.rows()).toEqual(ROWS);
    });

    it.each(['a replay', 'other keys'])('is a part of the load also when %s comes once it is mended', async (what) => {
      const table = await loadedWithout(BAD);
      await skip(table, LOAD_2, true);
      await table.merge();
      table.load('LOAD00000002', [[2, 'pear']]);
      if (what === 'a replay') await setBack(table.path, { kind: 'all' }, table.lab.ports);
      else table.lab.tables.edit(table.path, { PrimaryKey: 'id,item' });
      await table.lab.settle();
      expect(await table.rows()).toEqual(what === 'a replay' ? ROWS : ['1 apple', ...ROWS]);
    });

    it('is a part of the load also when another file is skipped once it is mended', async () => {
      const table = await loadedWithout(BAD);
      table.load('LOAD00000002', [[2, 'pear']]);
      table.put(SECOND, BAD);
      await skip(table);
      await table.lab.settle();
      expect(await table.rows()).toEqual(ROWS);
    });

    it('is a part of the load also when another bad one is mended first', async () => {
      const lab = new TableLab();
      const table = await lab.activeTable();
      const LOAD_3 = 'LOAD00000003.parquet';
      table.load('LOAD00000001', [[1, 'apple']]);
      table.put(LOAD_2, BAD);
      table.put(LOAD_3, BAD);
      for (const file of [LOAD_2, LOAD_3]) await skip(table, file);
      table.change(NAMES[0], [['U', 1, 'fig']]);
      await lab.settle();
      for (const file of [LOAD_2, LOAD_3]) await skip(table, file, true);
      await table.merge();
      table.load('LOAD00000003', [[3, 'lime']]);
      await table.merge();
      table.load('LOAD00000002', [[2, 'pear']]);
      await lab.settle();
      expect(await table.rows()).toEqual(ROWS);
    });

    it('is a part of the load also when it is mended while the first change file is half merged', async () => {
      const lab = new TableLab({ valuesPerMerge: 8 });
      const table = await lab.activeTable({ primaryKey: [] });
      table.load('LOAD00000001', [[1, 'apple']]);
      await lab.settle();
      table.put(LOAD_2, BAD);
      await skip(table, LOAD_2);
      let writes = 0;
      lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' && ++writes > 1 ? 'reject' : 'none');
      await table.merge([
        table.change(
          NAMES[0],
          [3, 4, 5, 6].map((id) => ['I', id, 'fig'] as const),
        ),
      ]);
      lab.onCall = () => 'none';
      expect(await table.item()).toHaveProperty('Partial');
      table.load('LOAD00000002', [[2, 'pear']]);
      await lab.settle();
      await table.merge();
      expect(await table.rows()).toEqual(['1 apple', '2 pear', '3 fig', '4 fig', '5 fig', '6 fig']);
    });

    it('is a part of the load also when it is mended before the skip is taken back', async () => {
      const table = await loadedWithout(BAD);
      table.load('LOAD00000002', [[2, 'pear']]);
      expect(await skip(table, LOAD_2, true)).toMatchObject({ outcome: 'taken back', isRebuilt: true });
      await table.lab.settle();
      expect(await table.rows()).toEqual(ROWS);
    });

    it('is no new full load, either, where the files before it went while the table was built anew', async () => {
      const table = await loadedWithout(BAD);
      await skip(table, LOAD_2, true);
      table.lab.raw.remove(table.rawKey('LOAD00000001.parquet'));
      await table.merge();
      table.load('LOAD00000002', [[2, 'pear']]);
      await table.lab.settle();
      expect(await table.rows()).toEqual(['1 fig', '2 pear']);
    });

    it('is no new full load where the files before it are gone: the table blocks rather than lose their rows', async () => {
      const table = await loadedWithout(BAD);
      table.lab.raw.remove(table.rawKey('LOAD00000001.parquet'));
      table.load('LOAD00000002', [[2, 'pear']]);
      expect((await table.lab.settle()).at(-1)?.blocked?.reason).toContain('1 load files');
      expect(await table.rows()).toEqual(['1 fig', '3 lime']);
    });

    it('is of the load before, also when it was mended, once a new full load begins with the file before it', async () => {
      const table = await loadedWithout(BAD);
      table.load('LOAD00000002', [[2, 'pear']]);
      table.change(NAMES[1], [['U', 1, 'older than the new load']]);
      table.load('LOAD00000001', [[1, 'new']]);
      await table.lab.settle();
      await table.merge();
      expect(await table.rows()).toEqual(['1 new']);
    });

    it('gives way to a new full load, too, when the skip was taken back', async () => {
      const table = await loadedWithout(BAD);
      await skip(table, LOAD_2, true);
      await table.merge();
      table.load('LOAD00000001', [[1, 'new']]);
      table.load('LOAD00000002', [[2, 'new']]);
      await table.lab.settle();
      expect(await table.rows()).toEqual(['1 new', '2 new']);
    });

    it('gives way to a new full load that begins with the files before it', async () => {
      const table = await loadedWithout(BAD);
      table.load('LOAD00000001', [[1, 'new']]);
      table.load('LOAD00000002', [[2, 'new']]);
      await table.lab.settle();
      expect(await table.rows()).toEqual(['1 new', '2 new']);
    });

    it('is of the load before, and counts no more, once a new full load without it has come', async () => {
      const table = await loadedWithout(loadBytes([[2, 'pear']]));
      table.load('LOAD00000001', [[1, 'new']]);
      await table.lab.settle();
      expect((await refusal(table, LOAD_2, true)).message).toContain('is not skipped');
      await table.merge();
      expect(await table.rows()).toEqual(['1 new']);
    });
  });

  it('is looked at again, as a late file, when another version is put at its key', async () => {
    const table = await blocked();
    await skip(table);
    await table.merge();
    table.change(NAMES[1], [
      ['U', 1, 'second'],
      ['U', 2, 'second'],
    ]);
    const [outcome] = await table.lab.settle();
    expect(outcome?.report).toMatchObject({ changeFiles: 1, lateFiles: 1 });
    expect(await table.rows()).toEqual(['1 second', '2 third']);
  });

  it('counts again, as a late file, when the skip is taken back', async () => {
    const table = await pendingSecond([
      ['U', 1, 'second'],
      ['U', 2, 'second'],
    ]);
    await table.merge();
    expect(await skip(table, SECOND, true)).toMatchObject({ outcome: 'taken back' });
    const { outcome } = await table.merge();
    expect(outcome?.report).toMatchObject({ changeFiles: 1, lateFiles: 1 });
    expect(await table.rows()).toEqual(['1 second', '2 third']);
    expect(await table.item()).not.toHaveProperty('SkippedFiles');
  });

  it('counts again also where the low-water mark has passed it; nothing else is merged twice', async () => {
    const table = await pendingSecond([['I', 7, 'second']], { primaryKey: [] });
    await table.merge();
    const bytes = changeBytes([['I', 8, 'more']]);
    for (let i = 1; i <= 1001; i++) table.put(`20260302-${String(i).padStart(9, '0')}.parquet`, bytes);
    table.lab.clock.advance(60 * 60_000);
    await table.lab.settle();
    expect((await table.item()).LowWaterMark).toBeDefined();
    await skip(table, SECOND, true);
    const { outcome } = await table.merge();
    expect(outcome?.report).toMatchObject({ changeFiles: 1, rowsInserted: 1 });
    expect((await table.rows()).filter((row) => row === '7 second')).toHaveLength(1);
  });

  it('stays skipped when the table is built anew, for which it need not be there', async () => {
    const table = await blocked();
    await skip(table);
    await table.merge();
    await setBack(table.path, { kind: 'all' }, table.lab.ports);
    await table.merge();
    expect(await table.rows()).toEqual(['1 first', '2 third']);
    table.lab.raw.remove(table.rawKey(SECOND));
    table.lab.tables.edit(table.path, { PrimaryKey: 'id,item' });
    expect((await table.lab.settle()).at(-1)?.state).toBe('active');
  });

  it('is forgotten with a full load that supersedes it', async () => {
    const table = await blocked();
    await skip(table);
    await table.merge();
    table.load('LOAD00000001', [[9, 'new']]);
    await table.lab.settle();
    expect(await table.rows()).toEqual(['9 new']);
    expect(await table.item()).not.toHaveProperty('SkippedFiles');
    expect((await sweep('one', table.lab.ports)).woken).toBe(0);
  });

  it('is named by the plan', async () => {
    const table = await blocked();
    await skip(table);
    const plan = await planTable(table.path, { schema: 'shop', table: 'orders' }, undefined, table.lab.ports);
    expect(plan.state).toBe('to be merged');
    expect(plan.notes.join()).toContain(`Skipped: ${SECOND}`);
  });

  it('leaves nothing in the lake, though a part of it was merged: the table is built anew', async () => {
    const { table, key } = await partlyMerged();
    expect(await skip(table, key)).toMatchObject({ outcome: 'skipped', isRebuilt: true });
    await table.merge();
    await table.lab.settle();
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('leaves nothing in the lake, though a merge that died had appended it', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ primaryKey: [] });
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    const key = table.change(NAMES[0], [['I', 2, 'pear']]);
    let updates = 0;
    lab.onCall = ({ store, name }) => (store === 'tables' && name === 'update' && ++updates > 1 ? 'reject' : 'none');
    await table.merge([key]);
    lab.onCall = () => 'none';
    expect(await table.rows()).toEqual(['1 apple', '2 pear']);
    // As if a merge had taken over from it and found the file in the way.
    lab.tables.edit(table.path, { Blocked: { file: `${NAMES[0]}.parquet`, eTag: 'x', reason: 'r', next: 'n' } });
    await skip(table, `${NAMES[0]}.parquet`);
    table.change(NAMES[1], [['I', 3, 'plum']]);
    await table.merge();
    await lab.settle();
    expect(await table.rows()).toEqual(['1 apple', '3 plum']);
  });
});

/** Its second change file is skipped before it is merged. */
async function pendingSecond(changes: readonly Change[], settings = {}): Promise<LabTable> {
  const lab = new TableLab();
  const table = await lab.activeTable(settings);
  table.load('LOAD00000001', [
    [1, 'apple'],
    [2, 'pear'],
  ]);
  table.change(NAMES[0], [['U', 1, 'first']]);
  await lab.settle();
  table.change(NAMES[1], changes);
  table.change(NAMES[2], [['U', 2, 'third']]);
  await skip(table);
  lab.arrivals.length = 0;
  return table;
}

async function partlyMerged(): Promise<{ table: LabTable; key: string }> {
  const lab = new TableLab({ valuesPerMerge: 8 });
  const table = await lab.activeTable();
  table.load('LOAD00000001', [[1, 'apple']]);
  await lab.settle();
  const key = table.change(NAMES[0], [
    ['I', 2, 'a'],
    ['I', 3, 'b'],
    ['I', 4, 'c'],
    ['I', 5, 'd'],
  ]);
  let commits = 0;
  lab.onCall = ({ store, name }) => (store === 'tables' && name === 'update' && ++commits > 2 ? 'reject' : 'none');
  await table.merge([key]);
  lab.onCall = () => 'none';
  expect(await table.item()).toHaveProperty('Partial');
  return { table, key: `${NAMES[0]}.parquet` };
}

describe('a skip while files are merged again', () => {
  async function replaying(): Promise<LabTable> {
    const table = await blocked();
    await setBack(table.path, { kind: 'from file', file: `${NAMES[0]}.parquet` }, table.lab.ports);
    return table;
  }

  it('is of none that the lake may hold: it waits until the replay is at its end', async () => {
    const table = await replaying();
    expect(await skip(table, `${NAMES[0]}.parquet`)).toMatchObject({ outcome: 'under way', progress: undefined });
  });

  it('builds the table anew, where the file was merged before and is in the way now', async () => {
    const table = await replaying();
    table.put(`${NAMES[0]}.parquet`, BAD);
    await table.merge();
    expect(await skip(table, `${NAMES[0]}.parquet`)).toMatchObject({ outcome: 'skipped', isRebuilt: true });
    await skip(table);
    await table.merge();
    expect(await table.rows()).toEqual(['1 apple', '2 third']);
  });

  it('goes by as ever, where the file was never merged', async () => {
    const table = await replaying();
    await table.merge();
    expect(await skip(table)).toMatchObject({ outcome: 'skipped', isRebuilt: false });
    await table.merge();
    expect(await table.rows()).toEqual(['1 first', '2 third']);
  });
});

describe('a skip is refused, with what to do instead, and changes nothing,', () => {
  it('of a file that is merged', async () => {
    const table = await blocked();
    expect((await refusal(table, `${NAMES[0]}.parquet`)).next).toContain('replay');
    expect((await refusal(table, 'LOAD00000001.parquet')).message).toContain('merged already');
  });

  it('of a file that is not there', async () => {
    expect((await refusal(await blocked(), 'nowhere.parquet')).message).toContain('no file nowhere.parquet');
  });

  it('of more files than a row has room for, those that are gone not counted', async () => {
    const table = await blocked();
    const skipped = Object.fromEntries(Array.from({ length: SKIPPED_MAX }, (_, i) => [`f${i}.parquet`, 'gone']));
    table.lab.tables.edit(table.path, { SkippedFiles: skipped });
    await skip(table);
    expect((await table.item()).SkippedFiles).toEqual({ [SECOND]: expect.any(String) });
    const files: Record<string, string> = {};
    for (let i = 0; i < SKIPPED_MAX; i++) {
      table.put(`f${i}.csv`, BAD);
      files[`f${i}.csv`] = (await table.lab.raw.head(table.rawKey(`f${i}.csv`)))!.eTag;
    }
    table.lab.tables.edit(table.path, { SkippedFiles: files });
    expect((await refusal(table, SECOND)).message).toContain(`room for ${SKIPPED_MAX}`);
  });

  it('of the only file there is, half of which is in the lake: nothing would take the place of its rows', async () => {
    const lab = new TableLab({ valuesPerMerge: 8 });
    const table = await lab.activeTable();
    let writes = 0;
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' && ++writes > 1 ? 'reject' : 'none');
    const ids = [1, 2, 3, 4, 5, 6];
    await table.merge([
      table.change(
        NAMES[0],
        ids.map((id) => ['I', id, 'fig'] as const),
      ),
    ]);
    lab.onCall = () => 'none';
    expect(await table.item()).toHaveProperty('Partial');
    expect((await refusal(table, `${NAMES[0]}.parquet`)).message).toContain('no other file');
    await table.merge();
    await lab.settle();
    expect(await table.rows()).toEqual(ids.map((id) => `${id} fig`));
  });

  it('of the only file there is, before the table that is built anew has come to it', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.change(NAMES[0], [['I', 1, 'fig']]);
    await lab.settle();
    await setBack(table.path, { kind: 'all' }, lab.ports);
    expect((await refusal(table, `${NAMES[0]}.parquet`)).message).toContain('no other file');
    table.change(NAMES[1], [['I', 2, 'pear']]);
    await skip(table, `${NAMES[0]}.parquet`);
    await lab.settle();
    expect(await table.rows()).toEqual(['2 pear']);
  });

  it('of a late file of which a merge that died may have written rows, where later files are gone', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    table.change(NAMES[1], [['U', 1, 'second']]);
    await lab.settle();
    lab.onCall = ({ store, name }) => (store === 'tables' && name === 'update' && ++updates > 1 ? 'reject' : 'none');
    let updates = 0;
    await table.merge([table.change(NAMES[0], [['I', 2, 'late']])]);
    lab.onCall = () => 'none';
    expect(await table.rows()).toEqual(['1 second', '2 late']);
    lab.raw.remove(table.rawKey(SECOND));
    expect((await lab.settle()).at(-1)).toMatchObject({ state: 'blocked', blocked: { file: `${NAMES[0]}.parquet` } });
    expect((await refusal(table, `${NAMES[0]}.parquet`)).next).toContain('Remove the file');
  });

  it('taken back of a file that is not skipped, naming those that are', async () => {
    const table = await blocked();
    await skip(table);
    expect((await refusal(table, `${NAMES[2]}.parquet`, true)).next).toContain(SECOND);
  });

  it('while a merge that may have begun with it is not at its end', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    await lab.settle();
    const key = table.change(NAMES[0], [['I', 2, 'pear']]);
    let writes = 0;
    lab.onCall = ({ store, name }) =>
      store === 'lake' && name === 'write' && ++writes === 1 ? 'apply-then-fail' : 'none';
    await table.merge([key]);
    lab.onCall = () => 'none';
    const before = await table.item();
    expect(await skip(table, `${NAMES[0]}.parquet`)).toMatchObject({ outcome: 'under way', progress: undefined });
    expect(await table.item()).toEqual(before);
    await table.merge();
    expect((await refusal(table, `${NAMES[0]}.parquet`)).message).toContain('merged already');
  });
});

describe('a skip', () => {
  it('done twice is done once', async () => {
    const table = await blocked();
    await skip(table);
    expect(await skip(table)).toMatchObject({ outcome: 'no change' });
  });

  it.each(['reject', 'apply-then-fail'] as const)(
    'and its merge may fail at any call (%s) and be done again',
    async (fault) => {
      let at = 1;
      for (; ; at++) {
        const table = await blocked();
        let calls = 0;
        table.lab.onCall = () => (++calls === at ? fault : 'none');
        await skip(table)
          .then(() => table.merge())
          .catch(() => undefined);
        table.lab.onCall = () => 'none';
        let { outcome } = await skip(table);
        // A merge that had begun is brought to its end first.
        if (outcome === 'under way') await table.merge();
        ({ outcome } = await skip(table));
        expect(outcome).toBe('no change');
        await table.merge();
        await table.lab.settle();
        expect(await table.rows()).toEqual(['1 first', '2 third']);
        if (calls < at) break;
      }
      expect(at).toBeGreaterThan(5);
    },
  );
});
