import type { Column, ColumnType } from './column-type.ts';
import { CODEC } from './compression.ts';
import { withDictionary } from './dictionary.ts';
import type { EncodedChunk } from './encoded-chunk.ts';
import type { EncodedPage } from './encode-page.ts';
import { encodeDictionaryPage, encodeIndexPage, encodePlainPage } from './encode-page.ts';
import { ENCODING } from './page.ts';
import { bitWidthFor } from './rle-encode.ts';
import { chunkStatistics } from './statistics.ts';
import type { DictionaryVector, FlatVector, Vector } from './vector.ts';
import { flatVector } from './vector-rows.ts';

/**
 * Rows of a data page. Only pages with a changed row are encoded again when a row group changes; smaller ones make files
 * grow more than that saves (2 % more bytes than one page a row group, where 512 rows take 3.2 %).
 */
export const PAGE_ROWS = 512;

/**
 * Encodes the values of an OPTIONAL column of a row group: data pages v2, with a dictionary if that makes the chunk much
 * smaller, else PLAIN.
 * @param vector of the column's physical type
 * @param options.codec as parquet.thrift names it ("CompressionCodec")
 * @throws Error for INT96, which no lake column is, for values of another type, and for a codec that nothing here writes.
 */
export function encodeChunk(column: Column, vector: Vector, { codec = CODEC }: { codec?: string } = {}): EncodedChunk {
  requireKind(column, vector);
  const indexed = withDictionary(column.type, vector);
  const dictionary = indexed && encodeDictionaryPage(indexed.dictionary, column, codec);
  const data = indexed ? indexPages(indexed, codec) : plainPages(flatVector(column.type, vector), column, codec);
  const pages = dictionary ? [dictionary, ...data] : data;
  return {
    parts: pages.flatMap(({ parts }) => parts),
    byteLength: pages.reduce((sum, { byteLength }) => sum + byteLength, 0),
    column: column.name,
    physical: column.type.physical,
    codec,
    encodings: [ENCODING.PLAIN, ENCODING.RLE, ...(indexed ? [ENCODING.RLE_DICTIONARY] : [])],
    values: vector.length,
    uncompressedBytes: pages.reduce((sum, page) => sum + page.uncompressedBytes, 0),
    dataPageOffset: dictionary?.byteLength ?? 0,
    dictionaryPageOffset: dictionary && 0,
    statistics: chunkStatistics(indexed ?? vector, column.type),
    bloomFilter: undefined,
  };
}

/** A page of long values has fewer rows: readers hold a whole page in memory. */
const PAGE_BYTES_MAX = 1024 * 1024;

function indexPages({ dictionary, indices, length }: DictionaryVector, codec: string): EncodedPage[] {
  const bitWidth = bitWidthFor(dictionary.length);
  const pages: EncodedPage[] = [];
  for (let start = 0; start < length; start += PAGE_ROWS) {
    pages.push(encodeIndexPage(indices, start, Math.min(length, start + PAGE_ROWS), bitWidth, codec));
  }
  return pages;
}

function plainPages(vector: FlatVector, column: Column, codec: string): EncodedPage[] {
  const pages: EncodedPage[] = [];
  let start = 0;
  while (start < vector.length) {
    const end = plainPageEnd(vector, start);
    pages.push(encodePlainPage(vector, start, end, column, codec));
    start = end;
  }
  return pages;
}

export function plainPageEnd(vector: FlatVector, start: number): number {
  let end = Math.min(vector.length, start + PAGE_ROWS);
  if (vector.kind !== 'BYTES') return end;
  const { offsets } = vector;
  const bytesMax = (offsets[start] as number) + PAGE_BYTES_MAX;
  while (end > start + 1 && (offsets[end] as number) > bytesMax) end--;
  return end;
}

/** A vector of another type would be written as values that the column's readers take for others. */
function requireKind({ name, type }: Column, vector: Vector): void {
  const { kind } = vector.kind === 'DICTIONARY' ? vector.dictionary : vector;
  if (kind === 'LIST') throw new Error(`column ${name}: ${type.physical} is not written`);
  if (kind !== kindOf(type)) throw new Error(`column ${name}: ${type.physical} does not hold a vector of ${kind}`);
}

function kindOf({ physical }: ColumnType): FlatVector['kind'] {
  if (physical === 'INT96') return 'LIST';
  return physical === 'BYTE_ARRAY' || physical === 'FIXED_LEN_BYTE_ARRAY' ? 'BYTES' : physical;
}
