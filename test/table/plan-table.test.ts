/** A plan of the next merge is what the merge then does, and changes nothing. */
import { describe, expect, it } from '@jest/globals';
import type { Limits } from '../../lib/config.ts';
import { FooterCache } from '../../lib/lake/footer-cache.ts';
import { listLakeFiles, openLakeFiles } from '../../lib/lake/lake-file.ts';
import type { FileDescription } from '../../lib/merge/describe-plan.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { planTable } from '../../lib/table/plan-table.ts';
import type { Change, LabTable, OrderRow } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

/** The plan; fails if planning calls anything that writes. */
async function plan({ lab, path, name }: LabTable, settings?: TableSettings) {
  const [schema, table] = name.split('/') as [string, string];
  const calls: string[] = [];
  lab.onCall = ({ store, name: call }) => {
    calls.push(`${store} ${call}`);
    return 'none';
  };
  const before = { lake: lab.snapshot(), raw: lab.raw.keys(), item: await lab.tables.get(path) };
  calls.length = 0;
  const planned = await planTable(path, { schema, table }, settings, lab.ports);
  expect(calls.filter((call) => !/^(tables get|(raw|lake) (list|head|read))$/.test(call))).toEqual([]);
  lab.onCall = () => 'none';
  expect({ lake: lab.snapshot(), raw: lab.raw.keys(), item: await lab.tables.get(path) }).toEqual(before);
  return planned;
}

async function rowGroups({ lab, name }: LabTable): Promise<Map<string, number[]>> {
  const files = await openLakeFiles(lab.lake, await listLakeFiles(lab.lake, `${name}/`), new FooterCache());
  return new Map(files.map(({ key, footer }) => [key, footer.rowGroups.map(({ rows }) => rows)]));
}

function count({ groups }: FileDescription): number {
  return groups.kept.length + groups.replaced.length + groups.joined.length + groups.added;
}

interface Scenario {
  limits?: Partial<Limits>;
  settings?: TableSettings;
  before: (table: LabTable) => void;
  next: (table: LabTable) => void;
}

const load: OrderRow[] = Array.from({ length: 12 }, (_, id) => [id, `item ${id}`, id < 6 ? 'mon' : 'tue']);
const changes: Change[] = [
  ['U', 1, 'changed', 'mon'],
  ['U', 2, 'moved', 'tue'],
  ['D', 8],
  ['D', 77],
  ['I', 100, 'new', 'wed'],
  ['I', 101, 'new', 'tue'],
];
const withLoad = (table: LabTable) => table.load('LOAD00000001', load);

const SCENARIOS: Record<string, Scenario> = {
  'a first load': { before: () => undefined, next: withLoad },
  'a first load in partitions': { settings: { partitionKey: ['day'] }, before: () => undefined, next: withLoad },
  'a load larger than memory': { limits: { valuesPerMerge: 20 }, before: () => undefined, next: withLoad },
  'changes by key': {
    limits: { rowsPerRowGroup: 4, deadBytesShare: 1 },
    before: withLoad,
    next: (table) => table.change('20260301-100000000', changes),
  },
  'changes by key in partitions': {
    limits: { rowsPerRowGroup: 4 },
    settings: { partitionKey: ['day'] },
    before: withLoad,
    next: (table) => table.change('20260301-100000000', changes),
  },
  'changes of which a merge takes some': {
    limits: { filesPerMerge: 2 },
    before: withLoad,
    next: (table) => {
      for (let i = 0; i < 5; i++) table.change(`20260301-10000000${i}`, [['U', i, 'changed']]);
    },
  },
  'changes without a key': {
    settings: { primaryKey: [] },
    before: withLoad,
    next: (table) => table.change('20260301-100000000', changes),
  },
  'a late file': {
    before: (table) => {
      withLoad(table);
      table.change('20260301-120000000', [['U', 1, 'later']]);
    },
    next: (table) => table.change('20260301-100000000', changes),
  },
  'a new full load': {
    before: (table) => {
      withLoad(table);
      table.change('20260301-100000000', [['U', 1, 'changed']]);
    },
    next: (table) => table.load('LOAD00000001', load.slice(3)),
  },
};

describe('a plan of the next merge', () => {
  it.each(Object.entries(SCENARIOS))('says what it then does: %s', async (_, { limits, settings, before, next }) => {
    const table = await new TableLab(limits).activeTable(settings);
    before(table);
    await table.lab.settle();
    next(table);
    const files = (await rowGroups(table)).size;
    const planned = await plan(table);
    expect(planned.state).toBe('to be merged');
    const whole = planned.slices!.filter(({ to, rows }) => to === rows).length;
    const { rows, phases } = planned.plan!;
    // One merge alone: the next is not begun, since the time is up when it commits.
    let commits = 0;
    let written = 0;
    table.lab.onCall = ({ store, name, target }) => {
      if (store === 'lake' && name === 'write' && !target.includes('/_')) written++;
      if (store === 'tables' && name === 'update' && written === phases.flat().length && ++commits === 1)
        table.lab.clock.advance(20 * 60_000);
      return 'none';
    };
    const { outcome } = await table.merge();
    table.lab.onCall = () => 'none';
    expect(outcome?.report).toMatchObject({
      rowsInserted: rows.inserted,
      rowsUpdated: rows.updated,
      rowsDeleted: rows.deleted,
      rowsIgnored: rows.ignored,
    });
    expect(outcome!.report!.loadFiles + outcome!.report!.changeFiles).toBe(whole);
    expect(written).toBe(phases.flat().length);
    const groups = await rowGroups(table);
    const rewritten = phases.flat().filter(({ file }) => groups.has(file));
    expect(rewritten.map(({ file }) => [file, groups.get(file)!.length])).toEqual(
      rewritten.map((file) => [file.file, count(file)]),
    );
    const isNew = ({ layout }: FileDescription): boolean => layout === 'create' || layout === 'load';
    expect(groups.size - files).toBe(phases.flat().filter(isNew).length);
  });

  it('says how many raw files are left to the merges after it', async () => {
    const table = await new TableLab({ filesPerMerge: 2 }).activeTable();
    withLoad(table);
    await table.lab.settle();
    for (let i = 0; i < 5; i++) table.change(`20260301-10000000${i}`, [['U', i, 'changed']]);
    expect(await plan(table)).toMatchObject({
      step: 'changes',
      slices: [{ file: '20260301-100000000.parquet', from: 0, to: 1, rows: 1 }, { file: '20260301-100000001.parquet' }],
      waiting: 3,
      plan: { finding: { files: 1, filesOpened: 1 } },
    });
  });

  it('says why a table is built anew', async () => {
    const table = await new TableLab().activeTable();
    withLoad(table);
    await table.lab.settle();
    await table.configure({ primaryKey: ['id', 'item'] });
    expect(await plan(table)).toMatchObject({
      step: 'load',
      notes: [expect.stringContaining('The table is built anew: its keys were changed')],
      plan: { phases: [[{ layout: 'empty', reason: 'rows of generation 1 are replaced' }], [{ layout: 'create' }]] },
    });
  });

  it('says that there is nothing to merge', async () => {
    const table = await new TableLab().activeTable();
    withLoad(table);
    await table.lab.settle();
    expect(await plan(table)).toEqual({ table: 'shop/orders', state: 'up to date', notes: [] });
  });

  it('says that a table is not registered, or inactive, and what to do', async () => {
    const table = new TableLab().table();
    withLoad(table);
    expect(await plan(table)).toMatchObject({
      state: 'unknown',
      notes: [expect.stringContaining('tidemark activate')],
    });
    await table.configure({ active: false });
    expect(await plan(table)).toMatchObject({
      state: 'inactive',
      notes: [expect.stringContaining('tidemark activate')],
    });
  });

  it('takes settings as if they had been applied', async () => {
    const table = new TableLab().table();
    withLoad(table);
    const settings = { primaryKey: ['id'], partitionKey: ['day'], active: true };
    expect(await plan(table, settings)).toMatchObject({
      state: 'to be merged',
      plan: { phases: [[{ file: 'day=mon/' }, { file: 'day=tue/' }]] },
    });
  });

  it('says what blocks a table, whether its row says so already or not', async () => {
    const table = await new TableLab().activeTable();
    withLoad(table);
    await table.lab.settle();
    table.put('20260301-100000000.parquet', Buffer.from('no Parquet'));
    const blocked = { file: '20260301-100000000.parquet', reason: expect.any(String), next: expect.any(String) };
    expect(await plan(table)).toEqual({ table: 'shop/orders', state: 'blocked', notes: [], blocked });
    await table.merge();
    expect(await plan(table)).toMatchObject({
      state: 'blocked',
      blocked,
      notes: [expect.stringContaining('blocked by 20260301-100000000.parquet')],
    });
  });

  it('says that a merge was not committed', async () => {
    const table = await new TableLab().activeTable();
    withLoad(table);
    let updates = 0;
    table.lab.onCall = ({ store, name }) =>
      store === 'tables' && name === 'update' && ++updates > 2 ? 'reject' : 'none';
    await table.merge().catch(() => undefined);
    expect(await plan(table)).toMatchObject({
      state: 'to be merged',
      notes: [expect.stringContaining('claimed 1 lake objects and not committed')],
    });
  });

  it('looks again when a merge changes the lake meanwhile', async () => {
    const table = await new TableLab({ rowsPerRowGroup: 4 }).activeTable();
    withLoad(table);
    await table.lab.settle();
    const key = table.change('20260301-100000000', [['U', 1, 'changed']]);
    table.change('20260301-110000000', [['U', 2, 'changed']]);
    // A process that has read no footer yet, and that a merge overtakes as it reads the first.
    const { lake } = table.lab;
    let merged = false;
    const slow: ObjectStore = {
      list: (prefix, options) => lake.list(prefix, options),
      head: (object) => lake.head(object),
      read: async (...range) => {
        if (!merged) await table.merge([key]);
        merged = true;
        return lake.read(...range);
      },
      write: (object, pieces, replaces) => lake.write(object, pieces, replaces),
      delete: (object, eTag) => lake.delete(object, eTag),
    };
    const ports = { ...table.lab.ports, lake: slow };
    const planned = await planTable(table.path, { schema: 'shop', table: 'orders' }, undefined, ports);
    expect([merged, planned.state]).toEqual([true, 'up to date']);
  });
});
