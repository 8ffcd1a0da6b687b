import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { CLIENT, connect, S3_CLIENT } from '../../lib/aws/connect.ts';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { SilentServer } from './silent-server.ts';

describe('connecting to AWS', () => {
  it('makes every port of the configuration, without a request', () => {
    const config = {
      rawBucket: 'raw',
      rawPrefix: '',
      lakeBucket: 'lake',
      lakePrefix: 'lake/',
      limits: DEFAULT_LIMITS,
      controllerTable: 'controller',
      wakeUpsQueueUrl: 'https://sqs.example/1/wake-ups.fifo',
      historyTable: 'history',
      historyDays: 30,
      stage: 'dev',
      logLevel: 'info' as const,
      metricsPerTable: false,
      cores: 1,
    };
    const ports = connect(config);
    expect(ports.config).toMatchObject(config);
    expect(Math.abs(ports.clock.now() - Date.now())).toBeLessThan(10_000);
    expect(ports.random.id()).toMatch(/^[0-9a-f]{32}$/);
    expect(ports.random.id()).not.toBe(ports.random.id());
    expect(ports.raw).not.toBe(ports.lake);
  });
});

const OBJECT = { Bucket: 'lake', Key: 'shop/orders/1.parquet' };
const LARGE = 4 * 1024 * 1024;

describe('a request that is never answered', () => {
  let server: SilentServer;
  beforeEach(() => {
    server = new SilentServer();
  });
  afterEach(() => server.stop());

  it.each([
    ['read', (s3: S3Client) => s3.send(new GetObjectCommand(OBJECT))],
    ['write', (s3: S3Client) => s3.send(new PutObjectCommand({ ...OBJECT, Body: Buffer.alloc(LARGE) }))],
  ])('of S3, to %s, is given up and sent again', async (_name, send) => {
    const s3 = new S3Client({
      ...shortened(S3_CLIENT, { socketTimeout: 50 }),
      ...(await server.start()),
      forcePathStyle: true,
    });
    await expect(send(s3)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(server.requests).toBe(S3_CLIENT.maxAttempts);
    s3.destroy();
  });

  it('of DynamoDB is given up and sent again', async () => {
    const dynamoDb = new DynamoDBClient({ ...shortened(CLIENT, { requestTimeout: 50 }), ...(await server.start()) });
    const get = new GetItemCommand({ TableName: 't', Key: { path: { S: 'p' } } });
    await expect(dynamoDb.send(get)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(server.requests).toBe(CLIENT.maxAttempts);
    dynamoDb.destroy();
  });

  it('of SQS is given up and sent again', async () => {
    const sqs = new SQSClient({ ...shortened(CLIENT, { requestTimeout: 50 }), ...(await server.start()) });
    const send = new SendMessageCommand({ QueueUrl: 'https://sqs.example/1/wake-ups.fifo', MessageBody: 'x' });
    await expect(sqs.send(send)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(server.requests).toBe(CLIENT.maxAttempts);
    sqs.destroy();
  });
});

describe('an answer of S3 that stops half-way', () => {
  it('fails the read, rather than that it waits for the rest', async () => {
    const server = new SilentServer((_request, response) => {
      response.writeHead(200, { 'Content-Length': '10' });
      response.write('half');
    });
    const s3 = new S3Client({
      ...shortened(S3_CLIENT, { socketTimeout: 50 }),
      ...(await server.start()),
      forcePathStyle: true,
    });
    const { Body } = await s3.send(new GetObjectCommand(OBJECT));
    await expect(Body?.transformToByteArray()).rejects.toMatchObject({ name: 'TimeoutError' });
    s3.destroy();
    server.stop();
  });
});

describe('a body of S3', () => {
  it('may take as long as it takes, while it moves', () => {
    expect(S3_CLIENT.requestHandler).not.toHaveProperty('requestTimeout');
  });
});

/** The client's settings with another timeout. */
function shortened<C extends { requestHandler: object }>(client: C, timeout: object) {
  return { ...client, requestHandler: { ...client.requestHandler, ...timeout } };
}
