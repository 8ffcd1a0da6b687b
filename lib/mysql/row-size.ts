import type { DmsValue } from '../sample/dms-column.ts';

/** About how many bytes a row's values take in a file. */
export function sizeOf(row: readonly DmsValue[]): number {
  let bytes = 0;
  for (const value of row) bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length + 4 : 8;
  return bytes;
}
