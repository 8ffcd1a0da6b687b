import { parseObjectKey, tablePath } from '../dms/object-key.ts';
import { messageOf } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { CreatedObject } from './s3-event.ts';
import { parseS3Event } from './s3-event.ts';
import type { WakeUp } from './wake-up.ts';

/** A message of the arrivals queue; `body` is what S3 (or EventBridge) sent. */
export interface ArrivalMessage {
  messageId: string;
  body: string;
}

/**
 * Groups arrivals by table: one wake-up for every object that belongs to a table.
 * @returns the ids of messages that are no notification of this bucket
 * @throws Error if wake-ups could not be sent: all messages are to be delivered again.
 */
export async function routeArrivals(
  messages: readonly ArrivalMessage[],
  ports: Pick<Ports, 'queue' | 'log' | 'config'>,
): Promise<{ failed: string[] }> {
  const failed: string[] = [];
  const wakeUps: WakeUp[] = [];
  for (const { messageId, body } of messages) {
    try {
      wakeUps.push(...parseS3Event(body).flatMap((object) => wakeUpOf(object, ports)));
    } catch (error) {
      failed.push(messageId);
      ports.log.error('an arrival is not a notification of this raw bucket; it is left to the dead-letter queue', {
        messageId,
        reason: messageOf(error),
      });
    }
  }
  await ports.queue.send(wakeUps);
  return { failed };
}

function wakeUpOf(
  { bucket, key, occurrence }: CreatedObject,
  { log, config }: Pick<Ports, 'log' | 'config'>,
): WakeUp[] {
  if (bucket !== config.rawBucket) throw new Error(`it is from bucket ${bucket}, not from ${config.rawBucket}`);
  const object = parseObjectKey(key, config.rawPrefix);
  if (object.kind === 'other') {
    log.info('an object is not of a table', { key, why: object.why });
    return [];
  }
  const table = tablePath(bucket, config.rawPrefix, object.schema, object.table);
  return [{ table, key, cause: `${bucket}/${key} ${occurrence}` }];
}
