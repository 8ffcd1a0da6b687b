import { describe, expect, it } from '@jest/globals';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { Fault } from '../cloud/fault.ts';
import type { LabTable } from '../table/table-lab.ts';
import { DAY, ID, ITEM, loadBytes, TableLab } from '../table/table-lab.ts';
import { differences, plant, verified } from './planted.ts';

const CHANGES = '20260301-100000000';

async function orders(limits = {}): Promise<LabTable> {
  const table = await new TableLab(limits).activeTable();
  table.load('LOAD00000001', [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ]);
  table.change(CHANGES, [['U', 2, 'B']]);
  await table.lab.settle();
  return table;
}

describe('raw files that are not merged yet', () => {
  it('do not count, and are told', async () => {
    const table = await orders();
    table.change('20260301-110000000', [['D', 1]]);
    table.change('20260301-120000000', [['I', 9]]);
    expect(await verified(table)).toMatchObject({ state: 'equal', files: { merged: 2, waiting: 2 } });
  });

  it('in part count as far as they are merged', async () => {
    const table = await new TableLab({ valuesPerMerge: 8 }).activeTable();
    table.load('LOAD00000001', [[100]]);
    await table.lab.settle();
    table.change(CHANGES, [
      ['I', 1],
      ['I', 2],
      ['I', 3],
      ['D', 1],
      ['I', 4],
    ]);
    let updates = 0;
    // Claim and commit of the first slice.
    table.lab.onCall = ({ store, name }) => {
      if (store === 'tables' && name === 'update') updates++;
      return updates > 2 && store !== 'queue' ? 'reject' : 'none';
    };
    await table.merge();
    table.lab.onCall = () => 'none';
    expect(await table.rows()).toEqual(['1 null', '2 null', '100 null']);
    const result = await verified(table);
    expect(result).toMatchObject({ state: 'equal', files: { merged: 2, waiting: 1 }, rows: { expected: 3 } });
    expect(result.notes).toEqual([`Of ${CHANGES}.parquet the first 2 rows are merged; they alone count.`]);
  });

  it('do not count where they block the table, which is told', async () => {
    const table = await orders();
    table.put('20260301-110000000.parquet', Buffer.from('no parquet'));
    await table.lab.settle();
    const result = await verified(table);
    expect(result).toMatchObject({ state: 'equal', files: { merged: 2, waiting: 1 } });
    expect(result.notes.join()).toContain('blocked by 20260301-110000000.parquet');
  });

  it('do not count where a person skipped them', async () => {
    const table = await orders();
    const key = table.change('20260301-110000000', [['D', 1]]);
    const { eTag } = (await table.lab.raw.head(key)) ?? {};
    table.lab.tables.edit(table.path, { SkippedFiles: { '20260301-110000000.parquet': eTag ?? '' } });
    expect(await verified(table)).toMatchObject({ state: 'equal', files: { merged: 2, waiting: 0 } });
  });

  it('and are the first of a new load say nothing of the rows of the old one', async () => {
    const table = await orders();
    table.load('LOAD00000001', [[7, 'new']]);
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining('1 of its merged raw files are gone or were replaced: LOAD00000001.parquet'),
    });
    await table.lab.settle();
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 1 } });
  });
});

describe('a table cannot be verified', () => {
  it('before anything of it was merged', async () => {
    const table = await new TableLab().activeTable();
    table.load('LOAD00000001', [[1]]);
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining('Nothing of it was merged yet'),
    });
  });

  it('whose merged raw files are gone, of which it says how many and which', async () => {
    const table = await orders();
    table.lab.raw.remove(table.rawKey('LOAD00000001.parquet'));
    table.lab.raw.remove(table.rawKey(`${CHANGES}.parquet`));
    const { state, reason, rows } = await verified(table);
    expect({ state, rows }).toEqual({ state: 'unverifiable', rows: undefined });
    expect(reason).toContain(
      `2 of its merged raw files are gone or were replaced: LOAD00000001.parquet, ${CHANGES}.parquet`,
    );
  });

  it('whose lake held it before its first change file came', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    lab.lake.put(
      'shop/orders/part-0.parquet',
      writeDmsFile({ columns: [OP_COLUMN, ID, ITEM, DAY], rows: [['I', 1, 'a', null]] }),
    );
    table.change(CHANGES, [['I', 2]]);
    await lab.settle();
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining('what it held then is in no raw file'),
    });
  });

  it('that was taken over from the hourly solution, until it is loaded anew', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    lab.tables.edit(table.path, { LastFullLoadDate: '2026-02-01 00:00:00' });
    lab.lake.put('shop/orders/part-0.parquet', loadBytes([[1, 'a']]));
    table.load('LOAD00000001', [[1, 'a']], new Date('2026-01-01T00:00:00Z'));
    table.change(CHANGES, [['I', 2]]);
    await lab.settle();
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining('taken over from the hourly solution'),
    });
    table.load('LOAD00000001', [[5, 'new']]);
    await lab.settle();
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 1 } });
  });

  it('of which a lake file is damaged', async () => {
    const table = await orders();
    const key = `shop/orders/${table.lakeFiles()[0] ?? ''}`;
    table.lab.lake.put(key, Buffer.from('PAR1 nothing of a file PAR1'));
    const { state, reason } = await verified(table);
    expect(state).toBe('unverifiable');
    expect(reason).toContain(key);
    expect(reason).toContain("Move it out of the table's lake folder");
  });

  it('whose lake has values of a type that raw values cannot be compared with', async () => {
    const table = await orders();
    plant(table, 0, [['I', true]], [{ name: 'id', type: { kind: 'boolean' } }]);
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining('column id'),
    });
  });
});

describe('a table that is merged meanwhile', () => {
  it('is read again, and is then as it is now', async () => {
    const table = await orders();
    let merged = false;
    table.lab.onCall = async ({ store, name }): Promise<Fault> => {
      if (store !== 'lake' || name !== 'read' || merged) return 'none';
      merged = true;
      table.change('20260301-110000000', [['I', 9]]);
      await table.merge();
      return 'none';
    };
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 4 }, files: { merged: 3 } });
    expect(merged).toBe(true);
  });

  it('each time that it is read cannot be verified', async () => {
    const table = await orders();
    let merges = 0;
    table.lab.onCall = async ({ store, name }): Promise<Fault> => {
      if (store !== 'tables' || name !== 'get') return 'none';
      const { onCall } = table.lab;
      table.lab.onCall = () => 'none';
      table.change(`20260301-1100000${String(++merges).padStart(2, '0')}`, [['I', merges + 10]]);
      await table.merge();
      table.lab.onCall = onCall;
      return 'none';
    };
    expect(await verified(table)).toMatchObject({
      state: 'unverifiable',
      reason: expect.stringContaining('changed each of the 3 times'),
    });
  });

  it('and died before its commit is said to differ only once that is known', async () => {
    const table = await orders();
    table.change('20260301-110000000', [['I', 9]]);
    let writes = 0;
    table.lab.onCall = ({ store, name }) => {
      if (store === 'lake' && name === 'write') writes++;
      return writes > 0 && store === 'tables' && name === 'update' ? 'reject' : 'none';
    };
    await table.merge();
    table.lab.onCall = () => 'none';
    const result = await verified(table);
    expect(differences(result)).toMatchObject({ state: 'unverifiable', unexpected: { count: 1 } });
    expect(result.notes.join()).toContain('A merge has claimed 1 lake objects and not committed');
    expect(result.reason).toContain('Verify it again');
    await table.merge();
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 4 } });
  });
});

describe('a table whose keys were edited', () => {
  it('is verified with those that its lake was built with', async () => {
    const table = await orders();
    await table.configure({ primaryKey: ['item'] });
    const result = await verified(table);
    expect(result).toMatchObject({ state: 'equal' });
    expect(result.notes.join()).toContain('were edited since');
    await table.lab.settle();
    expect(await verified(table)).toMatchObject({ state: 'equal', notes: [], rows: { expected: 4 } });
  });
});
