import type { Clock } from '../../lib/ports/clock.ts';

const DEDUPLICATION_MS = 5 * 60 * 1000;

export interface QueueOptions {
  fifo: boolean;
  /** How long a received message stays hidden unless its consumer says otherwise. */
  visibilitySeconds: number;
  /** Receives after which a message goes to the dead letters instead of to a consumer. */
  maxReceiveCount?: number;
  deadLetters?: Queue;
}

export interface SentMessage {
  body: string;
  /** FIFO queues only. */
  groupId?: string | undefined;
  deduplicationId?: string | undefined;
}

export interface ReceivedMessage extends SentMessage {
  messageId: string;
  /** Of this receive only. */
  receiptHandle: string;
  receiveCount: number;
  sentAt: number;
}

interface HeldMessage extends ReceivedMessage {
  visibleAt: number;
}

/**
 * A queue of SQS, standard or FIFO. A FIFO group of which a message is in flight gives no more; a message whose
 * visibility has run out is handed out again, in its place, and its old receipt handle is void; one received too often
 * goes to the dead letters.
 */
export class Queue {
  #messages: HeldMessage[] = [];
  readonly #sent = new Map<string, { messageId: string; at: number }>();
  #ids = 0;

  constructor(
    readonly name: string,
    readonly options: QueueOptions,
    private readonly clock: Clock,
  ) {}

  /** Messages in the queue, visible or in flight. */
  get size(): number {
    return this.#messages.length;
  }

  send(message: SentMessage): { messageId: string } {
    const now = this.clock.now();
    const { fifo } = this.options;
    if (fifo && (!isFifoId(message.groupId) || !isFifoId(message.deduplicationId)))
      throw new Error(
        'a FIFO queue needs a group id and a deduplication id of 1 to 128 letters, digits or punctuation',
      );
    const deduplicationKey = `${message.groupId}\n${message.deduplicationId}`;
    const earlier = fifo ? this.#sent.get(deduplicationKey) : undefined;
    if (earlier && now - earlier.at < DEDUPLICATION_MS) return { messageId: earlier.messageId };
    const messageId = `${this.name}-${++this.#ids}`;
    if (fifo) this.#sent.set(deduplicationKey, { messageId, at: now });
    this.#messages.push({ ...message, messageId, receiptHandle: '', receiveCount: 0, sentAt: now, visibleAt: now });
    return { messageId };
  }

  receive(max: number, visibilitySeconds: number = this.options.visibilitySeconds): ReceivedMessage[] {
    const now = this.clock.now();
    const { maxReceiveCount = Infinity, deadLetters } = this.options;
    const locked = this.#groupsInFlight(now);
    const received: HeldMessage[] = [];
    const dead: HeldMessage[] = [];
    for (const message of this.#messages) {
      if (received.length === max) break;
      if (message.visibleAt > now || (message.groupId !== undefined && locked.has(message.groupId))) continue;
      if (message.receiveCount >= maxReceiveCount) {
        dead.push(message);
        continue;
      }
      message.receiveCount++;
      message.receiptHandle = `${message.messageId}#${message.receiveCount}`;
      message.visibleAt = now + visibilitySeconds * 1000;
      received.push(message);
    }
    this.#messages = this.#messages.filter((message) => !dead.includes(message));
    for (const { body, groupId, deduplicationId } of dead) deadLetters?.send({ body, groupId, deduplicationId });
    return received.map((message) => ({ ...message })); // as it was received, whatever becomes of it
  }

  /** False if the handle is of an earlier receive, or its visibility has run out (on a standard queue only the former). */
  delete(receiptHandle: string): boolean {
    const message = this.#held(receiptHandle);
    if (!message) return false;
    this.#messages.splice(this.#messages.indexOf(message), 1);
    return true;
  }

  /** False if the message is not in flight under this handle any more. */
  changeVisibility(receiptHandle: string, seconds: number): boolean {
    const message = this.#held(receiptHandle);
    if (!message || message.visibleAt <= this.clock.now()) return false;
    message.visibleAt = this.clock.now() + seconds * 1000;
    return true;
  }

  #held(receiptHandle: string): HeldMessage | undefined {
    const message = this.#messages.find((candidate) => candidate.receiptHandle === receiptHandle);
    const expired = this.options.fifo && message !== undefined && message.visibleAt <= this.clock.now();
    return receiptHandle === '' || expired ? undefined : message;
  }

  #groupsInFlight(now: number): Set<string> {
    const groups = new Set<string>();
    if (this.options.fifo)
      for (const { groupId, visibleAt } of this.#messages) if (groupId && visibleAt > now) groups.add(groupId);
    return groups;
  }
}

function isFifoId(id: string | undefined): boolean {
  return id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id);
}
