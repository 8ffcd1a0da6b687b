/**
 * The queue of wake-ups on an SQS FIFO queue: a message group per table. SQS itself forgets a wake-up that was sent
 * within the last five minutes, so sending again after a lost answer does no harm.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
import { setTimeout as sleepFor } from 'node:timers/promises';

import type { SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import { ChangeMessageVisibilityBatchCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';

import type { Log } from '../ports/log.ts';
import type { WakeUpQueue } from '../ports/wake-up-queue.ts';
import type { WakeUp } from '../queue/wake-up.ts';
import { deduplicationId, groupId } from '../queue/wake-up.ts';
import { wakeUpBody } from '../queue/wake-up-message.ts';

const BATCH_ENTRIES_MAX = 10;
const VISIBILITY_SECONDS_MAX = 43_200;
const SEND_ATTEMPTS_MAX = 4;
const SEND_PAUSE_MS = 100;

export class SqsWakeUpQueue implements WakeUpQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #log: Log;
  readonly #sleep: (milliseconds: number) => Promise<unknown>;

  constructor(
    client: SQSClient,
    queueUrl: string,
    options: { log: Log; sleep?: (milliseconds: number) => Promise<unknown> },
  ) {
    this.#client = client;
    this.#queueUrl = queueUrl;
    this.#log = options.log;
    this.#sleep = options.sleep ?? sleepFor;
  }

  /** @throws Error saying how many wake-ups were not sent, and SQS's reason for the first of them. */
  async send(wakeUps: readonly WakeUp[]): Promise<void> {
    let unsent = 0;
    let reason = '';
    for (const batch of batches(wakeUps)) {
      const failure = await this.#sendBatch(batch.map(toEntry));
      unsent += failure.unsent;
      reason ||= failure.reason;
    }
    if (unsent > 0)
      throw new Error(`${unsent} of ${wakeUps.length} wake-ups were not sent to ${this.#queueUrl}: ${reason}`);
  }

  async extend(receiptHandles: readonly string[], seconds: number): Promise<void> {
    const VisibilityTimeout = Math.min(Math.max(Math.ceil(seconds), 0), VISIBILITY_SECONDS_MAX);
    for (const batch of batches(receiptHandles)) {
      const Entries = batch.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle, VisibilityTimeout }));
      try {
        const { Failed = [] } = await this.#client.send(
          new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queueUrl, Entries }),
        );
        if (Failed.length > 0)
          this.#log.warn('messages are not held any more', { messages: Failed.length, reason: Failed[0]?.Code });
      } catch (error) {
        this.#log.warn('the visibility of messages could not be changed', { messages: batch.length, error });
      }
    }
  }

  /** Sends the entries again that failed by no fault of theirs, a few times. */
  async #sendBatch(batch: SendMessageBatchRequestEntry[]): Promise<{ unsent: number; reason: string }> {
    let entries = batch;
    for (let attempt = 1; ; attempt++) {
      const { Failed = [] } = await this.#client.send(
        new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: entries }),
      );
      const first = Failed[0];
      if (!first) return { unsent: 0, reason: '' };
      if (attempt === SEND_ATTEMPTS_MAX || Failed.some(({ SenderFault }) => SenderFault))
        return { unsent: Failed.length, reason: `${first.Code}: ${first.Message}` };
      const failed = new Set(Failed.map(({ Id }) => Id));
      entries = entries.filter(({ Id }) => failed.has(Id));
      await this.#sleep(SEND_PAUSE_MS * 2 ** attempt);
    }
  }
}

function toEntry(wakeUp: WakeUp, i: number): SendMessageBatchRequestEntry {
  return {
    Id: String(i),
    MessageGroupId: groupId(wakeUp.table),
    MessageDeduplicationId: deduplicationId(wakeUp),
    MessageBody: wakeUpBody(wakeUp),
  };
}

function* batches<T>(all: readonly T[]): Iterable<T[]> {
  for (let at = 0; at < all.length; at += BATCH_ENTRIES_MAX) yield all.slice(at, at + BATCH_ENTRIES_MAX);
}
