import { createHash } from 'node:crypto';

/** Leaves room in a file's name (255 bytes) for a suffix. */
const READABLE_NAME_LENGTH_MAX = 200;

/** A file's name for a table's path, that a person may read: `raw%2Fsales%2Forders%2F`; a hash of paths that are too long. */
export function readableFileName(path: string): string {
  const readable = encodeURIComponent(path);
  return readable.length <= READABLE_NAME_LENGTH_MAX ? readable : createHash('sha256').update(path).digest('hex');
}
