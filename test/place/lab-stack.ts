/** A deployed stack for commands: the test cloud, dynalite and CloudFormation, with functions that run while one sleeps. */
import { DynamoDbHistoryStore } from '../../lib/aws/dynamodb-history-store.ts';
import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import { jsonLog } from '../../lib/aws/log.ts';
import { S3ObjectStore } from '../../lib/aws/s3-object-store.ts';
import { SqsWakeUpQueue } from '../../lib/aws/sqs-wake-up-queue.ts';
import type { StackClients } from '../../lib/aws/stack-clients.ts';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import type { Place } from '../../lib/place/place.ts';
import { openStackPlace } from '../../lib/place/stack-place.ts';
import { NO_METRICS } from '../../lib/ports/metrics.ts';
import type { Ports } from '../../lib/ports/ports.ts';
import { SYSTEM_RANDOM } from '../../lib/system.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { configureTable } from '../../lib/table/configure.ts';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import type { Bucket } from '../cloud/bucket.ts';
import { Cloud } from '../cloud/cloud.ts';
import { CloudFormation } from '../cloud/cloudformation.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import type { Queue } from '../cloud/queue.ts';
import { VirtualClock } from '../cloud/virtual-clock.ts';

export class LabStack {
  readonly clock = new VirtualClock();
  readonly cloud = new Cloud({ clock: this.clock });
  readonly cloudFormation = new CloudFormation();
  readonly raw: Bucket;
  readonly lake: Bucket;
  readonly arrivals: Queue;
  readonly wakeUps: Queue;
  readonly clients: StackClients;
  /** What `merge` has. */
  readonly ports: Ports;
  /** Whether the functions are there to take messages. */
  isRunning = true;

  constructor(dynamoDb: DynamoDb, name = 'tidemark-dev') {
    this.raw = this.cloud.createBucket('raw-bucket').bucket;
    this.lake = this.cloud.createBucket('lake-bucket').bucket;
    const arrivalsDead = this.cloud.createQueue('arrivals-dead-letters', { fifo: false, visibilitySeconds: 30 });
    const wakeUpsDead = this.cloud.createQueue('wake-ups-dead-letters.fifo', { fifo: true, visibilitySeconds: 30 });
    const limits = { visibilitySeconds: 60, maxReceiveCount: 2 };
    this.arrivals = this.cloud.createQueue('arrivals', { fifo: false, ...limits, deadLetters: arrivalsDead });
    this.wakeUps = this.cloud.createQueue('wake-ups.fifo', { fifo: true, ...limits, deadLetters: wakeUpsDead });
    this.clients = {
      cloudFormation: this.cloudFormation.client(),
      s3: this.cloud.s3Client(),
      sqs: this.cloud.sqsClient(),
      dynamoDb: dynamoDb.client,
    };
    this.cloudFormation.stacks.set(name, {
      Settings: JSON.stringify({ RAW_PREFIX: 'dms/', FILES_PER_MERGE: '7' }),
      RawBucketName: 'raw-bucket',
      LakeBucketName: 'lake-bucket',
      ControllerTableName: dynamoDb.tableName,
      HistoryTableName: dynamoDb.historyTableName,
      ArrivalsQueueArn: this.cloud.queueArn(this.arrivals),
      WakeUpsQueueUrl: this.cloud.queueUrl(this.wakeUps),
      ArrivalsDeadLetterQueueUrl: this.cloud.queueUrl(arrivalsDead),
      WakeUpsDeadLetterQueueUrl: this.cloud.queueUrl(wakeUpsDead),
    });
    this.cloudFormation.parameters.set(name, {
      ExistingRawBucket: 'raw-bucket',
      ExistingRawBucketEvents: 'notification',
    });
    const { clock, clients } = this;
    const log = jsonLog(clock, () => undefined);
    const options = { random: SYSTEM_RANDOM, clock };
    this.ports = {
      raw: new S3ObjectStore(clients.s3, 'raw-bucket', options),
      lake: new S3ObjectStore(clients.s3, 'lake-bucket', options),
      tables: new DynamoDbTableStore(clients.dynamoDb, dynamoDb.tableName),
      queue: new SqsWakeUpQueue(clients.sqs, this.cloud.queueUrl(this.wakeUps), { log }),
      clock,
      random: SYSTEM_RANDOM,
      log,
      history: new DynamoDbHistoryStore(clients.dynamoDb, dynamoDb.historyTableName, { keptDays: 30 }),
      metrics: NO_METRICS,
      threads: OWN_THREAD,
      config: {
        rawBucket: 'raw-bucket',
        rawPrefix: 'dms/',
        lakeBucket: 'lake-bucket',
        lakePrefix: '',
        // Files grow, however many of their bytes are no longer in use, unless they are compacted.
        limits: { ...DEFAULT_LIMITS, deadBytesShare: 1 },
      },
    };
  }

  /** As a person at a terminal opens it. */
  open(err: (line: string) => void = () => undefined): Promise<Place> {
    return openStackPlace({ stage: 'dev' }, { err, ...this.io });
  }

  /** What a command has that is called with `--stage dev`, besides its output. */
  get io() {
    const { clock, clients } = this;
    return { clock, clients, threads: OWN_THREAD, sleep: (milliseconds: number) => this.pass(milliseconds) };
  }

  /** Registers a table of the raw prefix. */
  configure(table: string, settings: TableSettings): Promise<void> {
    return configureTable(table, settings, this.ports);
  }

  /** What is in the queue of wake-ups now is received so often that it is dead. */
  killWakeUps(): void {
    for (let receives = 0; receives < 3; receives++) {
      this.wakeUps.receive(10);
      this.clock.advance(61_000);
    }
  }

  /** Lets time pass, in which merge takes a batch. */
  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    if (!this.isRunning) return;
    const messages = this.wakeUps.receive(10);
    if (messages.length === 0) return;
    const invocation = { deadline: this.clock.now() + 900_000, requestId: this.ports.random.id() };
    const { failed } = await reconcileBatch(messages, invocation, this.ports);
    for (const { messageId, receiptHandle } of messages)
      if (!failed.includes(messageId)) this.wakeUps.delete(receiptHandle);
  }
}
