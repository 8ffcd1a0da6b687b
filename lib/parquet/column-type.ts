import type { SchemaElement } from 'hyparquet';
import type { Annotation } from './annotation.ts';
import { mayAnnotate } from './annotation.ts';

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

/** @throws Error naming the column if its type is one that a flat table cannot hold, or none that the format has. */
export function columnType(element: SchemaElement): ColumnType {
  const physical = physicalType(element);
  const logical = annotation(element);
  if (!logical) return { ...physical, logical: withoutAnnotation(physical.physical) };
  const type = { ...physical, logical };
  if (!mayAnnotate(logical, physical))
    throw new Error(
      `column ${element.name} is ${physicalName(type)} and says it is ${typeName(type)}, which Parquet does not allow`,
    );
  return type;
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

/** The newer annotations count where there are both. undefined: none that says what values mean. */
function annotation(element: SchemaElement): Annotation | undefined {
  const { logical_type: logical } = element;
  switch (logical?.type) {
    case 'INTEGER':
      return { kind: 'integer', bits: integerBits(logical.bitWidth, element), signed: logical.isSigned };
    case 'DECIMAL':
      return { kind: 'decimal', precision: logical.precision, scale: logical.scale };
    case 'DATE':
      return { kind: 'date' };
    case 'TIME':
      return { kind: 'time', unit: logical.unit, zone: logical.isAdjustedToUTC ? 'utc' : 'local' };
    case 'TIMESTAMP':
      return { kind: 'timestamp', unit: logical.unit, zone: logical.isAdjustedToUTC ? 'utc' : 'local' };
    case 'STRING':
      return { kind: 'text', use: 'UTF8' };
    case 'ENUM':
    case 'JSON':
      return { kind: 'text', use: logical.type };
    case 'BSON':
    case 'UUID':
    case 'FLOAT16':
      return { kind: 'bytes', annotation: logical.type };
    default:
      return convertedType(element);
  }
}

/** The older annotations, which are all that DMS writes. */
function convertedType(element: SchemaElement): Annotation | undefined {
  const { converted_type: converted } = element;
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
      return { kind: 'integer', bits: integerBits(Number(converted.slice(4)), element), signed: true };
    case 'UINT_8':
    case 'UINT_16':
    case 'UINT_32':
    case 'UINT_64':
      return { kind: 'integer', bits: integerBits(Number(converted.slice(5)), element), signed: false };
    default:
      return undefined;
  }
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

function integerBits(bits: number, { name }: SchemaElement): 8 | 16 | 32 | 64 {
  if (bits === 8 || bits === 16 || bits === 32 || bits === 64) return bits;
  throw new Error(`column ${name} is an integer of ${bits} bits, which is none of Parquet's`);
}
