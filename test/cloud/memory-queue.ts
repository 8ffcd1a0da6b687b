import type { Clock } from '../../lib/ports/clock.ts';
import type { WakeUpQueue } from '../../lib/ports/wake-up-queue.ts';
import type { WakeUp } from '../../lib/queue/wake-up.ts';
import { deduplicationId, groupId } from '../../lib/queue/wake-up.ts';
import { wakeUpBody } from '../../lib/queue/wake-up-message.ts';
import type { WakeUpMessage } from '../../lib/table/reconcile-batch.ts';
import type { FaultHook } from './fault.ts';
import { noFaults, underFault } from './fault.ts';
import { Queue } from './queue.ts';
import { systemClock } from './virtual-clock.ts';

/** The wake-up queue port straight on the queue model, and the side of it that AWS Lambda's poller sees. */
export class MemoryWakeUpQueue implements WakeUpQueue {
  /** Wake-ups received more than `maxReceiveCount` times. */
  readonly deadLetters: Queue;
  readonly #queue: Queue;
  readonly #fault: FaultHook;

  constructor(
    options: { clock?: Clock; visibilitySeconds?: number; maxReceiveCount?: number; fault?: FaultHook } = {},
  ) {
    const clock = options.clock ?? systemClock;
    const visibilitySeconds = options.visibilitySeconds ?? 30;
    const { maxReceiveCount = Infinity } = options;
    this.deadLetters = new Queue('wake-ups-dead.fifo', { fifo: true, visibilitySeconds }, clock);
    this.#queue = new Queue(
      'wake-ups.fifo',
      { fifo: true, visibilitySeconds, maxReceiveCount, deadLetters: this.deadLetters },
      clock,
    );
    this.#fault = options.fault ?? noFaults;
  }

  /** Messages in the queue, visible or in flight. */
  get size(): number {
    return this.#queue.size;
  }

  send(wakeUps: readonly WakeUp[]): Promise<void> {
    return this.#call('send', () => {
      for (const wakeUp of wakeUps)
        this.#queue.send({
          body: wakeUpBody(wakeUp),
          groupId: groupId(wakeUp.table),
          deduplicationId: deduplicationId(wakeUp),
        });
    });
  }

  extend(receiptHandles: readonly string[], seconds: number): Promise<void> {
    return this.#call('extend', () => {
      for (const receiptHandle of receiptHandles) this.#queue.changeVisibility(receiptHandle, seconds);
    });
  }

  /** Up to `max` messages of groups that have none in flight. */
  receive(max = 10): (WakeUpMessage & { receiveCount: number })[] {
    return this.#queue.receive(max).map(({ messageId, receiptHandle, body, receiveCount }) => ({
      messageId,
      receiptHandle,
      body,
      receiveCount,
      attributes: { ApproximateReceiveCount: String(receiveCount) },
    }));
  }

  /** Acknowledges a message; nothing happens if it is not held any more. */
  delete(receiptHandle: string): void {
    this.#queue.delete(receiptHandle);
  }

  #call(name: string, effect: () => void): Promise<void> {
    return underFault(this.#fault, { service: 'sqs', name, target: 'wake-ups.fifo' }, effect);
  }
}
