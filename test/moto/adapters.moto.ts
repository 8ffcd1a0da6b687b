/** The adapters of AWS on moto, an independent emulator, held to the contracts that every store and fake is held to. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll } from '@jest/globals';
import { DynamoDbHistoryStore } from '../../lib/aws/dynamodb-history-store.ts';
import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import { GlueCatalog } from '../../lib/aws/glue-catalog.ts';
import { S3ObjectStore } from '../../lib/aws/s3-object-store.ts';
import { SqsWakeUpQueue } from '../../lib/aws/sqs-wake-up-queue.ts';
import type { Log } from '../../lib/ports/log.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { wakeUpMessage } from '../aws/wake-up-message.ts';
import { controllerTable, historyTable } from '../cloud/dynamodb.ts';
import { describeCatalog } from '../contracts/catalog.ts';
import { describeHistoryStore } from '../contracts/history-store.ts';
import { describeObjectStore } from '../contracts/object-store.ts';
import { describeTableStore } from '../contracts/table-store.ts';
import { describeWakeUpQueue } from '../contracts/wake-up-queue.ts';
import { MOTO_EXCEPTIONS } from './exceptions.ts';
import { dynamoDb, glue, s3, sqs } from './moto-server.ts';

const log: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const name = `tidemark-contract-${randomUUID()}`;

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  await dynamoDb.send(controllerTable(name));
  await dynamoDb.send(historyTable(`${name}-history`));
});

describeObjectStore(
  'S3ObjectStore on moto',
  () => new S3ObjectStore(s3, name, { random: SYSTEM_RANDOM, clock: SYSTEM_CLOCK }),
  { eTagsMayRepeat: true, exceptions: MOTO_EXCEPTIONS.objectStore },
);

describeTableStore(
  'DynamoDbTableStore on moto',
  () => new DynamoDbTableStore(dynamoDb, name),
  MOTO_EXCEPTIONS.tableStore,
);

describeHistoryStore(
  'DynamoDbHistoryStore on moto',
  () => new DynamoDbHistoryStore(dynamoDb, `${name}-history`, { keptDays: 30 }),
);

describeCatalog('GlueCatalog on moto', () => new GlueCatalog(glue), MOTO_EXCEPTIONS.catalog);

/** As short as the contract allows: here time passes by itself. */
const VISIBILITY_SECONDS = 3;
const WAIT_MS_MAX = 20_000;

describeWakeUpQueue(
  'SqsWakeUpQueue on moto',
  async () => {
    const create = new CreateQueueCommand({
      QueueName: `${randomUUID()}.fifo`,
      Attributes: {
        FifoQueue: 'true',
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
        VisibilityTimeout: String(VISIBILITY_SECONDS),
      },
    });
    const { QueueUrl } = await sqs.send(create);
    return {
      queue: new SqsWakeUpQueue(sqs, QueueUrl!, { log }),
      receive: async (max) => {
        const receive = new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: max,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        });
        return ((await sqs.send(receive)).Messages ?? []).map(wakeUpMessage);
      },
      delete: (ReceiptHandle) => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
      advance: (milliseconds) => {
        if (milliseconds > WAIT_MS_MAX) throw new Error(`nobody waits ${milliseconds} ms for a test`);
        return sleep(milliseconds);
      },
      visibilitySeconds: VISIBILITY_SECONDS,
    };
  },
  MOTO_EXCEPTIONS.wakeUpQueue,
);
