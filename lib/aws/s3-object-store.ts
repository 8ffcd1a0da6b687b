/**
 * The object store port on S3. Conditions do the guarding: reads and copies are pinned to an eTag, writes and deletes name
 * the version they replace. Writing is in `s3-write.ts`.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';

import { formDecode } from '../form-encoding.ts';
import type { Clock, RandomSource } from '../ports/clock.ts';
import type { ObjectStore, ObjectSummary, Pieces, Replaces, WrittenObject } from '../ports/object-store.ts';
import { ObjectArchived, ObjectChanged } from '../ports/object-store.ts';
import { isArchived, isNotFound, refusalOf } from './s3-error.ts';
import { quoted, unquoted } from './s3-etag.ts';
import { writeObject } from './s3-write.ts';

const PART_BYTES_DEFAULT = 8 * 1024 * 1024;

export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #random: RandomSource;
  readonly #clock: Clock;
  readonly #partBytes: number;

  /** @param options `partBytes`: size of the parts sent, from 5 MiB; two of them are held in memory at most. */
  constructor(
    client: S3Client,
    bucket: string,
    options: { random: RandomSource; clock: Clock; partBytes?: number | undefined },
  ) {
    this.#client = client;
    this.#bucket = bucket;
    this.#random = options.random;
    this.#clock = options.clock;
    this.#partBytes = options.partBytes ?? PART_BYTES_DEFAULT;
  }

  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<ObjectSummary> {
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          StartAfter: options.after === '' ? undefined : options.after,
          ContinuationToken,
          EncodingType: 'url', // XML cannot hold every character that a key can
        }),
      );
      for (const { Key, ETag, Size, LastModified } of page.Contents ?? []) {
        if (Key === undefined || Size === undefined || LastModified === undefined)
          throw new Error(`S3 listed an object of ${this.#bucket}/${prefix} without its key, size or time`);
        const key = page.EncodingType === 'url' ? formDecode(Key) : Key;
        yield { key, eTag: unquoted(ETag), size: Size, lastModified: LastModified };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async head(key: string): Promise<ObjectSummary | undefined> {
    try {
      const { ETag, ContentLength, LastModified } = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#bucket, Key: key }),
      );
      if (ContentLength === undefined || LastModified === undefined)
        throw new Error(`S3 described ${key} without its size or time`);
      return { key, eTag: unquoted(ETag), size: ContentLength, lastModified: LastModified };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async read(key: string, eTag: string, start: number, end: number): Promise<Uint8Array> {
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          IfMatch: quoted(eTag),
          Range: `bytes=${start}-${end - 1}`,
        }),
      );
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0);
      if (bytes.length !== end - start)
        throw new Error(`S3 sent ${bytes.length} of the ${end - start} bytes [${start}, ${end}) of ${key}`);
      return bytes;
    } catch (error) {
      if (isArchived(error)) throw new ObjectArchived(key, { cause: error });
      throw refusalOf(error) === 'replaced' ? new ObjectChanged(key, `version ${eTag}`, { cause: error }) : error;
    }
  }

  write(key: string, pieces: Pieces, replaces: Replaces): Promise<WrittenObject> {
    return writeObject(
      {
        client: this.#client,
        bucket: this.#bucket,
        key,
        replaces,
        writeId: this.#random.id(),
        partBytes: this.#partBytes,
        clock: this.#clock,
        readRange: (eTag, { start, end }) => this.read(key, eTag, start, end),
      },
      pieces,
    );
  }

  async delete(key: string, eTag: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: quoted(eTag) }));
    } catch (error) {
      if (isNotFound(error)) return;
      if (refusalOf(error) !== 'replaced') throw error;
      // gone already, perhaps by this very request, whose answer was lost
      if ((await this.head(key)) === undefined) return;
      throw new ObjectChanged(key, `version ${eTag}`, { cause: error });
    }
  }
}
