import { describe, expect, it } from '@jest/globals';

import type { RowChange } from '../../lib/table/wake.ts';
import { describeHistoryStore } from '../contracts/history-store.ts';
import { describeObjectStore } from '../contracts/object-store.ts';
import { describeTableStore } from '../contracts/table-store.ts';
import { describeWakeUpQueue } from '../contracts/wake-up-queue.ts';
import { MemoryHistoryStore } from './memory-history-store.ts';
import { MemoryObjectStore } from './memory-object-store.ts';
import { MemoryWakeUpQueue } from './memory-queue.ts';
import { MemoryTableStore } from './memory-table-store.ts';
import { VirtualClock } from './virtual-clock.ts';

describeObjectStore('MemoryObjectStore', () => new MemoryObjectStore());
describeTableStore('MemoryTableStore', () => new MemoryTableStore());
describeHistoryStore('MemoryHistoryStore', () => new MemoryHistoryStore());
describeWakeUpQueue('MemoryWakeUpQueue', () => {
  const clock = new VirtualClock();
  const queue = new MemoryWakeUpQueue({ clock, visibilitySeconds: 30 });
  return {
    queue,
    receive: (max) => queue.receive(max),
    delete: (receiptHandle) => queue.delete(receiptHandle),
    advance: (milliseconds) => clock.advance(milliseconds),
    visibilitySeconds: 30,
  };
});

describe('the memory stores', () => {
  it('tell of objects created, whoever wrote them', async () => {
    const created: string[] = [];
    const store = new MemoryObjectStore({ onCreated: (key) => created.push(key) });
    store.put('a', Buffer.from('1'));
    const { eTag } = await store.write('b', noPieces(), 'absent');
    await store.delete('b', eTag);
    expect(created).toEqual(['a', 'b']);
  });

  it('tell of changed rows with the images before and after, and of nothing when nothing changed', async () => {
    const changes: RowChange[] = [];
    const store = new MemoryTableStore({ onChange: (change) => changes.push(change) });
    await store.create({ path: 'p', version: 1 });
    store.edit('p', { ActiveFlag: 'true' });
    store.edit('p', { ActiveFlag: 'true' });
    store.edit('p', { ActiveFlag: undefined });
    await store.delete('p', { version: 1 });
    await store.delete('p', { version: 1 });
    expect(changes).toEqual([
      { sequenceNumber: '1', after: { path: 'p', version: 1 } },
      { sequenceNumber: '2', before: { path: 'p', version: 1 }, after: { path: 'p', version: 1, ActiveFlag: 'true' } },
      { sequenceNumber: '3', before: { path: 'p', version: 1, ActiveFlag: 'true' }, after: { path: 'p', version: 1 } },
      { sequenceNumber: '4', before: { path: 'p', version: 1 } },
    ]);
  });

  it('send a wake-up to the dead letters that was received too often', async () => {
    const clock = new VirtualClock();
    const queue = new MemoryWakeUpQueue({ clock, visibilitySeconds: 30, maxReceiveCount: 2 });
    await queue.send([{ table: 't', cause: '1' }]);
    for (const receiveCount of [1, 2]) {
      expect(queue.receive()).toMatchObject([{ receiveCount }]);
      clock.advance(30_000);
    }
    expect(queue.receive()).toEqual([]);
    expect([queue.size, queue.deadLetters.size]).toEqual([0, 1]);
  });

  it('do nothing when a fault rejects, and answer with a failure when it comes after the effect', async () => {
    const faults: string[] = [];
    const store = new MemoryObjectStore({
      fault: ({ name }) => {
        if (name !== 'write') return 'none';
        return faults.push(name) === 1 ? 'reject' : 'apply-then-fail';
      },
    });
    await expect(store.write('a', noPieces(), 'absent')).rejects.toThrow('reject');
    expect(store.keys()).toEqual([]);
    await expect(store.write('a', noPieces(), 'absent')).rejects.toThrow('apply-then-fail');
    expect(store.keys()).toEqual(['a']);
  });
});

async function* noPieces(): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(0));
}
