import type { Column } from './column-type.ts';
import { compress } from './compression.ts';
import { dataPageHeader, dictionaryPageHeader, ENCODING } from './page.ts';
import { plainValues } from './plain-encode.ts';
import { BIT_WIDTH_MAX, encodeHybrid, hybridBytesMax, repeatedRun } from './rle-encode.ts';
import { scratch } from './scratch.ts';
import type { FlatVector } from './vector.ts';

/** A page as it goes into the file. */
export interface EncodedPage {
  /** Header and body, one part after the other; they own their bytes. */
  parts: Uint8Array[];
  /** Of all parts together. */
  byteLength: number;
  /** Header included, as a chunk's total counts it. */
  uncompressedBytes: number;
}

/**
 * Rows [start, end) as a data page v2 of an OPTIONAL column, PLAIN.
 * @param codec as parquet.thrift names it; the page is left uncompressed if that makes it no smaller
 * @throws Error if nothing here writes that codec, or such values
 */
export function encodePlainPage(
  vector: FlatVector,
  start: number,
  end: number,
  column: Column,
  codec: string,
): EncodedPage {
  const levels = vectorLevels(vector, start, end);
  const values = plainValues(vector, start, end, end - start - levels.nulls, column);
  return dataPage(ENCODING.PLAIN, end - start, levels, values, codec);
}

/**
 * Rows [start, end) as a data page v2 of an OPTIONAL column, RLE_DICTIONARY.
 * @param indices into the chunk's dictionary; negative where there is no value
 * @param bitWidth holds each of these indices: see `bitWidthFor`
 * @throws Error if nothing here writes that codec, or so many bits
 */
export function encodeIndexPage(
  indices: Int32Array,
  start: number,
  end: number,
  bitWidth: number,
  codec: string,
): EncodedPage {
  if (bitWidth > BIT_WIDTH_MAX) throw new Error(`an index of ${bitWidth} bits; at most ${BIT_WIDTH_MAX} are written`);
  const levels = indexLevels(indices, start, end);
  let present = indices.subarray(start, end);
  if (levels.nulls > 0) present = present.filter((index) => index >= 0);
  // Not every reader takes indices of no bits.
  const width = Math.max(1, bitWidth);
  const values = scratch(1 + hybridBytesMax(present.length, width));
  values[0] = width;
  const length = encodeHybrid(present, width, values, 1);
  return dataPage(ENCODING.RLE_DICTIONARY, end - start, levels, values.subarray(0, length), codec);
}

/**
 * @param dictionary without nulls
 * @throws Error if nothing here writes that codec, or such values
 */
export function encodeDictionaryPage(dictionary: FlatVector, column: Column, codec: string): EncodedPage {
  const values = plainValues(dictionary, 0, dictionary.length, dictionary.length, column);
  // This page has no flag to say that it is not compressed.
  const body = compressed(values, codec);
  const header = dictionaryPageHeader({
    values: dictionary.length,
    uncompressedBytes: values.length,
    compressedBytes: body.length,
  });
  return encodedPage([header, body], header.length + values.length);
}

/** Definition levels, as runs. */
interface Levels {
  bytes: Uint8Array;
  nulls: number;
}

function dataPage(encoding: number, rows: number, levels: Levels, values: Uint8Array, codec: string): EncodedPage {
  const smaller = compressed(values, codec);
  const isCompressed = smaller.length < values.length;
  const body = isCompressed ? smaller : values;
  const uncompressedBytes = levels.bytes.length + values.length;
  const header = dataPageHeader({
    values: rows,
    nulls: levels.nulls,
    encoding,
    definitionBytes: levels.bytes.length,
    uncompressedBytes,
    compressedBytes: levels.bytes.length + body.length,
    compressed: isCompressed,
  });
  return encodedPage([header, levels.bytes, body], header.length + uncompressedBytes);
}

function compressed(values: Uint8Array, codec: string): Uint8Array {
  const bytes = compress(codec, values);
  if (!bytes) throw new Error(`nothing here writes the codec ${codec}`);
  return bytes;
}

function vectorLevels(vector: FlatVector, start: number, end: number): Levels {
  if (vector.kind === 'LIST' || !vector.valid) return runsOf(undefined, end - start, 0);
  const { valid } = vector;
  const levels = new Int32Array(end - start);
  let nulls = 0;
  for (let i = 0; i < levels.length; i++) {
    if (valid[start + i] === 0) nulls++;
    else levels[i] = 1;
  }
  return runsOf(levels, levels.length, nulls);
}

function indexLevels(indices: Int32Array, start: number, end: number): Levels {
  const levels = new Int32Array(end - start);
  let nulls = 0;
  for (let i = 0; i < levels.length; i++) {
    if ((indices[start + i] as number) < 0) nulls++;
    else levels[i] = 1;
  }
  return runsOf(levels, levels.length, nulls);
}

function runsOf(levels: Int32Array | undefined, rows: number, nulls: number): Levels {
  if (!levels || nulls === 0 || nulls === rows) {
    return { bytes: repeatedRun(nulls === 0 ? 1 : 0, 1, rows), nulls };
  }
  const bytes = new Uint8Array(hybridBytesMax(rows, 1));
  return { bytes: bytes.subarray(0, encodeHybrid(levels, 1, bytes, 0)), nulls };
}

/** As one part: views of larger buffers would take all of these along to another thread. */
function encodedPage(pieces: readonly Uint8Array[], uncompressedBytes: number): EncodedPage {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { parts: [bytes], byteLength: bytes.length, uncompressedBytes };
}
