/**
 * How the pieces of a new object become parts of a multipart upload: S3 copies a range by itself if it makes a part of
 * its own, and every part but the last must have 5 MiB.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
import type { CopiedRange } from '../ports/object-store.ts';

const MiB = 1024 * 1024;

/** Every part but the last has at least as many bytes. */
export const PART_BYTES_MIN = 5 * MiB;
/** No part, sent or copied, has more bytes. */
export const PART_BYTES_MAX = 5 * 1024 * MiB;
export const PARTS_MAX = 10_000;

export interface RangePlacement {
  /** The beginning of the range, to be read and sent after the bytes that wait; undefined if there is nothing to read. */
  read: CopiedRange | undefined;
  /** What S3 copies, one part each; what waits is sent as a part before them. Empty if the range is too small. */
  copies: CopiedRange[];
}

/** @param bytesWaiting bytes before the range that are not in any part yet */
export function placeRange(range: CopiedRange, bytesWaiting: number): RangePlacement {
  const missing = bytesWaiting === 0 ? 0 : Math.max(0, PART_BYTES_MIN - bytesWaiting);
  const copyFrom = range.start + missing;
  if (range.end - copyFrom < PART_BYTES_MIN) return { read: range, copies: [] };
  return {
    read: missing === 0 ? undefined : { start: range.start, end: copyFrom },
    copies: split({ start: copyFrom, end: range.end }),
  };
}

/** Into the fewest parts, of about the same size, so that none is too small. */
function split({ start, end }: CopiedRange): CopiedRange[] {
  const count = Math.ceil((end - start) / PART_BYTES_MAX);
  const boundary = (part: number): number => start + Math.floor(((end - start) * part) / count);
  return Array.from({ length: count }, (_, part) => ({ start: boundary(part), end: boundary(part + 1) }));
}

/**
 * Joins ranges that follow each other in the old object as well: many small row groups that stay become one range that
 * S3 can copy.
 */
export async function* joinAdjacent<T extends Uint8Array | CopiedRange>(
  pieces: Iterable<T> | AsyncIterable<T>,
): AsyncIterable<Uint8Array | CopiedRange> {
  let pending: CopiedRange | undefined;
  for await (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      if (pending) yield pending;
      pending = undefined;
      yield piece;
    } else if (pending?.end === piece.start) {
      pending = { start: pending.start, end: piece.end };
    } else {
      if (pending) yield pending;
      pending = { start: piece.start, end: piece.end };
    }
  }
  if (pending) yield pending;
}
