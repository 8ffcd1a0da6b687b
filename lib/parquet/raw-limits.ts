import type { Footer } from './footer.ts';

/**
 * What the footer of a raw file may promise. Lake files are our own; a raw file is anybody's, and a few bytes of it can
 * stand for gigabytes of memory and hours of work.
 * @param fileSize in bytes
 * @throws Error if it promises more.
 */
export function requireReadable({ rowGroups, columns }: Footer, fileSize: number): void {
  let stored = 0;
  let rows = 0;
  for (const group of rowGroups) {
    const bytes = group.chunks.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
    const storedBytes = group.chunks.reduce((sum, { start, end }) => sum + end - start, 0);
    const bytesMax = Math.min(GROUP_BYTES_MAX, PACKED_FREE + PACKED_MAX * storedBytes);
    if (bytes > bytesMax)
      throw new Error(
        `a row group has ${bytes} bytes in ${storedBytes}, of which at most ${bytesMax} are read (a lower RowGroupLength in the settings of the DMS endpoint makes them fewer)`,
      );
    stored += storedBytes;
    rows += group.rows;
  }
  // Chunks that several row groups share would have a few bytes read for ever.
  if (stored > fileSize) throw new Error(`its row groups have ${stored} bytes, the file has ${fileSize}`);
  const values = rows * columns.length;
  const valuesMax = VALUES_FREE + VALUES_PER_BYTE_MAX * fileSize;
  if (values > valuesMax)
    throw new Error(
      `${fileSize} bytes stand for ${rows} rows of ${columns.length} columns: more than such a file can hold`,
    );
}

/** Before compression: a merge holds a row group several times while it passes from page to page. */
const GROUP_BYTES_MAX = 256 * 1024 * 1024;
/** What is packed further than data usually is may be little only, in bytes. */
const PACKED_MAX = 8;
const PACKED_FREE = 96 * 1024 * 1024;
/** Rows × columns of a file that may all be nulls or constants. */
const VALUES_FREE = 1 << 24;
/** A chunk of 10,000 nulls, as many as DMS writes, takes about a hundred bytes with what the footer says of it. */
const VALUES_PER_BYTE_MAX = 256;
