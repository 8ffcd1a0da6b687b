/**
 * The S3 adapter on the cloud of these tests. To hold it to the same contract on another S3, set
 * TIDEMARK_TEST_S3_ENDPOINT to its URL (`https://s3.eu-central-1.amazonaws.com` for AWS's own), and region and credentials
 * as usual; TIDEMARK_TEST_S3_BUCKET names a bucket of yours, else one is made and left there.
 */
import { randomBytes, randomUUID } from 'node:crypto';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { S3ObjectStore } from '../../lib/aws/s3-object-store.ts';
import type { Clock, RandomSource } from '../../lib/ports/clock.ts';
import { ObjectArchived, ObjectChanged } from '../../lib/ports/object-store.ts';
import type { Bucket } from '../cloud/bucket.ts';
import { Cloud } from '../cloud/cloud.ts';
import type { Fault } from '../cloud/fault.ts';
import type { Uploads } from '../cloud/uploads.ts';
import { systemClock } from '../cloud/virtual-clock.ts';
import { describeObjectStore, piecesOf } from '../contracts/object-store.ts';

const MiB = 1024 * 1024;
const random: RandomSource = { id: () => randomBytes(16).toString('hex') };
const options = { random, clock: systemClock };

describeObjectStore(
  'S3ObjectStore',
  () => {
    const cloud = new Cloud();
    cloud.createBucket('lake');
    return new S3ObjectStore(cloud.s3Client(), 'lake', options);
  },
  { eTagsMayRepeat: true },
);

const endpoint = process.env['TIDEMARK_TEST_S3_ENDPOINT'];
if (endpoint !== undefined) {
  const client = new S3Client({ endpoint, forcePathStyle: true });
  let bucket = process.env['TIDEMARK_TEST_S3_BUCKET'];
  describeObjectStore(
    `S3ObjectStore at ${endpoint}`,
    async () => {
      if (bucket === undefined) {
        bucket = `tidemark-contract-${randomUUID()}`;
        await client.send(new CreateBucketCommand({ Bucket: bucket }));
      }
      return new S3ObjectStore(client, bucket, options);
    },
    { eTagsMayRepeat: true },
  );
}

describe('S3ObjectStore when things go wrong', () => {
  let cloud: Cloud;
  let bucket: Bucket;
  let uploads: Uploads;
  let store: S3ObjectStore;
  let requests: string[];

  beforeEach(() => {
    requests = [];
    cloud = new Cloud();
    ({ bucket, uploads } = cloud.createBucket('lake'));
    store = new S3ObjectStore(cloud.s3Client(), 'lake', options);
  });

  /** Meets the first requests named `name` with `faults`, one each. */
  const fail = (name: string, ...faults: (Fault | (() => Fault))[]): void => {
    cloud.fault = (operation) => {
      requests.push(operation.name);
      const fault = operation.name === name ? (faults.shift() ?? 'none') : 'none';
      return typeof fault === 'string' ? fault : fault();
    };
  };
  const large = randomBytes(6 * MiB);
  const grow = (eTag: string): ReturnType<S3ObjectStore['write']> =>
    store.write('one', piecesOf({ start: 0, end: large.length }, Buffer.from('end')), { eTag });

  it('says of an object that must be restored first that it is archived', async () => {
    const { eTag } = bucket.put('one', Buffer.from('bytes'));
    bucket.archived.add('one');
    await expect(store.read('one', eTag, 0, 5)).rejects.toThrow(ObjectArchived);
    expect(await store.head('one')).toMatchObject({ eTag, size: 5 });
  });

  it('knows its own object when the answer to a put is lost', async () => {
    fail('PutObject', 'apply-then-fail');
    const written = await store.write('one', piecesOf(Buffer.from('ours')), 'absent');
    expect(requests).toEqual(['PutObject', 'PutObject', 'HeadObject']);
    expect(await store.head('one')).toMatchObject({ eTag: written.eTag, size: 4 });
  });

  it('knows its own object when the answer to a replacing put is lost', async () => {
    const { eTag } = bucket.put('one', Buffer.from('first'));
    fail('PutObject', 'apply-then-fail');
    const written = await store.write('one', piecesOf(Buffer.from('ours')), { eTag });
    expect(await store.head('one')).toMatchObject({ eTag: written.eTag, size: 4 });
  });

  it('knows its own object when the answer to completing an upload is lost', async () => {
    const { eTag } = bucket.put('one', large);
    fail('CompleteMultipartUpload', 'apply-then-fail');
    const written = await grow(eTag);
    expect(requests.slice(-2)).toEqual(['CompleteMultipartUpload', 'HeadObject']);
    expect(await store.head('one')).toMatchObject({ eTag: written.eTag, size: large.length + 3 });
  });

  it('knows its own object even when every answer is lost', async () => {
    fail('PutObject', 'apply-then-fail', 'apply-then-fail', 'apply-then-fail');
    const written = await store.write('one', piecesOf(Buffer.from('ours')), 'absent');
    expect(written.eTag).toBe(bucket.get('one')?.eTag);
  });

  it('does not take the object of a writer with the same bytes for its own', async () => {
    const { eTag } = bucket.put('one', Buffer.from('first'));
    bucket.put('one', Buffer.from('same'), { metadata: { 'tidemark-write': 'theirs' } });
    await expect(store.write('one', piecesOf(Buffer.from('same')), { eTag })).rejects.toThrow(ObjectChanged);
  });

  it('tells of a change when its own object was replaced before it could look', async () => {
    const { eTag } = bucket.put('one', Buffer.from('first'));
    fail('PutObject', 'apply-then-fail', () => {
      bucket.put('one', Buffer.from('theirs'));
      return 'none';
    });
    await expect(store.write('one', piecesOf(Buffer.from('ours')), { eTag })).rejects.toThrow(ObjectChanged);
    expect(Buffer.from(bucket.get('one')!.bytes).toString()).toBe('theirs');
  });

  it('tries a put again that S3 refused because another was under way', async () => {
    fail('PutObject', 'conflict', 'conflict');
    await store.write('one', piecesOf(Buffer.from('ours')), 'absent');
    expect(Buffer.from(bucket.get('one')!.bytes).toString()).toBe('ours');
  });

  it('gives up, naming the key, when S3 goes on refusing', async () => {
    fail('PutObject', ...Array<Fault>(4).fill('conflict'));
    await expect(store.write('one', piecesOf(Buffer.from('ours')), 'absent')).rejects.toThrow(/^one was not written/);
    expect(bucket.get('one')).toBeUndefined();
  });

  it('completes an upload again that S3 refused because another write was under way', async () => {
    const { eTag } = bucket.put('one', large);
    fail('CompleteMultipartUpload', 'conflict');
    const written = await grow(eTag);
    expect(bucket.get('one')?.eTag).toBe(written.eTag);
  });

  it('asks to be called again when the upload went away with the conflict', async () => {
    const { eTag } = bucket.put('one', large);
    fail('CompleteMultipartUpload', () => {
      uploads.clear();
      return 'conflict';
    });
    await expect(grow(eTag)).rejects.toThrow(/^one was not written.*Write it again from the start/);
    expect(bucket.get('one')?.eTag).toBe(eTag);
  });

  it('tells of a change when the upload and the version it replaces went away', async () => {
    const { eTag } = bucket.put('one', large);
    fail('CompleteMultipartUpload', () => {
      uploads.clear();
      bucket.put('one', Buffer.from('theirs'));
      return 'none';
    });
    await expect(grow(eTag)).rejects.toThrow(ObjectChanged);
  });

  it('says both when a write fails and looking for it fails as well', async () => {
    cloud.fault = ({ name }) => (name === 'PutObject' || name === 'HeadObject' ? 'reject' : 'none');
    const write = store.write('one', piecesOf(Buffer.from('ours')), 'absent');
    await expect(write).rejects.toThrow(/^one: writing it failed .* and so did looking/);
  });

  it('leaves no upload behind, whatever fails', async () => {
    const { eTag } = bucket.put('one', large);
    for (const name of ['UploadPartCopy', 'UploadPart', 'CompleteMultipartUpload']) {
      fail(name, ...Array<Fault>(3).fill('reject'));
      await expect(grow(eTag)).rejects.toThrow();
      expect(uploads.size).toBe(0);
    }
    fail('UploadPartCopy', () => {
      bucket.put('one', Buffer.from('theirs'));
      return 'none';
    });
    await expect(grow(eTag)).rejects.toThrow(ObjectChanged);
    expect(uploads.size).toBe(0);
  });

  it('goes on when single requests of an upload fail', async () => {
    const { eTag } = bucket.put('one', large);
    const failedOnce = new Set<string>();
    cloud.fault = ({ name }) => {
      if (failedOnce.has(name)) return 'none';
      failedOnce.add(name);
      return failedOnce.size % 2 === 0 ? 'reject' : 'apply-then-fail';
    };
    const written = await grow(eTag);
    expect(written).toMatchObject({ bytesWritten: 3, bytesCopied: large.length });
    expect(Buffer.compare(bucket.get('one')!.bytes, Buffer.concat([large, Buffer.from('end')]))).toBe(0);
  });

  it('has deleted an object when the answer to its deletion is lost', async () => {
    const { eTag } = bucket.put('one', Buffer.from('first'));
    fail('DeleteObject', 'apply-then-fail');
    await store.delete('one', eTag);
    expect(bucket.get('one')).toBeUndefined();
  });

  it('refuses to copy from nothing', async () => {
    const write = store.write('one', piecesOf({ start: 0, end: 10 }), 'absent');
    await expect(write).rejects.toThrow('one replaces nothing, so no range can be copied from it');
  });

  it('refuses a read of bytes that are not there', async () => {
    const { eTag } = bucket.put('one', Buffer.from('0123456789'));
    await expect(store.read('one', eTag, 5, 11)).rejects.toThrow('S3 sent 5 of the 6 bytes [5, 11) of one');
  });

  it('measures the time that S3 copies', async () => {
    const { eTag } = bucket.put('one', large);
    let now = 0;
    const clock: Clock = { now: () => now };
    cloud.fault = ({ name }) => {
      now += name === 'UploadPartCopy' ? 250 : 1;
      return 'none';
    };
    store = new S3ObjectStore(cloud.s3Client(), 'lake', { random, clock });
    expect(await grow(eTag)).toMatchObject({ copyMs: 250 });
  });
});
