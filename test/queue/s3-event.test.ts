import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseS3Event } from '../../lib/queue/s3-event.ts';
import { formEncode } from '../../lib/form-encoding.ts';
import { testEvent } from '../cloud/s3-event.ts';
import { notification, record } from './s3-messages.ts';

describe("S3's notification", () => {
  it.each([
    ['a plain key', 'sampledb/product/LOAD00000001.parquet', 'sampledb/product/LOAD00000001.parquet'],
    ['a space', 'db/my+table/LOAD1.parquet', 'db/my table/LOAD1.parquet'],
    ['a plus sign', 'db/a%2Bb/LOAD1.parquet', 'db/a+b/LOAD1.parquet'],
    ['UTF-8', 'db/Gr%C3%B6%C3%9Fe%F0%9F%A6%86/LOAD1.parquet', 'db/Größe🦆/LOAD1.parquet'],
    ['a percent sign', 'db/100%25/LOAD1.parquet', 'db/100%/LOAD1.parquet'],
    ['what looks encoded, encoded once', 'db/a%252Fb/LOAD1.parquet', 'db/a%2Fb/LOAD1.parquet'],
    ['an encoded slash', 'db%2Ft/LOAD1.parquet', 'db/t/LOAD1.parquet'],
    ['lower-case digits', 'db/%c3%b6/LOAD1.parquet', 'db/ö/LOAD1.parquet'],
    ['not encoded at all', 'db/ö=()/LOAD1.parquet', 'db/ö=()/LOAD1.parquet'],
  ])('has keys encoded as forms are: %s', (_, encoded, key) => {
    expect(parseS3Event(notification(record(encoded)))).toEqual([
      { bucket: 'raw', key, occurrence: '0055AED6DCD90281E5' },
    ]);
  });

  it('gives back every key that S3 encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        expect(parseS3Event(notification(record(formEncode(key))))[0]?.key).toBe(key);
      }),
    );
  });

  it('may tell of several objects', () => {
    const objects = parseS3Event(notification(record('a/b/1'), record('a/b/2', { bucket: 'other' }), record('a/c/3')));
    expect(objects.map(({ bucket, key }) => `${bucket}:${key}`)).toEqual(['raw:a/b/1', 'other:a/b/2', 'raw:a/c/3']);
  });

  it('tells one creation of a key from the next by its sequencer, or else by its eTag', () => {
    const occurrence = (object: object) => parseS3Event(notification(record('a/b/c', { object })))[0]?.occurrence;
    expect(occurrence({ sequencer: '1', eTag: 'e' })).toBe('1');
    expect(occurrence({ sequencer: undefined, eTag: 'e' })).toBe('e');
  });

  it.each(['ObjectCreated:Put', 'ObjectCreated:CompleteMultipartUpload', 'ObjectCreated:Copy', 'ObjectCreated:Post'])(
    'is understood however the object was created: %s',
    (eventName) => {
      expect(parseS3Event(notification(record('a/b/c', { eventName })))).toHaveLength(1);
    },
  );

  it('has no objects when it is the test of a new notification', () => {
    expect(parseS3Event(testEvent('raw'))).toEqual([]);
  });
});

describe("EventBridge's form of it", () => {
  const bridged = (detail: object, type = 'Object Created') =>
    JSON.stringify({ version: '0', source: 'aws.s3', 'detail-type': type, account: '123456789012', detail });

  it('has keys as they are', () => {
    const object = { key: 'db/a+b%2F ö/LOAD1.parquet', size: 5, etag: 'e', sequencer: '00617F08299329D189' };
    expect(parseS3Event(bridged({ bucket: { name: 'raw' }, object, reason: 'PutObject' }))).toEqual([
      { bucket: 'raw', key: object.key, occurrence: object.sequencer },
    ]);
    expect(parseS3Event(bridged({ bucket: { name: 'raw' }, object: { key: 'k', etag: 'e' } }))[0]?.occurrence).toBe(
      'e',
    );
  });

  it('is refused if it tells of anything but a creation', () => {
    expect(() => parseS3Event(bridged({ bucket: { name: 'raw' }, object: { key: 'k' } }, 'Object Deleted'))).toThrow();
  });
});

describe('what is no notification is refused', () => {
  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['no records', '{}'],
    ['records that are none', '{"Records": 5}'],
    ['a record without an object', notification({ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: {} })],
    ['a removal', notification(record('a/b/c', { eventName: 'ObjectRemoved:Delete' }))],
    ["another service's", notification({ ...record('a/b/c'), eventSource: 'aws:sqs' })],
    ['a bad escape', notification(record('a/b/100%'))],
    ['a broken escape', notification(record('a/b/%zz'))],
    ['an escape that is not UTF-8', notification(record('a/b/%ff'))],
    ['one good and one bad record', notification(record('a/b/c'), record('a/b/%ff'))],
  ])('%s', (_, body) => {
    expect(() => parseS3Event(body)).toThrow();
  });

  it('and garbage never passes for an object', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(() => parseS3Event(body)).toThrow();
      }),
    );
  });
});
