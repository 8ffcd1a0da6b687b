import type { SchemaElement } from 'hyparquet';

/**
 * The columns that DMS writes: flat, with the converted types of old and no logical ones. Values come in exact forms, so
 * that what stands in the file is what was meant, to the bit.
 *
 * | type | value |
 * |---|---|
 * | int8 … int32, uint8 … uint32 | number |
 * | int64, uint64 | bigint |
 * | decimal | bigint: the unscaled value, 12.30 with scale 2 is 1230n |
 * | float, double | number |
 * | boolean | boolean |
 * | date | number: days since 1970-01-01 |
 * | timestampMillis, timestampMicros | bigint since 1970-01-01 00:00 |
 * | timeMillis | number since midnight |
 * | timeMicros | bigint since midnight |
 * | string | string |
 * | bytes | Uint8Array |
 */
export interface DmsColumn {
  name: string;
  type: DmsType;
  /** DMS declares every column OPTIONAL but the one of TimestampColumnName. */
  required?: boolean;
}

export type DmsType = { kind: PlainKind } | DecimalType;

export type PlainKind =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float'
  | 'double'
  | 'date'
  | 'timestampMillis'
  | 'timestampMicros'
  | 'timeMillis'
  | 'timeMicros'
  | 'string'
  | 'bytes';

export interface DecimalType {
  kind: 'decimal';
  /** 1 to 38; to 9 if stored as INT32, to 18 if stored as INT64. */
  precision: number;
  scale: number;
  /** How the file stores it; FIXED_LEN_BYTE_ARRAY unless said otherwise. */
  storedAs?: 'FIXED_LEN_BYTE_ARRAY' | 'INT32' | 'INT64';
}

export type DmsValue = boolean | number | bigint | string | Uint8Array | null;

/** A value as it stands in the file. */
export type PhysicalValue = boolean | number | bigint | Uint8Array;

/** First column of a change file: `I`, `U` or `D`. */
export const OP_COLUMN: DmsColumn = { name: 'Op', type: { kind: 'string' } };

const PLAIN_ELEMENTS: Record<PlainKind, Pick<SchemaElement, 'type' | 'converted_type'>> = {
  boolean: { type: 'BOOLEAN' },
  int8: { type: 'INT32', converted_type: 'INT_8' },
  int16: { type: 'INT32', converted_type: 'INT_16' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  uint8: { type: 'INT32', converted_type: 'UINT_8' },
  uint16: { type: 'INT32', converted_type: 'UINT_16' },
  uint32: { type: 'INT32', converted_type: 'UINT_32' },
  uint64: { type: 'INT64', converted_type: 'UINT_64' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  date: { type: 'INT32', converted_type: 'DATE' },
  timestampMillis: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  timestampMicros: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
  timeMillis: { type: 'INT32', converted_type: 'TIME_MILLIS' },
  timeMicros: { type: 'INT64', converted_type: 'TIME_MICROS' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  bytes: { type: 'BYTE_ARRAY' },
};

/** The column's element of a Parquet schema. */
export function schemaElement({ name, type, required = false }: DmsColumn): SchemaElement & { type: string } {
  const repetition_type = required ? 'REQUIRED' : 'OPTIONAL';
  if (type.kind !== 'decimal') {
    return { name, repetition_type, ...PLAIN_ELEMENTS[type.kind] } as SchemaElement & { type: string };
  }
  const { precision, scale, storedAs = 'FIXED_LEN_BYTE_ARRAY' } = type;
  return {
    name,
    repetition_type,
    type: storedAs,
    ...(storedAs === 'FIXED_LEN_BYTE_ARRAY' && { type_length: decimalBytes(precision) }),
    converted_type: 'DECIMAL',
    scale,
    precision,
  };
}

/**
 * @param value not null
 * @throws TypeError if it is not of the form that the type asks for.
 */
export function physicalValue(type: DmsType, value: NonNullable<DmsValue>): PhysicalValue {
  const expected = valueForm(type.kind);
  if (expected === 'bytes' ? !(value instanceof Uint8Array) : typeof value !== expected) {
    throw new TypeError(`a ${type.kind} column takes a ${expected}, not a ${typeof value}`);
  }
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (type.kind === 'uint32') return (value as number) | 0;
  if (type.kind !== 'decimal') return value;
  if (type.storedAs === 'INT32') return Number(value);
  if (type.storedAs === 'INT64') return value;
  return bigEndian(value as bigint, decimalBytes(type.precision));
}

function valueForm(kind: DmsType['kind']): 'boolean' | 'number' | 'bigint' | 'string' | 'bytes' {
  switch (kind) {
    case 'boolean':
    case 'string':
    case 'bytes':
      return kind;
    case 'int64':
    case 'uint64':
    case 'decimal':
    case 'timestampMillis':
    case 'timestampMicros':
    case 'timeMicros':
      return 'bigint';
    default:
      return 'number';
  }
}

/** The fewest bytes that hold every number of so many decimal digits, and its sign; by the number of digits. */
const DECIMAL_BYTES = Array.from({ length: 39 }, (_, precision) => {
  let bytes = 1;
  while (2n ** BigInt(8 * bytes - 1) < 10n ** BigInt(precision)) bytes++;
  return bytes;
});

function decimalBytes(precision: number): number {
  const bytes = DECIMAL_BYTES[precision];
  if (bytes === undefined) throw new RangeError(`decimals have 1 to 38 digits, not ${precision}`);
  return bytes;
}

/** Two's complement, most significant byte first. */
function bigEndian(value: bigint, length: number): Uint8Array {
  const digits = BigInt.asUintN(8 * length, value).toString(16);
  return Buffer.from(digits.padStart(2 * length, '0'), 'hex');
}
