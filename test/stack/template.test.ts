import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageStack, resourcesOf, type PackagedStack } from './packaged-stack.ts';

interface Statement {
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string>>;
}

const FUNCTIONS = ['Route', 'Merge', 'Wake', 'Sweep'];
const RAW = 'arn:${AWS::Partition}:s3:::tidemark-test-raw-${AWS::AccountId}-${AWS::Region}';
const GLUE = 'arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}';
const LAKE = 'arn:${AWS::Partition}:s3:::tidemark-test-lake-${AWS::AccountId}-${AWS::Region}';

let stack: PackagedStack;
beforeAll(async () => {
  stack = await packageStack();
}, 120_000);
afterAll(() => stack.remove());

const properties = (name: string) => stack.resources[name]!.Properties as Record<string, unknown>;
const oneOrMore = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value]);

function statementsOf(role: string): Statement[] {
  const { Policies } = properties(role) as { Policies: { PolicyDocument: { Statement: Statement[] } }[] };
  return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** What a role may do, as `resource: actions`. */
function permissionsOf(role: string): Record<string, string[]> {
  const permissions: Record<string, string[]> = {};
  for (const { Action, Resource } of statementsOf(role)) {
    for (const resource of oneOrMore(Resource)) (permissions[resource] ??= []).push(...oneOrMore(Action));
  }
  return permissions;
}

function queuePolicy(name: string): Statement[] {
  return (properties(`${name}Policy`) as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement;
}

describe('roles', () => {
  const LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
  const CONSUME = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'];

  it('each function has a role of its own', () => {
    for (const name of FUNCTIONS) expect(properties(`${name}LambdaFunction`)).toHaveProperty('Role', `${name}Role.Arn`);
    expect(Object.keys(resourcesOf(stack, 'AWS::IAM::Role'))).toHaveLength(FUNCTIONS.length);
    expect(Object.keys(resourcesOf(stack, 'AWS::IAM::Policy'))).toHaveLength(0);
    for (const name of FUNCTIONS) expect(properties(`${name}Role`)).not.toHaveProperty('ManagedPolicyArns');
  });

  it('route takes arrivals and sends wake-ups', () => {
    expect(permissionsOf('RouteRole')).toEqual({
      'RouteLogGroup.Arn': LOG,
      'ArrivalsQueue.Arn': CONSUME,
      'WakeUpsQueue.Arn': ['sqs:SendMessage'],
    });
  });

  it('merge takes and sends wake-ups, reads raw files, writes the lake and the controller table, adds to the history and registers tables', () => {
    const catalog = [
      'glue:CreateDatabase',
      'glue:GetTable',
      'glue:CreateTable',
      'glue:UpdateTable',
      'glue:GetPartitions',
      'glue:BatchCreatePartition',
      'glue:BatchUpdatePartition',
      'glue:BatchDeletePartition',
    ];
    expect(permissionsOf('MergeRole')).toEqual({
      'MergeLogGroup.Arn': LOG,
      'WakeUpsQueue.Arn': [...CONSUME, 'sqs:SendMessage'],
      [RAW]: ['s3:ListBucket'],
      [`${RAW}/*`]: ['s3:GetObject'],
      [LAKE]: ['s3:ListBucket'],
      [`${LAKE}/*`]: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      'ControllerTable.Arn': ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      'HistoryTable.Arn': ['dynamodb:PutItem'],
      [`${GLUE}:catalog`]: catalog,
      [`${GLUE}:database/tidemark_test_*`]: catalog,
      [`${GLUE}:table/tidemark_test_*/*`]: catalog,
    });
  });

  it('wake reads the stream and sends wake-ups and its failures', () => {
    expect(permissionsOf('WakeRole')).toEqual({
      'WakeLogGroup.Arn': LOG,
      'ControllerTable.StreamArn': [
        'dynamodb:DescribeStream',
        'dynamodb:GetRecords',
        'dynamodb:GetShardIterator',
        'dynamodb:ListStreams',
      ],
      'WakeUpsQueue.Arn': ['sqs:SendMessage'],
      'WakeFailuresQueue.Arn': ['sqs:SendMessage'],
    });
  });

  it('sweep lists raw files, reads the controller table and sends wake-ups', () => {
    expect(permissionsOf('SweepRole')).toEqual({
      'SweepLogGroup.Arn': LOG,
      [RAW]: ['s3:ListBucket'],
      'ControllerTable.Arn': ['dynamodb:Scan'],
      'WakeUpsQueue.Arn': ['sqs:SendMessage'],
    });
  });

  it('no wildcard stands in an action, nor in a resource but after the folder of a bucket and for schemas and tables of the catalog', () => {
    const allowed = FUNCTIONS.flatMap((name) => statementsOf(`${name}Role`));
    expect(allowed.every(({ Effect }) => Effect === 'Allow')).toBe(true);
    expect(allowed.flatMap(({ Action }) => Action).join()).not.toContain('*');
    for (const resource of allowed.flatMap(({ Resource }) => Resource)) {
      const known = resource
        .replace(/^(arn:\$\{AWS::Partition\}:s3:::[^*]+\/)\*$/, '$1')
        .replace(/(:(database|table)\/tidemark_test_)\*(\/\*)?$/, '$1');
      expect(known).not.toContain('*');
    }
  });

  it('only Lambda takes on the roles', () => {
    for (const name of FUNCTIONS) {
      expect(properties(`${name}Role`)).toMatchObject({
        AssumeRolePolicyDocument: {
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
      });
    }
  });
});

describe('queues', () => {
  const QUEUES = [
    'ArrivalsQueue',
    'ArrivalsDeadLetterQueue',
    'WakeUpsQueue',
    'WakeUpsDeadLetterQueue',
    'WakeFailuresQueue',
  ];

  it('are encrypted and refuse what does not come by TLS', () => {
    expect(Object.keys(resourcesOf(stack, 'AWS::SQS::Queue')).sort()).toEqual([...QUEUES].sort());
    for (const name of QUEUES) {
      expect(properties(name)).toHaveProperty('SqsManagedSseEnabled', true);
      expect(properties(`${name}Policy`)).toHaveProperty('Queues', [name]);
      expect(queuePolicy(name)).toContainEqual({
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: `${name}.Arn`,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
    }
  });

  it('only the raw bucket, and only of this account, may send to arrivals', () => {
    expect(queuePolicy('ArrivalsQueue').filter(({ Effect }) => Effect === 'Allow')).toEqual([
      {
        Sid: 'RawBucketSends',
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: 'ArrivalsQueue.Arn',
        Condition: { ArnEquals: { 'aws:SourceArn': RAW }, StringEquals: { 'aws:SourceAccount': 'AWS::AccountId' } },
      },
    ]);
  });

  it('nobody else is let in by the policy of a queue', () => {
    for (const name of QUEUES.slice(1)) {
      expect(queuePolicy(name).map(({ Effect }) => Effect)).toEqual(['Deny']);
    }
  });

  it('wake-ups go first in, first out within a table, at high throughput', () => {
    expect(properties('WakeUpsQueue')).toMatchObject({
      QueueName: 'tidemark-test-wake-ups.fifo',
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
  });

  it.each([
    ['ArrivalsQueue', 'RouteLambdaFunction'],
    ['WakeUpsQueue', 'MergeLambdaFunction'],
  ])('%s hides a message for at least six times the timeout of %s', (queue, consumer) => {
    const { VisibilityTimeout } = properties(queue) as { VisibilityTimeout: number };
    const { Timeout } = properties(consumer) as { Timeout: number };
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout);
  });

  it.each([
    ['ArrivalsQueue', 'ArrivalsDeadLetterQueue'],
    ['WakeUpsQueue', 'WakeUpsDeadLetterQueue'],
  ])('%s has dead letters of its own kind, which outlive it and come from nowhere else', (queue, deadLetters) => {
    const { QueueName, RedrivePolicy, MessageRetentionPeriod, FifoQueue } = properties(queue);
    expect(RedrivePolicy).toEqual({ deadLetterTargetArn: `${deadLetters}.Arn`, maxReceiveCount: 5 });
    const dead = properties(deadLetters);
    expect(dead['FifoQueue']).toBe(FifoQueue);
    expect(dead['MessageRetentionPeriod']).toBeGreaterThanOrEqual(MessageRetentionPeriod as number);
    expect(dead['RedriveAllowPolicy']).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [`arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:${String(QueueName)}`],
    });
  });
});

describe('what wakes the functions', () => {
  const mapping = (consumer: string) => {
    const found = Object.values(resourcesOf(stack, 'AWS::Lambda::EventSourceMapping')).filter(
      ({ Properties }) => (Properties as { FunctionName: string }).FunctionName === `${consumer}LambdaFunction.Arn`,
    );
    expect(found).toHaveLength(1);
    return found[0]!.Properties as Record<string, unknown>;
  };

  it('route takes arrivals in batches and hands back those it could not route', () => {
    expect(mapping('Route')).toMatchObject({
      EventSourceArn: 'ArrivalsQueue.Arn',
      Enabled: true,
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('merge takes up to ten wake-ups without waiting for more, and hands back those not done', () => {
    expect(mapping('Merge')).toEqual({
      FunctionName: 'MergeLambdaFunction.Arn',
      EventSourceArn: 'WakeUpsQueue.Arn',
      Enabled: true,
      BatchSize: 10,
      ScalingConfig: { MaximumConcurrency: 10 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('wake follows the stream of the controller table, and a record it cannot read holds nothing up for long', () => {
    expect(mapping('Wake')).toMatchObject({
      EventSourceArn: 'ControllerTable.StreamArn',
      Enabled: true,
      StartingPosition: 'TRIM_HORIZON',
      MaximumRetryAttempts: 5,
      MaximumRecordAgeInSeconds: 3600,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: 'WakeFailuresQueue.Arn' } },
    });
  });

  it('merge alone may wake itself as often as it has more to do: Lambda ends no chain of its invocations', () => {
    const allowed = FUNCTIONS.filter((name) => properties(`${name}LambdaFunction`)['RecursiveLoop'] === 'Allow');
    expect(allowed).toEqual(['Merge']);
  });

  it('sweep runs every hour', () => {
    expect(Object.values(resourcesOf(stack, 'AWS::Events::Rule'))).toEqual([
      expect.objectContaining({
        Properties: expect.objectContaining({ ScheduleExpression: 'rate(1 hour)', State: 'ENABLED' }) as unknown,
      }),
    ]);
  });

  it('the raw bucket tells arrivals of every object created, once the queue lets it', () => {
    expect(stack.resources['RawBucket']!.DependsOn).toContain('ArrivalsQueuePolicy');
    expect(properties('RawBucket')).toMatchObject({
      NotificationConfiguration: {
        QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: 'ArrivalsQueue.Arn' }],
      },
    });
  });
});

describe('functions', () => {
  it.each(FUNCTIONS)('%s runs on a current Node.js on arm64, and its log does not grow for ever', (name) => {
    expect(properties(`${name}LambdaFunction`)).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    expect(properties(`${name}LogGroup`)).toHaveProperty('RetentionInDays', 30);
  });

  it('no old versions of them are kept', () => {
    expect(resourcesOf(stack, 'AWS::Lambda::Version')).toEqual({});
  });
});

describe('what outlives the stack', () => {
  it.each(['RawBucket', 'LakeBucket', 'ControllerTable'])(
    '%s is kept when the stack is removed, but goes with a deployment that made it and failed',
    (name) => {
      expect(stack.resources[name]).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
    },
  );

  it('nothing else is kept, which the next deployment would find in its way', () => {
    const kept = Object.entries(stack.resources).filter(
      ([, { DeletionPolicy = 'Delete' }]) => DeletionPolicy !== 'Delete',
    );
    expect(kept.map(([name]) => name).sort()).toEqual(['ControllerTable', 'LakeBucket', 'RawBucket']);
  });

  it.each(['RawBucket', 'LakeBucket'])(
    '%s is encrypted, private, owned by the account, and free of unfinished uploads',
    (name) => {
      expect(properties(name)).toMatchObject({
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        LifecycleConfiguration: {
          Rules: [{ Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }],
        },
      });
      expect(properties(name)).not.toHaveProperty('VersioningConfiguration');
    },
  );

  it.each(['RawBucket', 'LakeBucket'])(
    '%s refuses what does not come by TLS, and its policy lets nobody in',
    (name) => {
      expect(properties(`${name}Policy`)).toMatchObject({
        Bucket: name,
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: [`${name}.Arn`, `\${${name}.Arn}/*`],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      });
    },
  );

  it('the history is paid per request, encrypted, and goes by itself', () => {
    expect(properties('HistoryTable')).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'path', KeyType: 'HASH' },
        { AttributeName: 'at', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      SSESpecification: { SSEEnabled: true },
    });
  });

  it('the controller table is paid per request, encrypted, recoverable, and streams rows as they were and are', () => {
    expect(properties('ControllerTable')).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'path', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'path', KeyType: 'HASH' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
    });
  });
});

describe('alarms', () => {
  it.each([
    ['the age of arrivals', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 'ArrivalsQueue.QueueName', 1800],
    ['the age of wake-ups', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 'WakeUpsQueue.QueueName', 1800],
    ['dead arrivals', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'ArrivalsDeadLetterQueue.QueueName', 0],
    ['dead wake-ups', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'WakeUpsDeadLetterQueue.QueueName', 0],
    ['edits that woke nothing', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'WakeFailuresQueue.QueueName', 0],
    ['errors of route', 'AWS/Lambda', 'Errors', 'RouteLambdaFunction', 0],
    ['errors of merge', 'AWS/Lambda', 'Errors', 'MergeLambdaFunction', 0],
    ['errors of wake', 'AWS/Lambda', 'Errors', 'WakeLambdaFunction', 0],
    ['errors of sweep', 'AWS/Lambda', 'Errors', 'SweepLambdaFunction', 0],
    ['runs of merge near their timeout', 'AWS/Lambda', 'Duration', 'MergeLambdaFunction', 895_000],
    ['freshness', 'Tidemark', 'Freshness', 'tidemark', 300_000],
    ['vanished files', 'Tidemark', 'VanishedFiles', 'tidemark', 0],
    ['catalog failures', 'Tidemark', 'CatalogFailures', 'tidemark', 0],
  ])('there is one on %s', (_, namespace, metric, source, threshold) => {
    const matching = Object.values(resourcesOf(stack, 'AWS::CloudWatch::Alarm'))
      .map(({ Properties }) => Properties as Record<string, unknown> & { Dimensions?: { Value: string }[] })
      .filter(({ MetricName, Dimensions }) => MetricName === metric && Dimensions?.[0]?.Value === source);
    expect(matching).toEqual([
      expect.objectContaining({
        Namespace: namespace,
        Threshold: threshold,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
      }),
    ]);
  });

  it('there is one on blocked tables, which stays as it is between two sweeps', () => {
    expect(properties('BlockedTablesAlarm')).toMatchObject({
      MetricName: 'BlockedTables',
      Statistic: 'Maximum',
      Threshold: 0,
      TreatMissingData: 'ignore',
    });
  });

  it('there is one on throttles of any function', () => {
    const { Metrics } = properties('ThrottlesAlarm') as {
      Metrics: {
        Expression?: string;
        MetricStat?: { Metric: { MetricName: string; Dimensions: { Value: string }[] } };
      }[];
    };
    expect(Metrics[0]).toHaveProperty('Expression', 'SUM(METRICS())');
    expect(Metrics.slice(1).map(({ MetricStat }) => MetricStat?.Metric.Dimensions[0]?.Value)).toEqual(
      FUNCTIONS.map((name) => `${name}LambdaFunction`),
    );
  });
});
