import { join } from 'node:path';
import { isTemporaryName } from './temporary-file.ts';

/** Bytes that a file's name may have on the usual file systems. */
const SEGMENT_BYTES_MAX = 255;

/** The path below `root` of the file that holds the object `key`: each segment of the key is a folder, the last the file. */
export function keyPath(root: string, key: string): string {
  const segments = key.split('/');
  for (const segment of segments) {
    const fault = faultOf(segment);
    if (fault !== undefined) throw new UnusableKey(key, fault);
  }
  return join(root, ...segments);
}

function faultOf(segment: string): string | undefined {
  if (segment === '') return 'it is empty, or begins or ends with a slash, or has two slashes in a row';
  if (segment === '.' || segment === '..') return `"${segment}" between slashes would lead to another folder`;
  if (segment.includes('\0')) return 'it holds a NUL character';
  if (Buffer.from(segment).toString() !== segment) return 'it is not Unicode text';
  if (isTemporaryName(segment)) return `"${segment}" is the name of a temporary file`;
  const bytes = Buffer.byteLength(segment);
  if (bytes > SEGMENT_BYTES_MAX) {
    return `a part between slashes has ${bytes} bytes, and a file's name has at most ${SEGMENT_BYTES_MAX} (choose a partition column with shorter values)`;
  }
  return undefined;
}

/** The key cannot be a file's path. */
export class UnusableKey extends Error {
  override readonly name = 'UnusableKey';
  constructor(
    readonly key: string,
    fault: string,
  ) {
    super(`The key ${JSON.stringify(key)} cannot be the path of a file: ${fault}.`);
  }
}
