import type { Clock, RandomSource } from '../ports/clock.ts';
import type { WakeUpQueue } from '../ports/wake-up-queue.ts';
import { deduplicationId, type WakeUp } from '../queue/wake-up.ts';
import { wakeUpBody } from '../queue/wake-up-message.ts';
import type { WakeUpMessage } from '../table/reconcile-batch.ts';

const DEDUPLICATION_MS = 5 * 60_000;
/** How long a wake-up stays in its consumer's hands, unless extended. */
export const VISIBILITY_SECONDS = 15 * 60;

export interface ReceivedWakeUp extends WakeUpMessage {
  table: string;
  /** How often it was handed out, this time included. */
  receiveCount: number;
}

interface QueuedWakeUp extends ReceivedWakeUp {
  /** Milliseconds since the epoch; until then it is in someone's hands, or waits for its next try. */
  visibleAt: number;
}

/**
 * The wake-ups of one process. They may be lost with it, as the sweep at its start finds all there is. Like a FIFO queue
 * of SQS, it hands out no more of a table while a wake-up of it is in flight.
 */
export class MemoryWakeUpQueue implements WakeUpQueue {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  /** By table, in the order in which the tables began to wait. */
  readonly #groups = new Map<string, QueuedWakeUp[]>();
  /** When each deduplication id was sent, oldest first. */
  readonly #sentAt = new Map<string, number>();

  constructor({ clock, random }: { clock: Clock; random: RandomSource }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Tables with wake-ups that wait or are in flight. */
  get tables(): number {
    return this.#groups.size;
  }

  send(wakeUps: readonly WakeUp[]): Promise<void> {
    const now = this.#clock.now();
    this.#forgetSentBefore(now - DEDUPLICATION_MS);
    for (const wakeUp of wakeUps) {
      const id = deduplicationId(wakeUp);
      if (this.#sentAt.has(id)) continue;
      this.#sentAt.set(id, now);
      const { table } = wakeUp;
      const queued = { messageId: this.#random.id(), receiptHandle: '', body: wakeUpBody(wakeUp), table };
      const group = this.#groups.get(table) ?? [];
      group.push({ ...queued, receiveCount: 0, visibleAt: now });
      this.#groups.set(table, group);
    }
    return Promise.resolve();
  }

  /** Up to `max` wake-ups of up to `maxTables` tables that have none in flight, in order within each table. */
  receive(max: number, maxTables = max): ReceivedWakeUp[] {
    const now = this.#clock.now();
    return [...this.#groups.values()]
      .filter((group) => group.every(({ visibleAt }) => visibleAt <= now))
      .slice(0, maxTables)
      .flat()
      .slice(0, max)
      .map((queued) => {
        queued.receiveCount++;
        queued.receiptHandle = `${queued.messageId}#${queued.receiveCount}`;
        queued.visibleAt = now + VISIBILITY_SECONDS * 1000;
        return { ...queued, attributes: { ApproximateReceiveCount: String(queued.receiveCount) } };
      });
  }

  extend(receiptHandles: readonly string[], seconds: number): Promise<void> {
    const visibleAt = this.#clock.now() + seconds * 1000;
    const held = new Set(receiptHandles);
    for (const queued of [...this.#groups.values()].flat()) {
      if (held.has(queued.receiptHandle)) queued.visibleAt = visibleAt;
    }
    return Promise.resolve();
  }

  /** Takes wake-ups that were served out of the queue. */
  delete(receiptHandles: readonly string[]): void {
    const served = new Set(receiptHandles);
    for (const [table, group] of this.#groups) {
      const kept = group.filter(({ receiptHandle }) => !served.has(receiptHandle));
      if (kept.length === 0) this.#groups.delete(table);
      else if (kept.length < group.length) this.#groups.set(table, kept);
    }
  }

  /** When wake-ups of some table can be received, in milliseconds since the epoch; undefined if the queue is empty. */
  nextVisibleAt(): number | undefined {
    const times = [...this.#groups.values()].map((group) =>
      group.reduce((latest, { visibleAt }) => Math.max(latest, visibleAt), 0),
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #forgetSentBefore(time: number): void {
    for (const [id, sentAt] of this.#sentAt) {
      if (sentAt > time) break;
      this.#sentAt.delete(id);
    }
  }
}
