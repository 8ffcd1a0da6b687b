import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';

import { S3ObjectStore } from '../../lib/aws/s3-object-store.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import { systemClock } from '../cloud/virtual-clock.ts';
import { piecesOf } from '../contracts/object-store.ts';

const MiB = 1024 * 1024;

describe('what S3ObjectStore sends', () => {
  const mock = mockClient(S3Client);
  const store = new S3ObjectStore(new S3Client({ region: 'eu-central-1' }), 'lake', {
    random: { id: () => 'our id' },
    clock: systemClock,
  });

  beforeEach(() => void mock.reset());
  afterAll(() => mock.restore());

  it('creates a small object by one put that expects nothing there', async () => {
    mock.on(PutObjectCommand).resolves({ ETag: '"new"' });
    expect(await store.write('a/b', piecesOf(Buffer.from('1'), Buffer.from('2')), 'absent')).toMatchObject({
      eTag: 'new',
    });
    expect(mock.calls().map(({ args }) => args[0].input)).toEqual([
      {
        Bucket: 'lake',
        Key: 'a/b',
        Body: Buffer.from('12'),
        IfNoneMatch: '*',
        Metadata: { 'tidemark-write': 'our id' },
      },
    ]);
  });

  it('grows a large object by a pinned copy and a part, with the checksums of both', async () => {
    mock.on(CreateMultipartUploadCommand).resolves({ UploadId: 'upload' });
    mock.on(UploadPartCopyCommand).resolves({ CopyPartResult: { ETag: '"part 1"', ChecksumCRC32: 'one' } });
    mock.on(UploadPartCommand).resolves({ ETag: '"part 2"', ChecksumCRC32: 'two' });
    mock.on(CompleteMultipartUploadCommand).resolves({ ETag: '"new-2"' });
    const key = 'sales/a b+c=%41/é';
    const written = await store.write(
      key,
      piecesOf({ start: 0, end: 3 * MiB }, { start: 3 * MiB, end: 6 * MiB }, Buffer.from('end')),
      { eTag: 'old' },
    );
    expect(written).toMatchObject({ eTag: 'new-2', size: 6 * MiB + 3, bytesWritten: 3, bytesCopied: 6 * MiB });
    const at = { Bucket: 'lake', Key: key };
    expect(mock.calls().map(({ args }) => args[0].input)).toEqual([
      { ...at, Metadata: { 'tidemark-write': 'our id' }, ChecksumAlgorithm: 'CRC32' },
      {
        ...at,
        UploadId: 'upload',
        PartNumber: 1,
        CopySource: 'lake/sales/a%20b%2Bc%3D%2541/%C3%A9',
        CopySourceRange: `bytes=0-${6 * MiB - 1}`,
        CopySourceIfMatch: '"old"',
      },
      { ...at, UploadId: 'upload', PartNumber: 2, Body: Buffer.from('end'), ChecksumAlgorithm: 'CRC32' },
      {
        ...at,
        UploadId: 'upload',
        IfMatch: '"old"',
        MultipartUpload: {
          Parts: [
            { PartNumber: 1, ETag: '"part 1"', ChecksumCRC32: 'one' },
            { PartNumber: 2, ETag: '"part 2"', ChecksumCRC32: 'two' },
          ],
        },
      },
    ]);
  });

  it('reads a pinned range', async () => {
    mock.on(GetObjectCommand).rejects(new Error('enough'));
    await expect(store.read('a', 'old', 10, 20)).rejects.toThrow('enough');
    expect(mock.calls()[0]?.args[0].input).toEqual({
      Bucket: 'lake',
      Key: 'a',
      IfMatch: '"old"',
      Range: 'bytes=10-19',
    });
  });

  it('lists after a whole key, page by page', async () => {
    mock
      .on(ListObjectsV2Command)
      .resolvesOnce({ NextContinuationToken: 'more', IsTruncated: true })
      .resolvesOnce({ Contents: [] });
    for await (const object of store.list('sales/', { after: 'sales/orders/1.parquet' }))
      expect(object).toBeUndefined();
    const input = { Bucket: 'lake', Prefix: 'sales/', StartAfter: 'sales/orders/1.parquet', EncodingType: 'url' };
    expect(mock.calls().map(({ args }) => args[0].input)).toEqual([input, { ...input, ContinuationToken: 'more' }]);
  });

  it('deletes only its version, and is content if a refusal means that nothing is there', async () => {
    const refused = (name: string, status: number): S3ServiceException =>
      new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode: status } });
    mock.on(DeleteObjectCommand).rejects(refused('PreconditionFailed', 412));
    mock
      .on(HeadObjectCommand)
      .rejectsOnce(refused('NotFound', 404))
      .resolves({
        ETag: '"theirs"',
        ContentLength: 1,
        LastModified: new Date(0),
      });
    await store.delete('a', 'old');
    expect(mock.calls()[0]?.args[0].input).toEqual({ Bucket: 'lake', Key: 'a', IfMatch: '"old"' });
    await expect(store.delete('a', 'old')).rejects.toThrow(ObjectChanged);
  });
});
