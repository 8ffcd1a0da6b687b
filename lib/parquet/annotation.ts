import type { LogicalType, PhysicalType } from './column-type.ts';

/** What a schema says of a column's values beside how they are stored. */
export type Annotation =
  | Exclude<LogicalType, { kind: 'boolean' | 'float' | 'bytes' }>
  | { kind: 'bytes'; annotation: keyof typeof FIXED_LENGTHS | 'BSON' };

/**
 * Whether values that are stored so may have this meaning (parquet-format, LogicalTypes.md). Where they may not, the file
 * is damaged or its writer was wrong: what the values mean is uncertain, engines disagree on them or refuse them, and a
 * lake that got such a column would be refused, too.
 */
export function mayAnnotate(said: Annotation, stored: PhysicalType): boolean {
  const { physical } = stored;
  switch (said.kind) {
    case 'integer':
      return physical === (said.bits === 64 ? 'INT64' : 'INT32');
    case 'decimal':
      return isDecimal(said) && said.precision <= digitsMax(stored);
    case 'date':
      return physical === 'INT32';
    case 'time':
      return physical === (said.unit === 'MILLIS' ? 'INT32' : 'INT64');
    case 'timestamp':
      return physical === 'INT64';
    case 'text':
      // The format has no text of a fixed length, and DuckDB reads it: its bytes are certain, and the lake gets them as
      // any text (`lakeType`).
      return physical === 'BYTE_ARRAY' || physical === 'FIXED_LEN_BYTE_ARRAY';
    case 'bytes':
      if (said.annotation === 'BSON') return physical === 'BYTE_ARRAY';
      return stored.physical === 'FIXED_LEN_BYTE_ARRAY' && stored.length === FIXED_LENGTHS[said.annotation];
  }
}

const FIXED_LENGTHS = { UUID: 16, INTERVAL: 12, FLOAT16: 2 };

/** Damage makes anything of the two numbers. */
function isDecimal({ precision, scale }: LogicalType & { kind: 'decimal' }): boolean {
  return Number.isInteger(precision) && Number.isInteger(scale) && precision >= 1 && scale >= 0 && scale <= precision;
}

/** How many digits any decimal may have that is stored so. */
function digitsMax(stored: PhysicalType): number {
  switch (stored.physical) {
    case 'INT32':
      return 9;
    case 'INT64':
      return 18;
    case 'FIXED_LEN_BYTE_ARRAY':
      // Of the bits one is the sign.
      return Math.floor((8 * stored.length - 1) * Math.log10(2));
    case 'BYTE_ARRAY':
      return Infinity;
    default:
      return 0;
  }
}
