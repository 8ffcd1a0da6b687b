import type { ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import type { BytesVector, DictionaryVector, FixedVector, FlatVector, Vector } from '../parquet/vector.ts';
import { vectorOf } from '../parquet/vector.ts';

/** A key column in a form in which values are equal exactly if their bits are, and null equals null. */
export type KeyForm = FlatKeyForm | DictionaryKeyForm;

export type FlatKeyForm = (FixedVector & { kind: 'INT32' | 'INT64' }) | BytesVector;

export type DictionaryKeyForm = Omit<DictionaryVector, 'dictionary'> & { dictionary: FlatKeyForm };

/**
 * The values of a key column in that form: the vector itself for integers, times, text and bytes, which are nearly all
 * keys; a converted copy for types that have several forms of one value. What is equal is what `Key` says (key.ts).
 */
export function keyForm(vector: Vector, type: ColumnType): KeyForm {
  if (vector.kind !== 'DICTIONARY') return flatKeyForm(vector, type);
  return { ...vector, dictionary: flatKeyForm(vector.dictionary, type) };
}

export function flatKeyForm(vector: FlatVector, { physical, logical }: ColumnType): FlatKeyForm {
  const { length } = vector;
  switch (vector.kind) {
    case 'INT32':
    case 'INT64':
      return vector;
    case 'BYTES':
      return logical.kind === 'decimal' && physical === 'BYTE_ARRAY' ? shortestDecimals(vector) : vector;
    case 'BOOLEAN':
      return { kind: 'INT32', length, data: Int32Array.from(vector.data), valid: vector.valid };
    case 'FLOAT': {
      const { buffer } = vector.data.map(oneForm);
      return { kind: 'INT32', length, data: new Int32Array(buffer), valid: vector.valid };
    }
    case 'DOUBLE': {
      const { buffer } = vector.data.map(oneForm);
      return { kind: 'INT64', length, data: new BigInt64Array(buffer), valid: vector.valid };
    }
    case 'LIST':
      return bytesOf(vector.values.map((value) => (value === null ? null : Buffer.from(String(value)))));
  }
}

/** Both zeros become one, and so do all NaN. */
function oneForm(value: number): number {
  return value === 0 ? 0 : Number.isNaN(value) ? NaN : value;
}

/** Decimals of variable length may begin with bytes that say nothing: copies of their sign. */
function shortestDecimals({ bytes, offsets, valid, length }: BytesVector): FlatKeyForm {
  const shortest: (Uint8Array | null)[] = [];
  for (let row = 0; row < length; row++) {
    const end = offsets[row + 1] ?? 0;
    let start = offsets[row] ?? 0;
    while (end - start > 1 && bytes[start] === ((bytes[start + 1] ?? 0) < 0x80 ? 0 : 0xff)) start++;
    shortest.push(valid?.[row] === 0 ? null : start === end ? ZERO : bytes.subarray(start, end));
  }
  return bytesOf(shortest);
}

const ZERO = new Uint8Array(1);

function bytesOf(values: readonly PhysicalValue[]): FlatKeyForm {
  return vectorOf({ physical: 'BYTE_ARRAY', logical: { kind: 'bytes' } }, values) as BytesVector;
}
