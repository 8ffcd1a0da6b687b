import { decompress } from './compression.ts';
import type { DataPage, DictionaryPage } from './page.ts';
import { decodeRuns } from './rle-decode.ts';

/** What a column chunk may come to, in bytes: more than any row group of tables has, and less than memory. */
export const DECODED_BYTES_MAX = 512 * 1024 * 1024;

/** A data page, decompressed. */
export interface PageBody {
  /** One byte a row, 0 where there is no value; undefined if every row has one. */
  valid: Uint8Array | undefined;
  /** How many rows have a value. */
  present: number;
  /** The values that there are, as the page's encoding writes them. */
  values: Uint8Array;
}

/**
 * The validity and the encoded values of a flat column's data page.
 * @param bytes the chunk
 * @throws Error if they are not what the page's header says.
 */
export function dataPageBody(bytes: Uint8Array, page: DataPage, codec: string, required: boolean): PageBody {
  const { values: rows } = page;
  if (page.version === 1) {
    const body = pageBytes(bytes.subarray(page.bodyStart, page.end), page.uncompressedBytes, codec);
    if (required) return { valid: undefined, present: rows, values: body };
    if (body.length < 4) throw new Error(`a page of ${body.length} bytes has no definition levels`);
    const levelBytes = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
    if (levelBytes > body.length - 4) throw new Error('the definition levels of a page are longer than the page');
    return { ...validity(body.subarray(4, 4 + levelBytes), rows), values: body.subarray(4 + levelBytes) };
  }
  const levelsStart = page.bodyStart + page.repetitionBytes;
  const valuesStart = levelsStart + page.definitionBytes;
  const valueBytes = page.uncompressedBytes - page.repetitionBytes - page.definitionBytes;
  if (valueBytes < 0) throw new Error('the levels of a page are longer than the page');
  const values = pageBytes(bytes.subarray(valuesStart, page.end), valueBytes, page.compressed ? codec : 'UNCOMPRESSED');
  if (required) return { valid: undefined, present: rows, values };
  const levels = validity(bytes.subarray(levelsStart, valuesStart), rows);
  if (page.nulls !== rows - levels.present)
    throw new Error(`a page has ${rows - levels.present} nulls where its header says ${page.nulls ?? 'nothing'}`);
  return { ...levels, values };
}

/** The encoded values of a dictionary page. */
export function dictionaryPageBody(bytes: Uint8Array, page: DictionaryPage, codec: string): Uint8Array {
  return pageBytes(bytes.subarray(page.bodyStart, page.end), page.uncompressedBytes, codec);
}

/** Definition levels of a flat column are 1 where there is a value and 0 where there is none. */
function validity(levels: Uint8Array, rows: number): Pick<PageBody, 'valid' | 'present'> {
  if (isRunOfOnes(levels, rows)) return { valid: undefined, present: rows };
  const valid = new Uint8Array(rows);
  decodeRuns(levels, 0, 1, valid);
  let present = 0;
  for (let row = 0; row < rows; row++) present += valid[row] ?? 0;
  return { valid: present === rows ? undefined : valid, present };
}

/** Most pages have no nulls, and most writers say so in one run, of at most 2^27 rows here. */
function isRunOfOnes(levels: Uint8Array, rows: number): boolean {
  let header = 0;
  for (let i = 0; i < 4; i++) {
    const byte = levels[i] ?? 0x80;
    header |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return (header & 1) === 0 && header >>> 1 >= rows && levels[i + 1] === 1;
  }
  return false;
}

function pageBytes(compressed: Uint8Array, length: number, codec: string): Uint8Array {
  // No codec gives more for its bytes, so more is damage; found here, it costs no memory.
  if (length > DECODED_BYTES_MAX || length > compressed.length * (EXPANSION_MAX[codec] ?? Infinity))
    throw new Error(`a page says that its ${compressed.length} bytes are ${length} before ${codec}`);
  // The decoder takes the length it is told for the stream's own.
  if (codec === 'SNAPPY' && length > 0 && snappyLength(compressed) !== length)
    throw new Error(`a page has ${snappyLength(compressed)} bytes where its header says ${length}`);
  const bytes = decompress(codec, compressed, length);
  if (bytes.length !== length) throw new Error(`a page has ${bytes.length} bytes where its header says ${length}`);
  return bytes;
}

/**
 * Most bytes out for a byte in. Snappy: a copy of 64 bytes takes 3. LZ4: a byte of length stands for 255. Deflate: 258
 * bytes take 2 bits.
 */
const EXPANSION_MAX: Partial<Record<string, number>> = {
  UNCOMPRESSED: 1,
  SNAPPY: 22,
  LZ4: 256,
  LZ4_RAW: 256,
  GZIP: 1_032,
};

/** A snappy stream begins with the length of what it holds. */
function snappyLength(bytes: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) break;
  }
  return length;
}
