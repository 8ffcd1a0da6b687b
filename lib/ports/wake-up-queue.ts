import type { WakeUp } from '../queue/wake-up.ts';

/**
 * The FIFO queue of wake-ups, grouped by table: messages of one group are handed out in order, to one consumer at a time.
 *
 * Adapters: `lib/aws/sqs-wake-up-queue.ts`, `lib/local/memory-wake-up-queue.ts`.
 */
export interface WakeUpQueue {
  /** Sends all of them or throws; a wake-up with the same deduplication id within five minutes is sent once. */
  send(wakeUps: readonly WakeUp[]): Promise<void>;

  /**
   * Lets messages that this consumer holds become visible again in `seconds` from now, should it not finish. Best effort:
   * a message no longer held is passed over.
   */
  extend(receiptHandles: readonly string[], seconds: number): Promise<void>;
}
