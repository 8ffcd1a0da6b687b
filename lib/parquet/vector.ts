import type { ColumnType, PhysicalValue } from './column-type.ts';

/**
 * The values of one column, by row, as typed arrays: no object per value, and plain data that can be handed to another
 * thread.
 *
 * `valid` has one byte a row, 0 where there is no value; undefined if every row has one. What stands in `data` at a row
 * without value says nothing.
 */
export type Vector = FlatVector | DictionaryVector;

/** A vector whose values stand in it themselves. */
export type FlatVector = FixedVector | BytesVector | ListVector;

/** Values of a fixed width. Booleans are 0 or 1. */
export type FixedVector = { length: number; valid: Uint8Array | undefined } & (
  | { kind: 'INT32'; data: Int32Array }
  | { kind: 'INT64'; data: BigInt64Array }
  | { kind: 'FLOAT'; data: Float32Array }
  | { kind: 'DOUBLE'; data: Float64Array }
  | { kind: 'BOOLEAN'; data: Uint8Array }
);

/** BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY: the value of row i is bytes [offsets[i], offsets[i + 1]). */
export interface BytesVector {
  kind: 'BYTES';
  length: number;
  bytes: Uint8Array;
  /** length + 1 of them, ascending. */
  offsets: Uint32Array;
  valid: Uint8Array | undefined;
}

/** What no typed array holds: INT96, as nanoseconds. */
export interface ListVector {
  kind: 'LIST';
  length: number;
  values: readonly PhysicalValue[];
}

/** The value of row i is `dictionary[indices[i]]`; -1 where there is none. Values of a dictionary need not differ. */
export interface DictionaryVector {
  kind: 'DICTIONARY';
  length: number;
  /** Without nulls. */
  dictionary: FlatVector;
  indices: Int32Array;
}

/** The value of a row; null if there is none. Bytes are a view, not a copy. */
export function valueAt(vector: Vector, row: number): PhysicalValue {
  switch (vector.kind) {
    case 'DICTIONARY': {
      const index = vector.indices[row] ?? -1;
      return index < 0 ? null : valueAt(vector.dictionary, index);
    }
    case 'LIST':
      return vector.values[row] ?? null;
    default:
  }
  if (row >= vector.length || vector.valid?.[row] === 0) return null;
  switch (vector.kind) {
    case 'BYTES':
      return vector.bytes.subarray(vector.offsets[row], vector.offsets[row + 1]);
    case 'BOOLEAN':
      return vector.data[row] === 1;
    default:
      return vector.data[row] ?? null;
  }
}

export function isNull(vector: Vector, row: number): boolean {
  switch (vector.kind) {
    case 'DICTIONARY':
      return (vector.indices[row] ?? -1) < 0;
    case 'LIST':
      return (vector.values[row] ?? null) === null;
    default:
      return vector.valid?.[row] === 0;
  }
}

/** Whether two rows hold the same bits, or both nothing. */
export function isSameValue(a: Vector, rowOfA: number, b: Vector, rowOfB: number): boolean {
  if (a.kind === 'DICTIONARY' || b.kind === 'DICTIONARY') {
    const [flatOfA, entryOfA] = entryAt(a, rowOfA);
    const [flatOfB, entryOfB] = entryAt(b, rowOfB);
    if (entryOfA < 0 || entryOfB < 0) return isNull(a, rowOfA) && isNull(b, rowOfB);
    return isSameValue(flatOfA, entryOfA, flatOfB, entryOfB);
  }
  if (a.kind !== 'BYTES' || b.kind !== 'BYTES') return Object.is(valueAt(a, rowOfA), valueAt(b, rowOfB));
  if (isNull(a, rowOfA) || isNull(b, rowOfB)) return isNull(a, rowOfA) && isNull(b, rowOfB);
  const startOfA = a.offsets[rowOfA] as number;
  const startOfB = b.offsets[rowOfB] as number;
  const length = (a.offsets[rowOfA + 1] as number) - startOfA;
  if ((b.offsets[rowOfB + 1] as number) - startOfB !== length) return false;
  for (let i = 0; i < length; i++) if (a.bytes[startOfA + i] !== b.bytes[startOfB + i]) return false;
  return true;
}

/** Where the value of a row itself stands; a negative place for none. */
function entryAt(vector: Vector, row: number): [FlatVector, number] {
  return vector.kind === 'DICTIONARY' ? [vector.dictionary, vector.indices[row] ?? -1] : [vector, row];
}

/** Values one by one, for what is few or rare. */
export function valuesOf(vector: Vector): PhysicalValue[] {
  return Array.from({ length: vector.length }, (_, row) => valueAt(vector, row));
}

/** A vector of these values, which must be such as the type stores. */
export function vectorOf(type: ColumnType, values: readonly PhysicalValue[]): FlatVector {
  const { length } = values;
  switch (type.physical) {
    case 'INT96':
      return { kind: 'LIST', length, values };
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return bytesVector(values as readonly (Uint8Array | null)[]);
    default: {
      const vector = emptyFixed(type.physical, length);
      const { data } = vector;
      let valid: Uint8Array | undefined;
      for (let row = 0; row < length; row++) {
        const value = values[row] ?? null;
        if (value === null) (valid ??= new Uint8Array(length).fill(1))[row] = 0;
        else data[row] = (typeof value === 'boolean' ? Number(value) : value) as never;
      }
      return { ...vector, valid };
    }
  }
}

/** A vector of `length` rows without values. */
export function nullVector(type: ColumnType, length: number): FlatVector {
  if (type.physical === 'INT96') return { kind: 'LIST', length, values: new Array<null>(length).fill(null) };
  const valid = new Uint8Array(length);
  if (type.physical === 'BYTE_ARRAY' || type.physical === 'FIXED_LEN_BYTE_ARRAY')
    return { kind: 'BYTES', length, bytes: new Uint8Array(), offsets: new Uint32Array(length + 1), valid };
  return { ...emptyFixed(type.physical, length), valid };
}

type FixedType = 'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE';

/** A vector whose data are zeros. */
export function emptyFixed(kind: FixedType, length: number, valid?: Uint8Array): FixedVector {
  switch (kind) {
    case 'BOOLEAN':
      return { kind, length, data: new Uint8Array(length), valid };
    case 'INT32':
      return { kind, length, data: new Int32Array(length), valid };
    case 'INT64':
      return { kind, length, data: new BigInt64Array(length), valid };
    case 'FLOAT':
      return { kind, length, data: new Float32Array(length), valid };
    case 'DOUBLE':
      return { kind, length, data: new Float64Array(length), valid };
  }
}

function bytesVector(values: readonly (Uint8Array | null)[]): BytesVector {
  const { length } = values;
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
  const offsets = new Uint32Array(length + 1);
  let valid: Uint8Array | undefined;
  let end = 0;
  for (let row = 0; row < length; row++) {
    const value = values[row] ?? null;
    if (value === null) {
      (valid ??= new Uint8Array(length).fill(1))[row] = 0;
    } else {
      bytes.set(value, end);
      end += value.length;
    }
    offsets[row + 1] = end;
  }
  return { kind: 'BYTES', length, bytes, offsets, valid };
}
