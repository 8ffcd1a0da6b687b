import { createHash } from 'node:crypto';

import type { Clock } from '../../lib/ports/clock.ts';
import { compareKeys } from './key-order.ts';
import { S3Failure } from './s3-failure.ts';

export interface StoredObject {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly eTag: string;
  readonly lastModified: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What must be there for a write to happen; neither means always. */
export interface Condition {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

export interface PutOptions extends Condition {
  metadata?: Record<string, string> | undefined;
  lastModified?: Date | undefined;
  eTag?: string | undefined;
}

/**
 * The objects of one bucket, as S3 keeps them: every operation is atomic and strongly consistent, conditions are
 * checked in the same step as the write, listings are in the byte order of keys. Times have whole seconds, as S3's have.
 */
export class Bucket {
  /** Called after an object was created, as S3 sends `s3:ObjectCreated:*`. */
  onCreated: ((object: StoredObject) => void) | undefined;

  /** Keys of objects that must be restored before they are read. */
  readonly archived = new Set<string>();

  readonly #objects = new Map<string, StoredObject>();
  readonly #clock: Clock;
  readonly #eTagOf: (bytes: Uint8Array) => string;
  /** Keys in order; undefined when it must be sorted anew. */
  #order: string[] | undefined = [];

  constructor(
    readonly name: string,
    clock: Clock,
    eTagOf: (bytes: Uint8Array) => string = md5,
  ) {
    this.#clock = clock;
    this.#eTagOf = eTagOf;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** The object, if it is the version `ifMatch`. */
  require(key: string, ifMatch: string | undefined): StoredObject {
    const object = this.#objects.get(key);
    if (!object) throw new S3Failure('NoSuchKey');
    if (ifMatch !== undefined && ifMatch !== object.eTag) throw new S3Failure('PreconditionFailed');
    return object;
  }

  check(key: string, { ifMatch, ifNoneMatch }: Condition): void {
    if (ifMatch !== undefined) this.require(key, ifMatch);
    if (ifNoneMatch !== undefined && this.#objects.has(key)) throw new S3Failure('PreconditionFailed');
  }

  put(key: string, bytes: Uint8Array, options: PutOptions = {}): StoredObject {
    this.check(key, options);
    const object: StoredObject = {
      key,
      bytes,
      eTag: options.eTag ?? this.#eTagOf(bytes),
      lastModified: wholeSeconds(options.lastModified ?? new Date(this.#clock.now())),
      metadata: options.metadata ?? {},
    };
    if (!this.#objects.has(key)) this.#order = undefined;
    this.#objects.set(key, object);
    this.onCreated?.(object);
    return object;
  }

  delete(key: string, condition: Condition = {}): void {
    this.check(key, condition);
    if (this.#objects.delete(key)) this.#order = undefined;
  }

  /** At most `limit` objects below `prefix` whose key sorts after `after`. */
  list(prefix: string, after: string | undefined, limit: number): StoredObject[] {
    const keys = (this.#order ??= [...this.#objects.keys()].sort(compareKeys));
    const found: StoredObject[] = [];
    const afterPrefix = after !== undefined && compareKeys(after, prefix) >= 0;
    for (let at = afterPrefix ? firstAfter(keys, after) : firstFrom(keys, prefix); at < keys.length; at++) {
      const key = keys[at]!;
      if (!key.startsWith(prefix) || found.length === limit) break;
      found.push(this.#objects.get(key)!);
    }
    return found;
  }

  get size(): number {
    return this.#objects.size;
  }
}

function firstAfter(keys: readonly string[], after: string): number {
  const at = firstFrom(keys, after);
  return keys[at] === after ? at + 1 : at;
}

function firstFrom(keys: readonly string[], from: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle]!, from) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
