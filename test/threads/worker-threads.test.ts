import { afterAll, describe, expect, it } from '@jest/globals';
import type { EncodedRows, RowsToEncode } from '../../lib/merge/encode-rows.ts';
import type { Column } from '../../lib/parquet/column-type.ts';
import { vectorOf } from '../../lib/parquet/vector.ts';
import { ThreadLost } from '../../lib/ports/threads.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { threadsFor } from '../../lib/threads/threads.ts';
import { WorkerThreads } from '../../lib/threads/worker-threads.ts';

const ID: Column = { name: 'id', type: { physical: 'INT64', logical: { kind: 'integer', bits: 64, signed: true } } };
const NAME: Column = { name: 'name', type: { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'UTF8' } } };

describe('worker threads', () => {
  const threads = new WorkerThreads(2);
  afterAll(() => threads.close());

  it('give what the own thread gives, whichever of them does it and in whatever order they end', async () => {
    const tasks = [3_000, 10, 1, 2_000, 500, 0].map((rows, i) => rowsToEncode(rows, i));
    const results = await Promise.all(tasks.map((task) => threads.run('encodeRows', task)));
    for (const [i, result] of results.entries()) {
      const own = await OWN_THREAD.run('encodeRows', rowsToEncode(tasks[i]!.rows, i));
      expect(bytesOf(result)).toEqual(bytesOf(own));
    }
  });

  it('give the chunks of a row group as one piece of memory, in their order', async () => {
    const [group] = await threads.run('encodeRows', rowsToEncode(100, 7));
    const parts = group!.chunks.flatMap((chunk) => chunk.parts);
    expect(new Set(parts.map(({ buffer }) => buffer)).size).toBe(1);
    expect(parts.map(({ byteOffset }) => byteOffset)).toEqual([0, parts[0]!.length]);
  });

  it('throw what a task throws, and go on with the next', async () => {
    const operation: Column = { ...NAME, name: 'Op' };
    const vector = vectorOf(operation.type, [Buffer.from('U')]);
    const bad = {
      columns: [{ column: operation, sources: [{ vector }], bloomFilter: false, isLoadOperation: true }],
      rowsPerRowGroup: 10,
    };
    await expect(threads.run('encodeRows', bad)).rejects.toMatchObject({
      name: 'NotAnInsert',
      message: expect.stringContaining('an operation other than I'),
    });
    await expect(threads.run('encodeRows', rowsToEncode(5, 1))).resolves.toHaveLength(1);
  });

  it('lose a task that cannot be sent, and no answer of another one', async () => {
    const same = new Uint8Array(8);
    const [unsent, sent] = await Promise.allSettled([
      threads.run('encodeRows', rowsToEncode(3, 1), [same, same]),
      threads.run('encodeRows', rowsToEncode(2, 1)),
    ]);
    expect(unsent).toMatchObject({ status: 'rejected', reason: expect.any(ThreadLost) });
    expect(sent).toMatchObject({ status: 'fulfilled', value: [{ rows: 2 }] });
  });

  it('say of a task whose thread ended that it is lost, not that it failed', async () => {
    const ending = new WorkerThreads(1);
    const tasks = [200_000, 1, 1, 1].map((rows) => ending.run('encodeRows', rowsToEncode(rows, 1)));
    const ends = Promise.allSettled(tasks);
    await ending.close();
    const reasons = (await ends).map((end) => (end.status === 'rejected' ? (end.reason as unknown) : 'done'));
    expect(reasons).toEqual(tasks.map(() => expect.any(ThreadLost)));
    await expect(ending.run('encodeRows', rowsToEncode(1, 1))).rejects.toThrow(ThreadLost);
  });
});

it.each([
  [0.6, 1],
  [1, 1],
  [2.3, 2],
  [16, 4],
])('for %s cores there are %s threads', (cores, count) => {
  expect(threadsFor(cores).count).toBe(count);
});

function rowsToEncode(rows: number, seed: number): RowsToEncode & { rows: number } {
  const numbers = Array.from({ length: rows }, (_, i) => i * 31 + seed);
  const ids = vectorOf(
    ID.type,
    numbers.map((number) => BigInt(number)),
  );
  const names = vectorOf(
    NAME.type,
    numbers.map((number) => Buffer.from(`name ${number % 97}`)),
  );
  return {
    columns: [
      { column: ID, sources: [{ vector: ids }], bloomFilter: false, isLoadOperation: false },
      { column: NAME, sources: [{ vector: names }], bloomFilter: true, isLoadOperation: false },
    ],
    rowsPerRowGroup: 1_000,
    rows,
  };
}

function bytesOf(groups: EncodedRows) {
  return groups.map(({ rows, chunks }) => ({
    rows,
    chunks: chunks.map(({ parts, ...chunk }) => ({ ...chunk, bytes: Buffer.concat(parts).toString('hex') })),
  }));
}
