/**
 * Dead letters back to the queues that they came from. SQS moves them itself, in a task of the queue; what was moved is a
 * new message there, with its receives counted from zero.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
 */
import type { ListMessageMoveTasksResultEntry, SQSClient } from '@aws-sdk/client-sqs';
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  SQSServiceException,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { MovedQueue, RedriveProgress } from '../place/place.ts';

const PAUSE_MS = 1_000;
/** How often a task that was begun may be missing from the list of tasks. */
const UNLISTED_MAX = 30;

export class DeadLetters {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #queue: string;
  readonly #sleep: (milliseconds: number) => Promise<unknown>;

  /** @param queueUrl of the queue of dead letters */
  constructor(client: SQSClient, queueUrl: string, { sleep }: { sleep: (milliseconds: number) => Promise<unknown> }) {
    this.#client = client;
    this.#queueUrl = queueUrl;
    this.#queue = queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
    this.#sleep = sleep;
  }

  /** Moves all of them, or waits for the task that is moving them already. Dead letters in someone's hands stay. */
  async moveBack(onProgress?: (progress: RedriveProgress) => void): Promise<MovedQueue> {
    const { arn, messages } = await this.#describe();
    const before = await this.#latestTask(arn);
    const joined = isUnderWay(before) || (messages > 0 && !(await this.#start(arn)));
    if (!joined && messages === 0) return { queue: this.#queue, found: 0, moved: 0, joined };
    const task = await this.#finished(arn, joined ? undefined : before, messages, onProgress);
    const failure = failureOf(task);
    return {
      queue: this.#queue,
      found: task.ApproximateNumberOfMessagesToMove ?? messages,
      moved: task.ApproximateNumberOfMessagesMoved ?? 0,
      joined,
      ...(failure !== undefined && { failure }),
    };
  }

  async #describe(): Promise<{ arn: string; messages: number }> {
    const { Attributes } = await this.#client.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.#queueUrl,
        AttributeNames: ['QueueArn', 'ApproximateNumberOfMessages'],
      }),
    );
    const arn = Attributes?.QueueArn;
    if (arn === undefined) throw new Error(`SQS described ${this.#queueUrl} without its ARN`);
    return { arn, messages: Number(Attributes?.ApproximateNumberOfMessages ?? 0) };
  }

  async #latestTask(SourceArn: string): Promise<ListMessageMoveTasksResultEntry | undefined> {
    const { Results } = await this.#client.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }));
    return Results?.[0];
  }

  /** False if someone else began at the same moment: a queue has one task at a time. */
  async #start(SourceArn: string): Promise<boolean> {
    try {
      await this.#client.send(new StartMessageMoveTaskCommand({ SourceArn }));
      return true;
    } catch (error) {
      if (error instanceof SQSServiceException && isUnderWay(await this.#latestTask(SourceArn))) return false;
      throw error;
    }
  }

  /** @param before the latest task before the one that is waited for */
  async #finished(
    arn: string,
    before: ListMessageMoveTasksResultEntry | undefined,
    messages: number,
    onProgress: ((progress: RedriveProgress) => void) | undefined,
  ): Promise<ListMessageMoveTasksResultEntry> {
    for (let unlisted = 0; ;) {
      const task = await this.#latestTask(arn);
      const isListed = task !== undefined && task.StartedTimestamp !== before?.StartedTimestamp;
      if (isListed) {
        const { ApproximateNumberOfMessagesMoved: moved = 0, ApproximateNumberOfMessagesToMove: of = messages } = task;
        onProgress?.({ queue: this.#queue, moved, of });
        if (!isUnderWay(task)) return task;
      } else if (++unlisted > UNLISTED_MAX) {
        throw new Error(`SQS began to move the messages of ${this.#queueUrl} back, but does not list the task`);
      }
      await this.#sleep(PAUSE_MS);
    }
  }
}

function isUnderWay(task: ListMessageMoveTasksResultEntry | undefined): boolean {
  return task?.Status === 'RUNNING' || task?.Status === 'CANCELLING';
}

function failureOf({ Status, FailureReason }: ListMessageMoveTasksResultEntry): string | undefined {
  if (Status === 'COMPLETED') return undefined;
  return FailureReason ?? `the task ended as ${Status}`;
}
