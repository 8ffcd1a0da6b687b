/** A record of S3's notification, as S3 sends it; `key` as it stands there, encoded. */
export function record(
  key: string,
  {
    bucket = 'raw',
    eventName = 'ObjectCreated:Put',
    object = {},
  }: { bucket?: string; eventName?: string; object?: object } = {},
) {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: '2026-03-01T10:00:00.000Z',
    eventName,
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'arrivals',
      bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
      object: { key, size: 1024, eTag: 'd41d8cd98f00b204e9800998ecf8427e', sequencer: '0055AED6DCD90281E5', ...object },
    },
  };
}

export function notification(...records: object[]): string {
  return JSON.stringify({ Records: records });
}
