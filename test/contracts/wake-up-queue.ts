/**
 * What every queue of wake-ups promises (`lib/ports/wake-up-queue.ts`), as tests, together with what a consumer sees of
 * it. `makeQueue` is called before each test and answers with an empty queue.
 */
/* eslint jest/no-standalone-expect: ["error", { "additionalTestBlockFunctions": ["it"] }] -- a contract's `it` is its own */
import { beforeEach, describe, expect } from '@jest/globals';
import type { WakeUpQueue } from '../../lib/ports/wake-up-queue.ts';
import type { WakeUp } from '../../lib/queue/wake-up.ts';
import type { WakeUpMessage } from '../../lib/table/reconcile-batch.ts';
import type { Exceptions } from './exceptions.ts';
import { testsExcept } from './exceptions.ts';

export interface QueueUnderTest {
  queue: WakeUpQueue;
  /** Up to `max` messages (10 at most), without waiting. */
  receive(max: number): WakeUpMessage[] | Promise<WakeUpMessage[]>;
  /** Acknowledges a message. */
  delete(receiptHandle: string): unknown;
  /** Lets time pass. */
  advance(milliseconds: number): unknown;
  /** How long a received message stays hidden unless extended; more than 2 seconds. */
  visibilitySeconds: number;
}

export function describeWakeUpQueue(
  name: string,
  makeQueue: () => QueueUnderTest | Promise<QueueUnderTest>,
  exceptions: Exceptions = {},
): void {
  const it = testsExcept(exceptions);
  describe(`${name} as a queue of wake-ups`, () => {
    let sut: QueueUnderTest;

    beforeEach(async () => {
      sut = await makeQueue();
    });

    const receive = async (max = 10): Promise<(WakeUpMessage & { wakeUp: WakeUp })[]> =>
      (await sut.receive(max)).map((message) => ({ ...message, wakeUp: JSON.parse(message.body) as WakeUp }));
    const causes = async (max = 10): Promise<string[]> => (await receive(max)).map(({ wakeUp }) => wakeUp.cause);
    const wakeUp = (table: string, cause: string): WakeUp => ({ table: `bucket/sales/${table}/`, cause });

    it('hands out what was sent', async () => {
      const sent: WakeUp = { table: 'bucket/säles/a b/', key: 'säles/a b/1.parquet', cause: 'any text ü\n"' };
      await sut.queue.send([sent]);
      const [message, ...others] = await receive();
      expect(message?.wakeUp).toEqual(sent);
      expect(others).toEqual([]);
    });

    it('hands out what was sent, whatever characters the names have', async () => {
      const odd = 'a\ufffe\uffff\ufffd\u0000\u0001\u007f\u0085\u2028\u{1ffff}';
      const sent: WakeUp = { table: `bucket/sales/${odd}/`, key: `sales/${odd}/${odd}.parquet`, cause: odd };
      await sut.queue.send([sent, wakeUp('orders', 'beside it')]);
      expect((await receive()).map((message) => message.wakeUp)).toEqual([sent, wakeUp('orders', 'beside it')]);
    });

    it('sends nothing if there is nothing to send', async () => {
      await sut.queue.send([]);
      await sut.queue.extend([], 60);
      expect(await receive()).toEqual([]);
    });

    it('sends more wake-ups than one request holds, in order', async () => {
      await sut.queue.send(Array.from({ length: 25 }, (_, i) => wakeUp('orders', `cause ${i}`)));
      const seen: string[] = [];
      for (let batch = await receive(); batch.length > 0; batch = await receive())
        for (const message of batch) {
          seen.push(message.wakeUp.cause);
          await sut.delete(message.receiptHandle);
        }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `cause ${i}`));
    });

    it('takes a wake-up with the same table and cause once', async () => {
      await sut.queue.send([wakeUp('orders', 'a'), wakeUp('orders', 'a'), wakeUp('items', 'a')]);
      const first = await receive();
      expect(first).toHaveLength(2);
      for (const { receiptHandle } of first) await sut.delete(receiptHandle);
      await sut.queue.send([wakeUp('orders', 'a')]);
      expect(await receive()).toEqual([]);
    });

    it('takes it again after five minutes', async () => {
      await sut.queue.send([wakeUp('orders', 'a')]);
      const [first] = await receive();
      await sut.delete(first!.receiptHandle);
      await sut.advance(4 * 60 * 1000);
      await sut.queue.send([wakeUp('orders', 'a')]);
      expect(await receive()).toEqual([]);
      await sut.advance(61 * 1000);
      await sut.queue.send([wakeUp('orders', 'a')]);
      expect(await receive()).toHaveLength(1);
    });

    it('gives the messages of a table to one consumer at a time', async () => {
      await sut.queue.send([wakeUp('orders', '1'), wakeUp('orders', '2'), wakeUp('items', '3')]);
      const [first] = await receive(1);
      expect(first?.wakeUp.cause).toBe('1');
      expect(await causes()).toEqual(['3']);
      await sut.delete(first!.receiptHandle);
      expect(await causes()).toEqual(['2']);
    });

    it('hands a message out again, in its place, when its consumer did not finish', async () => {
      await sut.queue.send([wakeUp('orders', '1'), wakeUp('orders', '2')]);
      await receive(1);
      await sut.advance(sut.visibilitySeconds * 1000 + 1);
      expect(await causes()).toEqual(['1', '2']);
    });

    it('tells how often a message was handed out', async () => {
      await sut.queue.send([wakeUp('orders', '1')]);
      for (const times of [1, 2, 3]) {
        const [message] = await receive();
        expect(Number(message?.attributes?.ApproximateReceiveCount)).toBe(times);
        await sut.queue.extend([message!.receiptHandle], 0);
        await sut.advance(1);
      }
    });

    it('hands out the messages of a table together again, though one of them is acknowledged', async () => {
      await sut.queue.send(['1', '2', '3'].map((cause) => wakeUp('orders', cause)));
      const [first] = await receive();
      await sut.delete(first!.receiptHandle);
      await sut.queue.send([wakeUp('orders', '4')]);
      expect(await causes()).toEqual([]);
      await sut.advance(sut.visibilitySeconds * 1000 + 1);
      expect(await causes()).toEqual(['2', '3', '4']);
    });

    it('lets a consumer hold its messages for longer, or for shorter', async () => {
      await sut.queue.send([wakeUp('orders', '1'), wakeUp('items', '2')]);
      const [orders, items] = await receive();
      await sut.queue.extend([orders!.receiptHandle], sut.visibilitySeconds + 10);
      await sut.queue.extend([items!.receiptHandle], 1);
      await sut.advance(2000);
      const [again] = await receive();
      expect(again?.wakeUp.cause).toBe('2');
      await sut.delete(again!.receiptHandle);
      await sut.advance(sut.visibilitySeconds * 1000);
      expect(await causes()).toEqual([]);
      await sut.advance(10_000);
      expect(await causes()).toEqual(['1']);
    });

    it('passes over messages that are not held any more', async () => {
      await sut.queue.send([wakeUp('orders', '1'), wakeUp('items', '2')]);
      const [gone, held] = await receive();
      await sut.delete(gone!.receiptHandle);
      await sut.queue.extend([gone!.receiptHandle, 'never given out', held!.receiptHandle], sut.visibilitySeconds + 10);
      await sut.advance(sut.visibilitySeconds * 1000 + 1);
      expect(await causes()).toEqual([]);
    });

    it('takes any number of seconds', async () => {
      await sut.queue.send([wakeUp('orders', '1'), wakeUp('items', '2')]);
      const [first, second] = await receive();
      await sut.queue.extend([first!.receiptHandle], -5);
      await sut.queue.extend([second!.receiptHandle], 10_000_000.5);
      await sut.advance(1);
      expect(await causes()).toEqual([first!.wakeUp.cause]);
    });
  });
}
