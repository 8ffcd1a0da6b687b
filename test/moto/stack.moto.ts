/** The command on a stack that CloudFormation of moto made: found by its outputs, with region and credentials as a person sets them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { loadBytes } from '../table/table-lab.ts';
import { DynamoDbHistoryStore } from '../../lib/aws/dynamodb-history-store.ts';
import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import { dynamoDb, MOTO, s3 } from './moto-server.ts';

const MAIN = join(import.meta.dirname, '../../lib/cli/main.ts');
const stage = `moto${Date.now()}`;
const raw = `tidemark-${stage}-raw`;
const path = `${raw}/sales/orders/`;

const queue = (name: string, fifo: boolean) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName: `${stage}-${name}`, ...(fifo && { FifoQueue: true }) },
});

/** The resources of `resources/*.yml` as far as the command meets them, and their outputs. */
const TEMPLATE = {
  Resources: {
    Raw: { Type: 'AWS::S3::Bucket', Properties: { BucketName: raw } },
    Lake: { Type: 'AWS::S3::Bucket', Properties: { BucketName: `tidemark-${stage}-lake` } },
    Tables: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: `tidemark-${stage}-controller`,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'path', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'path', KeyType: 'HASH' }],
      },
    },
    History: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: `tidemark-${stage}-history`,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'path', AttributeType: 'S' },
          { AttributeName: 'at', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'path', KeyType: 'HASH' },
          { AttributeName: 'at', KeyType: 'RANGE' },
        ],
      },
    },
    Arrivals: queue('arrivals', false),
    WakeUps: queue('wake-ups.fifo', true),
    WakeUpsDead: queue('wake-ups-dead-letters.fifo', true),
    ArrivalsDead: queue('arrivals-dead-letters', false),
  },
  Outputs: {
    Settings: { Value: JSON.stringify({ RAW_PREFIX: '', LAKE_PREFIX: '' }) },
    RawBucketName: { Value: { Ref: 'Raw' } },
    LakeBucketName: { Value: { Ref: 'Lake' } },
    ControllerTableName: { Value: { Ref: 'Tables' } },
    HistoryTableName: { Value: { Ref: 'History' } },
    ArrivalsQueueArn: { Value: { 'Fn::GetAtt': ['Arrivals', 'Arn'] } },
    WakeUpsQueueUrl: { Value: { Ref: 'WakeUps' } },
    WakeUpsDeadLetterQueueUrl: { Value: { Ref: 'WakeUpsDead' } },
    ArrivalsDeadLetterQueueUrl: { Value: { Ref: 'ArrivalsDead' } },
  },
};

async function tidemark(...args: string[]) {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: MOTO.endpoint,
    AWS_DEFAULT_REGION: MOTO.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  return { exitCode: child.exitCode, stdout, stderr };
}

beforeAll(async () => {
  const cloudFormation = new CloudFormationClient(MOTO);
  await cloudFormation.send(
    new CreateStackCommand({ StackName: `tidemark-${stage}`, TemplateBody: JSON.stringify(TEMPLATE) }),
  );
  await s3.send(
    new PutObjectCommand({ Bucket: raw, Key: 'sales/orders/LOAD00000001.parquet', Body: loadBytes([[1]]) }),
  );
  const tables = new DynamoDbTableStore(dynamoDb, `tidemark-${stage}-controller`);
  await tables.create({ path, PrimaryKey: 'id', PartitionKey: 'null', ActiveFlag: 'true' });
});

describe('the command on a stack', () => {
  it('lists its tables', async () => {
    const { exitCode, stdout, stderr } = await tidemark('tables', '--stage', stage, '--lag', '--json');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ table: 'sales/orders', state: 'active', lag: { files: 1 } });
  });

  it('plans what merge would do', async () => {
    const { exitCode, stdout } = await tidemark('plan', 'sales/orders', '--stage', stage);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^sales\/orders: to be merged, a full load\n/);
  });

  it('tells the history of a table', async () => {
    const history = new DynamoDbHistoryStore(dynamoDb, `tidemark-${stage}-history`, { keptDays: 30 });
    await history.add(path, { at: '2026-03-01T10:00:00.000Z', requestId: 'one', released: true });
    await history.add(path, { at: '2026-03-01T11:00:00.000Z', requestId: 'two', failed: 'a reason' });
    const { exitCode, stdout, stderr } = await tidemark('history', 'sales/orders', '--stage', stage);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(1, 3)).toEqual([
      expect.stringMatching(/^2026-03-01 11:00:00 .* failed: a reason$/),
      expect.stringMatching(/^2026-03-01 10:00:00 .* released$/),
    ]);
  });

  it('says which stack it has looked for, where, if there is none', async () => {
    const { exitCode, stderr } = await tidemark('tables', '--stage', 'none', '--region', 'eu-west-3');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('There is no stack tidemark-none in eu-west-3');
  });
});
