/**
 * The cloud of these tests behaves as AWS does where Tidemark depends on it, towards the real SDK clients. What the adapters
 * rely on is in `test/contracts`; here is what they must be stopped from doing, and what they do not ask for.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Bucket } from './bucket.ts';
import { Cloud } from './cloud.ts';
import { compareKeys } from './key-order.ts';
import type { Uploads } from './uploads.ts';
import { VirtualClock } from './virtual-clock.ts';

const MiB = 1024 * 1024;

describe('the S3 of the tests', () => {
  let clock: VirtualClock;
  let cloud: Cloud;
  let bucket: Bucket;
  let uploads: Uploads;
  let s3: S3Client;
  const one = { Bucket: 'lake', Key: 'one' };

  beforeEach(() => {
    clock = new VirtualClock();
    cloud = new Cloud({ clock });
    ({ bucket, uploads } = cloud.createBucket('lake'));
    s3 = cloud.s3Client();
  });

  const begin = async (): Promise<string> =>
    (await s3.send(new CreateMultipartUploadCommand({ ...one, ChecksumAlgorithm: 'CRC32' }))).UploadId!;
  const send = (UploadId: string, PartNumber: number, Body: Uint8Array) =>
    s3.send(new UploadPartCommand({ ...one, UploadId, PartNumber, Body, ChecksumAlgorithm: 'CRC32' }));

  it('gives the last bytes of an object when asked for them', async () => {
    bucket.put('one', Buffer.from('0123456789'));
    const tail = await s3.send(new GetObjectCommand({ ...one, Range: 'bytes=-4' }));
    expect(await tail.Body?.transformToString()).toBe('6789');
    expect(tail.ContentRange).toBe('bytes 6-9/10');
    const all = await s3.send(new GetObjectCommand({ ...one, Range: 'bytes=-400' }));
    expect(await all.Body?.transformToString()).toBe('0123456789');
    await expect(s3.send(new GetObjectCommand({ ...one, Range: 'bytes=10-' }))).rejects.toThrow('InvalidRange');
  });

  it('lists no more than 1,000 keys at once', async () => {
    for (let i = 0; i < 1001; i++) bucket.put(`k${i}`, Buffer.alloc(0));
    const page = await s3.send(new ListObjectsV2Command({ Bucket: 'lake' }));
    expect([page.KeyCount, page.IsTruncated]).toEqual([1000, true]);
    const { NextContinuationToken: ContinuationToken } = page;
    const next = await s3.send(new ListObjectsV2Command({ Bucket: 'lake', ContinuationToken }));
    expect([next.KeyCount, next.IsTruncated, next.NextContinuationToken]).toEqual([1, false, undefined]);
  });

  it('refuses a small part that is not the last', async () => {
    const UploadId = await begin();
    const parts = [await send(UploadId, 1, Buffer.alloc(5 * MiB - 1)), await send(UploadId, 2, Buffer.alloc(1))];
    const Parts = parts.map(({ ETag, ChecksumCRC32 }, i) => ({ PartNumber: i + 1, ETag, ChecksumCRC32 }));
    const complete = new CompleteMultipartUploadCommand({ ...one, UploadId, MultipartUpload: { Parts } });
    await expect(s3.send(complete)).rejects.toMatchObject({ name: 'EntityTooSmall' });
    expect(uploads.size).toBe(1);
  });

  it('refuses to complete an upload whose checksums are left out', async () => {
    const UploadId = await begin();
    const { ETag } = await send(UploadId, 1, Buffer.alloc(1));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const complete = s3.send(new CompleteMultipartUploadCommand({ ...one, UploadId, MultipartUpload }));
    await expect(complete).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it('refuses to copy a range of a small object', async () => {
    bucket.put('one', Buffer.alloc(5 * MiB));
    const part = { ...one, UploadId: await begin(), PartNumber: 1, CopySource: 'lake/one' };
    const copy = s3.send(new UploadPartCopyCommand({ ...part, CopySourceRange: 'bytes=0-9' }));
    await expect(copy).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it('dates an object by the beginning of its upload, in whole seconds', async () => {
    clock.advance(400);
    const UploadId = await begin();
    clock.advance(60_000);
    const { ETag, ChecksumCRC32 } = await send(UploadId, 1, Buffer.from('x'));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] };
    await s3.send(new CompleteMultipartUploadCommand({ ...one, UploadId, MultipartUpload }));
    const { LastModified } = await s3.send(new HeadObjectCommand(one));
    expect(LastModified?.toISOString()).toBe('2026-03-01T10:00:00.000Z');
  });

  it('refuses bytes that are not those of their checksum', async () => {
    const put = new PutObjectCommand({ ...one, Body: Buffer.from('x'), ChecksumCRC32: 'AAAAAA==' });
    await expect(s3.send(put)).rejects.toMatchObject({ name: 'BadDigest' });
  });

  it('tells a queue of every object, its key form-encoded, after a test event', async () => {
    const queue = cloud.createQueue('arrivals', { fifo: false, visibilitySeconds: 30 });
    cloud.notify(bucket, queue);
    await s3.send(new PutObjectCommand({ Bucket: 'lake', Key: "sales/a b+c/day=1/it's 100% ü.parquet", Body: 'xyz' }));
    const [testEvent, event] = queue.receive(10).map(({ body }) => JSON.parse(body) as unknown);
    expect(testEvent).toMatchObject({ Event: 's3:TestEvent' });
    expect(event).toMatchObject({
      Records: [
        {
          eventName: 'ObjectCreated:Put',
          s3: {
            bucket: { name: 'lake' },
            object: {
              key: 'sales/a+b%2Bc/day%3D1/it%27s+100%25+%C3%BC.parquet',
              size: 3,
              sequencer: '0000000000000001',
            },
          },
        },
      ],
    });
  });

  it('orders keys as their bytes do', () => {
    const keys = ['a', 'a/', 'a/b', 'a0', 'ab', 'z', 'é', '漢', '\uffff', '😀', '😁'];
    expect([...keys].reverse().sort(compareKeys)).toEqual(keys);
    expect([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))).toEqual(keys);
  });
});

describe('the SQS of the tests', () => {
  it('hands messages of a standard queue out again, and to the dead letters in the end', async () => {
    const clock = new VirtualClock();
    const cloud = new Cloud({ clock });
    const deadLetters = cloud.createQueue('dead', { fifo: false, visibilitySeconds: 30 });
    const options = { fifo: false, visibilitySeconds: 30, maxReceiveCount: 2, deadLetters };
    const queue = cloud.createQueue('arrivals', options);
    const [sqs, QueueUrl] = [cloud.sqsClient(), cloud.queueUrl(queue)];
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    const receive = async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages ?? [];

    const [first] = await receive();
    expect(first).toMatchObject({ Body: 'hello', Attributes: { ApproximateReceiveCount: '1' } });
    expect(await receive()).toEqual([]);
    const { ReceiptHandle } = first!;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    expect(await receive()).toMatchObject([{ Attributes: { ApproximateReceiveCount: '2' } }]);
    clock.advance(30_000);
    expect(await receive()).toEqual([]);
    expect([queue.size, deadLetters.size]).toEqual([0, 1]);
  });

  it('does not let a consumer delete a FIFO message that it holds no longer', async () => {
    const clock = new VirtualClock();
    const cloud = new Cloud({ clock });
    const queue = cloud.createQueue('wake-ups.fifo', { fifo: true, visibilitySeconds: 30 });
    const [sqs, QueueUrl] = [cloud.sqsClient(), cloud.queueUrl(queue)];
    queue.send({ body: '1', groupId: 'g', deduplicationId: 'd' });
    const [held] = queue.receive(1);
    clock.advance(30_000);
    const remove = new DeleteMessageCommand({ QueueUrl, ReceiptHandle: held!.receiptHandle });
    await expect(sqs.send(remove)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    expect(queue.size).toBe(1);
  });

  it('refuses a FIFO message whose group has characters that a group id may not have', async () => {
    const cloud = new Cloud();
    const queue = cloud.createQueue('wake-ups.fifo', { fifo: true, visibilitySeconds: 30 });
    const send = new SendMessageCommand({
      QueueUrl: cloud.queueUrl(queue),
      MessageBody: 'x',
      MessageGroupId: 'bucket/säles/',
      MessageDeduplicationId: 'd',
    });
    await expect(cloud.sqsClient().send(send)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});
