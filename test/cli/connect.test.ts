/** `tidemark connect`: a bucket that has notifications of its own gets ours beside them. Real S3 client, on the test cloud. */
import type { LambdaFunctionConfiguration, NotificationConfiguration, QueueConfiguration } from '@aws-sdk/client-s3';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectIo, ConnectOptions } from '../../lib/cli/connect.ts';
import { connectAt, runConnect } from '../../lib/cli/connect.ts';
import { Refused } from '../../lib/table/refused.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import type { Queue } from '../cloud/queue.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { LabStack } from '../place/lab-stack.ts';
import { loadBytes } from '../table/table-lab.ts';
import { recorded } from './terminal.ts';

const LAMBDA = 'arn:aws:lambda:eu-central-1:000000000000:function:audit';
const TOPIC = 'arn:aws:sns:eu-central-1:000000000000:deleted';

let dynamoDb: DynamoDb;
let stack: LabStack;
let others: Queue;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
});
afterAll(() => dynamoDb.stop());
beforeEach(() => {
  stack = new LabStack(dynamoDb);
  others = stack.cloud.createQueue('others', { fifo: false, visibilitySeconds: 30 });
});

async function notifications(): Promise<NotificationConfiguration> {
  const command = new GetBucketNotificationConfigurationCommand({ Bucket: 'raw-bucket' });
  const { $metadata, ...found } = await stack.clients.s3.send(command);
  expect($metadata.httpStatusCode).toBe(200);
  return found;
}

async function put(configuration: NotificationConfiguration): Promise<void> {
  const given = { Bucket: 'raw-bucket', NotificationConfiguration: configuration };
  await stack.clients.s3.send(new PutBucketNotificationConfigurationCommand(given));
}

/** What the bucket of a team has: none of it may be lost. */
const theirs = (): NotificationConfiguration => ({
  QueueConfigurations: [
    {
      Id: 'archive',
      QueueArn: stack.cloud.queueArn(others),
      Events: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy'],
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'archive/' }, { Name: 'suffix', Value: '.gz' }] } }, // prettier-ignore
    },
  ],
  TopicConfigurations: [{ Id: 'deleted', TopicArn: TOPIC, Events: ['s3:ObjectRemoved:*'] }],
  LambdaFunctionConfigurations: [{ Id: 'audit', LambdaFunctionArn: LAMBDA, Events: ['s3:ObjectRestore:*'] }],
  EventBridgeConfiguration: {},
});

const ours = (more: Partial<QueueConfiguration> = {}): QueueConfiguration => ({
  Id: 'tidemark',
  QueueArn: stack.cloud.queueArn(stack.arrivals),
  Events: ['s3:ObjectCreated:*'],
  Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'dms/' }] } },
  ...more,
});

async function connect(options: Partial<ConnectOptions> = {}, more: Partial<ConnectIo> = {}, bucket = 'raw-bucket') {
  const { out, err, io } = recorded();
  const exitCode = await connectAt(await stack.open(), bucket, options, { ...io, ...more });
  return { exitCode, out, err };
}

async function refusal(options: Partial<ConnectOptions> = {}, bucket?: string): Promise<Refused> {
  const outcome: unknown = await connect({ yes: true, ...options }, {}, bucket).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Refused);
  return outcome as Refused;
}

const text = ({ message, next }: Refused): string => `${message}\n${next}`;

describe('connecting a bucket', () => {
  it('adds our notification and loses none that is there', async () => {
    await put(theirs());
    const { exitCode } = await connect({ yes: true });
    expect(exitCode).toBe(0);
    const { QueueConfigurations, ...rest } = await notifications();
    const { QueueConfigurations: before, ...restBefore } = theirs();
    expect(rest).toEqual(restBefore);
    expect(QueueConfigurations).toEqual([...before!, ours()]);
  });

  it('has the files that come then wake their tables', async () => {
    await connect({ yes: true });
    stack.raw.put('dms/sales/orders/LOAD00000001.parquet', loadBytes([[1, 'apple']]));
    stack.raw.put('elsewhere/file', new Uint8Array(1));
    const bodies = stack.arrivals
      .receive(10)
      .map(({ body }) => JSON.parse(body) as { Event?: string; Records?: object });
    expect(bodies).toMatchObject([
      { Event: 's3:TestEvent' },
      { Records: [{ s3: { object: { key: 'dms/sales/orders/LOAD00000001.parquet' } } }] },
    ]);
  });

  it('spells the prefix as S3 does in events, without which no key would have it', async () => {
    const prefix = 'dms/OPS$APP (ö=1)/';
    const { out } = await connect({ yes: true, prefix });
    const spelled = (await notifications()).QueueConfigurations?.[0]?.Filter?.Key?.FilterRules;
    expect(spelled).toEqual([{ Name: 'prefix', Value: 'dms/OPS%24APP+%28%C3%B6%3D1%29/' }]);
    expect(out.join('\n')).toContain(`s3:ObjectCreated:* below ${prefix} →`);
    stack.arrivals.receive(10);
    stack.raw.put(`${prefix}orders/LOAD00000001.parquet`, loadBytes([[1, 'apple']]));
    expect(stack.arrivals.receive(10)).toHaveLength(1);
    expect((await connect({ prefix })).out).toContain('It is connected already.');
  });

  it('spells one anew that is there in plain text', async () => {
    const prefix = 'dms/region=eu/';
    await put({
      QueueConfigurations: [ours({ Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } } })],
    });
    await connect({ yes: true, prefix });
    const { QueueConfigurations: queues } = await notifications();
    expect(queues?.map(({ Filter }) => Filter?.Key?.FilterRules?.[0]?.Value)).toEqual(['dms/region%3Deu/']);
  });

  it('finds what is in the way of a prefix by keys as they are', async () => {
    await put({
      QueueConfigurations: [
        {
          Id: 'archive',
          QueueArn: stack.cloud.queueArn(others),
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'dms/region%3deu/' }] } },
        },
      ],
    });
    expect(text(await refusal({ prefix: 'dms/region=eu/sales/' }))).toContain('below dms/region=eu/');
  });

  it('shows first what is kept and what comes, and asks', async () => {
    await put(theirs());
    const asked: string[] = [];
    const no = (question: string) => {
      asked.push(question);
      return Promise.resolve(false);
    };
    const { exitCode, out, err } = await connect({}, { confirm: no });
    expect([exitCode, err, asked]).toEqual([1, ['Nothing was done.'], ['Change them so?']]);
    const [queue, arrivals] = [stack.cloud.queueArn(others), stack.cloud.queueArn(stack.arrivals)];
    expect(out).toEqual([
      'Notifications of raw-bucket, as they are to be:',
      `    archive: s3:ObjectCreated:Put, s3:ObjectCreated:Copy below archive/ ending in .gz → ${queue}`,
      `    deleted: s3:ObjectRemoved:* → ${TOPIC}`,
      `    audit: s3:ObjectRestore:* → ${LAMBDA}`,
      '    (no name): all events → Amazon EventBridge',
      `  + tidemark: s3:ObjectCreated:* below dms/ → ${arrivals}`,
      expect.stringContaining('EventBridge, too'),
    ]);
    expect(await notifications()).toEqual(theirs());
  });

  it('writes nothing with --dry-run, nor where nobody can be asked', async () => {
    expect((await connect({ dryRun: true })).exitCode).toBe(0);
    await expect(connect()).rejects.toThrow(/Give --yes/);
    expect(await notifications()).toEqual({});
  });

  it('changes nothing the second time', async () => {
    await connect({ yes: true });
    stack.arrivals.receive(10);
    const { out } = await connect();
    expect(out.at(-1)).toBe('It is connected already.');
    expect(stack.arrivals.receive(10)).toEqual([]);
  });

  it('tells of another prefix below the raw prefix, in place of the one before', async () => {
    await connect({ yes: true });
    const { out } = await connect({ yes: true, prefix: 'dms/sales/' });
    expect(out.slice(1, 3).map((line) => line.split(' → ')[0])).toEqual([
      '  - tidemark: s3:ObjectCreated:* below dms/',
      '  + tidemark: s3:ObjectCreated:* below dms/sales/',
    ]);
    const narrower = ours({ Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'dms/sales/' }] } } });
    expect((await notifications()).QueueConfigurations).toEqual([narrower]);
  });

  it.each([
    ['dms/sales/', 'tables of the schema sales', 'dms/sales/'],
    ['dms/sal', 'tables of schemas whose names begin with sal', undefined],
    ['dms/sales/ord', 'tables of the schema sales whose names begin with ord', undefined],
    ['dms/sales/orders/', 'files of the table sales/orders', 'dms/sales/orders/'],
  ])('says before it asks how keys below a narrower prefix are read: %s', async (prefix, tables, folder) => {
    const { out } = await connect({ prefix, dryRun: true });
    expect(out.slice(2)).toEqual([
      `Keys below ${prefix} are read as ${tables}. Of all others the stack is not told: they wait for the sweep.`,
      ...(folder === undefined
        ? []
        : [`If ${folder} is DMS's BucketFolder, which holds the schemas, leave --prefix out and deploy first: npx sls deploy --stage dev --param="existingRawBucket=raw-bucket" --param="rawPrefix=${folder}"`]), // prettier-ignore
    ]);
  });

  it("says so of DMS's folder, where the stack takes the schemas from the top of the bucket", async () => {
    const outputs = stack.cloudFormation.stacks.get('tidemark-dev')!;
    outputs['Settings'] = JSON.stringify({ ...(JSON.parse(outputs['Settings']!) as object), RAW_PREFIX: '' });
    const { out } = await connect({ prefix: 'dms/', dryRun: true });
    expect(out.slice(2)).toEqual([
      'Keys below dms/ are read as tables of the schema dms. Of all others the stack is not told: they wait for the sweep.',
      expect.stringMatching(/^If dms\/ is DMS's BucketFolder.* --param="rawPrefix=dms\/"$/),
    ]);
  });

  it.each([
    ['d', 'of others that begin with d'],
    ['', 'of all others'],
  ])("says that a wider prefix tells more than the stack takes: '%s'", async (prefix, others) => {
    const { out } = await connect({ prefix, dryRun: true });
    expect(out.slice(2)).toEqual([`The stack takes files below dms/ only: ${others} it is told for nothing.`]);
  });

  it("leaves another stack's notification of our name alone", async () => {
    const another: QueueConfiguration = {
      ...ours({ QueueArn: stack.cloud.queueArn(others) }),
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'test/' }] } },
    };
    await put({ QueueConfigurations: [another] });
    await connect({ yes: true });
    expect((await notifications()).QueueConfigurations).toEqual([another, ours({ Id: 'tidemark-dev' })]);
    await connect({ yes: true, remove: true });
    expect((await notifications()).QueueConfigurations).toEqual([another]);
  });

  it('says with --json what is before and after', async () => {
    const { out } = await connect({ json: true, dryRun: true });
    expect(out.map((line) => JSON.parse(line) as object)).toEqual([
      {
        bucket: 'raw-bucket',
        before: [],
        after: [
          {
            id: 'tidemark',
            to: stack.cloud.queueArn(stack.arrivals),
            events: ['s3:ObjectCreated:*'],
            prefix: 'dms/',
            suffix: '',
          },
        ],
        isChange: true,
        notes: [],
        dryRun: true,
      },
    ]);
  });
});

describe('--remove', () => {
  it('takes ours away and leaves the others', async () => {
    await put(theirs());
    await connect({ yes: true });
    await connect({ yes: true, remove: true });
    expect(await notifications()).toEqual(theirs());
  });

  it('has nothing to do where ours is not there', async () => {
    expect((await connect({ remove: true })).out).toEqual([
      'Notifications of raw-bucket:',
      '    none',
      'There is no notification of ours.',
    ]);
  });
});

describe('connecting is refused, with what to do instead,', () => {
  it.each<[string, Partial<LambdaFunctionConfiguration>]>([
    ['of all objects', {}],
    ['of a part of them', { Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'dms/sales/' }] } } }],
    ['by one kind of creation', { Events: ['s3:ObjectCreated:CompleteMultipartUpload'] }],
  ])('where another notification tells %s already', async (_, more) => {
    const other: LambdaFunctionConfiguration = {
      Id: 'audit',
      LambdaFunctionArn: LAMBDA,
      Events: ['s3:ObjectCreated:*'],
      ...more,
    };
    await put({ LambdaFunctionConfigurations: [other] });
    expect(text(await refusal())).toMatch(
      /notification audit tells .*function:audit.*existingRawBucketEvents=eventbridge/s,
    );
    // S3 would have refused it, too.
    const both = { LambdaFunctionConfigurations: [other], QueueConfigurations: [ours()] };
    await expect(put(both)).rejects.toThrow(/overlapping/);
  });

  it('where the stack takes its files from another bucket', async () => {
    expect(text(await refusal({}, 'another'))).toMatch(
      /takes its raw files from raw-bucket, not from another.*existingRawBucket=another/s,
    );
  });

  it('where the stack takes no files below the prefix', async () => {
    expect(text(await refusal({ prefix: 'other/' }))).toMatch(
      /below dms\/, of which there are none below other\/.* --param="existingRawBucket=raw-bucket" --param="rawPrefix=other\/"$/s,
    );
  });

  it("where the bucket is the stack's own", async () => {
    stack.cloudFormation.parameters.set('tidemark-dev', { ExistingRawBucket: '' });
    expect(text(await refusal())).toMatch(/stack's own bucket.*Nothing is to be done/s);
  });

  it('where the stack takes the events from EventBridge', async () => {
    const parameters = { ExistingRawBucket: 'raw-bucket', ExistingRawBucketEvents: 'eventbridge' };
    stack.cloudFormation.parameters.set('tidemark-dev', parameters);
    expect(text(await refusal())).toContain('EventBridge');
  });

  it('where somebody changes the notifications while one is asked', async () => {
    const confirm = async () => {
      await put({ TopicConfigurations: theirs().TopicConfigurations });
      return true;
    };
    await expect(connect({}, { confirm })).rejects.toThrow(/changed meanwhile/);
    expect(await notifications()).toEqual({ TopicConfigurations: theirs().TopicConfigurations });
  });

  it('where S3 may not send to the queue', async () => {
    const outputs = stack.cloudFormation.stacks.get('tidemark-dev')!;
    outputs['ArrivalsQueueArn'] = 'arn:aws:sqs:eu-central-1:000000000000:gone';
    expect(text(await refusal())).toMatch(/may not let it send.*Unable to validate.*existingRawBucket/s);
  });

  it('on folders', async () => {
    const { raw, lake } = await rawAndLake();
    const { err, io } = recorded();
    expect(await runConnect('raw', { raw, lake }, io)).toBe(1);
    expect(err.join()).toMatch(/Folders need no connection.*Give --stage/);
  });

  it('where no stack is named, without asking for folders', async () => {
    const { err, io } = recorded();
    expect(await runConnect('raw', {}, io)).toBe(1);
    expect(err.join()).toMatch(/tidemark connect: Give --stage, the stage/);
  });
});
