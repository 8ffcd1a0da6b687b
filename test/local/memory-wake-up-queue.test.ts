import { describe, expect, it } from '@jest/globals';

import { SYSTEM_RANDOM } from '../../lib/system.ts';
import { MemoryWakeUpQueue, VISIBILITY_SECONDS } from '../../lib/local/memory-wake-up-queue.ts';
import { describeWakeUpQueue } from '../contracts/wake-up-queue.ts';

function makeQueue() {
  let now = 1_700_000_000_000;
  const queue = new MemoryWakeUpQueue({ clock: { now: () => now }, random: SYSTEM_RANDOM });
  return {
    queue,
    receive: (max: number) => queue.receive(max),
    delete: (receiptHandle: string) => queue.delete([receiptHandle]),
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
    visibilitySeconds: VISIBILITY_SECONDS,
    now: () => now,
  };
}

describeWakeUpQueue('the memory of a process', makeQueue);

describe('a queue of wake-ups in memory', () => {
  it('gives all the wake-ups of as many tables as are asked for', async () => {
    const { queue } = makeQueue();
    const wakeUps = ['a', 'b', 'a', 'c', 'a'].map((table, i) => ({ table, cause: String(i) }));
    await queue.send(wakeUps);
    expect(queue.tables).toBe(3);
    expect(queue.receive(100, 2).map(({ table }) => table)).toEqual(['a', 'a', 'a', 'b']);
    expect(queue.receive(100, 2).map(({ table }) => table)).toEqual(['c']);
  });

  it('tells how often a wake-up was handed out', async () => {
    const { queue } = makeQueue();
    await queue.send([{ table: 'a', cause: '1' }]);
    for (const expected of [1, 2, 3]) {
      const [received] = queue.receive(1);
      expect(received?.receiveCount).toBe(expected);
      await queue.extend([received!.receiptHandle], 0);
    }
  });

  it('tells when there is something to receive', async () => {
    const { queue, now } = makeQueue();
    expect(queue.nextVisibleAt()).toBeUndefined();
    await queue.send([{ table: 'a', cause: '1' }]);
    expect(queue.nextVisibleAt()).toBe(now());
    const [received] = queue.receive(1);
    await queue.extend([received!.receiptHandle], 3);
    expect(queue.nextVisibleAt()).toBe(now() + 3000);
    queue.delete([received!.receiptHandle]);
    expect(queue.nextVisibleAt()).toBeUndefined();
  });
});
