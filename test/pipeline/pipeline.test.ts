/**
 * The whole path as on AWS: DMS puts objects, S3 sends events to the arrivals queue, `route` wakes tables through the FIFO
 * queue, `merge` brings the lake up to them. Real SDK clients, on the test cloud and on dynalite.
 */
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import { DynamoDbHistoryStore } from '../../lib/aws/dynamodb-history-store.ts';
import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import { jsonLog } from '../../lib/aws/log.ts';
import { S3ObjectStore } from '../../lib/aws/s3-object-store.ts';
import { SqsWakeUpQueue } from '../../lib/aws/sqs-wake-up-queue.ts';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { NO_METRICS } from '../../lib/ports/metrics.ts';
import type { Ports } from '../../lib/ports/ports.ts';
import type { TableItem } from '../../lib/ports/table-store.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { routeArrivals } from '../../lib/queue/route.ts';
import { createSampleDatabase, runSampleScript } from '../../lib/sample/sample-database.ts';
import { changeFiles, fullLoadFiles } from '../../lib/sample/sample-files.ts';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import { wakeEditedTables } from '../../lib/table/wake.ts';
import type { Bucket } from '../cloud/bucket.ts';
import { Cloud } from '../cloud/cloud.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import type { Queue } from '../cloud/queue.ts';
import { VirtualClock } from '../cloud/virtual-clock.ts';

let dynamoDb: DynamoDb;
beforeAll(async () => {
  dynamoDb = await startDynamoDb();
});
afterAll(() => dynamoDb.stop());

describe('the whole path, from an object that DMS puts to the rows in the lake', () => {
  let pipeline: Pipeline;
  beforeEach(() => {
    pipeline = new Pipeline(dynamoDb);
  });

  it('registers tables as their files arrive, and merges them when a person makes them active', async () => {
    const before = createSampleDatabase();
    for (const { key, bytes } of fullLoadFiles(before)) pipeline.raw.put(`dms/${key}`, bytes);
    pipeline.raw.put('dms/awsdms_status/x/20260101-000000000.csv', new Uint8Array([1]));
    await pipeline.run();
    expect(await pipeline.rows('store')).toEqual([]);

    for (const table of ['store', 'product', 'productorder']) await pipeline.activate(table, 'id');
    await pipeline.run();
    expect(await pipeline.ids('store')).toEqual(before.store.rows.map(([id]) => id));
    expect(await pipeline.rows('productorder')).toHaveLength(8_425);

    const now = new Date('2026-03-01T10:15:00Z');
    const { changes } = runSampleScript(before, now);
    for (const { key, bytes } of changeFiles(before, changes, now)) pipeline.raw.put(`dms/${key}`, bytes);
    await pipeline.run();
    expect(await pipeline.ids('store')).toContain(1009);
    expect(await pipeline.rows('product')).toHaveLength(24);
    expect((await pipeline.rows('product')).find(({ id }) => id === 1001)).toMatchObject({ name: 'Sample Product' });
    expect(await pipeline.rows('productorder')).toHaveLength(9_770);
    expect(pipeline.deadLetters.size).toBe(0);
    expect(pipeline.uploadsLeft()).toBe(0);
  });

  it('comes to the same lake when answers are lost and requests fail', async () => {
    const before = createSampleDatabase();
    const store = fullLoadFiles(before).filter(({ key }) => key.includes('/store/'));
    for (const { key, bytes } of store) pipeline.raw.put(`dms/${key}`, bytes);
    await pipeline.run();
    await pipeline.activate('store', 'id');
    let requests = 0;
    pipeline.cloud.fault = () => (['none', 'apply-then-fail', 'none', 'reject'] as const)[requests++ % 4] ?? 'none';
    await pipeline.run();
    expect(await pipeline.ids('store')).toEqual(before.store.rows.map(([id]) => id));
    expect(requests).toBeGreaterThan(10);
  });
});

/** One stage of Tidemark. */
class Pipeline {
  readonly clock = new VirtualClock();
  readonly cloud = new Cloud({ clock: this.clock });
  readonly raw: Bucket;
  readonly deadLetters: Queue;
  readonly uploadsLeft: () => number;
  readonly #lake: Bucket;
  readonly #arrivals: Queue;
  readonly #wakeUps: Queue;
  readonly #dynamoDb: DynamoDb;
  readonly #ports: Ports;
  #ids = 0;

  constructor(dynamoDb: DynamoDb) {
    this.#dynamoDb = dynamoDb;
    // Its tables are told apart from those of other tests by the bucket's name.
    const rawBucket = `raw-${Pipeline.#pipelines++}`;
    this.raw = this.cloud.createBucket(rawBucket).bucket;
    const lake = this.cloud.createBucket('lake');
    this.#lake = lake.bucket;
    this.uploadsLeft = () => lake.uploads.size;
    this.deadLetters = this.cloud.createQueue('dead-letters.fifo', { fifo: true, visibilitySeconds: 30 });
    this.#arrivals = this.cloud.createQueue('arrivals', { fifo: false, visibilitySeconds: 180 });
    this.#wakeUps = this.cloud.createQueue('wake-ups.fifo', {
      fifo: true,
      visibilitySeconds: 5_400,
      maxReceiveCount: 5,
      deadLetters: this.deadLetters,
    });
    this.cloud.notify(this.raw, this.#arrivals);
    const log = jsonLog(this.clock, () => undefined);
    const random = { id: () => (++this.#ids).toString(16).padStart(32, '0') };
    const s3 = this.cloud.s3Client();
    const options = { random, clock: this.clock };
    this.#ports = {
      raw: new S3ObjectStore(s3, rawBucket, options),
      lake: new S3ObjectStore(s3, 'lake', options),
      tables: new DynamoDbTableStore(dynamoDb.client, dynamoDb.tableName),
      queue: new SqsWakeUpQueue(this.cloud.sqsClient(), this.cloud.queueUrl(this.#wakeUps), { log }),
      clock: this.clock,
      random,
      log,
      history: new DynamoDbHistoryStore(dynamoDb.client, dynamoDb.historyTableName, { keptDays: 30 }),
      metrics: NO_METRICS,
      threads: OWN_THREAD,
      config: { rawBucket, rawPrefix: 'dms/', lakeBucket: 'lake', lakePrefix: 'tables/', limits: DEFAULT_LIMITS },
    };
  }
  static #pipelines = 0;

  /** Lets the functions take what is in the queues, as Lambda would, until there is nothing left. */
  async run(): Promise<void> {
    while (this.#arrivals.size + this.#wakeUps.size > 0) {
      const arrived = this.#arrivals.receive(10);
      const routed = await this.#attempt(() => routeArrivals(arrived, this.#ports));
      if (routed) settle(this.#arrivals, arrived, routed.failed);
      const woken = this.#wakeUps.receive(10);
      const invocation = { deadline: this.clock.now() + 900_000, requestId: this.#ports.random.id() };
      const merged = await this.#attempt(() => reconcileBatch(woken, invocation, this.#ports));
      if (merged) settle(this.#wakeUps, woken, merged.failed);
      // What was handed back, or held by an invocation that failed, becomes visible again.
      this.clock.advance(6_000_000);
    }
  }

  /** What a person does in the console, and what the table's stream makes of it. */
  async activate(table: string, primaryKey: string): Promise<void> {
    const path = `${this.#ports.config.rawBucket}/dms/sampledb/${table}/`;
    const before = (await this.#ports.tables.get(path)) as TableItem;
    await this.#dynamoDb.client.send(
      new UpdateItemCommand({
        TableName: this.#dynamoDb.tableName,
        Key: { path: { S: path } },
        UpdateExpression: 'SET PrimaryKey = :key, ActiveFlag = :active',
        ExpressionAttributeValues: { ':key': { S: primaryKey }, ':active': { S: 'true' } },
      }),
    );
    const after = (await this.#ports.tables.get(path)) as TableItem;
    await wakeEditedTables([{ sequenceNumber: this.#ports.random.id(), before, after }], this.#ports);
  }

  async rows(table: string): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    for (const { bytes } of this.#lake.list(`tables/sampledb/${table}/`, undefined, 1_000)) {
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
      rows.push(...(await parquetReadObjects({ file, compressors })));
    }
    return rows;
  }

  async ids(table: string): Promise<unknown[]> {
    return (await this.rows(table)).map(({ id }) => id).sort();
  }

  /** An invocation that throws hands all its messages back. */
  async #attempt<T>(invocation: () => Promise<T>): Promise<T | undefined> {
    return invocation().catch(() => undefined);
  }
}

function settle(queue: Queue, messages: readonly { messageId: string; receiptHandle: string }[], failed: string[]) {
  for (const { messageId, receiptHandle } of messages) if (!failed.includes(messageId)) queue.delete(receiptHandle);
}
