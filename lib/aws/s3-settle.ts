/**
 * Sends the request that makes a new version visible, and finds out what came of it.
 *
 * The answer can be lost, and the SDK's retry then meets its own success and is refused: 412, or 404 NoSuchUpload. So every
 * write carries an id in the object's metadata: whoever finds its own id there has written what is there.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { S3Client } from '@aws-sdk/client-s3';
import { HeadObjectCommand } from '@aws-sdk/client-s3';

import { messageOf } from '../errors.ts';
import type { Replaces } from '../ports/object-store.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import { unquoted } from './s3-etag.ts';
import { isNotFound, refusalOf } from './s3-error.ts';

/** A request refused with 409 is sent this often in all. */
const CONFLICT_ATTEMPTS_MAX = 4;
const CONFLICT_PAUSE_MS = 50;

/** Metadata under which an object keeps the id of the write that made it. */
export const WRITE_ID = 'tidemark-write';

export interface ConditionalWrite {
  client: S3Client;
  bucket: string;
  key: string;
  replaces: Replaces;
  /** Random; no two writes have the same. */
  writeId: string;
}

/**
 * @param makeVisible sends the request and answers with the new version's ETag; may be called again
 * @returns the new version's eTag, without quotes
 * @throws ObjectChanged if something else is there now.
 */
export async function settle(write: ConditionalWrite, makeVisible: () => Promise<string | undefined>): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return unquoted(await makeVisible());
    } catch (error) {
      const current = await currentVersion(write, error);
      if (current?.writeId === write.writeId) return current.eTag;
      switch (refusalOf(error)) {
        case 'other':
          throw error;
        case 'replaced':
          throw changed(write, error);
        case 'no upload':
          if (!isReplacedVersion(write, current?.eTag)) throw changed(write, error);
          throw notWritten(write, error);
        case 'conflict':
          if (attempt === CONFLICT_ATTEMPTS_MAX) throw notWritten(write, error);
          await sleep(CONFLICT_PAUSE_MS * 2 ** attempt);
      }
    }
  }
}

/** Someone else's version is there, or none. */
export function changed({ key, replaces }: Pick<ConditionalWrite, 'key' | 'replaces'>, cause: unknown): ObjectChanged {
  return new ObjectChanged(key, replaces === 'absent' ? 'absent' : `version ${replaces.eTag}`, { cause });
}

async function currentVersion(
  { client, bucket, key }: ConditionalWrite,
  failure: unknown,
): Promise<{ eTag: string; writeId: string | undefined } | undefined> {
  try {
    const { ETag, Metadata } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return { eTag: unquoted(ETag), writeId: Metadata?.[WRITE_ID] };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new Error(
      `${key}: writing it failed (${messageOf(failure)}), and so did looking whether it was written after all`,
      { cause: error },
    );
  }
}

function isReplacedVersion({ replaces }: ConditionalWrite, eTag: string | undefined): boolean {
  return replaces === 'absent' ? eTag === undefined : eTag === replaces.eTag;
}

function notWritten({ key }: ConditionalWrite, cause: unknown): Error {
  return new Error(
    `${key} was not written: S3 refused it (${messageOf(cause)}) although the version to be replaced is there still. ` +
      'Write it again from the start.',
    { cause },
  );
}
