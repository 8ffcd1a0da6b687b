/** SQS's JSON interface over the queue model: the requests that Tidemark, Lambda's poller and the tests send. */
import type { Clock } from '../../lib/ports/clock.ts';
import { md5 } from './bucket.ts';
import type { Answer, Request } from './http.ts';
import { MoveTask } from './move-task.ts';
import type { Queue } from './queue.ts';

const BATCH_ENTRIES_MAX = 10;
const VISIBILITY_SECONDS_MAX = 43_200;

interface Entry {
  Id: string;
  MessageBody: string;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
  ReceiptHandle: string;
  VisibilityTimeout: number;
}

interface SqsInput extends Entry {
  QueueUrl?: string;
  Entries: Entry[];
  MaxNumberOfMessages?: number;
  AttributeNames?: string[];
}

interface MoveTaskInput {
  SourceArn?: string;
  DestinationArn?: string;
  MaxNumberOfMessagesPerSecond?: number;
  MaxResults?: number;
  TaskHandle?: string;
}

type EntryAnswer = Record<string, string | boolean>;

class SqsFailure extends Error {
  override readonly name = 'SqsFailure';
  constructor(
    readonly code: string,
    message = code,
  ) {
    super(message);
  }
}

export class SqsService {
  readonly #queues = new Map<string, Queue>();
  readonly #moveTasks: MoveTask[] = [];

  constructor(private readonly clock: Clock) {}

  add(queue: Queue): void {
    this.#queues.set(queue.name, queue);
  }

  queue(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  handle(request: Request): Answer {
    for (const task of this.#moveTasks) task.advance();
    const input = JSON.parse(request.body.toString()) as SqsInput & MoveTaskInput;
    const operation = sqsOperationOf(request);
    try {
      if (operation.endsWith('MoveTask') || operation.endsWith('MoveTasks'))
        return jsonAnswer(200, this.#answerMove(operation, input));
      const queue = this.#queues.get(queueNameOf(input.QueueUrl ?? ''));
      if (!queue) throw new SqsFailure('QueueDoesNotExist');
      return jsonAnswer(200, this.#answer(operation, queue, input));
    } catch (error) {
      if (!(error instanceof SqsFailure)) throw error;
      return jsonAnswer(400, { __type: `com.amazonaws.sqs#${error.code}`, message: error.message });
    }
  }

  #answerMove(operation: string, input: MoveTaskInput): unknown {
    const { SourceArn = '', TaskHandle, MaxResults = 1 } = input;
    if (operation === 'CancelMessageMoveTask') {
      const task = this.#moveTasks.find(({ handle, status }) => handle === TaskHandle && status === 'RUNNING');
      if (!task) throw new SqsFailure('ResourceNotFoundException');
      task.cancel();
      return { ApproximateNumberOfMessagesMoved: task.moved };
    }
    const source = this.#queues.get(SourceArn.slice(SourceArn.lastIndexOf(':') + 1));
    if (!source) throw new SqsFailure('ResourceNotFoundException', 'The resource that you specified does not exist.');
    const tasks = this.#moveTasks.filter((task) => task.source === source);
    switch (operation) {
      case 'ListMessageMoveTasks':
        return { Results: tasks.reverse().slice(0, MaxResults).map(moveTaskEntry) };
      case 'StartMessageMoveTask': {
        if (![...this.#queues.values()].some(({ options }) => options.deadLetters === source))
          throw new SqsFailure('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.');
        if (tasks.some(({ status }) => status === 'RUNNING'))
          throw new SqsFailure('InvalidParameterValue', 'There is already a task running for this source queue.');
        if (input.DestinationArn !== undefined)
          throw new Error('the cloud for tests moves messages only back to where they came from');
        const task = new MoveTask(source, this.clock, input.MaxNumberOfMessagesPerSecond);
        this.#moveTasks.push(task);
        return { TaskHandle: task.handle };
      }
      default:
        throw new Error(`the cloud for tests does not know SQS's ${operation}`);
    }
  }

  #answer(operation: string, queue: Queue, input: SqsInput): unknown {
    switch (operation) {
      case 'SendMessage':
        return send(queue, input);
      case 'SendMessageBatch':
        return batch(input.Entries, (entry) => send(queue, entry));
      case 'ReceiveMessage':
        return { Messages: receive(queue, input) };
      case 'DeleteMessage':
        return remove(queue, input);
      case 'DeleteMessageBatch':
        return batch(input.Entries, (entry) => remove(queue, entry));
      case 'GetQueueAttributes':
        return { Attributes: attributesOf(queue, input.AttributeNames ?? []) };
      case 'ChangeMessageVisibility':
        return changeVisibility(queue, input);
      case 'ChangeMessageVisibilityBatch':
        return batch(input.Entries, (entry) => changeVisibility(queue, entry));
      default:
        throw new Error(`the cloud for tests does not know SQS's ${operation}`);
    }
  }
}

export function sqsOperationOf({ headers }: Request): string {
  return headers['x-amz-target']!.replace('AmazonSQS.', '');
}

/** Of a request: its queue's. */
export function queueNameIn({ body }: Request): string {
  const { QueueUrl, SourceArn } = JSON.parse(body.toString()) as { QueueUrl?: string; SourceArn?: string };
  return QueueUrl === undefined ? (SourceArn ?? '').split(':').at(-1)! : queueNameOf(QueueUrl);
}

export function queueArnOf({ name }: Queue): string {
  return `arn:aws:sqs:eu-central-1:000000000000:${name}`;
}

export function queueNameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** Amazon SQS API reference, SendMessage, MessageBody: other characters are refused. */
const LEGAL_BODY = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u;

function send(queue: Queue, { MessageBody, MessageGroupId, MessageDeduplicationId }: Entry): EntryAnswer {
  if (queue.options.fifo && (!isFifoId(MessageGroupId) || !isFifoId(MessageDeduplicationId)))
    throw new SqsFailure('InvalidParameterValue');
  if (!LEGAL_BODY.test(MessageBody)) throw new SqsFailure('InvalidMessageContents');
  const { messageId } = queue.send({
    body: MessageBody,
    groupId: MessageGroupId,
    deduplicationId: MessageDeduplicationId,
  });
  return { MessageId: messageId, MD5OfMessageBody: md5(Buffer.from(MessageBody)) };
}

function receive(queue: Queue, { MaxNumberOfMessages = 1, VisibilityTimeout }: SqsInput): unknown[] {
  if (MaxNumberOfMessages > BATCH_ENTRIES_MAX) throw new SqsFailure('InvalidParameterValue');
  return queue.receive(MaxNumberOfMessages, VisibilityTimeout).map((message) => ({
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(Buffer.from(message.body)),
    Attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      ...(message.groupId !== undefined && { MessageGroupId: message.groupId }),
    },
  }));
}

function remove(queue: Queue, { ReceiptHandle }: Entry): EntryAnswer {
  if (!queue.delete(ReceiptHandle) && queue.options.fifo) throw new SqsFailure('InvalidParameterValue');
  return {};
}

function changeVisibility(queue: Queue, { ReceiptHandle, VisibilityTimeout }: Entry): EntryAnswer {
  if (!Number.isInteger(VisibilityTimeout) || VisibilityTimeout < 0 || VisibilityTimeout > VISIBILITY_SECONDS_MAX)
    throw new SqsFailure('InvalidParameterValue');
  if (!queue.changeVisibility(ReceiptHandle, VisibilityTimeout)) throw new SqsFailure('MessageNotInflight');
  return {};
}

function attributesOf(queue: Queue, names: readonly string[]): Record<string, string> {
  const all: Record<string, string> = {
    QueueArn: queueArnOf(queue),
    ApproximateNumberOfMessages: String(queue.visible),
    ApproximateNumberOfMessagesNotVisible: String(queue.size - queue.visible),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name)));
}

function moveTaskEntry({ source, status, moved, toMove, startedAt, handle }: MoveTask): Record<string, unknown> {
  return {
    ...(status === 'RUNNING' && { TaskHandle: handle }),
    Status: status,
    SourceArn: attributesOf(source, ['QueueArn']).QueueArn,
    ApproximateNumberOfMessagesMoved: moved,
    ApproximateNumberOfMessagesToMove: toMove,
    StartedTimestamp: startedAt,
  };
}

function batch(entries: Entry[], each: (entry: Entry) => EntryAnswer): unknown {
  if (entries.length === 0) throw new SqsFailure('EmptyBatchRequest');
  if (entries.length > BATCH_ENTRIES_MAX) throw new SqsFailure('TooManyEntriesInBatchRequest');
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) throw new SqsFailure('BatchEntryIdsNotDistinct');
  const Successful: EntryAnswer[] = [];
  const Failed: EntryAnswer[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...each(entry) });
    } catch (error) {
      if (!(error instanceof SqsFailure)) throw error;
      Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, Failed };
}

function isFifoId(id: string | undefined): boolean {
  return id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id);
}

function jsonAnswer(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(body) };
}
