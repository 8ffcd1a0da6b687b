import type { Clock } from '../../lib/ports/clock.ts';
import type {
  ObjectStore,
  ObjectSummary,
  Piece,
  Pieces,
  Replaces,
  WrittenObject,
} from '../../lib/ports/object-store.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import type { StoredObject } from './bucket.ts';
import { Bucket } from './bucket.ts';
import type { FaultHook } from './fault.ts';
import { noFaults, underFault } from './fault.ts';
import { S3Failure } from './s3-failure.ts';
import { systemClock } from './virtual-clock.ts';

const KEYS_PER_PAGE = 1000;

/**
 * The object store port straight on the bucket model: no requests, no XML. Its eTags are a counter, so none repeats,
 * unless they are to follow from the content, as S3's do.
 */
export class MemoryObjectStore implements ObjectStore {
  /** Called after each object that was created, as S3's event would be sent. */
  onCreated: ((key: string) => void) | undefined;

  readonly #bucket: Bucket;
  readonly #fault: FaultHook;

  constructor(
    options: {
      clock?: Clock;
      onCreated?: (key: string) => void;
      fault?: FaultHook;
      eTagOf?: (bytes: Uint8Array) => string;
    } = {},
  ) {
    let versions = 0;
    const eTagOf = options.eTagOf ?? (() => `v${++versions}`);
    this.#bucket = new Bucket('memory', options.clock ?? systemClock, eTagOf);
    this.#bucket.onCreated = ({ key }) => this.onCreated?.(key);
    this.#fault = options.fault ?? noFaults;
    this.onCreated = options.onCreated;
  }

  /** Writes without a condition, as DMS does. */
  put(key: string, bytes: Uint8Array, lastModified?: Date): ObjectSummary {
    return summary(this.#bucket.put(key, Uint8Array.from(bytes), { lastModified }));
  }

  /** Deletes without a condition. */
  remove(key: string): void {
    this.#bucket.delete(key);
  }

  /** What is stored at `key` now. */
  bytes(key: string): Uint8Array | undefined {
    return this.#bucket.get(key)?.bytes;
  }

  /** All keys below `prefix`, in order. */
  keys(prefix = ''): string[] {
    return this.#bucket.list(prefix, undefined, Infinity).map(({ key }) => key);
  }

  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<ObjectSummary> {
    let after = options.after;
    for (;;) {
      const page = await this.#call('list', prefix, () => this.#bucket.list(prefix, after, KEYS_PER_PAGE));
      yield* page.map(summary);
      if (page.length < KEYS_PER_PAGE) return;
      after = page.at(-1)!.key;
    }
  }

  /** The first objects of what `list` gives, at once. */
  listed(prefix: string, after?: string, max = Infinity): ObjectSummary[] {
    return this.#bucket.list(prefix, after, max).map(summary);
  }

  head(key: string): Promise<ObjectSummary | undefined> {
    return this.#call('head', key, () => {
      const object = this.#bucket.get(key);
      return object && summary(object);
    });
  }

  read(key: string, eTag: string, start: number, end: number): Promise<Uint8Array> {
    return this.#call('read', key, () => {
      const { bytes } = this.#pinned(key, eTag);
      if (start < 0 || start >= end || end > bytes.length)
        throw new RangeError(`${key} has no bytes [${start}, ${end}): its size is ${bytes.length}`);
      return bytes.slice(start, end);
    });
  }

  async write(key: string, pieces: Pieces, replaces: Replaces): Promise<WrittenObject> {
    const whole: Piece[] = Array.isArray(pieces) ? (pieces as Piece[]) : [];
    const chunks: Uint8Array[] = [];
    let bytesWritten = 0;
    let bytesCopied = 0;
    // What is all there already need not be waited for piece by piece.
    for await (const piece of Array.isArray(pieces) ? [] : pieces) whole.push(ownPiece(piece));
    for (const piece of whole) {
      if (piece instanceof Uint8Array) {
        chunks.push(piece);
        bytesWritten += piece.length;
      } else {
        if (replaces === 'absent') throw new Error(`${key} replaces nothing, so no range can be copied from it`);
        chunks.push(await this.#call('copy', key, () => this.#range(key, replaces.eTag, piece.start, piece.end)));
        bytesCopied += piece.end - piece.start;
      }
    }
    const condition = replaces === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: replaces.eTag };
    return this.#call('write', key, () => {
      const { eTag, size } = summary(
        this.#changed(key, replaces, () => this.#bucket.put(key, Buffer.concat(chunks), condition)),
      );
      return { eTag, size, bytesWritten, bytesCopied, copyMs: 0 };
    });
  }

  delete(key: string, eTag: string): Promise<void> {
    return this.#call('delete', key, () => {
      if (!this.#bucket.get(key)) return;
      this.#changed(key, { eTag }, () => this.#bucket.delete(key, { ifMatch: eTag }));
    });
  }

  #range(key: string, eTag: string, start: number, end: number): Uint8Array {
    const { bytes } = this.#pinned(key, eTag);
    if (start < 0 || start >= end || end > bytes.length)
      throw new RangeError(`${key} has no bytes [${start}, ${end}) to copy: its size is ${bytes.length}`);
    return bytes.subarray(start, end);
  }

  #pinned(key: string, eTag: string): StoredObject {
    return this.#changed(key, { eTag }, () => this.#bucket.require(key, eTag));
  }

  #changed<T>(key: string, replaces: Replaces, effect: () => T): T {
    try {
      return effect();
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      throw new ObjectChanged(key, replaces === 'absent' ? 'absent' : `version ${replaces.eTag}`, { cause: error });
    }
  }

  #call<T>(name: string, target: string, effect: () => T): Promise<T> {
    return underFault(this.#fault, { service: 's3', name, target }, effect);
  }
}

/** The bytes of a piece may be used for the next one once that is asked for. */
function ownPiece(piece: Piece): Piece {
  return piece instanceof Uint8Array ? Uint8Array.from(piece) : piece;
}

function summary({ key, eTag, bytes, lastModified }: StoredObject): ObjectSummary {
  return { key, eTag, size: bytes.length, lastModified };
}
