import type { StoredObject } from './bucket.ts';
import { formEncode } from '../../lib/form-encoding.ts';

/** The message that S3 sends to a queue for an object created; the key in it is form-encoded. */
export function objectCreatedEvent(bucket: string, object: StoredObject, sequencer: string): string {
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'eu-central-1',
        eventTime: object.lastModified.toISOString(),
        eventName: object.eTag.includes('-') ? 'ObjectCreated:CompleteMultipartUpload' : 'ObjectCreated:Put',
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'tidemark',
          bucket: { name: bucket, ownerIdentity: { principalId: 'A1' }, arn: `arn:aws:s3:::${bucket}` },
          object: { key: formEncode(object.key), size: object.bytes.length, eTag: object.eTag, sequencer },
        },
      },
    ],
  });
}

/** What S3 sends when a notification is set up. */
export function testEvent(bucket: string): string {
  return JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: '2026-03-01T10:00:00.000Z',
    Bucket: bucket,
    RequestId: '5582815E1AEA5ADF',
    HostId: '8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR',
  });
}
