import { ChangeMessageVisibilityBatchCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';

import { SqsWakeUpQueue } from '../../lib/aws/sqs-wake-up-queue.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { WakeUp } from '../../lib/queue/wake-up.ts';
import { deduplicationId, groupId } from '../../lib/queue/wake-up.ts';

const warnings: string[] = [];
const log: Log = {
  info: () => undefined,
  warn: (message) => warnings.push(message),
  error: () => undefined,
};

describe('what SqsWakeUpQueue sends', () => {
  const mock = mockClient(SQSClient);
  let pauses: number[];
  const queue = new SqsWakeUpQueue(new SQSClient({ region: 'eu-central-1' }), 'https://queue', {
    log,
    sleep: (milliseconds) => Promise.resolve(pauses.push(milliseconds)),
  });
  const wakeUps = (count: number): WakeUp[] =>
    Array.from({ length: count }, (_, i) => ({ table: 't/', cause: `${i}` }));

  beforeEach(() => {
    mock.reset();
    pauses = [];
    warnings.length = 0;
  });
  afterAll(() => mock.restore());

  it('is a message of the table, under the id of its cause', async () => {
    mock.on(SendMessageBatchCommand).resolves({});
    const wakeUp: WakeUp = { table: 'bucket/sales/orders/', key: 'sales/orders/1.parquet', cause: 'sequencer 1' };
    await queue.send([wakeUp]);
    expect(mock.commandCalls(SendMessageBatchCommand)[0]?.args[0].input).toEqual({
      QueueUrl: 'https://queue',
      Entries: [
        {
          Id: '0',
          MessageGroupId: groupId('bucket/sales/orders/'),
          MessageDeduplicationId: deduplicationId(wakeUp),
          MessageBody: JSON.stringify(wakeUp),
        },
      ],
    });
  });

  it('is what failed, again, after a pause that grows', async () => {
    const failed = (...ids: string[]): object => ({
      Failed: ids.map((Id) => ({ Id, Code: 'InternalError', Message: 'try again', SenderFault: false })),
    });
    mock.on(SendMessageBatchCommand).resolvesOnce(failed('1', '2')).resolvesOnce(failed('2')).resolves({});
    await queue.send(wakeUps(3));
    const ids = mock
      .commandCalls(SendMessageBatchCommand)
      .map(({ args }) => args[0].input.Entries?.map(({ Id }) => Id));
    expect(ids).toEqual([['0', '1', '2'], ['1', '2'], ['2']]);
    expect(pauses).toEqual([200, 400]);
  });

  it('is told to the caller when it goes on failing, with the rest sent', async () => {
    const Failed = [{ Id: '3', Code: 'InternalError', Message: 'try again', SenderFault: false }];
    mock.on(SendMessageBatchCommand).callsFake(({ Entries }: { Entries: { MessageBody: string; Id: string }[] }) => {
      const isFirstBatch = Entries.some(({ MessageBody }) => MessageBody.includes('"3"'));
      return isFirstBatch ? { Failed } : {};
    });
    await expect(queue.send(wakeUps(15))).rejects.toThrow(
      '1 of 15 wake-ups were not sent to https://queue: InternalError: try again',
    );
    expect(mock.commandCalls(SendMessageBatchCommand)).toHaveLength(5);
  });

  it('is not sent again when SQS finds fault with it', async () => {
    const Failed = [{ Id: '0', Code: 'InvalidMessageContents', Message: 'bad', SenderFault: true }];
    mock.on(SendMessageBatchCommand).resolves({ Failed });
    await expect(queue.send(wakeUps(1))).rejects.toThrow('InvalidMessageContents');
    expect(mock.calls()).toHaveLength(1);
  });

  it('extends visibility in whole seconds, ten messages at a time, and warns where that fails', async () => {
    mock
      .on(ChangeMessageVisibilityBatchCommand)
      .rejectsOnce(new Error('no network'))
      .resolves({
        Failed: [{ Id: '1', Code: 'MessageNotInflight', SenderFault: true }],
      });
    await queue.extend(
      Array.from({ length: 12 }, (_, i) => `handle ${i}`),
      61.2,
    );
    const inputs = mock.commandCalls(ChangeMessageVisibilityBatchCommand).map(({ args }) => args[0].input);
    expect(inputs.map(({ Entries }) => Entries?.length)).toEqual([10, 2]);
    expect(inputs[1]?.Entries?.[0]).toEqual({ Id: '0', ReceiptHandle: 'handle 10', VisibilityTimeout: 62 });
    expect(warnings).toEqual(['the visibility of messages could not be changed', 'messages are not held any more']);
  });
});
