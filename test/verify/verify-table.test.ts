import { describe, expect, it } from '@jest/globals';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import type { Change, LabTable } from '../table/table-lab.ts';
import { ID, ITEM, TableLab } from '../table/table-lab.ts';
import type { StoredRow } from './planted.ts';
import { differences, plant, plantIn, verified } from './planted.ts';

const CHANGES = '20260301-100000000';

/** Keys 1 to 12, of which changes have touched 2 and taken away 3. */
async function orders(settings = {}): Promise<LabTable> {
  const table = await new TableLab().activeTable(settings);
  table.load(
    'LOAD00000001',
    numbers(12).map((id) => [id, `item ${id}`, 'mon'] as const),
  );
  table.change(CHANGES, [
    ['U', 2, 'changed', 'mon'],
    ['D', 3],
  ]);
  await table.lab.settle();
  return table;
}

const ROWS: readonly StoredRow[] = numbers(12)
  .filter((id) => id !== 3)
  .map((id) => (id === 2 ? ['U', 2, 'changed', 'mon'] : ['I', id, `item ${id}`, 'mon']));

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function without(...ids: number[]): StoredRow[] {
  return ROWS.filter(([, id]) => !ids.includes(Number(id)));
}

describe('a lake with a primary key', () => {
  it('is equal to its raw files after merges', async () => {
    expect(await verified(await orders())).toEqual({
      table: 'shop/orders',
      state: 'equal',
      notes: [],
      files: { merged: 2, waiting: 0 },
      rows: {
        expected: 11,
        inLake: 11,
        equal: 11,
        missing: { count: 0 },
        unexpected: { count: 0 },
        different: { count: 0, columns: [] },
        twice: { count: 0 },
        misplaced: { count: 0 },
        passes: 1,
      },
    });
  });

  it('is equal, whoever wrote the same rows into its files, and in whichever order', async () => {
    const table = await orders();
    plant(table, 0, ROWS.toReversed());
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { equal: 11 } });
  });

  it('that lacks rows differs, with the range of their keys in the order of numbers', async () => {
    const table = await orders();
    plant(table, 0, without(2, 9, 10));
    const result = await verified(table);
    expect(differences(result)).toEqual({
      state: 'differs',
      missing: { count: 3, smallest: { id: '2' }, largest: { id: '10' } },
    });
    expect(result.rows).toMatchObject({ expected: 11, inLake: 8, equal: 8 });
  });

  it('that has rows of deleted and of unknown keys differs', async () => {
    const table = await orders();
    plant(table, 0, [...ROWS, ['I', 3, 'item 3', 'mon'], ['I', -40, 'x', null], ['I', null, 'x', null]]);
    expect(differences(await verified(table))).toEqual({
      state: 'differs',
      unexpected: { count: 3, smallest: { id: null }, largest: { id: '3' } },
    });
  });

  it('that has other values differs, and says in which columns', async () => {
    const table = await orders();
    plant(table, 0, [...without(2, 7), ['U', 2, 'other', 'mon'], ['I', 7, 'item 7', null]]);
    expect(differences(await verified(table))).toEqual({
      state: 'differs',
      different: { count: 2, smallest: { id: '2' }, largest: { id: '7' }, columns: ['item', 'day'] },
    });
  });

  it('whose Op is not that of the last change differs', async () => {
    const table = await orders();
    plant(table, 0, [...without(2), ['I', 2, 'changed', 'mon']]);
    expect(differences(await verified(table))).toMatchObject({ different: { count: 1, columns: ['Op'] } });
  });

  it('tells null from empty text', async () => {
    const table = await new TableLab().activeTable();
    table.load('LOAD00000001', [[1, ''], [2], [3, '']]);
    await table.lab.settle();
    plant(table, 0, [
      ['I', 1, null, null],
      ['I', 2, '', null],
      ['I', 3, '', null],
    ]);
    expect(differences(await verified(table))).toMatchObject({
      different: { count: 2, smallest: { id: '1' }, largest: { id: '2' }, columns: ['item'] },
    });
  });

  it('that lacks a column differs where it had values', async () => {
    const table = await orders();
    plant(
      table,
      0,
      ROWS.map((row) => row.slice(0, 3)),
      [ID, ITEM],
    );
    expect(differences(await verified(table))).toMatchObject({ different: { count: 11, columns: ['day'] } });
  });

  it('that holds a key twice in a file, or in two, differs, whatever else is right or wrong with it', async () => {
    const table = await orders();
    plant(table, 0, [...ROWS, ['I', 5, 'item 5', 'mon'], ['I', 5, 'item 5', 'mon'], ['I', 6, 'stale', 'mon']]);
    plantIn(table, '', [['I', 11, 'item 11', 'mon']]);
    const result = await verified(table);
    expect(differences(result)).toEqual({
      state: 'differs',
      twice: { count: 3, smallest: { id: '5' }, largest: { id: '11' } },
      different: { count: 1, smallest: { id: '6' }, largest: { id: '6' }, columns: ['item'] },
    });
    expect(result.rows).toMatchObject({ expected: 11, inLake: 15, equal: 8 });
  });

  it('is held against the files as they apply by their names, a late one in its place', async () => {
    const table = await orders();
    table.change('20260301-090000000', [
      ['U', 2, 'late', null],
      ['D', 4],
      ['I', 3, 'late', null],
    ]);
    await table.lab.settle();
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { expected: 10 }, files: { merged: 3 } });
  });

  it('is the same in many passes, whatever differs', async () => {
    const table = await orders();
    plant(table, 0, [...without(4, 8, 2), ['I', 3, 'x', null], ['U', 2, 'x', 'mon'], ['I', 5, 'item 5', 'mon']]);
    const atOnce = await verified(table);
    for (const keysAtOnce of [1, 2, 3, 7]) {
      const inShares = await verified(table, { keysAtOnce });
      expect(inShares.rows?.passes).toBeGreaterThan(11 / keysAtOnce - 1);
      expect(inShares).toEqual({ ...atOnce, rows: { ...atOnce.rows, passes: inShares.rows?.passes } });
    }
  });

  it('does without another pass for keys that were deleted again', async () => {
    const table = await new TableLab().activeTable();
    table.load('LOAD00000001', [[0]]);
    for (let file = 0; file < 5; file++) {
      const ids = numbers(10).map((id) => 10 * file + id);
      const changes = ids.flatMap((id): Change[] => [
        ['I', id],
        ['D', id],
      ]);
      table.change(`20260301-10000000${file}`, changes);
    }
    await table.lab.settle();
    expect(await verified(table, { keysAtOnce: 4 })).toMatchObject({ state: 'equal', rows: { passes: 1 } });
  });

  it('of more keys than expected takes more passes, not more memory', async () => {
    const table = await new TableLab().activeTable();
    table.load('LOAD00000001', [[0]]);
    table.change(
      CHANGES,
      numbers(100).map((id) => ['I', id] as const),
    );
    await table.lab.settle();
    plant(table, 0, [['I', 0, null, null]]);
    const result = await verified(table, { keysAtOnce: 10 });
    expect(result.rows?.passes).toBeGreaterThanOrEqual(10);
    expect(differences(result)).toEqual({
      state: 'differs',
      missing: { count: 100, smallest: { id: '1' }, largest: { id: '100' } },
    });
  });

  it('says how many rows were read, up to all of them', async () => {
    const seen: [number, number][] = [];
    await verified(await orders(), { onProgress: (read, of) => seen.push([read, of]) });
    expect(seen.at(-1)).toEqual([25, 25]);
    await verified(await orders(), { keysAtOnce: 3, onProgress: (read, of) => seen.push([read, of]) });
    expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1]);
  });
});

describe('a value of each type', () => {
  const cases: [DmsColumn['type'], DmsValue, DmsValue][] = [
    [{ kind: 'boolean' }, true, false],
    [{ kind: 'int8' }, 1, -1],
    [{ kind: 'int16' }, 1, 2],
    [{ kind: 'int32' }, 0, null],
    [{ kind: 'int64' }, 2n ** 53n, 2n ** 53n + 1n],
    [{ kind: 'uint8' }, 0, 255],
    [{ kind: 'uint32' }, 2 ** 32 - 1, 2 ** 31],
    [{ kind: 'uint64' }, 2n ** 64n - 1n, 2n ** 63n],
    [{ kind: 'decimal', precision: 38, scale: 4 }, 1234567890123456789012345678n, 1234567890123456789012345679n],
    [{ kind: 'decimal', precision: 9, scale: 2, storedAs: 'INT32' }, 100n, 1000n],
    [{ kind: 'decimal', precision: 18, scale: 2, storedAs: 'INT64' }, 0n, null],
    [{ kind: 'float' }, 0, -0],
    [{ kind: 'float' }, 0.1, 0.2],
    [{ kind: 'double' }, 0, -0],
    [{ kind: 'double' }, 0.1, 0.1 + 2 ** -56],
    [{ kind: 'double' }, NaN, null],
    [{ kind: 'date' }, 0, 1],
    [{ kind: 'timestampMillis' }, 0n, 1n],
    [{ kind: 'timestampMicros' }, 1_700_000_000_000_000n, 1_700_000_000_000_001n],
    [{ kind: 'timeMillis' }, 0, 1],
    [{ kind: 'timeMicros' }, 0n, 1n],
    [{ kind: 'string' }, 'a', 'a\u0000'],
    [{ kind: 'string' }, 'é', 'e\u0301'],
    [{ kind: 'bytes' }, new Uint8Array(), null],
    [{ kind: 'bytes' }, new Uint8Array([0xff, 0x00]), new Uint8Array([0xff])],
  ];

  it.each(cases)('%j: %p is not %p, and is itself', async (type, value, other) => {
    const table = await new TableLab().activeTable();
    const columns: DmsColumn[] = [ID, { name: 'value', type }];
    table.putFile('LOAD00000001.parquet', columns, [
      [1, value],
      [2, other],
    ]);
    await table.lab.settle();
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { equal: 2 } });
    plant(
      table,
      0,
      [
        ['I', 1, other],
        ['I', 2, other],
      ],
      columns,
    );
    expect(differences(await verified(table))).toEqual({
      state: 'differs',
      different: { count: 1, smallest: { id: '1' }, largest: { id: '1' }, columns: ['value'] },
    });
  });

  it('that was widened in the lake is compared as what it is', async () => {
    const table = await new TableLab().activeTable();
    const column = (type: DmsColumn['type']): DmsColumn[] => [ID, { name: 'value', type }];
    table.putFile('LOAD00000001.parquet', column({ kind: 'int32' }), [[1, 5]]);
    await table.lab.settle();
    const op: DmsColumn = { name: 'Op', type: { kind: 'string' } };
    table.putFile(`${CHANGES}.parquet`, [op, ...column({ kind: 'decimal', precision: 20, scale: 2 })], [['I', 2, 7n]]);
    await table.lab.settle();
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { equal: 2 } });
  });
});

describe('a key', () => {
  it('of several columns is ordered by the first, then by the next, and shown by name', async () => {
    const table = await new TableLab().activeTable({ primaryKey: ['day', 'id'] });
    table.load('LOAD00000001', [
      [10, 'x', 'a'],
      [9, 'x', 'b'],
      [2, 'x', 'a'],
      [1, 'x', null],
      [5, 'x', 'b'],
    ]);
    await table.lab.settle();
    plant(table, 0, [
      ['I', 5, 'x', 'b'],
      ['I', 1, 'x', null],
    ]);
    expect(differences(await verified(table))).toMatchObject({
      missing: { count: 3, smallest: { day: 'a', id: '2' }, largest: { day: 'b', id: '9' } },
    });
  });

  it('of bytes is shown in hexadecimal digits', async () => {
    const table = await new TableLab().activeTable({ primaryKey: ['code'] });
    const columns: DmsColumn[] = [{ name: 'code', type: { kind: 'bytes' } }];
    table.putFile('LOAD00000001.parquet', columns, [[new Uint8Array([0xff, 1])], [new Uint8Array([0x0a])]]);
    await table.lab.settle();
    plant(table, 0, [], columns);
    expect(differences(await verified(table))).toMatchObject({
      missing: { count: 2, smallest: { code: '0x0a' }, largest: { code: '0xff01' } },
    });
  });
});

describe('a partitioned lake', () => {
  async function byDay(primaryKey = ['id']): Promise<LabTable> {
    const table = await new TableLab().activeTable({ primaryKey, partitionKey: ['day'] });
    table.load('LOAD00000001', [
      [1, 'a', 'mon'],
      [2, 'b', 'mon'],
      [3, 'c', null],
      [4, 'd', 'a/b'],
    ]);
    table.change(CHANGES, [['U', 2, 'b', 'tue']]);
    await table.lab.settle();
    return table;
  }

  it('is equal, with rows that moved, null and names that are escaped', async () => {
    const table = await byDay();
    expect(await verified(table)).toMatchObject({ state: 'equal', rows: { equal: 4 } });
    expect(table.lakeFiles().map((file) => file.split('/')[0])).toContain('day=a%2Fb');
  });

  it('differs where a row is in another folder than that of its value', async () => {
    const table = await byDay();
    const mon = table.lakeFiles().findIndex((file) => file.startsWith('day=mon'));
    plant(table, mon, []);
    plantIn(table, 'day=wed/', [['I', 1, 'a']]);
    const result = await verified(table);
    expect(differences(result)).toEqual({
      state: 'differs',
      misplaced: { count: 1, smallest: { id: '1' }, largest: { id: '1' } },
    });
    expect(result.rows).toMatchObject({ equal: 3 });
  });

  it('whose key names the partition column has another key in another folder', async () => {
    const table = await byDay(['day', 'id']);
    const mon = table.lakeFiles().findIndex((file) => file.startsWith('day=mon'));
    plant(table, mon, [['I', 2, 'b']]);
    plantIn(table, 'day=wed/', [['I', 1, 'a']]);
    expect(differences(await verified(table))).toEqual({
      state: 'differs',
      missing: { count: 1, smallest: { id: '1', day: 'mon' }, largest: { id: '1', day: 'mon' } },
      unexpected: { count: 1, smallest: { id: '1', day: 'wed' }, largest: { id: '1', day: 'wed' } },
    });
  });
});

describe('a lake without a primary key', () => {
  async function log(): Promise<LabTable> {
    const table = await new TableLab().activeTable({ primaryKey: [] });
    table.load('LOAD00000001', [
      [1, 'a'],
      [1, 'a'],
      [2, 'b'],
    ]);
    table.change(CHANGES, [
      ['I', 1, 'a'],
      ['U', 2, 'c'],
      ['D', 1],
      ['I', 3],
    ]);
    await table.lab.settle();
    return table;
  }

  it('is equal if it holds each insert as often as it was made', async () => {
    expect(await verified(await log())).toMatchObject({ state: 'equal', rows: { expected: 5, equal: 5 } });
  });

  it.each([1, 2, 100])('differs by rows too few and rows too many, with %i keys at once', async (keysAtOnce) => {
    const table = await log();
    plant(table, 0, [
      ['I', 1, 'a', null],
      ['I', 1, 'a', null],
      ['I', 2, 'B', null],
      ['I', 3, null, null],
      ['I', 3, null, null],
    ]);
    const result = await verified(table, { keysAtOnce });
    expect(differences(result)).toEqual({ state: 'differs', missing: { count: 2 }, unexpected: { count: 2 } });
    expect(result.rows).toMatchObject({ expected: 5, inLake: 5, equal: 3 });
  });

  it('differs if a row is in the wrong folder, which is another row', async () => {
    const table = await new TableLab().activeTable({ primaryKey: [], partitionKey: ['day'] });
    table.load('LOAD00000001', [
      [1, 'a', 'mon'],
      [1, 'a', 'tue'],
    ]);
    await table.lab.settle();
    expect(await verified(table)).toMatchObject({ state: 'equal' });
    plant(table, 0, [
      ['I', 1, 'a'],
      ['I', 1, 'a'],
    ]);
    plant(table, 1, []);
    expect(differences(await verified(table))).toEqual({
      state: 'differs',
      missing: { count: 1 },
      unexpected: { count: 1 },
    });
  });
});

describe('what is shown of rows', () => {
  it('are keys, never other values', async () => {
    const table = await orders();
    plant(table, 0, [...without(2, 5), ['U', 2, 'secret of lake', 'mon'], ['I', 77, 'secret too', 'mon']]);
    const text = JSON.stringify(await verified(table));
    expect(text).toContain('77');
    expect(text).not.toMatch(/secret|changed|item 5|mon/);
    expect(table.lab.said).toEqual([]);
  });
});
