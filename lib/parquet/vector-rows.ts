import type { ColumnType, PhysicalValue } from './column-type.ts';
import type { BytesVector, DictionaryVector, FlatVector, Vector } from './vector.ts';
import { emptyFixed, isNull, valueAt } from './vector.ts';

/** Rows [start, end) of a vector. */
export interface Segment {
  vector: Vector;
  start: number;
  end: number;
}

/**
 * One vector of all the segments' rows, in order. The vectors must be of the same type; a single whole one is given back
 * as it is, and dictionaries stay dictionaries where that is smaller.
 */
export function joinSegments(type: ColumnType, segments: readonly Segment[]): Vector {
  const [only] = segments;
  if (only && segments.length === 1) return sliceVector(only.vector, only.start, only.end);
  const filled = segments.filter(({ start, end }) => end > start);
  return joinDictionaries(type, filled) ?? joinFlat(type, filled);
}

/** The same as a vector whose values stand in it themselves. */
export function joinFlat(type: ColumnType, segments: readonly Segment[]): FlatVector {
  const length = segments.reduce((sum, { start, end }) => sum + end - start, 0);
  switch (type.physical) {
    case 'INT96': {
      const values: PhysicalValue[] = [];
      for (const { vector, start, end } of segments)
        for (let row = start; row < end; row++) values.push(valueAt(vector, row));
      return { kind: 'LIST', length, values };
    }
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return joinBytes(segments, length);
    default: {
      const joined = emptyFixed(type.physical, length, joinValidity(segments, length));
      let at = 0;
      for (const { vector, start, end } of segments) {
        if (vector.kind === 'DICTIONARY') {
          const { data } = vector.dictionary as { data: Int32Array };
          for (let row = start; row < end; row++) {
            const index = vector.indices[row] as number;
            if (index >= 0) (joined.data as Int32Array)[at + row - start] = data[index] as number;
          }
        } else if (vector.kind !== 'LIST' && vector.kind !== 'BYTES') {
          (joined.data as Int32Array).set((vector.data as Int32Array).subarray(start, end), at);
        }
        at += end - start;
      }
      return joined;
    }
  }
}

/** A view of rows [start, end). */
export function sliceVector(vector: Vector, start: number, end: number): Vector {
  if (start === 0 && end === vector.length) return vector;
  const length = end - start;
  switch (vector.kind) {
    case 'DICTIONARY':
      return {
        kind: 'DICTIONARY',
        length,
        dictionary: vector.dictionary,
        indices: vector.indices.subarray(start, end),
      };
    case 'LIST':
      return { kind: 'LIST', length, values: vector.values.slice(start, end) };
    default:
  }
  const valid = vector.valid?.subarray(start, end);
  if (vector.kind === 'BYTES')
    return { kind: 'BYTES', length, bytes: vector.bytes, offsets: vector.offsets.subarray(start, end + 1), valid };
  return { kind: vector.kind, length, data: vector.data.subarray(start, end), valid } as FlatVector;
}

/** The rows with these numbers, in this order. */
export function takeRows(type: ColumnType, vector: Vector, rows: readonly number[]): Vector {
  if (vector.kind === 'DICTIONARY') {
    return { ...vector, length: rows.length, indices: Int32Array.from(rows, (row) => vector.indices[row] ?? -1) };
  }
  const segments: Segment[] = [];
  for (const row of rows) {
    const last = segments.at(-1);
    if (last?.end === row) last.end++;
    else segments.push({ vector, start: row, end: row + 1 });
  }
  return joinFlat(type, segments);
}

/** The same values without a dictionary. */
export function flatVector(type: ColumnType, vector: Vector): FlatVector {
  return vector.kind === 'DICTIONARY' ? joinFlat(type, [{ vector, start: 0, end: vector.length }]) : vector;
}

/** Dictionaries one after the other: none if a segment has none, or if together they are about as large as the values. */
function joinDictionaries(type: ColumnType, segments: readonly Segment[]): DictionaryVector | undefined {
  const bases = new Map<FlatVector, number>();
  let entries = 0;
  let length = 0;
  for (const { vector, start, end } of segments) {
    if (vector.kind !== 'DICTIONARY') return undefined;
    length += end - start;
    if (bases.has(vector.dictionary)) continue;
    bases.set(vector.dictionary, entries);
    entries += vector.dictionary.length;
  }
  if (length === 0 || entries > length / 2) return undefined;
  const indices = new Int32Array(length);
  let at = 0;
  for (const { vector, start, end } of segments as (Segment & { vector: DictionaryVector })[]) {
    const base = bases.get(vector.dictionary) ?? 0;
    for (let row = start; row < end; row++) {
      const index = vector.indices[row] as number;
      indices[at++] = index < 0 ? -1 : index + base;
    }
  }
  const dictionaries = [...bases.keys()].map((vector) => ({ vector, start: 0, end: vector.length }));
  return { kind: 'DICTIONARY', length, dictionary: joinFlat(type, dictionaries), indices };
}

function joinValidity(segments: readonly Segment[], length: number): Uint8Array | undefined {
  const hasNulls = segments.some(({ vector }) => vector.kind === 'DICTIONARY' || ('valid' in vector && vector.valid));
  if (!hasNulls) return undefined;
  const valid = new Uint8Array(length).fill(1);
  let at = 0;
  let nulls = 0;
  for (const { vector, start, end } of segments) {
    for (let row = start; row < end; row++, at++) {
      if (!isNull(vector, row)) continue;
      valid[at] = 0;
      nulls++;
    }
  }
  return nulls > 0 ? valid : undefined;
}

/** A dictionary may hold few large values for many rows. */
const JOINED_BYTES_MAX = 512 * 1024 * 1024;

function joinBytes(segments: readonly Segment[], length: number): BytesVector {
  const offsets = new Uint32Array(length + 1);
  let at = 0;
  let size = 0;
  for (const { vector, start, end } of segments) {
    if (vector.kind === 'BYTES') {
      const from = vector.offsets[start] as number;
      for (let row = start; row < end; row++) offsets[++at] = size + (vector.offsets[row + 1] as number) - from;
      size = offsets[at] as number;
    } else if (vector.kind === 'DICTIONARY') {
      const { offsets: of } = vector.dictionary as BytesVector;
      for (let row = start; row < end; row++) {
        const index = vector.indices[row] as number;
        if (index >= 0) size += (of[index + 1] as number) - (of[index] as number);
        offsets[++at] = size;
      }
    }
  }
  if (size > JOINED_BYTES_MAX) throw new Error(`its values take ${size} bytes; at most ${JOINED_BYTES_MAX} are held`);
  const bytes = new Uint8Array(size);
  at = 0;
  for (const { vector, start, end } of segments) {
    if (vector.kind === 'BYTES') {
      bytes.set(vector.bytes.subarray(vector.offsets[start], vector.offsets[end]), offsets[at]);
    } else if (vector.kind === 'DICTIONARY') {
      copyEntries(vector, start, end, bytes, offsets[at] as number);
    }
    at += end - start;
  }
  return { kind: 'BYTES', length, bytes, offsets, valid: joinValidity(segments, length) };
}

function copyEntries(
  { dictionary, indices }: DictionaryVector,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
) {
  const { bytes, offsets } = dictionary as BytesVector;
  for (let row = start; row < end; row++) {
    const index = indices[row] as number;
    if (index < 0) continue;
    const stop = offsets[index + 1] as number;
    for (let from = offsets[index] as number; from < stop; from++) to[at++] = bytes[from] as number;
  }
}
