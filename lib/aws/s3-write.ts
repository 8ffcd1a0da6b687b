/**
 * One conditional write of an S3 object, from pieces.
 *
 * An object that fits into one part is put whole; a larger one, or one that takes over large ranges of the version it
 * replaces, is a multipart upload. Either becomes visible with its last request, which carries the condition
 * (`s3-settle.ts`). Memory: two parts, and the piece at hand.
 */
import type { CompletedPart } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

import type { Clock } from '../ports/clock.ts';
import type { CopiedRange, Piece, Pieces, WrittenObject } from '../ports/object-store.ts';
import { refusalOf } from './s3-error.ts';
import { quoted } from './s3-etag.ts';
import { joinAdjacent, PART_BYTES_MAX, PART_BYTES_MIN, PARTS_MAX, placeRange } from './s3-part.ts';
import type { ConditionalWrite } from './s3-settle.ts';
import { changed, settle, WRITE_ID } from './s3-settle.ts';

export interface WriteTarget extends ConditionalWrite {
  /** Size of the parts sent. */
  partBytes: number;
  clock: Clock;
  /** Reads a range of the version `eTag` of the key. */
  readRange: (eTag: string, range: CopiedRange) => Promise<Uint8Array>;
}

/** @throws ObjectChanged if something else is there now. */
export async function writeObject(target: WriteTarget, pieces: Pieces): Promise<WrittenObject> {
  if (target.partBytes < PART_BYTES_MIN || target.partBytes > PART_BYTES_MAX)
    throw new RangeError(`parts of ${target.partBytes} bytes: S3 takes ${PART_BYTES_MIN} to ${PART_BYTES_MAX}`);
  const write = new ObjectWrite(target);
  try {
    for await (const piece of joinAdjacent(pieces)) await write.add(piece);
    return await write.finish();
  } catch (error) {
    await write.abort();
    throw error;
  }
}

class ObjectWrite {
  readonly #target: WriteTarget;
  readonly #at: { Bucket: string; Key: string };
  /** Bytes that are not in any part yet. */
  #waiting: Uint8Array[] = [];
  #bytesWaiting = 0;
  #uploadId: string | undefined;
  readonly #parts: CompletedPart[] = [];
  #bytesWritten = 0;
  #bytesCopied = 0;
  #copyMs = 0;

  constructor(target: WriteTarget) {
    this.#target = target;
    this.#at = { Bucket: target.bucket, Key: target.key };
  }

  async add(piece: Piece): Promise<void> {
    if (piece instanceof Uint8Array) return this.#addBytes(piece);
    const { key, replaces, readRange } = this.#target;
    if (replaces === 'absent') throw new Error(`${key} replaces nothing, so no range can be copied from it`);
    const { read, copies } = placeRange(piece, this.#bytesWaiting);
    if (read) await this.#addBytes(await readRange(replaces.eTag, read));
    if (copies.length > 0) await this.#sendWaiting();
    for (const range of copies) await this.#copyPart(replaces.eTag, range);
  }

  /** Makes the new object visible. */
  async finish(): Promise<WrittenObject> {
    const eTag = await settle(this.#target, this.#uploadId === undefined ? this.#put() : await this.#complete());
    const [bytesWritten, bytesCopied] = [this.#bytesWritten, this.#bytesCopied];
    return { eTag, size: bytesWritten + bytesCopied, bytesWritten, bytesCopied, copyMs: this.#copyMs };
  }

  /** Lets go of the parts sent. Should that fail too, the bucket's lifecycle rule removes them within a day. */
  async abort(): Promise<void> {
    if (this.#uploadId === undefined) return;
    const abort = new AbortMultipartUploadCommand({ ...this.#at, UploadId: this.#uploadId });
    await this.#target.client.send(abort).catch(() => undefined);
  }

  #put(): () => Promise<string | undefined> {
    const { client, writeId } = this.#target;
    const put = new PutObjectCommand({
      ...this.#at,
      ...this.#condition(),
      Body: this.#takeWaiting(),
      Metadata: { [WRITE_ID]: writeId },
    });
    return async () => (await client.send(put)).ETag;
  }

  async #complete(): Promise<() => Promise<string | undefined>> {
    await this.#sendWaiting();
    const complete = new CompleteMultipartUploadCommand({
      ...this.#at,
      ...this.#condition(),
      UploadId: this.#uploadId,
      MultipartUpload: { Parts: this.#parts },
    });
    return async () => (await this.#target.client.send(complete)).ETag;
  }

  #condition(): { IfNoneMatch: '*' } | { IfMatch: string } {
    const { replaces } = this.#target;
    return replaces === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: quoted(replaces.eTag) };
  }

  async #addBytes(bytes: Uint8Array): Promise<void> {
    const { partBytes } = this.#target;
    for (let at = 0; at < bytes.length;) {
      if (this.#bytesWaiting >= partBytes) await this.#sendWaiting();
      const chunk = bytes.subarray(at, at + partBytes - this.#bytesWaiting);
      this.#waiting.push(chunk);
      this.#bytesWaiting += chunk.length;
      at += chunk.length;
    }
  }

  #takeWaiting(): Uint8Array {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#bytesWaiting = 0;
    this.#bytesWritten += bytes.length;
    return bytes;
  }

  async #sendWaiting(): Promise<void> {
    if (this.#bytesWaiting === 0) return;
    const part = await this.#nextPart();
    const { ETag, ChecksumCRC32 } = await this.#target.client.send(
      new UploadPartCommand({ ...part, Body: this.#takeWaiting(), ChecksumAlgorithm: 'CRC32' }),
    );
    this.#addPart(ETag, ChecksumCRC32);
  }

  async #copyPart(eTag: string, { start, end }: CopiedRange): Promise<void> {
    const { client, bucket, key, clock } = this.#target;
    const copy = new UploadPartCopyCommand({
      ...(await this.#nextPart()),
      CopySource: copySource(bucket, key),
      CopySourceRange: `bytes=${start}-${end - 1}`,
      CopySourceIfMatch: quoted(eTag),
    });
    const startedAt = clock.now();
    try {
      const { CopyPartResult } = await client.send(copy);
      this.#addPart(CopyPartResult?.ETag, CopyPartResult?.ChecksumCRC32);
    } catch (error) {
      throw refusalOf(error) === 'replaced' ? changed(this.#target, error) : error;
    }
    this.#copyMs += clock.now() - startedAt;
    this.#bytesCopied += end - start;
  }

  async #nextPart(): Promise<{ Bucket: string; Key: string; UploadId: string; PartNumber: number }> {
    const { client, key, writeId } = this.#target;
    if (this.#parts.length === PARTS_MAX) throw new Error(`${key} has more than the ${PARTS_MAX} parts that S3 takes`);
    if (this.#uploadId === undefined) {
      const create = { ...this.#at, Metadata: { [WRITE_ID]: writeId }, ChecksumAlgorithm: 'CRC32' } as const;
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(create));
      if (UploadId === undefined) throw new Error(`S3 began a multipart upload of ${key} without naming it`);
      this.#uploadId = UploadId;
    }
    return { ...this.#at, UploadId: this.#uploadId, PartNumber: this.#parts.length + 1 };
  }

  /** Completing an upload fails if the checksum of a part is left out where S3 has made one, of a copied part too. */
  #addPart(eTag: string | undefined, checksum: string | undefined): void {
    this.#parts.push({ PartNumber: this.#parts.length + 1, ETag: eTag, ChecksumCRC32: checksum });
  }
}

/** S3 decodes the header once; the slashes between segments stay. */
function copySource(bucket: string, key: string): string {
  return [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
}
