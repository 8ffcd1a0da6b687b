import { isDeepStrictEqual } from 'node:util';
import type { NotificationConfiguration, S3Client } from '@aws-sdk/client-s3';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { ConnectionRequest, PlannedConnection } from '../place/connection.ts';
import { Refused } from '../table/refused.ts';
import { isOurs, notificationsOf, withKeysAsTheyAre, withOurs, withoutOurs } from './plan-notification.ts';
import type { Stack } from './stack.ts';

/**
 * Plans what connecting a bucket to a stack, or taking it off, changes at the bucket: S3 replaces all its notifications
 * at once, so those that it has are read and written with ours.
 * @throws Refused if the stack takes no files of the bucket, or S3 would not take the notification
 */
export async function planConnection(
  { bucket, prefix, remove }: ConnectionRequest,
  stack: Stack,
  s3: S3Client,
): Promise<PlannedConnection> {
  const { rawBucket, rawPrefix } = stack.config;
  if (!remove) refuseUnlessTaken(bucket, stack);
  const own = prefix ?? rawPrefix;
  if (!remove && !own.startsWith(rawPrefix) && !rawPrefix.startsWith(own))
    throw new Refused(
      `The stack takes files of ${rawBucket} below ${rawPrefix}, of which there are none below ${own}.`,
      `Leave --prefix out: it is ${rawPrefix} then. Or deploy the stack with that prefix: ${deployment(stack, bucket, own)}`,
    );
  const target = { Bucket: bucket, ExpectedBucketOwner: accountOf(stack.arrivalsQueueArn) };
  const stage = stageOf(stack);
  const wanted = { queueArn: stack.arrivalsQueueArn, prefix: own, ids: ['tidemark', `tidemark-${stage}`] as const };
  const read = async (): Promise<NotificationConfiguration> => {
    const answer = await translated(bucket, stack, s3.send(new GetBucketNotificationConfigurationCommand(target)));
    const { QueueConfigurations, TopicConfigurations, LambdaFunctionConfigurations, EventBridgeConfiguration } = answer;
    return { QueueConfigurations, TopicConfigurations, LambdaFunctionConfigurations, EventBridgeConfiguration };
  };
  const before = await read();
  const hasOurs = before.QueueConfigurations?.some((queue) => isOurs(queue, wanted)) ?? false;
  const planned = remove ? withoutOurs(before, wanted) : withOurs(before, wanted);
  const [told, tells] = [notificationsOf(before), notificationsOf(planned)];
  // Of ours S3 may have written the rule's name in its own way; a prefix that is not encoded stands for no key.
  const isChange = remove ? hasOurs : !isDeepStrictEqual(sorted(told), sorted(tells));
  return {
    before: told.map(withKeysAsTheyAre),
    after: (isChange ? tells : told).map(withKeysAsTheyAre),
    isChange,
    notes: [...notesOn(before, isChange, remove), ...(remove ? [] : notesOnPrefix(own, stack, bucket))],
    apply: async () => {
      if (!isDeepStrictEqual(await read(), before))
        throw new Refused(
          `The notifications of ${bucket} were changed meanwhile.`,
          'Nothing was written. Run the command again, and look at what it is going to do.',
        );
      const put = new PutBucketNotificationConfigurationCommand({ ...target, NotificationConfiguration: planned });
      await translated(bucket, stack, s3.send(put));
    },
  };
}

/** The stack's queue takes events of one bucket, and `route` files of that one. */
function refuseUnlessTaken(bucket: string, stack: Stack): void {
  const { name, config, parameters } = stack;
  if (bucket !== config.rawBucket)
    throw new Refused(
      `The stack ${name} takes its raw files from ${config.rawBucket}, not from ${bucket}.`,
      `Deploy it with that bucket first: ${deployment(stack, bucket)}`,
    );
  if (parameters.get('ExistingRawBucket') === '')
    throw new Refused(
      `${bucket} is the stack's own bucket: it has its notification from the deployment.`,
      'Nothing is to be done. A bucket of your own: existingRawBucket in the settings.',
    );
  if (parameters.get('ExistingRawBucketEvents') === 'eventbridge')
    throw new Refused(
      `The stack ${name} takes the events of ${bucket} from EventBridge, by a rule of its own; a notification would tell it twice.`,
      'Make sure that EventBridge is on in the properties of the bucket. Or deploy with existingRawBucketEvents=notification.',
    );
}

function notesOn(
  { EventBridgeConfiguration }: NotificationConfiguration,
  isChange: boolean,
  remove: boolean,
): string[] {
  return [
    ...(isChange ? [] : [remove ? 'There is no notification of ours.' : 'It is connected already.']),
    ...(EventBridgeConfiguration && !remove
      ? ['The bucket sends its events to EventBridge, too: the stack could take them from there, with existingRawBucketEvents=eventbridge.'] // prettier-ignore
      : []),
  ];
}

/** What comes of a prefix other than the stack's: it changes what the stack is told of, not how keys are read. */
function notesOnPrefix(prefix: string, stack: Stack, bucket: string): string[] {
  const { rawPrefix } = stack.config;
  if (prefix === rawPrefix) return [];
  if (!prefix.startsWith(rawPrefix)) {
    const others = prefix === '' ? 'of all others' : `of others that begin with ${prefix}`;
    return [`The stack takes files below ${rawPrefix} only: ${others} it is told for nothing.`];
  }
  const notes = [
    `Keys below ${prefix} are read as ${readAs(prefix.slice(rawPrefix.length))}. Of all others the stack is not told: they wait for the sweep.`,
  ];
  if (prefix.endsWith('/'))
    notes.push(
      `If ${prefix} is DMS's BucketFolder, which holds the schemas, leave --prefix out and deploy first: ${deployment(stack, bucket, prefix)}`,
    );
  return notes;
}

/** @param rest of a prefix, below the raw prefix; not empty */
function readAs(rest: string): string {
  const [schema = '', table, ...file] = rest.split('/');
  if (table === undefined) return `tables of schemas whose names begin with ${schema}`;
  if (table === '') return `tables of the schema ${schema}`;
  if (file.length === 0) return `tables of the schema ${schema} whose names begin with ${table}`;
  return `files of the table ${schema}/${table}`;
}

/** The command that deploys a stack with a bucket, and a prefix if one is given. */
function deployment(stack: Stack, bucket: string, rawPrefix?: string): string {
  const prefix = rawPrefix === undefined ? '' : ` --param="rawPrefix=${rawPrefix}"`;
  return `npx sls deploy --stage ${stageOf(stack)} --param="existingRawBucket=${bucket}"${prefix}`;
}

function stageOf({ name }: Stack): string {
  return name.slice(name.indexOf('-') + 1);
}

function sorted(notifications: ReturnType<typeof notificationsOf>): string[] {
  return notifications.map((notification) => JSON.stringify(notification)).sort();
}

function accountOf(arn: string): string | undefined {
  return arn.split(':')[4];
}

/** @throws Refused for what a person can mend; whatever else was thrown */
async function translated<T>(bucket: string, { name, region }: Stack, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    if (!(cause instanceof S3ServiceException)) throw cause;
    const refusal = REFUSALS[cause.name];
    if (!refusal) throw cause;
    const [why, next] = refusal({ bucket, stack: name, region });
    throw new Refused(`${why} (${cause.name}: ${cause.message})`, next, { cause });
  }
}

interface Place {
  bucket: string;
  stack: string;
  region: string;
}

const ELSEWHERE = ({ bucket, region }: Place): [string, string] => [
  `${bucket} is not in ${region}, where the stack is: S3 tells queues of its own region only.`,
  "Deploy the stack in the bucket's region.",
];

const REFUSALS: Readonly<Record<string, (place: Place) => [why: string, next: string]>> = {
  NoSuchBucket: ({ bucket }) => [`There is no bucket ${bucket}.`, 'Is its name right? Which account: --profile.'],
  PermanentRedirect: ELSEWHERE,
  IllegalLocationConstraintException: ELSEWHERE,
  AccessDenied: ({ bucket, stack }) => [
    `The notifications of ${bucket} may not be read or changed.`,
    `It takes s3:GetBucketNotification and s3:PutBucketNotification, in the account of ${stack}; other credentials: --profile.`,
  ],
  InvalidArgument: ({ bucket, stack }) => [
    `S3 does not take the notification of ${bucket}: the queue of ${stack} may not let it send, or another notification is in the way.`,
    'Deploy the stack with existingRawBucket set to it; where kmsKeyArn is set, let S3 use the key. Then try again.',
  ],
};
