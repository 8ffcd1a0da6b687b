import type { Column, ColumnType } from './column-type.ts';
import { scratch } from './scratch.ts';
import type { BytesVector, FlatVector } from './vector.ts';
import { wordsOf } from './words.ts';

/**
 * The values of rows [start, end), PLAIN (parquet-format, Encodings.md).
 * @param present how many of these rows have one
 * @returns a view that lasts until the next page
 */
export function plainValues(
  vector: FlatVector,
  start: number,
  end: number,
  present: number,
  column: Column,
): Uint8Array {
  switch (vector.kind) {
    case 'LIST':
      throw new Error(`column ${column.name}: ${column.type.physical} is not written`);
    case 'BYTES':
      return plainBytes(vector, start, end, column);
    case 'BOOLEAN':
      return plainBooleans(vector.data, vector.valid, start, end, present);
    default: {
      const { words, perValue } = wordsOf(vector);
      const bytes = present * perValue * 4;
      if (present === end - start) return new Uint8Array(words.buffer, words.byteOffset + start * perValue * 4, bytes);
      const output = scratch(bytes);
      const packed = new Int32Array(output.buffer, 0, present * perValue);
      let at = 0;
      for (let row = start; row < end; row++) {
        if (vector.valid?.[row] === 0) continue;
        for (let word = row * perValue; word < (row + 1) * perValue; word++) packed[at++] = words[word] as number;
      }
      return output.subarray(0, bytes);
    }
  }
}

function plainBooleans(
  data: Uint8Array,
  valid: Uint8Array | undefined,
  start: number,
  end: number,
  present: number,
): Uint8Array {
  const output = scratch(Math.ceil(present / 8))
    .subarray(0, Math.ceil(present / 8))
    .fill(0);
  let at = 0;
  for (let row = start; row < end; row++) {
    if (valid?.[row] === 0) continue;
    if (data[row] === 1) output[at >> 3] = (output[at >> 3] as number) | (1 << (at & 7));
    at++;
  }
  return output;
}

function plainBytes(vector: BytesVector, start: number, end: number, { name, type }: Column): Uint8Array {
  const { bytes, offsets, valid } = vector;
  const width = fixedLength(type);
  const output = scratch((offsets[end] as number) - (offsets[start] as number) + (end - start) * LENGTH_BYTES);
  let at = 0;
  for (let row = start; row < end; row++) {
    if (valid?.[row] === 0) continue;
    const from = offsets[row] as number;
    const to = offsets[row + 1] as number;
    const length = to - from;
    if (width === undefined) {
      output[at] = length;
      output[at + 1] = length >>> 8;
      output[at + 2] = length >>> 16;
      output[at + 3] = length >>> 24;
      at += LENGTH_BYTES;
    } else if (length !== width) {
      throw new Error(`column ${name}: a value of ${length} bytes where each has ${width}`);
    }
    // A view for every short value would cost more than its bytes.
    if (length <= SHORT_BYTES) for (let i = from; i < to; i++) output[at++] = bytes[i] as number;
    else {
      output.set(bytes.subarray(from, to), at);
      at += length;
    }
  }
  return output.subarray(0, at);
}

function fixedLength(type: ColumnType): number | undefined {
  return type.physical === 'FIXED_LEN_BYTE_ARRAY' ? type.length : undefined;
}

const LENGTH_BYTES = 4;
const SHORT_BYTES = 64;
