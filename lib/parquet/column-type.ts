import type { SchemaElement } from 'hyparquet';

/**
 * The type of a flat Parquet column: how its values are stored (physical) and what they mean (logical).
 *
 * Values pass through Tidemark as they are stored. What they mean matters only for comparing keys, for the order of
 * statistics, for partition folders and for widening.
 */
export type ColumnType = { logical: LogicalType } & PhysicalType;

export type PhysicalType =
  | { physical: 'BOOLEAN' | 'INT32' | 'INT64' | 'INT96' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY' }
  | { physical: 'FIXED_LEN_BYTE_ARRAY'; length: number };

export type TimeUnit = 'MILLIS' | 'MICROS' | 'NANOS';

export type LogicalType =
  | { kind: 'boolean' }
  | { kind: 'integer'; bits: 8 | 16 | 32 | 64; signed: boolean }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'float' }
  | { kind: 'date' }
  | { kind: 'time'; unit: TimeUnit; zone: Zone }
  | { kind: 'timestamp'; unit: TimeUnit; zone: Zone }
  /** UTF-8, whatever its use. */
  | { kind: 'text'; use: 'UTF8' | 'ENUM' | 'JSON' }
  /** Bytes without order other than their own: no annotation, or one that is only passed on. */
  | { kind: 'bytes'; annotation?: 'BSON' | 'UUID' | 'INTERVAL' | 'FLOAT16' };

/**
 * Whether a time is adjusted to UTC. `unsaid`: a converted type alone, as DMS writes; the format takes it for UTC, but
 * some engines read it as a time without zone, so it stays unsaid.
 */
export type Zone = 'utc' | 'local' | 'unsaid';

export interface Column {
  name: string;
  type: ColumnType;
}

/**
 * A value as it is stored: number for INT32, FLOAT and DOUBLE, bigint for INT64 (and INT96: nanoseconds since the
 * epoch), boolean, bytes; null where there is none.
 */
export type PhysicalValue = number | bigint | boolean | Uint8Array | null;

/** @throws Error if the type is one that a flat table cannot hold. */
export function columnType(element: SchemaElement): ColumnType {
  const physical = physicalType(element);
  return { ...physical, logical: logicalType(element, physical) };
}

export function sameType(a: ColumnType, b: ColumnType): boolean {
  return typeName(a) === typeName(b) && physicalName(a) === physicalName(b);
}

/** For people: `decimal(10,2)`, `bigint`, `timestamp(MICROS)`. */
export function typeName({ physical, logical }: ColumnType): string {
  switch (logical.kind) {
    case 'integer':
      return `${logical.signed ? 'int' : 'uint'}${logical.bits}`;
    case 'decimal':
      return `decimal(${logical.precision},${logical.scale})`;
    case 'float':
      return physical === 'FLOAT' ? 'float' : 'double';
    case 'time':
    case 'timestamp':
      return `${logical.kind}(${logical.unit}${logical.zone === 'unsaid' ? '' : `, ${logical.zone}`})`;
    case 'text':
      return logical.use === 'UTF8' ? 'text' : logical.use.toLowerCase();
    case 'bytes':
      return logical.annotation?.toLowerCase() ?? 'bytes';
    default:
      return logical.kind;
  }
}

export function physicalName(type: PhysicalType): string {
  return type.physical === 'FIXED_LEN_BYTE_ARRAY' ? `${type.physical}(${type.length})` : type.physical;
}

function physicalType(element: SchemaElement): PhysicalType {
  const { type, type_length: length } = element;
  if (!type) throw new Error(`column ${element.name} is nested; DMS writes flat tables`);
  if (type !== 'FIXED_LEN_BYTE_ARRAY') return { physical: type };
  if (!length || length < 1) throw new Error(`column ${element.name} is FIXED_LEN_BYTE_ARRAY of length ${length ?? 0}`);
  return { physical: type, length };
}

function logicalType(element: SchemaElement, { physical }: PhysicalType): LogicalType {
  const { logical_type: logical } = element;
  switch (logical?.type) {
    case 'INTEGER':
      return { kind: 'integer', bits: integerBits(logical.bitWidth), signed: logical.isSigned };
    case 'DECIMAL':
      return { kind: 'decimal', precision: logical.precision, scale: logical.scale };
    case 'TIME':
      return { kind: 'time', unit: logical.unit, zone: logical.isAdjustedToUTC ? 'utc' : 'local' };
    case 'TIMESTAMP':
      return { kind: 'timestamp', unit: logical.unit, zone: logical.isAdjustedToUTC ? 'utc' : 'local' };
    case 'STRING':
      return { kind: 'text', use: 'UTF8' };
    case 'UUID':
    case 'FLOAT16':
      return { kind: 'bytes', annotation: logical.type };
    default:
      return convertedType(element, physical);
  }
}

/** The older annotations, which are all that DMS writes. */
function convertedType(element: SchemaElement, physical: PhysicalType['physical']): LogicalType {
  const { converted_type: converted, logical_type: logical } = element;
  switch (converted) {
    case 'DECIMAL':
      return { kind: 'decimal', precision: element.precision ?? 0, scale: element.scale ?? 0 };
    case 'DATE':
      return { kind: 'date' };
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return { kind: 'time', unit: converted === 'TIME_MILLIS' ? 'MILLIS' : 'MICROS', zone: 'unsaid' };
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS':
      return { kind: 'timestamp', unit: converted === 'TIMESTAMP_MILLIS' ? 'MILLIS' : 'MICROS', zone: 'unsaid' };
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
      return { kind: 'text', use: converted };
    case 'BSON':
    case 'INTERVAL':
      return { kind: 'bytes', annotation: converted };
    case 'INT_8':
    case 'INT_16':
    case 'INT_32':
    case 'INT_64':
      return { kind: 'integer', bits: integerBits(Number(converted.slice(4))), signed: true };
    case 'UINT_8':
    case 'UINT_16':
    case 'UINT_32':
    case 'UINT_64':
      return { kind: 'integer', bits: integerBits(Number(converted.slice(5))), signed: false };
    default:
  }
  // A logical type alone (no converted type) may still say date, enum or json.
  if (logical?.type === 'DATE') return { kind: 'date' };
  if (logical?.type === 'ENUM' || logical?.type === 'JSON') return { kind: 'text', use: logical.type };
  if (logical?.type === 'BSON') return { kind: 'bytes', annotation: 'BSON' };
  return withoutAnnotation(physical);
}

function withoutAnnotation(physical: PhysicalType['physical']): LogicalType {
  switch (physical) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'INT32':
      return { kind: 'integer', bits: 32, signed: true };
    case 'INT64':
      return { kind: 'integer', bits: 64, signed: true };
    case 'INT96':
      return { kind: 'timestamp', unit: 'NANOS', zone: 'unsaid' };
    case 'FLOAT':
    case 'DOUBLE':
      return { kind: 'float' };
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'bytes' };
  }
}

function integerBits(bits: number): 8 | 16 | 32 | 64 {
  if (bits === 8 || bits === 16 || bits === 32 || bits === 64) return bits;
  throw new Error(`an integer of ${bits} bits is none of Parquet's`);
}
