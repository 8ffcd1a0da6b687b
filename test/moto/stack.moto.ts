/**
 * The command on a stack that CloudFormation of moto made: found by its outputs, with region and credentials as a person sets
 * them. No function runs there: what waits for one is in `test/cli/on-a-stack.test.ts`.
 */
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoDbHistoryStore } from '../../lib/aws/dynamodb-history-store.ts';
import { tidemark as run } from '../cli/terminal.ts';
import { changeBytes, loadBytes } from '../table/table-lab.ts';
import { DynamoDbTableStore } from '../../lib/aws/dynamodb-table-store.ts';
import { dynamoDb, MOTO, s3 } from './moto-server.ts';

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
    // Moto's own URL names AWS, which the SDK would ask.
    WakeUpsQueueUrl: { Value: `${MOTO.endpoint}/123456789012/${stage}-wake-ups.fifo` },
    WakeUpsDeadLetterQueueUrl: { Value: { Ref: 'WakeUpsDead' } },
    ArrivalsDeadLetterQueueUrl: { Value: { Ref: 'ArrivalsDead' } },
  },
};

function tidemark(...args: string[]) {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: MOTO.endpoint,
    AWS_DEFAULT_REGION: MOTO.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  return run(args, { env });
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

  it('lists a table by its name, and says of one that is unknown which was meant', async () => {
    const { exitCode, stdout } = await tidemark(
      'tables',
      'sales/orders',
      '--only',
      'active',
      '--stage',
      stage,
      '--json',
    );
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { table: 'sales/orders' }]);
    const unknown = await tidemark('tables', 'sales/order', '--stage', stage);
    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Did you mean sales/orders?') });
  });

  it('cannot verify a table of which nothing is merged yet', async () => {
    const { exitCode, stdout, stderr } = await tidemark('verify', 'sales/orders', '--stage', stage, '--json');
    expect([exitCode, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout)).toMatchObject({ table: 'sales/orders', state: 'unverifiable' });
  });

  it('skips no file that is not there', async () => {
    const { exitCode, stderr } = await tidemark('skip', 'sales/orders', 'LOAD0000001.parquet', '--stage', stage);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`Did you mean \`npx tidemark skip sales/orders LOAD00000001.parquet --stage ${stage}\`?`),
    ]);
  });

  it('forgets a table that was mistyped, and none that has raw files', async () => {
    const tables = new DynamoDbTableStore(dynamoDb, `tidemark-${stage}-controller`);
    await tables.create({ path: `${raw}/sales/ordres/`, PrimaryKey: 'id', PartitionKey: 'null', ActiveFlag: 'true' });
    const { exitCode, stdout } = await tidemark('forget', 'sales/ordres', '--stage', stage, '--yes');
    expect([exitCode, stdout]).toEqual([0, 'sales/ordres: its row is removed. It has no lake files.\n']);
    expect(await tables.get(`${raw}/sales/ordres/`)).toBeUndefined();
    const refused = await tidemark('forget', 'sales/orders', '--stage', stage, '--yes');
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('It has raw files')]);
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

  it('deactivates a table, and activates it once its key was looked for in its files', async () => {
    expect((await tidemark('deactivate', 'sales/orders', '--stage', stage)).exitCode).toBe(0);
    await s3.send(
      new PutObjectCommand({
        Bucket: raw,
        Key: 'sales/orders/20260301-101500123.parquet',
        Body: changeBytes([['U', 1, 'pear']]),
      }),
    );
    const keyed = ['activate', 'sales/orders', '--stage', stage, '--no-wait', '--json', '--primary-key'];
    const refused = await tidemark(...keyed, 'item');
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringMatching(/1 have no value in it/)]);
    const { exitCode, stdout, stderr } = await tidemark(...keyed, 'id,item', '--skip-check');
    expect(stderr).toBe('');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { primaryKey: ['id', 'item'], isChange: true }]);
    const tables = new DynamoDbTableStore(dynamoDb, `tidemark-${stage}-controller`);
    expect(await tables.get(path)).toMatchObject({ PrimaryKey: 'id,item', PartitionKey: 'null', ActiveFlag: 'true' });
  });

  it('connects the raw bucket beside the notifications that it has, and takes ours away again', async () => {
    const arrivals = `arn:aws:sqs:us-east-1:123456789012:${stage}-arrivals`;
    const theirs = {
      QueueConfigurations: [
        {
          Id: 'archive',
          QueueArn: arrivals.replace('arrivals', 'arrivals-dead-letters'),
          Events: ['s3:ObjectCreated:*' as const],
          Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'archive/' }] } },
        },
      ],
      EventBridgeConfiguration: {},
    };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: raw, NotificationConfiguration: theirs }));
    const found = async () => {
      const command = new GetBucketNotificationConfigurationCommand({ Bucket: raw });
      const { QueueConfigurations, EventBridgeConfiguration } = await s3.send(command);
      return { QueueConfigurations, EventBridgeConfiguration };
    };
    const before = await found();
    const connect = ['connect', raw, '--stage', stage, '--yes'];
    expect(await tidemark(...connect, '--prefix', 'sales/')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await found()).toMatchObject({
      QueueConfigurations: [...before.QueueConfigurations!, { Id: 'tidemark', QueueArn: arrivals }],
      EventBridgeConfiguration: before.EventBridgeConfiguration,
    });
    const whole = await tidemark(...connect);
    expect([whole.exitCode, whole.stderr]).toEqual([
      1,
      expect.stringMatching(/notification archive tells .*EventBridge/s),
    ]);
    expect((await tidemark(...connect, '--remove')).exitCode).toBe(0);
    expect(await found()).toEqual(before);
  });
});
