/**
 * S3's REST interface over the bucket model: the requests that Tidemark's adapter sends, and only those. What it does not
 * know it refuses, so that a new kind of request cannot pass unnoticed.
 */
import type { Clock } from '../../lib/ports/clock.ts';
import type { Condition, StoredObject } from './bucket.ts';
import { Bucket } from './bucket.ts';
import { BucketNotifications } from './bucket-notifications.ts';
import { crc32 } from './checksum.ts';
import { formEncode } from '../../lib/form-encoding.ts';
import type { Answer, Request } from './http.ts';
import { S3Failure } from './s3-failure.ts';
import type { NamedPart } from './uploads.ts';
import { Uploads } from './uploads.ts';

const KEYS_PER_PAGE = 1000;

type Handler = (request: S3Request) => Answer;

type NotificationsHook = (bucket: Bucket, notifications: BucketNotifications, xml: string) => void;

interface S3Bucket {
  bucket: Bucket;
  uploads: Uploads;
  notifications: BucketNotifications;
}

interface S3Request extends Request, S3Bucket {
  key: string;
}

export class S3Service {
  readonly #buckets = new Map<string, S3Bucket>();
  readonly #onNotifications: NotificationsHook;

  /** @param onNotifications is told of notifications that were put; what it throws, S3 answers */
  constructor(onNotifications: NotificationsHook) {
    this.#onNotifications = onNotifications;
  }

  createBucket(name: string, clock: Clock): S3Bucket {
    const bucket = new Bucket(name, clock);
    const created = { bucket, uploads: new Uploads(bucket, clock), notifications: new BucketNotifications() };
    this.#buckets.set(name, created);
    return created;
  }

  handle(request: Request): Answer {
    const [bucketName = '', ...key] = request.path.split('/');
    try {
      return this.#handlers[operationOf(request)]!({ ...request, ...this.#find(bucketName), key: key.join('/') });
    } catch (error) {
      if (error instanceof S3Failure) return errorAnswer(error, request.method);
      throw error;
    }
  }

  #find(name: string): S3Bucket {
    const found = this.#buckets.get(name);
    if (!found) throw new S3Failure('NoSuchBucket');
    return found;
  }

  readonly #handlers: Record<string, Handler> = {
    ListObjectsV2: listObjects,

    HeadObject: ({ bucket, key }) => ({ status: 200, headers: objectHeaders(bucket.require(key, undefined)) }),

    GetObject: ({ bucket, key, headers }) => {
      const object = bucket.require(key, unquoted(headers['if-match']));
      if (bucket.archived.has(key)) throw new S3Failure('InvalidObjectState');
      if (headers['range'] === undefined) return { status: 200, headers: objectHeaders(object), body: object.bytes };
      const [start, end] = byteRange(headers['range'], object.bytes.length);
      const contentRange = `bytes ${start}-${end - 1}/${object.bytes.length}`;
      const body = object.bytes.slice(start, end);
      const answered = {
        ...objectHeaders(object),
        'content-length': String(body.length),
        'content-range': contentRange,
      };
      return { status: 206, headers: answered, body };
    },

    PutObject: ({ bucket, key, headers, body }) => {
      const checksum = checkedChecksum(headers, body);
      const { eTag } = bucket.put(key, body, { ...conditionOf(headers), metadata: metadataOf(headers) });
      return { status: 200, headers: { etag: `"${eTag}"`, 'x-amz-checksum-crc32': checksum } };
    },

    DeleteObject: ({ bucket, key, headers }) => {
      bucket.delete(key, conditionOf(headers));
      return { status: 204 };
    },

    CreateMultipartUpload: ({ bucket, uploads, key, headers }) => {
      const hasChecksums = headers['x-amz-checksum-algorithm'] === 'CRC32';
      const id = uploads.create(key, metadataOf(headers), hasChecksums);
      const fields = { Bucket: bucket.name, Key: key, UploadId: id };
      return xmlAnswer('InitiateMultipartUploadResult', fields);
    },

    UploadPart: ({ uploads, query, headers, body }) => {
      checkedChecksum(headers, body);
      const part = uploads.addPart(query['uploadId']!, Number(query['partNumber']), body);
      return { status: 200, headers: { etag: `"${part.eTag}"`, 'x-amz-checksum-crc32': part.crc32 } };
    },

    UploadPartCopy: ({ uploads, query, headers }) => {
      const [bucketName, ...key] = decodeURIComponent(headers['x-amz-copy-source']!).split('/');
      const part = uploads.copyPart(query['uploadId']!, Number(query['partNumber']), {
        bucket: this.#find(bucketName!).bucket,
        key: key.join('/'),
        ifMatch: unquoted(headers['x-amz-copy-source-if-match']),
        range: headers['x-amz-copy-source-range'],
      });
      return xmlAnswer('CopyPartResult', { ETag: `"${part.eTag}"`, ChecksumCRC32: part.crc32 });
    },

    CompleteMultipartUpload: ({ bucket, uploads, key, query, headers, body }) => {
      const { eTag } = uploads.complete(query['uploadId']!, namedParts(body.toString()), conditionOf(headers));
      return xmlAnswer('CompleteMultipartUploadResult', { Bucket: bucket.name, Key: key, ETag: `"${eTag}"` });
    },

    GetBucketNotificationConfiguration: ({ notifications }) => xmlBody('NotificationConfiguration', notifications.xml),

    PutBucketNotificationConfiguration: ({ bucket, notifications, body }) => {
      this.#onNotifications(bucket, notifications, body.toString());
      return { status: 200 };
    },

    AbortMultipartUpload: ({ uploads, query }) => {
      uploads.abort(query['uploadId']!);
      return { status: 204 };
    },
  };
}

/** The name of the API operation that a request asks for. */
export function operationOf({ method, path, query, headers }: Request): string {
  const isOfObject = path.includes('/') && !path.endsWith('/');
  const isOfUpload = 'uploadId' in query;
  if (method === 'GET' && query['list-type'] === '2' && !('delimiter' in query)) return 'ListObjectsV2';
  if ('notification' in query && (method === 'GET' || method === 'PUT'))
    return method === 'GET' ? 'GetBucketNotificationConfiguration' : 'PutBucketNotificationConfiguration';
  if (isOfObject && method === 'HEAD') return 'HeadObject';
  if (isOfObject && method === 'GET') return 'GetObject';
  if (isOfObject && method === 'DELETE') return isOfUpload ? 'AbortMultipartUpload' : 'DeleteObject';
  if (isOfObject && method === 'POST' && 'uploads' in query) return 'CreateMultipartUpload';
  if (isOfObject && method === 'POST' && isOfUpload) return 'CompleteMultipartUpload';
  if (isOfObject && method === 'PUT' && isOfUpload)
    return 'x-amz-copy-source' in headers ? 'UploadPartCopy' : 'UploadPart';
  if (isOfObject && method === 'PUT' && !('x-amz-copy-source' in headers)) return 'PutObject';
  throw new Error(`the cloud for tests does not know ${method} ${path} ${JSON.stringify(query)}`);
}

export function errorAnswer({ code, message, status }: S3Failure, method: string): Answer {
  if (method === 'HEAD') return { status };
  return { ...xmlAnswer('Error', { Code: code, Message: message, RequestId: 'test' }), status };
}

function listObjects({ bucket, query }: S3Request): Answer {
  const prefix = query['prefix'] ?? '';
  const token = query['continuation-token'];
  const after = token === undefined ? query['start-after'] : Buffer.from(token, 'base64').toString();
  const found = bucket.list(prefix, after, KEYS_PER_PAGE + 1);
  const page = found.slice(0, KEYS_PER_PAGE);
  const isTruncated = found.length > page.length;
  const isEncoded = query['encoding-type'] === 'url';
  const contents = page.map(
    ({ key, eTag, bytes, lastModified }) =>
      `<Contents>${xmlFields({
        Key: isEncoded ? formEncode(key) : key,
        LastModified: lastModified.toISOString(),
        ETag: `"${eTag}"`,
        Size: bytes.length,
        StorageClass: 'STANDARD',
      })}</Contents>`,
  );
  const fields = xmlFields({
    Name: bucket.name,
    Prefix: isEncoded ? formEncode(prefix) : prefix,
    KeyCount: page.length,
    MaxKeys: KEYS_PER_PAGE,
    ...(isEncoded && { EncodingType: 'url' }),
    IsTruncated: String(isTruncated),
    ...(isTruncated && { NextContinuationToken: Buffer.from(page.at(-1)!.key).toString('base64') }),
  });
  return xmlBody('ListBucketResult', fields + contents.join(''));
}

/** [start, end) of `bytes=0-9`, `bytes=5-` or `bytes=-8`. */
function byteRange(header: string, size: number): [number, number] {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start >= end) throw new S3Failure('InvalidRange');
  return [start, end];
}

function objectHeaders({ bytes, eTag, lastModified, metadata }: StoredObject): Record<string, string> {
  return {
    etag: `"${eTag}"`,
    'content-length': String(bytes.length),
    'last-modified': lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  };
}

function conditionOf(headers: Request['headers']): Condition {
  if (![undefined, '*'].includes(headers['if-none-match'])) throw new S3Failure('NotImplemented');
  return { ifMatch: unquoted(headers['if-match']), ifNoneMatch: headers['if-none-match'] };
}

function metadataOf(headers: Request['headers']): Record<string, string> {
  const prefix = 'x-amz-meta-';
  const named = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length), value ?? '']));
}

function checkedChecksum(headers: Request['headers'], body: Uint8Array): string {
  const checksum = crc32(body);
  const sent = headers['x-amz-checksum-crc32'];
  if (sent !== undefined && sent !== checksum) throw new S3Failure('BadDigest');
  return checksum;
}

function namedParts(xml: string): NamedPart[] {
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    partNumber: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    eTag: unquoted(/<ETag>(.*?)</.exec(part)?.[1]) ?? '',
    crc32: /<ChecksumCRC32>(.*?)</.exec(part)?.[1],
  }));
}

function unquoted(eTag: string | undefined): string | undefined {
  return eTag?.replaceAll(/"|&quot;/g, '');
}

function xmlAnswer(root: string, fields: Record<string, string | number>): Answer {
  return xmlBody(root, xmlFields(fields));
}

function xmlBody(root: string, inner: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${inner}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

function xmlFields(fields: Record<string, string | number>): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  const escaped = (value: string | number): string => String(value).replace(/[&<>"]/g, (c) => entities[c]!);
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    .join('');
}
