import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { packageStack, resourcesOf, type PackagedStack } from './packaged-stack.ts';

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000001';
const RAW_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000002';
const ALIAS = 'arn:aws:kms:eu-west-1:123456789012:alias/lake';
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:on-call';

describe('a stack on buckets that exist', () => {
  let stack: PackagedStack;
  beforeAll(async () => {
    stack = await packageStack({
      existingRawBucket: 'dms-target',
      existingRawBucketEvents: 'eventbridge',
      existingRawBucketKmsKeyArn: RAW_KEY,
      rawPrefix: '/dms/out',
      existingLakeBucket: 'our-lake',
      lakePrefix: 'bronze/',
      kmsKeyArn: KEY,
      mergeMemory: '4096',
      mergeTimeout: '300',
      mergeConcurrency: '25',
      catalogDatabase: 'Our-Lake_{schema}',
      rowsPerRowGroup: '20480',
      sweepSchedule: 'rate(15 minutes)',
      sweepEnabled: 'false',
      logRetentionDays: '90',
      alarmTopicArn: TOPIC,
      alarmQueueAgeSeconds: '600',
      alarmFreshnessSeconds: '60',
      alarmErrors: '5',
      logLevel: 'warn',
      metricsPerTable: 'true',
      historyDays: '90',
      tracing: 'true',
    });
  }, 120_000);
  afterAll(() => stack.remove());

  const properties = (name: string) => stack.resources[name]!.Properties as Record<string, unknown>;

  it('makes no bucket of its own beside the one for deployments', () => {
    expect(Object.keys(resourcesOf(stack, 'AWS::S3::Bucket'))).toEqual(['ServerlessDeploymentBucket']);
    expect(Object.keys(resourcesOf(stack, 'AWS::S3::BucketPolicy'))).toEqual(['ServerlessDeploymentBucketPolicy']);
  });

  it('tells the functions their names and their prefixes in one form', () => {
    expect(properties('MergeLambdaFunction')).toMatchObject({
      Environment: {
        Variables: {
          RAW_BUCKET: 'dms-target',
          RAW_PREFIX: 'dms/out/',
          LAKE_BUCKET: 'our-lake',
          LAKE_PREFIX: 'bronze/',
          CONTROLLER_TABLE: 'ControllerTable',
          WAKE_UPS_QUEUE_URL: 'WakeUpsQueue',
          CATALOG_DATABASE: 'our_lake_{schema}',
          ROWS_PER_ROW_GROUP: '20480',
          STAGE: 'test',
          LOG_LEVEL: 'warn',
          METRICS_PER_TABLE: 'true',
          HISTORY_TABLE: 'HistoryTable',
          HISTORY_DAYS: '90',
        },
      },
    });
  });

  it('lets merge into the two folders and nowhere else', () => {
    const policies = JSON.stringify(properties('MergeRole')['Policies']);
    expect(policies).toContain('"arn:${AWS::Partition}:s3:::dms-target/dms/out/*"');
    expect(policies).toContain('"arn:${AWS::Partition}:s3:::our-lake/bronze/*"');
    expect(policies).toContain('{"StringLikeIfExists":{"s3:prefix":"dms/out/*"}}');
    expect(policies).toContain('{"StringLikeIfExists":{"s3:prefix":"bronze/*"}}');
  });

  it('lets merge register tables in the databases of that name only', () => {
    const policies = JSON.stringify(properties('MergeRole')['Policies']);
    expect(policies).toContain(':database/our_lake_*"');
    expect(policies).toContain(':table/our_lake_*/*"');
  });

  it('lets each function use the keys of what it touches, and those only', () => {
    const keysOf = (role: string) =>
      (properties(role)['Policies'] as { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } }[])
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .filter(({ Action }) => String(Action) === 'kms:Decrypt,kms:GenerateDataKey')
        .flatMap(({ Resource }) => Resource);
    expect(keysOf('MergeRole')).toEqual([KEY, RAW_KEY]);
    for (const role of ['RouteRole', 'WakeRole', 'SweepRole']) expect(keysOf(role)).toEqual([KEY]);
  });

  it('encrypts every queue with the key', () => {
    for (const { Properties } of Object.values(resourcesOf(stack, 'AWS::SQS::Queue'))) {
      expect(Properties).toHaveProperty('KmsMasterKeyId', KEY);
      expect(Properties).not.toHaveProperty('SqsManagedSseEnabled');
    }
  });

  it('takes the events of the raw folder from EventBridge, by a rule that alone may send them', () => {
    expect(properties('ArrivalsRule')).toMatchObject({
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: ['dms-target'] }, object: { key: [{ prefix: 'dms/out/' }] } },
      },
      Targets: [{ Arn: 'ArrivalsQueue.Arn' }],
    });
    expect(properties('ArrivalsQueuePolicy')).toMatchObject({
      PolicyDocument: {
        Statement: expect.arrayContaining([
          expect.objectContaining({
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Condition: {
              ArnEquals: { 'aws:SourceArn': 'ArrivalsRule.Arn' },
              StringEquals: { 'aws:SourceAccount': 'AWS::AccountId' },
            },
          }),
        ]) as unknown,
      },
    });
  });

  it('gives merge the memory, time and concurrency that were asked for, and its messages six times the time', () => {
    expect(properties('MergeLambdaFunction')).toMatchObject({ MemorySize: 4096, Timeout: 300 });
    expect(properties('WakeUpsQueue')).toHaveProperty('VisibilityTimeout', 1800);
    expect(properties('MergeEventSourceMappingSQSWakeUpsQueue')).toMatchObject({
      ScalingConfig: { MaximumConcurrency: 25 },
    });
  });

  it('can do without the sweep', () => {
    expect(properties('SweepEventsRuleSchedule1')).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
      State: 'DISABLED',
    });
  });

  it('keeps logs as long as asked for', () => {
    const groups = Object.values(resourcesOf(stack, 'AWS::Logs::LogGroup'));
    expect(groups.map(({ Properties }) => (Properties as { RetentionInDays: number }).RetentionInDays)).toEqual([
      90, 90, 90, 90,
    ]);
  });

  it('sends every alarm, and its end, to the topic', () => {
    for (const { Properties } of Object.values(resourcesOf(stack, 'AWS::CloudWatch::Alarm'))) {
      expect(Properties).toMatchObject({ AlarmActions: [TOPIC], OKActions: [TOPIC] });
    }
    expect(properties('WakeUpsAgeAlarm')).toHaveProperty('Threshold', 600);
    expect(properties('FreshnessAlarm')).toHaveProperty('Threshold', 60_000);
    expect(properties('MergeErrorsAlarm')).toHaveProperty('Threshold', 5);
    // The timeout is 300 seconds.
    expect(properties('MergeDurationAlarm')).toHaveProperty('Threshold', 295_000);
  });

  it('has X-Ray trace the functions, which may then send their traces and no more than before', () => {
    for (const name of ['Route', 'Merge', 'Wake', 'Sweep']) {
      expect(properties(`${name}LambdaFunction`)).toHaveProperty('TracingConfig', { Mode: 'Active' });
      const policies = properties(`${name}Role`)['Policies'] as { PolicyName: string; PolicyDocument: unknown }[];
      expect(policies.at(-1)).toMatchObject({
        PolicyName: 'tracing',
        PolicyDocument: {
          Statement: [{ Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' }],
        },
      });
    }
  });

  it('says where things are', () => {
    expect(Object.fromEntries(Object.entries(stack.outputs).map(([name, { Value }]) => [name, Value]))).toMatchObject({
      RawBucketName: 'dms-target',
      LakeBucketName: 'our-lake',
      ControllerTableName: 'ControllerTable',
      ArrivalsQueueArn: 'ArrivalsQueue.Arn',
      WakeUpsQueueUrl: 'WakeUpsQueue',
      MergeFunctionName: 'MergeLambdaFunction',
    });
  });

  it('says to the command what the functions are told', () => {
    const { Environment } = properties('MergeLambdaFunction') as { Environment: { Variables: Record<string, string> } };
    const { RAW_BUCKET, LAKE_BUCKET, CONTROLLER_TABLE, HISTORY_TABLE, WAKE_UPS_QUEUE_URL, ...settings } =
      Environment.Variables;
    expect(JSON.parse(stack.outputs['Settings']!.Value)).toEqual(settings);
    expect([RAW_BUCKET, LAKE_BUCKET, CONTROLLER_TABLE, HISTORY_TABLE, WAKE_UPS_QUEUE_URL]).toEqual(
      ['RawBucketName', 'LakeBucketName', 'ControllerTableName', 'HistoryTableName', 'WakeUpsQueueUrl'].map(
        (name) => stack.outputs[name]!.Value,
      ),
    );
  });
});

describe('a stack that registers no tables', () => {
  it('lets merge do nothing with the catalog', async () => {
    const stack = await packageStack({ catalogDatabase: 'off' });
    try {
      expect(JSON.stringify(stack.resources['MergeRole'])).not.toContain('glue:');
      expect(JSON.stringify(stack.resources['MergeLambdaFunction'])).toContain('"CATALOG_DATABASE":""');
    } finally {
      await stack.remove();
    }
  }, 120_000);
});

describe('a stack whose raw files expire', () => {
  it('has S3 remove them below the raw prefix after those days, and nothing of the lake', async () => {
    const stack = await packageStack({ rawRetentionDays: '30', rawPrefix: 'stage=dev/dms' });
    try {
      const rulesOf = (name: string) =>
        (stack.resources[name]!.Properties as { LifecycleConfiguration: { Rules: object[] } }).LifecycleConfiguration
          .Rules;
      const [abort, ...others] = rulesOf('RawBucket');
      expect(others).toEqual([
        { Id: 'expire-raw-files', Status: 'Enabled', Prefix: 'stage=dev/dms/', ExpirationInDays: 30 },
      ]);
      expect(rulesOf('LakeBucket')).toEqual([abort]);
      // Notifications alone spell it as the events do.
      expect(JSON.stringify(stack.resources['RawBucket'])).toContain('{"Name":"prefix","Value":"stage%3Ddev/dms/"}');
      // So that no lake is emptied because its raw files expired.
      expect(JSON.stringify(stack.resources['MergeLambdaFunction'])).toContain('"RAW_RETENTION_DAYS":"30"');
    } finally {
      await stack.remove();
    }
  }, 120_000);
});

describe('settings that cannot work are refused before anything is deployed', () => {
  it.each([
    [
      'a lake inside the raw folder',
      { existingRawBucket: 'one', rawPrefix: 'dms', existingLakeBucket: 'one', lakePrefix: 'dms/lake' },
      "RAW_PREFIX 'dms/' and LAKE_PREFIX 'dms/lake/' overlap",
    ],
    ['two buckets of one name', { rawBucket: 'one', lakeBucket: 'one' }, 'the stack cannot make twice'],
    ['more time than a function can have', { mergeTimeout: '1000' }, "mergeTimeout is '1000'"],
    ['one merge at a time', { mergeConcurrency: '1' }, "mergeConcurrency is '1'"],
    ['a level of the log that there is none of', { logLevel: 'loud' }, "LOG_LEVEL is 'loud'"],
    ['tracing that is neither on nor off', { tracing: 'maybe' }, "tracing is 'maybe'"],
    [
      'a database that Athena does not take',
      { catalogDatabase: 'lake.{schema}' },
      "CATALOG_DATABASE is 'lake.{schema}'",
    ],
    ['raw files that expire before anybody looks', { rawRetentionDays: '2' }, "rawRetentionDays is '2'"],
    [
      "an expiry of raw files in a bucket that is not the stack's",
      { rawRetentionDays: '30', existingRawBucket: 'dms-target' },
      'dms-target is a bucket of yours',
    ],
    ...['kmsKeyArn', 'existingRawBucketKmsKeyArn', 'existingLakeBucketKmsKeyArn'].map(
      (name): [string, Record<string, string>, string] => [
        `an alias as ${name}, by which IAM knows no key`,
        { existingRawBucket: 'dms-target', existingLakeBucket: 'our-lake', [name]: ALIAS },
        `${name} is '${ALIAS}': expected the ARN of a key`,
      ],
    ),
    ['a limit that is no number', { filesPerMerge: 'many' }, "FILES_PER_MERGE is 'many'"],
  ])(
    '%s',
    async (_, settings, complaint) => {
      await expect(packageStack(settings)).rejects.toThrow(complaint);
    },
    60_000,
  );
});

describe('the documented defaults', () => {
  it('fit into a new AWS account, whose functions may have 3,008 MB', async () => {
    const { params, functions } = parse(await readFile('serverless.yml', 'utf8'), { logLevel: 'error' }) as {
      params: { default: { mergeMemory: number } };
      functions: Record<string, { memorySize: number | string }>;
    };
    const sizes = Object.values(functions).map(({ memorySize }) =>
      typeof memorySize === 'number' ? memorySize : params.default.mergeMemory,
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3008);
  });

  it('are those of the code', async () => {
    const { params } = parse(await readFile('serverless.yml', 'utf8'), { logLevel: 'error' }) as {
      params: { default: Record<string, number> };
    };
    const { deadBytesShare, ...exact } = DEFAULT_LIMITS;
    expect(params.default).toMatchObject(exact);
    expect(params.default['deadBytesShare']).toBeCloseTo(deadBytesShare, 3);
  });
});
