import * as v from 'valibot';
import { formDecode } from '../form-encoding.ts';

/** An object that S3 says was created. */
export interface CreatedObject {
  bucket: string;
  /** Decoded. */
  key: string;
  /** Tells this creation from every other of the same key: S3's sequencer, or the eTag. */
  occurrence: string;
}

/**
 * Reads what S3 sends to a queue: its own notification (keys form-encoded, several records), the test event of a new
 * notification (no objects), or EventBridge's form (keys as they are).
 * (Amazon S3 user guide, "Event message structure"; "EventBridge event message structure".)
 * @throws Error if it is none of them.
 */
export function parseS3Event(body: string): CreatedObject[] {
  const event: unknown = JSON.parse(body);
  const notification = v.safeParse(Notification, event);
  if (notification.success)
    return notification.output.Records.map(({ s3: { bucket, object } }) => ({
      bucket: bucket.name,
      key: formDecode(object.key),
      occurrence: object.sequencer ?? object.eTag ?? '',
    }));
  if (v.is(TestEvent, event)) return [];
  const bridged = v.safeParse(BridgedEvent, event);
  if (!bridged.success) throw new v.ValiError(notification.issues);
  const { bucket, object } = bridged.output.detail;
  return [{ bucket: bucket.name, key: object.key, occurrence: object.sequencer ?? object.etag ?? '' }];
}

const TestEvent = v.object({ Service: v.literal('Amazon S3'), Event: v.literal('s3:TestEvent') });

const Bucket = v.object({ name: v.string() });

const Notification = v.object({
  Records: v.array(
    v.object({
      eventSource: v.literal('aws:s3'),
      eventName: v.pipe(v.string(), v.startsWith('ObjectCreated:')),
      s3: v.object({
        bucket: Bucket,
        object: v.object({ key: v.string(), eTag: v.optional(v.string()), sequencer: v.optional(v.string()) }),
      }),
    }),
  ),
});

const BridgedEvent = v.object({
  source: v.literal('aws.s3'),
  'detail-type': v.literal('Object Created'),
  detail: v.object({
    bucket: Bucket,
    object: v.object({ key: v.string(), etag: v.optional(v.string()), sequencer: v.optional(v.string()) }),
  }),
});
