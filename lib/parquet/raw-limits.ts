import type { Footer } from './footer.ts';

/**
 * What the footer of a raw file may promise. Lake files are our own; a raw file is anybody's, and a few bytes of it can
 * stand for gigabytes of memory and hours of work. Row groups may have any size: they are read in slices of rows, and what
 * bounds memory is the page (`readChunkRows`).
 * @param fileSize in bytes
 * @throws Error if it promises more.
 */
export function requireReadable({ rowGroups, columns }: Footer, fileSize: number): void {
  let stored = 0;
  let bytes = 0;
  let rows = 0;
  for (const group of rowGroups) {
    for (const { start, end, uncompressedBytes } of group.chunks) {
      stored += end - start;
      bytes += uncompressedBytes;
    }
    rows += group.rows;
  }
  // Chunks that several row groups share would have a few bytes read for ever.
  if (stored > fileSize) throw new Error(`its row groups have ${stored} bytes, the file has ${fileSize}`);
  const bytesMax = PACKED_FREE + PACKED_MAX * stored;
  if (bytes > bytesMax)
    throw new Error(
      `its ${stored} bytes stand for ${bytes}, of which at most ${bytesMax} are read: data is not packed so far`,
    );
  const values = rows * columns.length;
  const valuesMax = VALUES_FREE + VALUES_PER_BYTE_MAX * fileSize;
  if (values > valuesMax)
    throw new Error(
      `${fileSize} bytes stand for ${rows} rows of ${columns.length} columns: more than such a file can hold`,
    );
}

/** Of a data page or a dictionary page, before compression or after it. DMS writes pages of 1 MiB, or of one larger value. */
export const PAGE_BYTES_MAX = 64 * 1024 * 1024;
/** A page of nulls may have no bytes. */
export const PAGE_ROWS_MAX = 1 << 24;
/** Work follows bytes, so what is packed further than data usually is may be little only, in bytes. */
const PACKED_MAX = 128;
const PACKED_FREE = 256 * 1024 * 1024;
/** Rows × columns of a file that may all be nulls or constants. */
const VALUES_FREE = 1 << 24;
/** A chunk of 10,000 nulls, as many as DMS writes, takes about a hundred bytes with what the footer says of it. */
const VALUES_PER_BYTE_MAX = 256;
