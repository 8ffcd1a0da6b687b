import { FALSE, I32, STRUCT, ThriftReader, TRUE } from './thrift-reader.ts';

/** Where the pages of a column chunk are, as their headers say. Offsets are within the chunk. */
export interface ChunkPages {
  dictionary: DictionaryPage | undefined;
  /** In the order of their rows. */
  data: DataPage[];
}

interface PagePlace {
  /** Where the header begins. */
  start: number;
  /** Where the body begins, after the header. */
  bodyStart: number;
  /** Where the body ends. */
  end: number;
  /** Length of the body before compression (of a data page v2: levels included), in bytes. */
  uncompressedBytes: number;
}

export interface DictionaryPage extends PagePlace {
  values: number;
  encoding: number;
}

export interface DataPage extends PagePlace {
  version: 1 | 2;
  /** Nulls included: the rows of a flat column. */
  values: number;
  /** As the header says; undefined in v1, whose header does not. */
  nulls: number | undefined;
  encoding: number;
  /** Lengths of the levels at the begin of the body, v2 only (in v1 they are part of what is compressed). */
  definitionBytes: number;
  repetitionBytes: number;
  /** Whether the values are compressed, with the chunk's codec. In v1 the levels are, too. */
  compressed: boolean;
}

/** parquet.thrift, "Encoding" */
export const ENCODING = {
  PLAIN: 0,
  PLAIN_DICTIONARY: 2,
  RLE: 3,
  BIT_PACKED: 4,
  RLE_DICTIONARY: 8,
} as const;

/** parquet.thrift, "PageType" */
export const PAGE_TYPE = { DATA: 0, INDEX: 1, DICTIONARY: 2, DATA_V2: 3 } as const;

/**
 * Reads the headers of a chunk's pages.
 * @param values of the chunk: pages after the last of them are none of its own
 * @throws Error if they do not fit together.
 */
export function readPages(bytes: Uint8Array, values: number): ChunkPages {
  const pages: ChunkPages = { dictionary: undefined, data: [] };
  let offset = 0;
  let seen = 0;
  while (seen < values) {
    if (offset >= bytes.length) throw new Error(`its pages hold ${seen} of ${values} values`);
    const page = readPage(bytes, offset);
    if (page.kind === 'data') {
      if (pages.data.length === PAGES_MAX) throw new Error(`it has more than ${PAGES_MAX} pages`);
      pages.data.push(page.page);
      seen += page.page.values;
    } else if (page.kind === 'dictionary') {
      if (pages.dictionary ?? pages.data.length > 0) throw new Error('a dictionary page is not the first page');
      pages.dictionary = page.page;
    }
    offset = page.end;
  }
  if (seen > values) throw new Error(`its pages hold ${seen} values where the footer says ${values}`);
  return pages;
}

/** Pages without values take bytes of the file, but many more of memory. */
const PAGES_MAX = 100_000;

/** The header of a data page v2 (parquet.thrift, "DataPageHeaderV2"), compressed as far as its values are. */
export function dataPageHeader(page: {
  values: number;
  nulls: number;
  encoding: number;
  definitionBytes: number;
  uncompressedBytes: number;
  compressedBytes: number;
  compressed: boolean;
}): Uint8Array {
  const writer = new HeaderWriter();
  writer.start(PAGE_TYPE.DATA_V2, page.uncompressedBytes, page.compressedBytes, 8);
  for (const value of [page.values, page.nulls, page.values, page.encoding, page.definitionBytes, 0])
    writer.integer(value);
  return writer.end(page.compressed);
}

export function dictionaryPageHeader(page: {
  values: number;
  uncompressedBytes: number;
  compressedBytes: number;
}): Uint8Array {
  const writer = new HeaderWriter();
  writer.start(PAGE_TYPE.DICTIONARY, page.uncompressedBytes, page.compressedBytes, 7);
  writer.integer(page.values);
  writer.integer(ENCODING.PLAIN);
  return writer.end();
}

/** Writes a page header in thrift's compact protocol: all its fields but the last one are 32-bit integers. */
class HeaderWriter {
  private readonly bytes = new Uint8Array(HEADER_BYTES_MAX);
  private length = 0;

  /** @param headerField the field that holds the struct of the page's type: what follows goes there */
  start(type: number, uncompressedBytes: number, compressedBytes: number, headerField: number): void {
    for (const value of [type, uncompressedBytes, compressedBytes]) this.integer(value);
    // Fields are numbered by their difference.
    this.bytes[this.length++] = ((headerField - 3) << 4) | STRUCT;
  }

  /** The next field. */
  integer(value: number): void {
    this.bytes[this.length++] = (1 << 4) | I32;
    let rest = value * 2;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.bytes[this.length++] = (rest % 0x80) | 0x80;
    this.bytes[this.length++] = rest;
  }

  /** Both structs end, the inner one with a boolean if it has one. */
  end(boolean?: boolean): Uint8Array {
    if (boolean !== undefined) this.bytes[this.length++] = (1 << 4) | (boolean ? TRUE : FALSE);
    this.length += 2;
    return this.bytes.slice(0, this.length);
  }
}

/** Nine integers of five bytes and their types are fewer. */
const HEADER_BYTES_MAX = 64;

/** A page, by its place in the bytes in which it was found. */
export type AnyPage =
  | { kind: 'data'; page: DataPage; end: number }
  | { kind: 'dictionary'; page: DictionaryPage; end: number }
  | { kind: 'other'; end: number };

/**
 * Reads the header of one page.
 * @param start of the header, within the bytes
 * @param limit where the page's body must end at the latest: the end of the bytes, unless they are to be read later
 * @throws Error if it is none.
 */
export function readPage(bytes: Uint8Array, start: number, limit = bytes.length): AnyPage {
  const reader = new ThriftReader(bytes, start);
  let type = -1;
  let uncompressedBytes = -1;
  let compressedBytes = -1;
  let header: InnerHeader | undefined;
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 1) type = reader.integer();
    else if (field === 2) uncompressedBytes = reader.integer();
    else if (field === 3) compressedBytes = reader.integer();
    else if (field === 5) header = readInner(reader, 1);
    else if (field === 7) header = readInner(reader, 1);
    else if (field === 8) header = readInner(reader, 2);
    else reader.skip();
  }
  const bodyStart = reader.offset;
  const end = bodyStart + compressedBytes;
  if (compressedBytes < 0 || uncompressedBytes < 0 || end > limit)
    throw new Error(`a page of ${compressedBytes} bytes does not fit into its chunk`);
  if (type !== PAGE_TYPE.DATA && type !== PAGE_TYPE.DATA_V2 && type !== PAGE_TYPE.DICTIONARY)
    return { kind: 'other', end };
  if (!header || header.values < 0) throw new Error('a page header does not say how many values there are');
  const { version, values, nulls, encoding, definitionBytes, repetitionBytes, compressed } = header;
  if (type === PAGE_TYPE.DICTIONARY)
    return { kind: 'dictionary', page: { start, bodyStart, end, uncompressedBytes, values, encoding }, end };
  if (definitionBytes < 0 || repetitionBytes < 0 || definitionBytes + repetitionBytes > compressedBytes)
    throw new Error('the levels of a page are longer than the page');
  const page = {
    start,
    bodyStart,
    end,
    uncompressedBytes,
    values,
    encoding,
    version,
    nulls,
    definitionBytes,
    repetitionBytes,
    compressed,
  };
  return { kind: 'data', page, end };
}

/** What the headers of a page's type say. */
type InnerHeader = Omit<DataPage, keyof PagePlace>;

/** DataPageHeader and DictionaryPageHeader begin alike. */
function readInner(reader: ThriftReader, version: 1 | 2): InnerHeader {
  const header: InnerHeader = {
    version,
    values: -1,
    nulls: undefined,
    encoding: -1,
    definitionBytes: 0,
    repetitionBytes: 0,
    compressed: true,
  };
  const outer = reader.enter();
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 1) header.values = reader.integer();
    else if (version === 1 && field === 2) header.encoding = reader.integer();
    else if (version === 2 && field === 2) header.nulls = reader.integer();
    else if (version === 2 && field === 4) header.encoding = reader.integer();
    else if (version === 2 && field === 5) header.definitionBytes = reader.integer();
    else if (version === 2 && field === 6) header.repetitionBytes = reader.integer();
    else if (version === 2 && field === 7) header.compressed = reader.boolean();
    else reader.skip();
  }
  reader.leave(outer);
  return header;
}
