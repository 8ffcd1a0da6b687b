import type { ColumnType } from './column-type.ts';
import { decodeGeneral, isGeneral } from './decode-general.ts';
import type { FooterColumn } from './footer.ts';
import { DECODED_BYTES_MAX, dataPageBody, dictionaryPageBody } from './page-body.ts';
import type { DataPage, DictionaryPage } from './page.ts';
import { ENCODING, readPages } from './page.ts';
import { decodePlain } from './plain-decode.ts';
import { decodeRuns } from './rle-decode.ts';
import { spread, spreadIndices } from './spread.ts';
import type { DictionaryVector, FlatVector, Vector } from './vector.ts';
import { vectorOf } from './vector.ts';
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
  return join(
    pages.data.map((page) => decodePage(bytes, page, dictionary, codec, column)),
    column.type,
  );
}

/** Writers differ in what they count, such as the dictionary. */
const UNSAID_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Decodes one data page.
 * @param bytes of the whole chunk
 * @param dictionary of the chunk, if it has one; the result refers to it if the page does
 * @throws Error as `decodeChunk`
 */
export function decodePage(
  bytes: Uint8Array,
  page: DataPage,
  dictionary: FlatVector | undefined,
  codec: string,
  column: FooterColumn,
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
  const dense = decodeValues(values, encoding, present, column.type);
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

function decodeValues(values: Uint8Array, encoding: number, count: number, type: ColumnType): FlatVector {
  switch (encoding) {
    case ENCODING.PLAIN:
      return decodePlain(values, count, type);
    case ENCODING.RLE:
      return runLengthBooleans(values, count);
    default:
      return decodeGeneral(values, encoding, count, type);
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

/** The pages' vectors, one after the other. */
function join(vectors: readonly Vector[], type: ColumnType): Vector {
  const [first] = vectors;
  if (!first) return vectorOf(type, []);
  const expandedBytes = vectors.reduce((sum, vector) => sum + bytesOf(vector), 0);
  const isDictionary = vectors.every((vector) => vector.kind === 'DICTIONARY');
  // Short texts that recur stay in their dictionary; long ones will be taken out of it, as keys or by what reads the lake.
  const rows = vectors.reduce((sum, vector) => sum + vector.length, 0);
  const expandedMax = EXPANDED_BYTES_MAX + rows * SHORT_BYTES;
  if (expandedBytes > expandedMax)
    throw new Error(`its values take ${expandedBytes} bytes; at most ${expandedMax} are decoded`);
  if (vectors.length === 1) return first;
  if (isDictionary) return joinIndices(first as DictionaryVector, vectors);
  return joinFlat(
    type,
    vectors.map((vector) => ({ vector, start: 0, end: vector.length })),
  );
}

const SHORT_BYTES = 1024;
const EXPANDED_BYTES_MAX = 256 * 1024 * 1024;

/** Of vectors with the same dictionary, which is expanded for none of them. */
function joinIndices(first: DictionaryVector, vectors: readonly DictionaryVector[]): DictionaryVector {
  const length = vectors.reduce((sum, vector) => sum + vector.length, 0);
  const indices = new Int32Array(length);
  let at = 0;
  for (const vector of vectors) {
    indices.set(vector.indices, at);
    at += vector.length;
  }
  return { ...first, length, indices };
}

/** How many bytes the values of a BYTES vector take without a dictionary: few entries of it can come to much. */
function bytesOf(vector: Vector): number {
  if (vector.kind === 'BYTES') return vector.bytes.length;
  if (vector.kind !== 'DICTIONARY' || vector.dictionary.kind !== 'BYTES') return 0;
  const { offsets } = vector.dictionary;
  let total = 0;
  for (const index of vector.indices) {
    if (index >= 0) total += (offsets[index + 1] as number) - (offsets[index] as number);
  }
  return total;
}
