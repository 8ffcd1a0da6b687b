/** The notifications of a bucket, as S3 takes, refuses and keeps them; those to queues are sent. */
import { formEncode } from '../../lib/form-encoding.ts';
import type { StoredObject } from './bucket.ts';
import { S3Failure } from './s3-failure.ts';

interface Rule {
  arn: string;
  events: string[];
  prefix: string;
  suffix: string;
}

export class BucketNotifications {
  /** What stands inside NotificationConfiguration, as it was put. */
  #xml = '';
  #rules: Rule[] = [];

  get xml(): string {
    return this.#xml;
  }

  /** @param isQueue whether S3 may send to a queue */
  put(body: string, isQueue: (arn: string) => boolean): void {
    const xml = /<NotificationConfiguration[^>]*?(?:\/>|>(.*)<\/NotificationConfiguration>)/s.exec(body)?.[1] ?? '';
    const rules = [...xml.matchAll(/<(Queue|Topic|CloudFunction)Configuration>(.*?)<\/\1Configuration>/gs)].map(
      ([, , text = '']) => ruleOf(text),
    );
    rules.forEach((rule, i) => {
      if (rules.slice(0, i).some((other) => overlap(rule, other)))
        throw new S3Failure(
          'InvalidArgument',
          'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.',
        );
      if (rule.arn.includes(':sqs:') && !isQueue(rule.arn))
        throw new S3Failure('InvalidArgument', 'Unable to validate the following destination configurations');
    });
    this.#xml = xml;
    this.#rules = rules;
  }

  /** ARNs of the queues that are told of an object. */
  queuesToldOf({ key }: StoredObject): string[] {
    const spelled = formEncode(key);
    const told = this.#rules.filter(({ prefix, suffix }) => spelled.startsWith(prefix) && spelled.endsWith(suffix));
    return told.map(({ arn }) => arn).filter((arn) => arn.includes(':sqs:'));
  }

  get queues(): string[] {
    return this.#rules.map(({ arn }) => arn).filter((arn) => arn.includes(':sqs:'));
  }
}

function ruleOf(text: string): Rule {
  const rule = (name: string): string =>
    new RegExp(`<FilterRule>\\s*<Name>${name}</Name>\\s*<Value>(.*?)</Value>`, 'is').exec(text)?.[1] ?? '';
  return {
    arn: /<(?:Queue|Topic|CloudFunction)>(.*?)</.exec(text)?.[1] ?? '',
    events: [...text.matchAll(/<Event>(.*?)<\/Event>/g)].map(([, event = '']) => event),
    prefix: rule('prefix'),
    suffix: rule('suffix'),
  };
}

function overlap(one: Rule, other: Rule): boolean {
  const stem = (event: string): string => event.replace(/\*$/, '');
  const meets = (a: string, b: string): boolean => stem(a).startsWith(stem(b)) || stem(b).startsWith(stem(a));
  return (
    one.events.some((event) => other.events.some((another) => meets(event, another))) &&
    (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix)) &&
    (one.suffix.endsWith(other.suffix) || other.suffix.endsWith(one.suffix))
  );
}
