import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { SqsWakeUpQueue } from '../../lib/aws/sqs-wake-up-queue.ts';
import type { Log } from '../../lib/ports/log.ts';
import { Cloud } from '../cloud/cloud.ts';
import { VirtualClock } from '../cloud/virtual-clock.ts';
import { describeWakeUpQueue } from '../contracts/wake-up-queue.ts';
import { wakeUpMessage } from './wake-up-message.ts';

const log: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describeWakeUpQueue('SqsWakeUpQueue', () => {
  const clock = new VirtualClock();
  const cloud = new Cloud({ clock });
  const QueueUrl = cloud.queueUrl(cloud.createQueue('wake-ups.fifo', { fifo: true, visibilitySeconds: 30 }));
  const client = cloud.sqsClient();
  return {
    queue: new SqsWakeUpQueue(client, QueueUrl, { log }),
    receive: async (max) => {
      const receive = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: max,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      const { Messages = [] } = await client.send(receive);
      return Messages.map(wakeUpMessage);
    },
    delete: (ReceiptHandle) => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
    advance: (milliseconds) => clock.advance(milliseconds),
    visibilitySeconds: 30,
  };
});

describe('SqsWakeUpQueue when an answer is lost', () => {
  it('sends a wake-up once', async () => {
    const lost = ['apply-then-fail', 'none'] as const;
    const cloud = new Cloud();
    const queue = cloud.createQueue('wake-ups.fifo', { fifo: true, visibilitySeconds: 30 });
    let requests = 0;
    cloud.fault = () => lost[requests++] ?? 'none';
    await new SqsWakeUpQueue(cloud.sqsClient(), cloud.queueUrl(queue), { log }).send([{ table: 't/', cause: '1' }]);
    expect([requests, queue.size]).toEqual([2, 1]);
  });
});
