import { boundValue } from '../parquet/bound.ts';
import type { ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import { unscaled } from '../parquet/decimal.ts';
import type { Bound } from '../parquet/statistics.ts';
import { integerValue } from '../parquet/text-form.ts';

/**
 * Where values of a type stand in its order, as doubles, which are fast to compare: of two values the greater never has
 * the lesser number. Integers beyond 2^53 may share a number, as may bytes that begin alike. NaN has no place in it.
 */
export interface KeyOrder {
  ofValue: (value: NonNullable<PhysicalValue>) => number;
  /** NaN for one that says nothing. */
  ofBound: (bound: Bound) => number;
  /** Whether bytes decide between values of one number. */
  thenByBytes: boolean;
}

export function keyOrder(type: ColumnType): KeyOrder {
  const ofValue = numberOf(type);
  const { physical, logical } = type;
  const isInt64 = physical === 'INT64';
  const isSigned = logical.kind !== 'integer' || logical.signed;
  return {
    ofValue,
    ofBound: (bound) => {
      if (isInt64 && bound.bytes.length === 8) return int64(bound.bytes, isSigned);
      const value = boundValue(bound, type);
      return value === undefined ? NaN : ofValue(value);
    },
    thenByBytes: ofValue === firstBytes,
  };
}

function numberOf({ physical, logical }: ColumnType): KeyOrder['ofValue'] {
  if (logical.kind === 'integer' && !logical.signed) return (value) => Number(integerValue(value, logical.bits, false));
  if (physical !== 'BYTE_ARRAY' && physical !== 'FIXED_LEN_BYTE_ARRAY') return Number;
  return logical.kind === 'decimal' ? (value) => Number(unscaled(value)) : firstBytes;
}

/** Little-endian, without a bigint: bounds of thousands of row groups are read for each merge. */
function int64(bytes: Uint8Array, isSigned: boolean): number {
  const low = word(bytes, 0) >>> 0;
  const high = word(bytes, 4);
  return (isSigned ? high : high >>> 0) * 2 ** 32 + low;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** The first six as one number. */
function firstBytes(value: NonNullable<PhysicalValue>): number {
  const bytes = value as Uint8Array;
  let number = 0;
  for (let at = 0; at < 6; at++) number = number * 256 + (bytes[at] ?? 0);
  return number;
}
