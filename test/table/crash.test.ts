/**
 * A merge may die, or lose the answer of a store, at any of its calls. When faults stop and the table is looked at again,
 * its lake equals that of a merge that was left alone; and no reader, at any time, finds a key twice.
 */
import { describe, expect, it } from '@jest/globals';
import type { Limits } from '../../lib/config.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import type { Fault } from '../cloud/fault.ts';
import type { Call, LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

interface Scenario {
  limits?: Partial<Limits>;
  settings?: TableSettings;
  /** Merged in peace. */
  before: (table: LabTable) => void;
  /** Merged under faults. */
  during: (table: LabTable) => void;
  /** A row that moves is twice in the folder for a moment. */
  mayShowTwice?: boolean;
}

const SCENARIOS: Record<string, Scenario> = {
  'changes by key': {
    before: (table) =>
      table.load('LOAD00000001', [
        [1, 'apple'],
        [2, 'pear'],
        [3, 'plum'],
      ]),
    during: (table) => {
      table.change('20260301-100000000', [
        ['U', 1, 'fig'],
        ['D', 2],
        ['I', 4, 'lime'],
      ]);
      table.change('20260301-110000000', [
        ['D', 4],
        ['I', 5, 'kiwi'],
      ]);
    },
  },
  'the first load and its changes': {
    limits: { targetFileBytes: 1 },
    before: () => undefined,
    during: (table) => {
      table.load('LOAD00000001', [
        [1, 'apple'],
        [2, 'pear'],
      ]);
      table.load('LOAD00000002', [[3, 'plum']]);
      table.change('20260301-100000000', [
        ['U', 1, 'fig'],
        ['D', 3],
      ]);
    },
  },
  'rows that change partition': {
    settings: { partitionKey: ['day'] },
    mayShowTwice: true,
    before: (table) =>
      table.load('LOAD00000001', [
        [1, 'apple', 'mon'],
        [2, 'pear', 'tue'],
        [3, 'plum', 'tue'],
      ]),
    during: (table) => {
      table.change('20260301-100000000', [
        ['U', 1, 'fig', 'tue'],
        ['U', 2, 'pear', 'mon'],
        ['I', 4, 'lime', 'wed'],
      ]);
    },
  },
  'appends without a key': {
    settings: { primaryKey: [], partitionKey: ['day'] },
    before: (table) =>
      table.load('LOAD00000001', [
        [1, 'apple', 'mon'],
        [2, 'pear', 'tue'],
      ]),
    during: (table) => {
      table.change('20260301-100000000', [
        ['I', 1, 'apple', 'mon'],
        ['I', 3, 'plum', 'wed'],
        ['U', 1],
      ]);
      table.change('20260301-110000000', [
        ['I', 1, 'apple', 'mon'],
        ['I', 4, 'lime', 'tue'],
      ]);
    },
  },
  'appends in slices without a key': {
    limits: { valuesPerMerge: 8 },
    settings: { primaryKey: [], partitionKey: ['day'] },
    before: (table) => table.load('LOAD00000001', [[1, 'apple', 'mon']]),
    during: (table) => {
      table.change('20260301-100000000', [
        ['I', 2, 'a', 'mon'],
        ['I', 2, 'a', 'mon'],
        ['I', 3, 'c', 'tue'],
        ['I', 4, 'd', 'mon'],
        ['I', 5, 'e', 'tue'],
      ]);
    },
  },
  'a load in slices': {
    limits: { valuesPerMerge: 6 },
    before: () => undefined,
    during: (table) =>
      table.load('LOAD00000001', [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
        [4, 'd'],
        [5, 'e'],
      ]),
  },
  'a new full load': {
    before: (table) => {
      table.load('LOAD00000001', [
        [1, 'apple'],
        [2, 'pear'],
      ]);
      table.change('20260301-100000000', [['I', 3, 'plum']]);
    },
    during: (table) => {
      table.load('LOAD00000001', [
        [1, 'fig'],
        [4, 'lime'],
      ]);
      table.change('20260301-120000000', [['U', 4, 'kiwi']]);
    },
  },
  'a late file': {
    before: (table) => {
      table.load('LOAD00000001', [
        [1, 'apple'],
        [2, 'pear'],
      ]);
      table.change('20260301-120000000', [['U', 1, 'fig']]);
    },
    during: (table) =>
      table.change('20260301-100000000', [
        ['U', 1, 'late'],
        ['U', 2, 'quince'],
        ['I', 3, 'plum'],
      ]),
  },
  'a late file without a key': {
    settings: { primaryKey: [] },
    before: (table) => {
      table.load('LOAD00000001', [[1, 'apple']]);
      table.change('20260301-120000000', [['I', 2, 'fig']]);
    },
    during: (table) =>
      table.change('20260301-100000000', [
        ['I', 2, 'fig'],
        ['I', 3, 'plum'],
      ]),
  },
};

/**
 * What happens at the call: it fails before or after its effect, and the process goes on or is dead from then on. A call
 * that only reads has no effect: failing at it is tried once, with the process going on.
 */
const FAULTS: { name: string; fault: Fault; dies: boolean; calls: (call: Call) => boolean }[] = [
  { name: 'is refused at any call', fault: 'reject', dies: false, calls: () => true },
  { name: 'loses the answer of any write', fault: 'apply-then-fail', dies: false, calls: isWrite },
  { name: 'dies before any write', fault: 'reject', dies: true, calls: isWrite },
  { name: 'dies after any write', fault: 'apply-then-fail', dies: true, calls: isWrite },
];

function isWrite({ name }: Call): boolean {
  return ['write', 'delete', 'create', 'update', 'send'].includes(name);
}

async function prepare({ limits, settings, before, during }: Scenario): Promise<LabTable> {
  const lab = new TableLab(limits);
  const table = await lab.activeTable(settings);
  before(table);
  await lab.settle();
  lab.views.length = 0;
  during(table);
  lab.arrivals.length = 0;
  return table;
}

function keysWronglyTwice(table: LabTable, { mayShowTwice, settings }: Scenario): Promise<string[]> | string[] {
  return mayShowTwice || settings?.primaryKey?.length === 0 ? [] : table.keysSeenTwice();
}

/** @returns whether the merge came to the faulty call */
async function mergeWithFault(
  table: LabTable,
  at: number,
  { fault, dies, calls: counts }: (typeof FAULTS)[number],
): Promise<boolean> {
  const { lab } = table;
  let calls = 0;
  lab.onCall = (call) => {
    if (dies && calls >= at) return 'reject';
    return counts(call) && ++calls === at ? fault : 'none';
  };
  await table.merge().catch(() => undefined); // a call that is not about one table fails the batch
  lab.onCall = () => 'none';
  return calls >= at;
}

describe.each(Object.entries(SCENARIOS))('%s', (_, scenario) => {
  it.each(FAULTS)('end as if nothing had happened, when the merge $name', async (fault) => {
    const peaceful = await prepare(scenario);
    await peaceful.merge();
    const expected = await peaceful.rows();
    let at = 1;
    for (; ; at++) {
      const table = await prepare(scenario);
      if (!(await mergeWithFault(table, at, fault))) break;
      const { failed, outcome } = await table.merge();
      expect({ at, failed, state: outcome?.state, rows: await table.rows() }).toEqual({
        at,
        failed: [],
        state: 'active',
        rows: expected,
      });
      expect({ at, twice: await keysWronglyTwice(table, scenario) }).toEqual({ at, twice: [] });
      expect((await table.item()).LastIncrementalFile).toBe((await peaceful.item()).LastIncrementalFile);
    }
    expect(at).toBeGreaterThan(3);
  });
});

describe('a merge that dies again and again', () => {
  it.each(['changes by key', 'appends without a key', 'a new full load'])('comes to its end: %s', async (name) => {
    const scenario = SCENARIOS[name]!;
    const peaceful = await prepare(scenario);
    await peaceful.merge();
    for (let step = 1; step <= 5; step++) {
      const table = await prepare(scenario);
      // Each attempt comes a little further than the one before.
      for (let at = 2; at < 40; at += step) await mergeWithFault(table, at, FAULTS[at % FAULTS.length]!);
      await table.merge();
      expect(await table.rows()).toEqual(await peaceful.rows());
    }
  });
});

describe('a merge taken over from before the table had any file', () => {
  it('leaves in its place a file without rows, of the columns that files of the table have: partition columns are none', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    table.load('LOAD00000001', [[1, 'apple', 'mon']]);
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' ? 'reject' : 'none');
    await table.merge();
    lab.onCall = () => 'none';
    await table.merge();
    const [taken, after] = lab.views.map((view) => [...view.values()].map((bytes) => parseFooter(bytes, bytes.length)));
    expect([taken, after].map((files) => files?.map(({ rowGroups }) => rowGroups.length))).toEqual([[0], [1]]);
    expect(taken?.[0]?.columns).toEqual(after?.[0]?.columns);
  });

  it('takes those columns from raw files below the mark where no other file is left', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const merged = table.change('20260301-100000000', [
      ['I', 1, 'apple'],
      ['D', 1],
    ]);
    await lab.settle();
    lab.tables.edit(table.path, { LowWaterMark: '20260301-100000000.parquet', SweptAt: lab.clock.now() + 1 });
    const lost = table.change('20260301-110000000', [['I', 2, 'pear']]);
    lab.onCall = ({ store, name }) => (store === 'lake' && name === 'write' ? 'reject' : 'none');
    await table.merge([lost]);
    lab.onCall = () => 'none';
    lab.raw.remove(lost);
    await table.merge([merged]);
    const [taken] = [...lab.snapshot().values()].map((bytes) => parseFooter(bytes, bytes.length));
    expect(taken?.columns.map(({ name }) => name)).toEqual(['Op', 'id', 'item', 'day']);
  });
});
