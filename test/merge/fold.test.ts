import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../../lib/merge/fold.ts';
import { batchKeys, keyColumns } from '../../lib/merge/key.ts';
import { valueAt } from '../../lib/parquet/vector.ts';
import type { DmsValue } from '../../lib/sample/dms-column.ts';
import { ID, MergeBench, NAME, OP } from './merge-bench.ts';

/** The last operation and name of each id. */
async function lastOf(...files: (readonly DmsValue[])[][]): Promise<[unknown, string, string | null][]> {
  const bench = new MergeBench();
  const slices = await Promise.all(
    files.map((rows, i) => bench.slice(`20260301-10000000${i}.parquet`, [OP, ID, NAME], rows)),
  );
  const batch = await bench.batch(...slices);
  const keys = keyColumns(
    batch.columns.filter(({ name }) => name === 'id'),
    [],
  );
  const names = batch.values.get('name')!;
  return [...fold(batch, batchKeys(batch, keys))].map(([key, row]) => {
    const name = valueAt(names, row) as Uint8Array | null;
    return [key, batch.operations[row]!, name && Buffer.from(name).toString()];
  });
}

describe('changes of one key come to the last of them', () => {
  it('when one file has I, U, D, I of it', async () => {
    expect(
      await lastOf([
        ['I', 1, 'a'],
        ['U', 1, 'b'],
        ['D', 1, null],
        ['I', 1, 'c'],
      ]),
    ).toEqual([[1, 'I', 'c']]);
  });

  it('when it is deleted last, be the D row of its key alone', async () => {
    expect(
      await lastOf([
        ['I', 1, 'a'],
        ['U', 1, 'b'],
        ['D', 1, null],
      ]),
    ).toEqual([[1, 'D', null]]);
  });

  it('when a later file changes it again', async () => {
    const files = [
      [
        ['I', 1, 'a'],
        ['I', 2, 'a'],
      ],
      [['D', 1, null]],
      [
        ['U', 2, 'z'],
        ['I', 1, 'y'],
      ],
    ];
    expect(await lastOf(...files)).toEqual([
      [1, 'I', 'y'],
      [2, 'U', 'z'],
    ]);
  });

  it('when the key is null', async () => {
    expect(
      await lastOf([
        ['I', null, 'a'],
        ['I', 0, 'b'],
        ['U', null, 'c'],
      ]),
    ).toEqual([
      [null, 'U', 'c'],
      [0, 'I', 'b'],
    ]);
  });

  it('whatever the changes: keys in the order of their first, rows of their last', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }), (keys) => {
        const last = fold({ rows: keys.length }, (row) => keys[row]!);
        expect([...last]).toEqual([...new Set(keys)].map((key) => [key, keys.lastIndexOf(key)]));
      }),
    );
  });
});
