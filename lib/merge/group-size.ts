/**
 * How many rows a row group takes so that it stays small in memory: a few are there at a time, each of them several times
 * while it passes from pages to pages.
 * @param rowsPerRowGroup of values of common length
 * @param rows that take `bytes` together, before compression
 */
export function rowsPerGroup(rowsPerRowGroup: number, rows: number, bytes: number): number {
  if (bytes <= GROUP_BYTES) return rowsPerRowGroup;
  return Math.max(1, Math.min(rowsPerRowGroup, Math.floor((rows * GROUP_BYTES) / bytes)));
}

/** How many row groups of this size, before compression, may pass through memory at a time. */
export function groupsAtOnce(most: number, groupBytes: number): number {
  return Math.max(1, Math.min(most, Math.floor(BYTES_AT_ONCE / Math.max(1, groupBytes))));
}

/** The size of a row group, before compression. */
export function uncompressedBytes({ chunks }: { chunks: readonly { uncompressedBytes: number }[] }): number {
  return chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0);
}

/** Of a row group with long values. Those with values of common length have a tenth of that. */
export const GROUP_BYTES = 16 * 1024 * 1024;
const BYTES_AT_ONCE = 64 * 1024 * 1024;
