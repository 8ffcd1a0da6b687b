import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyColumns } from '../../lib/merge/key.ts';
import type { MergePlan } from '../../lib/merge/plan.ts';
import { planMerge } from '../../lib/merge/plan-merge.ts';
import { parseFooter } from '../../lib/parquet/footer.ts';
import type { DmsValue } from '../../lib/sample/dms-column.ts';
import { lakeBytes } from '../parquet/lake-bytes.ts';
import { INT, TEXT, utf8 } from '../parquet/sample-types.ts';
import { DAY, ID, MergeBench, NAME, OP, rowsOf } from './merge-bench.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';

const LAKE = [
  { name: 'Op', type: TEXT },
  { name: 'id', type: INT },
  { name: 'name', type: TEXT },
];
const CHANGE = '20260301-100000000.parquet';

/** A lake file of rows [id, name] in row groups. */
function file(...groups: (readonly [number | null, string | null][])[]): Uint8Array {
  return lakeBytes(
    LAKE,
    groups.map((rows) => [
      rows.map(() => utf8('I')),
      rows.map(([id]) => id),
      rows.map(([, name]) => (name === null ? null : utf8(name))),
    ]),
  );
}

/** A plan as a person would say it. */
function told(plan: MergePlan): unknown[][] {
  return plan.phases.map((phase) =>
    phase.map((write) => {
      if (write.kind === 'empty') return { empty: write.file.key };
      if (write.kind === 'create') return { create: write.folder, rows: write.rows };
      if (write.kind === 'load' || write.kind === 'join') return { [write.kind]: write.folder };
      const groups = write.groups.map((group) => {
        if (group.kind === 'join') return { join: group.groups };
        if (group.kind !== 'encode') return group.kind;
        return { removed: [...group.removed], replaced: [...group.replaced], appended: group.appended };
      });
      return { change: write.file.key, groups, appended: write.appended, layout: write.layout };
    }),
  );
}

const only = (changes: { removed?: number[]; replaced?: [number, number][]; appended?: number[] }) => ({
  removed: [],
  replaced: [],
  appended: [],
  ...changes,
});

describe('a plan for changes by primary key', () => {
  async function plan(bench: MergeBench, rows: DmsValue[][], columns = [OP, ID, NAME]) {
    const batch = await bench.batch(await bench.slice(CHANGE, columns, rows));
    return bench.planMerge(batch, ['id'], columns.includes(DAY) ? ['day'] : []);
  }
  // Grown, whatever the size: these files are smaller than their footers.
  const small = { deadBytesShare: 1 };

  it('replaces an updated row where it is, and leaves other row groups as they are', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'a.parquet',
      file(
        [
          [1, 'a'],
          [2, 'b'],
        ],
        [
          [3, 'c'],
          [4, 'd'],
        ],
        [[5, 'e']],
      ),
    );
    const planned = await plan(bench, [
      ['U', 4, 'D'],
      ['I', 3, 'C'],
    ]);
    expect(told(planned)).toEqual([
      [
        {
          change: 'a.parquet',
          groups: [
            'keep',
            only({
              replaced: [
                [1, 0],
                [0, 1],
              ],
            }),
            'keep',
          ],
          appended: [],
          layout: 'grow',
        },
      ],
    ]);
    expect(planned.counts).toEqual({ inserted: 0, updated: 2, deleted: 0, ignored: 0 });
  });

  it('removes a deleted row, and a row group that loses its last', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'a.parquet',
      file(
        [
          [1, 'a'],
          [2, 'b'],
        ],
        [
          [3, 'c'],
          [4, 'd'],
        ],
        [[5, 'e']],
      ),
    );
    const planned = await plan(bench, [
      ['D', 3, null],
      ['D', 4, null],
      ['D', 2, null],
    ]);
    expect(told(planned)).toEqual([
      [{ change: 'a.parquet', groups: [only({ removed: [1] }), 'drop', 'keep'], appended: [], layout: 'grow' }],
    ]);
    expect(planned.counts).toEqual({ inserted: 0, updated: 0, deleted: 3, ignored: 0 });
  });

  it('writes nothing for the delete of a key that is not there', async () => {
    const bench = new MergeBench(small);
    bench.lake.put('a.parquet', file([[1, 'a']]));
    expect(
      await plan(bench, [
        ['D', 9, null],
        ['I', 8, 'x'],
        ['D', 8, null],
      ]),
    ).toMatchObject({
      phases: [],
      counts: { inserted: 0, updated: 0, deleted: 0 },
    });
  });

  it('takes an update of an unknown key for an insert, and an insert of a known one for an update', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'a.parquet',
      file(
        [[1, 'a']],
        [
          [2, 'b'],
          [3, 'b'],
          [4, 'b'],
          [5, 'b'],
        ],
      ),
    );
    const planned = await plan(bench, [
      ['U', 9, 'new'],
      ['I', 1, 'A'],
    ]);
    expect(told(planned)).toEqual([
      [{ change: 'a.parquet', groups: [only({ replaced: [[0, 1]] }), 'keep'], appended: [0], layout: 'grow' }],
    ]);
    expect(planned.counts).toEqual({ inserted: 1, updated: 1, deleted: 0, ignored: 0 });
  });

  it('makes the first file of an empty table', async () => {
    const planned = await plan(new MergeBench(), [
      ['I', 1, 'a'],
      ['D', 1, null],
      ['I', 2, 'b'],
      ['U', 2, 'c'],
    ]);
    expect(told(planned)).toEqual([[{ create: '', rows: [3] }]]);
    expect(planned.counts).toEqual({ inserted: 1, updated: 0, deleted: 0, ignored: 0 });
  });

  it('gives new rows to the last file of their partition', async () => {
    const bench = new MergeBench(small);
    const full = file([
      [1, 'a'],
      [2, 'a'],
      [3, 'a'],
      [4, 'a'],
    ]);
    bench.lake.put('day=1/a.parquet', full);
    bench.lake.put(
      'day=1/b.parquet',
      file([
        [5, 'a'],
        [6, 'a'],
        [7, 'a'],
        [8, 'a'],
      ]),
    );
    bench.lake.put('day=2/c.parquet', full);
    const planned = await plan(
      bench,
      [
        ['I', 10, 'x', '1'],
        ['I', 11, 'x', '2'],
        ['I', 12, 'x', '3'],
        ['I', 13, 'x', null],
      ],
      [OP, ID, NAME, DAY],
    );
    expect(new Set(told(planned)[0])).toEqual(
      new Set([
        { change: 'day=1/b.parquet', groups: ['keep'], appended: [0], layout: 'grow' },
        { change: 'day=2/c.parquet', groups: ['keep'], appended: [1], layout: 'grow' },
        { create: 'day=3/', rows: [2] },
        { create: 'day=__HIVE_DEFAULT_PARTITION__/', rows: [3] },
      ]),
    );
    expect(planned.phases).toHaveLength(1);
  });

  it('begins a new file where the last has reached its size', async () => {
    const bytes = file([[1, 'a']]);
    const at = (targetFileBytes: number) => {
      const bench = new MergeBench({ ...small, targetFileBytes });
      bench.lake.put('a.parquet', bytes);
      return plan(bench, [['I', 9, 'x']]).then(told);
    };
    expect(await at(bytes.length)).toEqual([[{ create: '', rows: [0] }]]);
    expect(await at(bytes.length + 1)).toMatchObject([[{ change: 'a.parquet' }]]);
  });

  it('fills up a last row group that is not full; only the rest gets row groups of its own', async () => {
    const bench = new MergeBench({ ...small, rowsPerRowGroup: 3 });
    bench.lake.put(
      'a.parquet',
      file([
        [1, 'a'],
        [2, 'b'],
      ]),
    );
    expect(told(await plan(bench, [['I', 3, 'c']]))).toEqual([
      [{ change: 'a.parquet', groups: [only({ appended: [0] })], appended: [], layout: 'grow' }],
    ]);
    expect(
      told(
        await plan(bench, [
          ['I', 3, 'c'],
          ['I', 4, 'd'],
        ]),
      ),
    ).toEqual([[{ change: 'a.parquet', groups: [only({ appended: [0] })], appended: [1], layout: 'grow' }]]);
  });

  it('moves a row to its new partition before it leaves the old', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'day=1/a.parquet',
      file([
        [1, 'a'],
        [2, 'a'],
      ]),
    );
    bench.lake.put('day=2/b.parquet', file([[3, 'a']]));
    const planned = await plan(
      bench,
      [
        ['U', 1, 'moved', '2'],
        ['U', 3, 'stays', '2'],
      ],
      [OP, ID, NAME, DAY],
    );
    expect(told(planned)).toEqual([
      [
        {
          change: 'day=2/b.parquet',
          groups: [only({ replaced: [[0, 1]], appended: [0] })],
          appended: [],
          layout: 'grow',
        },
      ],
      [{ change: 'day=1/a.parquet', groups: [only({ removed: [0] })], appended: [], layout: 'grow' }],
    ]);
    expect(planned.counts).toEqual({ inserted: 0, updated: 2, deleted: 0, ignored: 0 });
  });

  it('gives moved rows a new file where the last one of their partition loses moved rows itself', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'day=1/a.parquet',
      file([
        [1, 'a'],
        [2, 'a'],
      ]),
    );
    bench.lake.put(
      'day=2/b.parquet',
      file([
        [3, 'a'],
        [4, 'a'],
      ]),
    );
    const swap = [
      ['U', 1, 'x', '2'],
      ['U', 3, 'x', '1'],
      ['I', 9, 'new', '1'],
    ];
    const planned = await plan(bench, swap, [OP, ID, NAME, DAY]);
    expect(new Set(told(planned)[0])).toEqual(
      new Set([
        { create: 'day=2/', rows: [0] },
        { create: 'day=1/', rows: [1] },
      ]),
    );
    expect(new Set(told(planned)[1])).toEqual(
      new Set([
        { change: 'day=1/a.parquet', groups: [only({ removed: [0], appended: [2] })], appended: [], layout: 'grow' },
        { change: 'day=2/b.parquet', groups: [only({ removed: [0] })], appended: [], layout: 'grow' },
      ]),
    );
  });

  it('never reads a partition value off a D row', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'day=1/a.parquet',
      file([
        [1, 'a'],
        [2, 'a'],
      ]),
    );
    const planned = await plan(bench, [['D', 1, null, null]], [OP, ID, NAME, DAY]);
    expect(told(planned)).toEqual([
      [{ change: 'day=1/a.parquet', groups: [only({ removed: [0] })], appended: [], layout: 'grow' }],
    ]);
  });

  it('ends a key that the lake holds twice as one', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'day=1/a.parquet',
      file([
        [1, 'old'],
        [2, 'a'],
        [1, 'older'],
      ]),
    );
    bench.lake.put(
      'day=2/b.parquet',
      file([
        [1, 'oldest'],
        [3, 'a'],
      ]),
    );
    const planned = await plan(bench, [['U', 1, 'new', '1']], [OP, ID, NAME, DAY]);
    expect(told(planned).flat()).toHaveLength(2);
    expect(told(planned).flat()).toEqual(
      expect.arrayContaining([
        {
          change: 'day=1/a.parquet',
          groups: [only({ removed: [2], replaced: [[0, 0]] })],
          appended: [],
          layout: 'grow',
        },
        { change: 'day=2/b.parquet', groups: [only({ removed: [0] })], appended: [], layout: 'grow' },
      ]),
    );
    expect(planned.counts).toEqual({ inserted: 0, updated: 1, deleted: 0, ignored: 0 });
    expect((await plan(bench, [['D', 1, null, null]], [OP, ID, NAME, DAY])).counts.deleted).toBe(1);
  });

  it('passes over keys that were decided by a later file', async () => {
    const bench = new MergeBench(small);
    bench.lake.put(
      'a.parquet',
      file([
        [1, 'later'],
        [2, 'b'],
      ]),
    );
    const batch = await bench.batch(
      await bench.slice(
        CHANGE,
        [OP, ID, NAME],
        [
          ['U', 1, 'late'],
          ['D', 2, null],
        ],
      ),
    );
    const keys = keyColumns(
      batch.columns.filter(({ name }) => name === 'id'),
      [],
    );
    const planned = await planMerge(batch, await bench.table(batch, []), keys, bench.limits, OWN_THREAD, (changes) => {
      changes.delete(1);
      return Promise.resolve();
    });
    expect(told(planned)).toEqual([
      [{ change: 'a.parquet', groups: [only({ removed: [1] })], appended: [], layout: 'grow' }],
    ]);
  });

  it('lays a file out anew where dead bytes would take more than their share', async () => {
    const rows = Array.from({ length: 400 }, (_, id): [number, string] => [id, `${id * 7919} some text`]);
    const layouts: unknown[] = [];
    for (const deadBytesShare of [0.05, 0.5]) {
      const bench = new MergeBench({ deadBytesShare, rowsPerRowGroup: 100 });
      bench.lake.put(
        'a.parquet',
        file(rows.slice(0, 100), rows.slice(100, 200), rows.slice(200, 300), rows.slice(300)),
      );
      const [[write] = []] = (await plan(bench, [['U', 5, 'x']])).phases;
      layouts.push(write?.kind === 'change' && write.layout);
    }
    expect(layouts).toEqual(['anew', 'grow']);
  });

  const ids = (...groups: number[][]) => file(...groups.map((group) => group.map((id): [number, string] => [id, 'a'])));

  it('joins small row groups to their neighbours where it lays a file out anew, and only there', async () => {
    const groups = [[1, 2], [3], [4, 5, 6, 7], [8], [9], [10, 11]];
    const at = async (deadBytesShare: number) => {
      const bench = new MergeBench({ deadBytesShare });
      bench.lake.put('a.parquet', ids(...groups));
      return told(
        await plan(bench, [
          ['D', 8, null],
          ['U', 9, 'x'],
        ]),
      );
    };
    const change = { change: 'a.parquet', appended: [] };
    expect(await at(1)).toEqual([
      [{ ...change, groups: ['keep', 'keep', 'keep', 'drop', only({ replaced: [[0, 1]] }), 'keep'], layout: 'grow' }],
    ]);
    expect(await at(0)).toEqual([
      [
        {
          ...change,
          groups: [{ join: [0, 1] }, 'joined', 'keep', 'drop', only({ replaced: [[0, 1]] }), 'keep'],
          layout: 'anew',
        },
      ],
    ]);
  });

  it('lays a file out anew where too many of its row groups are small', async () => {
    const layout = async (smallRowGroups: number) => {
      const bench = new MergeBench({ ...small, smallRowGroups });
      bench.lake.put('a.parquet', ids([1], [2], [3], [4], [5], [6], [7, 8, 9, 10]));
      await bench.merge(await bench.slice(CHANGE, [OP, ID, NAME], [['U', 9, 'x']]), ['id']);
      expect(bench.rows().map(([, , id]) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const [merged] = await bench.files();
      return merged!.footer.rowGroups.map(({ rows }) => rows);
    };
    // Four and two of them fit into one: four fewer.
    expect(await layout(4)).toEqual([1, 1, 1, 1, 1, 1, 4]);
    expect(await layout(3)).toEqual([4, 2, 4]);
  });

  it('names the columns whose chunks get bloom filters', async () => {
    const bench = new MergeBench();
    const batch = await bench.batch(await bench.slice(CHANGE, [OP, ID, NAME], [['I', 1, 'a']]));
    expect((await bench.planMerge(batch, ['id', 'name'])).bloomFilterColumns).toEqual(new Set(['name']));
  });

  it('says what finding the changed keys took', async () => {
    const bench = new MergeBench(small);
    bench.lake.put('a.parquet', ids([1, 2], [3, 4], [5, 6]));
    bench.lake.put('b.parquet', ids([7, 8]));
    const { finding } = await plan(bench, [['U', 3, 'x']]);
    expect(finding).toEqual({ files: 2, filesOpened: 2, rowGroups: 4, rowGroupsDecoded: 1 });
  });

  it('drops a row group of another writer that has no rows', async () => {
    const bench = new MergeBench({ deadBytesShare: 0 });
    bench.lake.put('a.parquet', file([], [[1, 'a']]));
    await bench.merge(await bench.slice(CHANGE, [OP, ID, NAME], [['I', 2, 'b']]), ['id']);
    expect(bench.rows()).toEqual([
      ['', 'I', 1, 'a'],
      ['', 'I', 2, 'b'],
    ]);
  });
});

describe('merges carried out', () => {
  type Row = [id: number, day: string | null, name: string];
  const day = fc.constantFrom('1', '2', null);
  const change = fc.tuple(
    fc.constantFrom('I', 'U', 'D'),
    fc.integer({ min: 0, max: 12 }),
    fc.string({ maxLength: 3 }),
    day,
  );

  it('leave each key once, in its partition, with its last value; a key that stays is never missing', async () => {
    const scenario = fc.record({
      files: fc.array(
        fc.tuple(
          fc.constantFrom('day=1/', 'day=2/', 'day=__HIVE_DEFAULT_PARTITION__/'),
          fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 6 }),
        ),
        { maxLength: 4 },
      ),
      merges: fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      rowsPerRowGroup: fc.integer({ min: 1, max: 4 }),
      deadBytesShare: fc.constantFrom(0, 0.5, 1),
      smallRowGroups: fc.constantFrom(0, 2, 32),
      targetFileBytes: fc.constantFrom(1, 1_500, 1_000_000),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ files, merges, ...limits }) => {
        const bench = new MergeBench(limits);
        const expected = new Map<number, Row>();
        for (const [i, [folder, ids]] of files.entries()) {
          const present = [...new Set(ids)].filter((id) => !expected.has(id));
          const text = folder.slice('day='.length, -1);
          for (const id of present) expected.set(id, [id, text.startsWith('_') ? null : text, 'old']);
          const half = present.length >> 1;
          bench.lake.put(
            `${folder}f${i}.parquet`,
            file(
              ...[present.slice(0, half), present.slice(half)].map((part) =>
                part.map((id): [number, string] => [id, 'old']),
              ),
            ),
          );
        }
        for (const [i, changes] of merges.entries()) {
          const before = new Set(expected.keys());
          const rows = changes.map(([op, id, name, to]) => (op === 'D' ? [op, id, null, null] : [op, id, name, to]));
          for (const [op, id, name, to] of changes) {
            if (op === 'D') expected.delete(id);
            else expected.set(id, [id, to, name]);
          }
          const batch = await bench.batch(
            await bench.slice(`20260301-10000000${i}.parquet`, [OP, ID, NAME, DAY], rows),
          );
          const plan = await bench.planMerge(batch, ['id'], ['day']);
          const old = new Map(bench.lake.keys().map((key) => [key, bench.lake.bytes(key)!]));
          await bench.carryOut(plan, batch, () => {
            const visible = new Set(bench.rows().map(([, , id]) => id));
            expect([...before].filter((id) => expected.has(id) && !visible.has(id))).toEqual([]);
          });
          const merged = bench.rows().map(([folder, , id, name]) => [id, folder, name]);
          const folderOf = (text: string | null) => `day=${text ?? '__HIVE_DEFAULT_PARTITION__'}/`;
          expect(merged.sort(byId)).toEqual(
            [...expected.values()].map(([id, to, name]) => [id, folderOf(to), name]).sort(byId),
          );
          expectOldVersionsToBeThere(plan, old, bench);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('find texts by the bloom filters that earlier ones wrote: each key once, with its last value', async () => {
    const key = fc.constantFrom(...Array.from({ length: 24 }, (_, i) => `${(i * 7919) % 97} key`));
    const scenario = fc.record({
      merges: fc.array(fc.array(fc.tuple(fc.constantFrom('I', 'U', 'D'), fc.nat(99), key), { minLength: 1 }), {
        minLength: 2,
        maxLength: 5,
      }),
      deadBytesShare: fc.constantFrom(0, 0.5, 1),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ merges, deadBytesShare }) => {
        const bench = new MergeBench({ deadBytesShare });
        const expected = new Map<string, number>();
        for (const [i, changes] of merges.entries()) {
          for (const [op, id, name] of changes) {
            if (op === 'D') expected.delete(name);
            else expected.set(name, id);
          }
          await bench.merge(await bench.slice(`20260301-10000000${i}.parquet`, [OP, ID, NAME], changes), ['name']);
          const merged = bench.rows().map(([, , id, name]): [string, number] => [name as string, id as number]);
          expect(merged.toSorted()).toEqual([...expected].toSorted());
          for (const { footer } of await bench.files()) {
            const filters = footer.rowGroups.map(({ chunks }) => chunks.map(({ bloomFilter }) => Boolean(bloomFilter)));
            expect(filters).toEqual(footer.rowGroups.map(() => [false, false, true]));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  const byId = ([a]: unknown[], [b]: unknown[]) => (a as number) - (b as number);

  /** A grown file begins with the old one, and whoever planned on the old footer still reads every old row. */
  function expectOldVersionsToBeThere({ phases }: MergePlan, old: Map<string, Uint8Array>, { lake }: MergeBench): void {
    for (const write of phases.flat()) {
      if (write.kind !== 'change' || write.layout !== 'grow') continue;
      const [before, after] = [old.get(write.file.key)!, lake.bytes(write.file.key)!];
      expect(Buffer.compare(after.subarray(0, before.length), before)).toBe(0);
      expect(rowsOf(after, parseFooter(before, before.length))).toEqual(rowsOf(before));
    }
  }
});
