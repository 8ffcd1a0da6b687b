import type {
  LambdaFunctionConfiguration,
  NotificationConfiguration,
  QueueConfiguration,
  TopicConfiguration,
} from '@aws-sdk/client-s3';
import { formDecode, formEncode } from '../form-encoding.ts';
import type { BucketNotification } from '../place/connection.ts';
import { Refused } from '../table/refused.ts';

/** The notification that tells a stack of raw files. */
export interface Wanted {
  queueArn: string;
  /** Of keys as they are. */
  prefix: string;
  /** Names that may be ours, the one we would rather have first. */
  ids: readonly [string, ...string[]];
}

export const CREATED = 's3:ObjectCreated:*';

/** @throws Refused if S3 would refuse them together */
export function withOurs(before: NotificationConfiguration, wanted: Wanted): NotificationConfiguration {
  const { queueArn, prefix } = wanted;
  const kept = before.QueueConfigurations?.filter((queue) => !isOurs(queue, wanted)) ?? [];
  const rest: NotificationConfiguration = { ...before, QueueConfigurations: kept };
  for (const other of notificationsOf(rest)) refuseIfOverlapping(withKeysAsTheyAre(other), prefix);
  const ours: QueueConfiguration = {
    Id: freeId(kept, wanted),
    QueueArn: queueArn,
    Events: [CREATED],
    ...(prefix !== '' && { Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: formEncode(prefix) }] } } }),
  };
  return { ...rest, QueueConfigurations: [...kept, ours] };
}

export function withoutOurs(before: NotificationConfiguration, wanted: Wanted): NotificationConfiguration {
  const { QueueConfigurations: queues, ...others } = before;
  const kept = queues?.filter((queue) => !isOurs(queue, wanted)) ?? [];
  return { ...others, ...(kept.length > 0 && { QueueConfigurations: kept }) };
}

/** Whether it sends to our queue under a name of ours. */
export function isOurs({ Id, QueueArn }: QueueConfiguration, { queueArn, ids }: Wanted): boolean {
  return QueueArn === queueArn && Id !== undefined && ids.includes(Id);
}

/** All that a bucket tells, in the order of S3's answer, with prefixes and suffixes as S3 spells them. */
export function notificationsOf(configuration: NotificationConfiguration): BucketNotification[] {
  const { QueueConfigurations, TopicConfigurations, LambdaFunctionConfigurations, EventBridgeConfiguration } =
    configuration;
  return [
    ...(QueueConfigurations ?? []).map((queue) => notification(queue, queue.QueueArn)),
    ...(TopicConfigurations ?? []).map((topic) => notification(topic, topic.TopicArn)),
    ...(LambdaFunctionConfigurations ?? []).map((lambda) => notification(lambda, lambda.LambdaFunctionArn)),
    ...(EventBridgeConfiguration ? [{ id: undefined, to: EVENT_BRIDGE, events: [], prefix: '', suffix: '' }] : []),
  ];
}

const EVENT_BRIDGE = 'Amazon EventBridge';

function notification(
  { Id, Events, Filter }: QueueConfiguration | TopicConfiguration | LambdaFunctionConfiguration,
  to = '',
): BucketNotification {
  const rule = (name: string): string =>
    Filter?.Key?.FilterRules?.find(({ Name }) => Name?.toLowerCase() === name)?.Value ?? '';
  return { id: Id, to, events: Events ?? [], prefix: rule('prefix'), suffix: rule('suffix') };
}

export function withKeysAsTheyAre({ prefix, suffix, ...rest }: BucketNotification): BucketNotification {
  return { ...rest, prefix: decoded(prefix), suffix: decoded(suffix) };
}

/** S3 takes what is badly encoded, too; it stands for no key. */
function decoded(value: string): string {
  try {
    return formDecode(value);
  } catch {
    return value;
  }
}

/** Another stack's may have the name that we would rather have. */
function freeId(others: readonly QueueConfiguration[], { ids }: Wanted): string {
  const taken = new Set(others.map(({ Id }) => Id));
  return ids.find((id) => !taken.has(id)) ?? ids[0];
}

/**
 * S3 sends an event to one place: two notifications of one kind of event must differ in prefix or suffix (Amazon S3 user
 * guide, "Examples of valid prefix and suffix filters").
 */
function refuseIfOverlapping({ id, to, events, prefix, suffix }: BucketNotification, ours: string): void {
  if (!events.some((event) => event.startsWith('s3:ObjectCreated:'))) return;
  if (!prefix.startsWith(ours) && !ours.startsWith(prefix)) return;
  const objects = `objects created${prefix === '' ? '' : ` below ${prefix}`}${suffix === '' ? '' : ` ending in ${suffix}`}`;
  throw new Refused(
    `The bucket's notification ${id ?? 'without a name'} tells ${to} of ${objects} already, and S3 sends an event to one place only.`,
    'Turn on EventBridge for the bucket, which goes beside it, and deploy the stack with existingRawBucketEvents=eventbridge; or narrow the prefix of that notification.',
  );
}
