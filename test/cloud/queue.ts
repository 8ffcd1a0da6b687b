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
 * goes to the dead letters, from where it can be moved back.
 */
export class Queue {
  #messages: HeldMessage[] = [];
  /** Of a dead letter, by its message id: the queue that it was received from too often. */
  readonly #origins = new Map<string, Queue>();
  readonly #sent = new Map<string, { messageId: string; at: number }>();
  #ids = 0;
  /** When a message can be received; undefined until that is asked for again. */
  #next: number | undefined;

  constructor(
    readonly name: string,
    readonly options: QueueOptions,
    private readonly clock: Clock,
  ) {}

  /** Messages in the queue, visible or in flight. */
  get size(): number {
    return this.#messages.length;
  }

  /** Messages that can be received. */
  get visible(): number {
    return this.#messages.filter(({ visibleAt }) => visibleAt <= this.clock.now()).length;
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
    this.#next = undefined;
    this.#messages.push({ ...message, messageId, receiptHandle: '', receiveCount: 0, sentAt: now, visibleAt: now });
    return { messageId };
  }

  receive(max: number, visibilitySeconds: number = this.options.visibilitySeconds): ReceivedMessage[] {
    this.#next = undefined;
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
    if (dead.length > 0) this.#messages = this.#messages.filter((message) => !dead.includes(message));
    if (deadLetters) for (const message of dead) deadLetters.#bury(message, this);
    return received.map((message) => ({ ...message })); // as it was received, whatever becomes of it
  }

  /** How many messages are such. */
  count(isSuch: (message: SentMessage) => boolean): number {
    return this.#messages.filter(isSuch).length;
  }

  /** When a message can be received, in ms since the epoch; undefined if there is none. */
  nextVisibleAt(): number | undefined {
    this.#next ??= this.#earliest();
    return this.#next === Infinity ? undefined : this.#next;
  }

  /** Infinity if there are no messages. */
  #earliest(): number {
    const groups = new Map<string, number>();
    for (const { messageId, groupId = messageId, visibleAt } of this.#messages)
      groups.set(groupId, Math.max(groups.get(groupId) ?? 0, visibleAt));
    return Math.min(...groups.values());
  }

  /** False if the handle is of an earlier receive, or its visibility has run out (on a standard queue only the former). */
  delete(receiptHandle: string): boolean {
    const message = this.#held(receiptHandle);
    if (!message) return false;
    this.#next = undefined;
    this.#messages.splice(this.#messages.indexOf(message), 1);
    return true;
  }

  /** False if the message is not in flight under this handle any more. */
  changeVisibility(receiptHandle: string, seconds: number): boolean {
    const message = this.#held(receiptHandle);
    if (!message || message.visibleAt <= this.clock.now()) return false;
    this.#next = undefined;
    message.visibleAt = this.clock.now() + seconds * 1000;
    return true;
  }

  /** Moves the oldest dead letter that is in nobody's hands back to where it came from. False if there is none. */
  moveOldestBack(): boolean {
    const now = this.clock.now();
    const oldest = this.#messages.find(({ messageId, visibleAt }) => this.#origins.has(messageId) && visibleAt <= now);
    if (!oldest) return false;
    const { messageId, body, groupId, deduplicationId } = oldest;
    this.#origins.get(messageId)?.send({ body, groupId, deduplicationId });
    this.#origins.delete(messageId);
    this.#next = undefined;
    this.#messages.splice(this.#messages.indexOf(oldest), 1);
    return true;
  }

  /** Two messages that were sent with one deduplication id, more than five minutes apart, are two dead letters. */
  #bury({ messageId: deduplicationId, body, groupId }: HeldMessage, from: Queue): void {
    const { messageId } = this.send({ body, groupId, ...(groupId !== undefined && { deduplicationId }) });
    this.#origins.set(messageId, from);
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
  return id !== undefined && FIFO_ID.test(id);
}

const FIFO_ID = /^[\x21-\x7e]{1,128}$/;
