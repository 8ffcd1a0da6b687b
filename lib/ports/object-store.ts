/**
 * Objects of one bucket, as the rest of Tidemark sees them.
 *
 * Keys are decoded and relative to the bucket. Every write and every delete names the version it replaces, so a writer
 * that was overtaken can harm nothing. Versions are named by eTags; an eTag never names two contents.
 *
 * Adapters: `lib/aws/s3-object-store.ts`, `lib/local/folder-object-store.ts`. All of them, and the one that tests use,
 * pass the same contract (`test/contracts/object-store.ts`).
 */
export interface ObjectStore {
  /** Objects whose key starts with `prefix` and sorts after `after` (a whole key), in the byte order of keys, all pages. */
  list(prefix: string, options?: { after?: string }): AsyncIterable<ObjectSummary>;

  /** What is stored at `key` now; undefined if nothing is. */
  head(key: string): Promise<ObjectSummary | undefined>;

  /**
   * Bytes [start, end) of the version that `eTag` names; 0 ≤ start < end ≤ its size. They are the caller's own, who may
   * move them to another thread.
   * @throws ObjectChanged if another version, or nothing, is there now.
   */
  read(key: string, eTag: string, start: number, end: number): Promise<Uint8Array>;

  /**
   * Replaces the version `replaces` of `key` (`'absent'`: there must be nothing) by the concatenation of `pieces`, at
   * once: readers see the old bytes or the new ones. A piece is bytes, or a range of the version that is replaced, which
   * the store copies itself. Nothing is changed if `pieces` throws.
   * @throws ObjectChanged if something else is there now.
   */
  write(key: string, pieces: Pieces, replaces: Replaces): Promise<WrittenObject>;

  /**
   * Removes the version `eTag` of `key`; nothing to do if there is none.
   * @throws ObjectChanged if another version is there now.
   */
  delete(key: string, eTag: string): Promise<void>;
}

export interface ObjectSummary {
  key: string;
  /** Without quotes. */
  eTag: string;
  /** Bytes. */
  size: number;
  lastModified: Date;
}

/** The version a write replaces: its eTag, or that there must be none. */
export type Replaces = { eTag: string } | 'absent';

/** Bytes [start, end) of the version that is being replaced. */
export interface CopiedRange {
  start: number;
  end: number;
}

export type Piece = Uint8Array | CopiedRange;

export type Pieces = Iterable<Piece> | AsyncIterable<Piece>;

export interface WrittenObject {
  eTag: string;
  size: number;
  /** Bytes that this process sent. */
  bytesWritten: number;
  /** Bytes that the store took over from the replaced version by itself. */
  bytesCopied: number;
  /** Time the store spent copying, in milliseconds. */
  copyMs: number;
}

/** The object is not the version that the caller had read. Read again and plan again. */
export class ObjectChanged extends Error {
  override readonly name = 'ObjectChanged';
  constructor(
    readonly key: string,
    expected: string,
    options?: ErrorOptions,
  ) {
    super(`${key} is no longer ${expected}: someone else wrote it. Read it again and plan again.`, options);
  }
}

/** The object is archived: it is there, and its bytes are not to be had before somebody has it restored. */
export class ObjectArchived extends Error {
  override readonly name = 'ObjectArchived';
  constructor(key: string, options?: ErrorOptions) {
    super(`${key} is archived: it must be restored before it can be read.`, options);
  }
}
