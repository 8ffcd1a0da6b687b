import { randomUUID } from 'node:crypto';

import type { Clock } from '../../lib/ports/clock.ts';
import type { Bucket, Condition, StoredObject } from './bucket.ts';
import { md5 } from './bucket.ts';
import { crc32 } from './checksum.ts';
import { S3Failure } from './s3-failure.ts';

const PART_BYTES_MIN = 5 * 1024 * 1024;
const PARTS_MAX = 10_000;

export interface UploadedPart {
  bytes: Uint8Array;
  eTag: string;
  crc32: string;
}

/** What CompleteMultipartUpload names of each part. */
export interface NamedPart {
  partNumber: number;
  eTag: string;
  crc32: string | undefined;
}

interface Upload {
  key: string;
  metadata: Record<string, string>;
  hasChecksums: boolean;
  startedAt: Date;
  parts: Map<number, UploadedPart>;
}

/** The multipart uploads under way in one bucket. */
export class Uploads {
  readonly #uploads = new Map<string, Upload>();

  constructor(
    private readonly bucket: Bucket,
    private readonly clock: Clock,
  ) {}

  /** Uploads neither completed nor aborted: they would be paid for. */
  get size(): number {
    return this.#uploads.size;
  }

  /** Ends all uploads, as a lifecycle rule would. */
  clear(): void {
    this.#uploads.clear();
  }

  create(key: string, metadata: Record<string, string>, hasChecksums: boolean): string {
    const id = randomUUID();
    const startedAt = new Date(this.clock.now());
    this.#uploads.set(id, { key, metadata, hasChecksums, startedAt, parts: new Map() });
    return id;
  }

  addPart(id: string, partNumber: number, bytes: Uint8Array): UploadedPart {
    const { parts } = this.#find(id);
    if (!(partNumber >= 1 && partNumber <= PARTS_MAX)) throw new S3Failure('InvalidArgument');
    const part = { bytes, eTag: md5(bytes), crc32: crc32(bytes) };
    parts.set(partNumber, part);
    return part;
  }

  /** @param range as in CopySourceRange: `bytes=first-last`, within the object */
  copyPart(
    id: string,
    partNumber: number,
    source: { bucket: Bucket; key: string; ifMatch: string | undefined; range: string | undefined },
  ): UploadedPart {
    this.#find(id);
    const { bytes } = source.bucket.require(source.key, source.ifMatch);
    if (source.range === undefined) return this.addPart(id, partNumber, bytes);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(source.range) ?? [];
    if (first === undefined || Number(last) >= bytes.length || Number(first) > Number(last))
      throw new S3Failure('InvalidArgument', `The range ${source.range} is not valid for the source`);
    if (bytes.length <= PART_BYTES_MIN)
      throw new S3Failure('InvalidRequest', 'The specified copy source is not supported as a byte-range copy source');
    return this.addPart(id, partNumber, bytes.slice(Number(first), Number(last) + 1));
  }

  complete(id: string, named: readonly NamedPart[], condition: Condition): StoredObject {
    const upload = this.#find(id);
    if (named.length === 0) throw new S3Failure('InvalidRequest', 'You must specify at least one part');
    const parts = named.map((name, at) => {
      const part = upload.parts.get(name.partNumber);
      if (at > 0 && name.partNumber <= named[at - 1]!.partNumber) throw new S3Failure('InvalidPartOrder');
      if (part?.eTag !== name.eTag) throw new S3Failure('InvalidPart');
      if (upload.hasChecksums && name.crc32 === undefined)
        throw new S3Failure('InvalidRequest', `The upload was created using a crc32 checksum; part ${at + 1} has none`);
      if (name.crc32 !== undefined && name.crc32 !== part.crc32) throw new S3Failure('InvalidPart');
      return part;
    });
    if (parts.slice(0, -1).some(({ bytes }) => bytes.length < PART_BYTES_MIN)) throw new S3Failure('EntityTooSmall');
    const object = this.bucket.put(upload.key, Buffer.concat(parts.map(({ bytes }) => bytes)), {
      ...condition,
      metadata: upload.metadata,
      lastModified: upload.startedAt, // of the beginning, however long it took
      eTag: `${md5(Buffer.concat(parts.map(({ eTag }) => Buffer.from(eTag, 'hex'))))}-${parts.length}`,
    });
    this.#uploads.delete(id);
    return object;
  }

  abort(id: string): void {
    this.#find(id);
    this.#uploads.delete(id);
  }

  #find(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (!upload) throw new S3Failure('NoSuchUpload');
    return upload;
  }
}
