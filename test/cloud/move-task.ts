import type { Clock } from '../../lib/ports/clock.ts';
import type { Queue } from './queue.ts';

/** What SQS chooses by itself where no rate is asked for; its own maximum. */
const MESSAGES_PER_SECOND = 500;

/**
 * A task that moves dead letters back to the queues that they came from, oldest first, as time passes. What is in
 * someone's hands stays; what is moved is a new message.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export class MoveTask {
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' = 'RUNNING';
  moved = 0;
  readonly toMove: number;
  readonly startedAt: number;
  readonly handle: string;

  constructor(
    readonly source: Queue,
    private readonly clock: Clock,
    private readonly rate: number = MESSAGES_PER_SECOND,
  ) {
    this.startedAt = clock.now();
    this.toMove = source.visible;
    this.handle = `${source.name}-${this.startedAt}`;
  }

  /** Moves what is due by now. */
  advance(): void {
    if (this.status !== 'RUNNING') return;
    const due = Math.floor(((this.clock.now() - this.startedAt) / 1000) * this.rate);
    while (this.moved < Math.min(due, this.toMove) && this.source.moveOldestBack()) this.moved++;
    if (this.moved === this.toMove || (due > this.moved && this.source.visible === 0)) this.status = 'COMPLETED';
  }

  cancel(): void {
    this.status = 'CANCELLED';
  }
}
