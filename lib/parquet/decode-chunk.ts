import type { ColumnType } from './column-type.ts';
import { decodeGeneral, isGeneral, RepeatedBytes } from './decode-general.ts';
import type { FooterColumn } from './footer.ts';
import { DECODED_BYTES_MAX, dataPageBody, dictionaryPageBody } from './page-body.ts';
import type { DataPage, DictionaryPage } from './page.ts';
import { ENCODING, readPages } from './page.ts';
import { decodePlain } from './plain-decode.ts';
import { decodeRuns } from './rle-decode.ts';
import { spread, spreadIndices } from './spread.ts';
import type { DictionaryVector, FlatVector, Vector } from './vector.ts';
import { vectorOf } from './vector.ts';
import { rowBytes } from './vector-bytes.ts';
import type { Segment } from './vector-rows.ts';
import { joinFlat } from './vector-rows.ts';

/**
 * Decodes one column chunk of a flat column to its physical values.
 *
 * What a chunk says of itself is not believed: nothing outside it is read, no run or length leads to more work or memory
 * than its rows and bytes account for, and values that are not exactly as many as they should be are refused.
 * @param bytes of the chunk
 * @param chunk its codec, as parquet.thrift names it, and how many values, and bytes, the footer says it has
 * @returns with its dictionary, if all pages have their values there
 * @throws Error if it cannot be decoded; the message says why, as the end of a sentence.
 */
export function decodeChunk(
  bytes: Uint8Array,
  chunk: { codec: string; values: number; uncompressedBytes?: number },
  column: FooterColumn,
): Vector {
  const { codec } = chunk;
  const pages = readPages(bytes, chunk.values);
  const decodedBytes = pages.data.reduce(
    (sum, page) => sum + page.uncompressedBytes,
    pages.dictionary?.uncompressedBytes ?? 0,
  );
  if (decodedBytes > DECODED_BYTES_MAX)
    throw new Error(`its pages have ${decodedBytes} bytes; at most ${DECODED_BYTES_MAX} are decoded`);
  const { uncompressedBytes: said = Infinity } = chunk;
  if (decodedBytes > said + UNSAID_BYTES_MAX)
    throw new Error(`its pages have ${decodedBytes} bytes where the footer says ${said}`);
  const dictionary = pages.dictionary && decodeDictionary(bytes, pages.dictionary, codec, column);
  const repeated = new RepeatedBytes();
  const segments = pages.data.map((page): Segment => {
    const vector = decodePage(bytes, page, dictionary, codec, column, repeated);
    return { vector, start: 0, end: vector.length };
  });
  return joinPages(segments, column.type);
}

/** Writers differ in what they count, such as the dictionary. */
export const UNSAID_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Decodes one data page.
 * @param bytes of the whole chunk
 * @param dictionary of the chunk, if it has one; the result refers to it if the page does
 * @param repeated by the pages that are in memory with this one
 * @throws Error as `decodeChunk`
 */
export function decodePage(
  bytes: Uint8Array,
  page: DataPage,
  dictionary: FlatVector | undefined,
  codec: string,
  column: FooterColumn,
  repeated = new RepeatedBytes(),
): Vector {
  const { encoding } = page;
  if (!canDecodePage(page, column))
    throw new Error(`encoding ${encoding} of ${column.type.physical} in a page is not known`);
  const { valid, present, values } = dataPageBody(bytes, page, codec, column.required);
  if (isDictionaryEncoded(encoding)) {
    const entries = dictionary ?? vectorOf(column.type, []);
    const indices = dictionaryIndices(values, present, entries.length);
    return {
      kind: 'DICTIONARY',
      length: page.values,
      dictionary: entries,
      indices: valid ? spreadIndices(indices, valid) : indices,
    };
  }
  const dense = decodeValues(values, encoding, present, column.type, repeated);
  return valid ? spread(dense, valid) : dense;
}

/**
 * Decodes a chunk's dictionary, which has no nulls.
 * @param bytes of the whole chunk
 * @throws Error as `decodeChunk`
 */
export function decodeDictionary(
  bytes: Uint8Array,
  page: DictionaryPage,
  codec: string,
  column: FooterColumn,
): FlatVector {
  // The older name of the encoding means PLAIN here.
  if (page.encoding !== ENCODING.PLAIN && page.encoding !== ENCODING.PLAIN_DICTIONARY)
    throw new Error(`encoding ${page.encoding} of a dictionary is not known`);
  return decodePlain(dictionaryPageBody(bytes, page, codec), page.values, column.type);
}

/** Whether the page's encoding is known, and one for values of the column's type. */
export function canDecodePage({ encoding }: DataPage, { type }: FooterColumn): boolean {
  return (
    encoding === ENCODING.PLAIN ||
    isDictionaryEncoded(encoding) ||
    (encoding === ENCODING.RLE && type.physical === 'BOOLEAN') ||
    isGeneral(encoding, type)
  );
}

export function isDictionaryEncoded(encoding: number | undefined): boolean {
  return encoding === ENCODING.PLAIN_DICTIONARY || encoding === ENCODING.RLE_DICTIONARY;
}

function decodeValues(
  values: Uint8Array,
  encoding: number,
  count: number,
  type: ColumnType,
  repeated: RepeatedBytes,
): FlatVector {
  switch (encoding) {
    case ENCODING.PLAIN:
      return decodePlain(values, count, type);
    case ENCODING.RLE:
      return runLengthBooleans(values, count);
    default:
      return decodeGeneral(values, encoding, count, type, repeated);
  }
}

/** Runs after their length in bytes. */
function runLengthBooleans(values: Uint8Array, count: number): FlatVector {
  const data = new Uint8Array(count);
  if (count > 0) {
    if (values.length < 4) throw new Error(`a page has ${values.length} bytes for ${count} booleans`);
    const length = new DataView(values.buffer, values.byteOffset).getUint32(0, true);
    if (length > values.length - 4) throw new Error('the booleans of a page are longer than the page');
    decodeRuns(values.subarray(4, 4 + length), 0, 1, data);
  }
  return { kind: 'BOOLEAN', length: count, data, valid: undefined };
}

/** The width of an index in bits, then runs. */
function dictionaryIndices(values: Uint8Array, count: number, entries: number): Int32Array {
  const indices = new Int32Array(count);
  // A page of nulls need not even say how wide its indices are.
  if (count === 0) return indices;
  const width = values[0];
  if (width === undefined) throw new Error(`a page has no bytes for ${count} indices of its dictionary`);
  decodeRuns(values, 1, width, indices);
  for (let i = 0; i < count; i++) {
    const index = (indices[i] as number) >>> 0;
    if (index >= entries) throw new Error(`a page refers to value ${index} of a dictionary of ${entries}`);
  }
  return indices;
}

/**
 * Rows of pages of one chunk, one after the other. They stay in the chunk's dictionary if all are there.
 * @throws Error if their values are too large to be taken out of the dictionary.
 */
export function joinPages(segments: readonly Segment[], type: ColumnType): Vector {
  const [first] = segments;
  if (!first) return vectorOf(type, []);
  requireExpandable(
    segments.reduce((sum, segment) => sum + textBytes(segment), 0),
    segments.reduce((sum, { start, end }) => sum + end - start, 0),
  );
  const { vector, start, end } = first;
  if (segments.length === 1 && start === 0 && end === vector.length) return vector;
  return segments.every(isIndexed) ? joinIndices(segments) : joinFlat(type, segments);
}

/**
 * Short texts that recur stay in their dictionary; long ones will be taken out of it, as keys or by what reads the lake.
 * @param bytes of the values of so many rows of a chunk, those of a dictionary once for each row
 * @throws Error if that is more than a chunk may come to.
 */
export function requireExpandable(bytes: number, rows: number): void {
  const bytesMax = EXPANDED_BYTES_MAX + rows * SHORT_BYTES;
  if (bytes > bytesMax) throw new Error(`its values take ${bytes} bytes; at most ${bytesMax} are decoded`);
}

const SHORT_BYTES = 1024;
const EXPANDED_BYTES_MAX = 256 * 1024 * 1024;

interface IndexedSegment extends Segment {
  vector: DictionaryVector;
}

function isIndexed(segment: Segment): segment is IndexedSegment {
  return segment.vector.kind === 'DICTIONARY';
}

/** Of vectors with the same dictionary, which is expanded for none of them. */
function joinIndices(segments: readonly IndexedSegment[]): DictionaryVector {
  const length = segments.reduce((sum, { start, end }) => sum + end - start, 0);
  const indices = new Int32Array(length);
  let at = 0;
  for (const { vector, start, end } of segments) {
    indices.set(vector.indices.subarray(start, end), at);
    at += end - start;
  }
  return { ...(segments[0] as IndexedSegment).vector, length, indices };
}

/** Fixed values take no more without a dictionary; of texts, few entries of one can come to much. */
export function textBytes(segment: Segment): number {
  const { vector } = segment;
  const { kind } = vector.kind === 'DICTIONARY' ? vector.dictionary : vector;
  return kind === 'BYTES' ? rowBytes(segment) : 0;
}
