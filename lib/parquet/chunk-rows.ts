import {
  decodeDictionary,
  decodePage,
  joinPages,
  requireExpandable,
  textBytes,
  UNSAID_BYTES_MAX,
} from './decode-chunk.ts';
import type { Chunk, FooterColumn } from './footer.ts';
import type { AnyPage } from './page.ts';
import { readPage } from './page.ts';
import type { ReadRange } from './parquet-file.ts';
import { asMalformed, MalformedParquet } from './parquet-file.ts';
import { PAGE_BYTES_MAX, PAGE_ROWS_MAX } from './raw-limits.ts';
import type { FlatVector, Vector } from './vector.ts';
import { flatBytes, rowBytes } from './vector-bytes.ts';
import type { Segment } from './vector-rows.ts';
import { flatVector } from './vector-rows.ts';

/** The rows that were asked for take more memory than they may; fewer rows may fit. */
export class TooManyBytes extends Error {
  override readonly name = 'TooManyBytes';
}

/** Rows [from, to) of a chunk. */
export interface RowRange {
  from: number;
  to: number;
}

/**
 * Reads some rows of a column chunk, page by page: the memory that this takes follows from the rows and from the largest
 * page, and not from the chunk. Of the pages of other rows only the headers are looked at.
 * @param chunk of a raw file: what it says of itself is not believed, as `decodeChunk` says
 * @param limits.bytesMax what the values of these rows may take, those of a dictionary once for each row; left out, what
 *   as many rows of any chunk may
 * @param limits.pageBytesMax what a page may have, before compression and after it
 * @throws MalformedParquet if they cannot be decoded; TooManyBytes
 */
export async function readChunkRows(
  read: ReadRange,
  chunk: Chunk,
  column: FooterColumn,
  { from, to }: RowRange,
  { bytesMax, pageBytesMax = PAGE_BYTES_MAX }: { bytesMax?: number; pageBytesMax?: number } = {},
): Promise<Vector> {
  const segments: Segment[] = [];
  let heldBytes = 0;
  for await (const segment of pagesWith(new PageReader(read, chunk, pageBytesMax), chunk, column, { from, to })) {
    heldBytes += rowBytes(segment);
    if (bytesMax === undefined) {
      const bytes = heldBytes;
      asMalformed(() => requireExpandable(bytes, to - from));
    } else if (heldBytes > bytesMax) {
      await requireChunkExpandable(new PageReader(read, chunk, pageBytesMax), chunk, column);
      throw new TooManyBytes(`${to - from} rows take more than ${bytesMax} bytes`);
    }
    segments.push(segment);
  }
  const vector = asMalformed(() => joinPages(segments, column.type));
  // A dictionary that is larger than what these rows have of it is of no use to them.
  const isLarge = vector.kind === 'DICTIONARY' && flatBytes(vector.dictionary) > heldBytes;
  return isLarge ? flatVector(column.type, vector) : vector;
}

/** Few rows after few rows would come to an end one day; a file that needs so many of them is none of a table. */
async function requireChunkExpandable(pages: PageReader, chunk: Chunk, column: FooterColumn): Promise<void> {
  let bytes = 0;
  for await (const segment of pagesWith(pages, chunk, column, { from: 0, to: chunk.values })) {
    bytes += textBytes(segment);
    asMalformed(() => requireExpandable(bytes, chunk.values));
  }
}

/** The rows that are wanted, page by page. */
async function* pagesWith(
  pages: PageReader,
  chunk: Chunk,
  column: FooterColumn,
  { from, to }: RowRange,
): AsyncGenerator<Segment> {
  let dictionary: FlatVector | undefined;
  let row = 0;
  while (row < to) {
    const first = row;
    const page = await pages.next((found) => found.kind === 'dictionary' || first + found.page.values > from);
    if (page.kind === 'other') continue;
    if (page.kind === 'data') row += page.page.values;
    if (row > chunk.values)
      throw new MalformedParquet(`its pages hold ${row} values where the footer says ${chunk.values}`);
    if (!page.bytes) continue;
    const { bytes } = page;
    if (page.kind === 'dictionary') {
      dictionary = asMalformed(() => decodeDictionary(bytes, page.page, chunk.codec, column));
    } else {
      const vector = asMalformed(() => decodePage(bytes, page.page, dictionary, chunk.codec, column));
      yield { vector, start: Math.max(from - first, 0), end: Math.min(to - first, vector.length) };
    }
  }
}

/** A page, and the bytes in which it is if its values are wanted. */
type ReadPage = AnyPage & { bytes: Uint8Array | undefined };

/** The pages of a chunk, one after the other, through a window of some MiB on the file. */
class PageReader {
  /** Where the next page begins in the file. */
  private offset: number;
  private decodedBytes = 0;
  private window: Uint8Array = new Uint8Array();
  private windowStart = 0;

  constructor(
    private readonly read: ReadRange,
    private readonly chunk: Chunk,
    private readonly pageBytesMax: number,
  ) {
    this.offset = chunk.start;
  }

  async next(isWanted: (page: Exclude<AnyPage, { kind: 'other' }>) => boolean): Promise<ReadPage> {
    const { chunk, offset } = this;
    let page = await this.pageOf(HEADER_BYTES_MAX);
    const length = page.end - (offset - this.windowStart);
    this.require(page, length);
    const isRead = page.kind !== 'other' && isWanted(page);
    if (isRead) page = await this.pageOf(length);
    if (page.kind === 'dictionary' && offset !== chunk.start)
      throw new MalformedParquet('a dictionary page is not the first page');
    this.offset += length;
    return { ...page, bytes: isRead ? this.window : undefined };
  }

  /** The page at the offset, by its place in the window, which is made to hold so many bytes of it. */
  private async pageOf(length: number): Promise<AnyPage> {
    const { chunk, offset } = this;
    if (offset >= chunk.end)
      throw new MalformedParquet(`its pages hold fewer values than the ${chunk.values} of the chunk`);
    const needed = Math.min(offset + length, chunk.end);
    if (needed > this.windowStart + this.window.length) {
      // Before the next one is read: pages may be large.
      this.window = new Uint8Array();
      this.window = await this.read(offset, Math.min(chunk.end, Math.max(needed, offset + WINDOW_BYTES)));
      this.windowStart = offset;
    }
    return asMalformed(() => readPage(this.window, offset - this.windowStart, Infinity));
  }

  private require(page: AnyPage, length: number): void {
    const { chunk, offset, pageBytesMax } = this;
    if (offset + length > chunk.end)
      throw new MalformedParquet(`a page of ${length} bytes does not fit into its chunk`);
    if (page.kind === 'other') return;
    const { uncompressedBytes, values } = page.page;
    if (Math.max(uncompressedBytes, length) > pageBytesMax)
      throw new MalformedParquet(
        `a page has ${uncompressedBytes} bytes in ${length}; at most ${pageBytesMax} are read (DataPageSize and DictPageSizeLimit of the DMS endpoint, and the maximum LOB size of the task, say how large pages are)`,
      );
    if (values > PAGE_ROWS_MAX)
      throw new MalformedParquet(
        `a page has ${values} rows; at most ${PAGE_ROWS_MAX} are read (RowGroupLength of the DMS endpoint)`,
      );
    this.decodedBytes += uncompressedBytes;
    if (this.decodedBytes > chunk.uncompressedBytes + UNSAID_BYTES_MAX)
      throw new MalformedParquet(
        `its pages have ${this.decodedBytes} bytes where the footer says ${chunk.uncompressedBytes}`,
      );
  }
}

/** Most chunks are smaller: then one request reads all of it. */
const WINDOW_BYTES = 8 * 1024 * 1024;
/** Headers hold bounds of the page's values, which writers cut to a few KiB. */
const HEADER_BYTES_MAX = 256 * 1024;
