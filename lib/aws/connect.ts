import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { DeployedConfig } from '../config-from-environment.ts';
import type { Log } from '../ports/log.ts';
import { NO_METRICS } from '../ports/metrics.ts';
import type { Ports } from '../ports/ports.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../system.ts';
import { DynamoDbHistoryStore } from './dynamodb-history-store.ts';
import { DynamoDbTableStore } from './dynamodb-table-store.ts';
import { EmfMetrics } from './emf-metrics.ts';
import { jsonLog } from './log.ts';
import { S3ObjectStore } from './s3-object-store.ts';
import { SqsWakeUpQueue } from './sqs-wake-up-queue.ts';

/** A host that cannot be reached is given up, and tried again, before it takes a merge's time. */
const CONNECTION_MS = 5_000;

/**
 * So is a request that is not answered. Requests of these services are small; without `throwOnRequestTimeout` the SDK
 * warns, and waits on.
 */
export const CLIENT = {
  maxAttempts: 5,
  requestHandler: {
    connectionTimeout: CONNECTION_MS,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
    // Of an answer that has begun.
    socketTimeout: 10_000,
  },
};

/**
 * A body takes as long as it takes, while it moves. S3 may be silent while it copies a part, of up to 5 GiB: the AWS CLI
 * waits as long, too (AWS CLI user guide, `--cli-read-timeout`).
 */
export const S3_CLIENT = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: CONNECTION_MS, socketTimeout: 60_000 },
};

/** The ports on AWS; once per container. Region and credentials are the environment's. */
export function connect(config: DeployedConfig): Omit<Ports, 'threads'> {
  const clients = { s3: new S3Client(S3_CLIENT), dynamoDb: new DynamoDBClient(CLIENT), sqs: new SQSClient(CLIENT) };
  const log = jsonLog(SYSTEM_CLOCK, undefined, config.logLevel);
  const metrics = new EmfMetrics({ stage: config.stage, perTable: config.metricsPerTable, log });
  return { ...portsOf(config, clients, log), metrics };
}

/** What the ports talk to AWS with. */
export interface PortClients {
  s3: S3Client;
  dynamoDb: DynamoDBClient;
  sqs: SQSClient;
}

/** Nothing is measured unless the caller does: metrics are lines of a function's log. */
export function portsOf(config: DeployedConfig, { s3, dynamoDb, sqs }: PortClients, log: Log): Omit<Ports, 'threads'> {
  const [clock, random] = [SYSTEM_CLOCK, SYSTEM_RANDOM];
  return {
    raw: new S3ObjectStore(s3, config.rawBucket, { random, clock }),
    lake: new S3ObjectStore(s3, config.lakeBucket, { random, clock }),
    tables: new DynamoDbTableStore(dynamoDb, config.controllerTable),
    history: new DynamoDbHistoryStore(dynamoDb, config.historyTable, { keptDays: config.historyDays }),
    queue: new SqsWakeUpQueue(sqs, config.wakeUpsQueueUrl, { log }),
    clock,
    random,
    log,
    metrics: NO_METRICS,
    config,
  };
}
