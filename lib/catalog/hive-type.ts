import type { ColumnType } from '../parquet/column-type.ts';

/**
 * The Hive type by which engines read a Parquet column as what it is; undefined if Hive has none.
 *
 * Types of the catalog are Hive's (Athena user guide, "Data types in Amazon Athena"). It has none for a time of day: the
 * number in the file is shown, milliseconds as `int`, finer ones as `bigint`; Spark reads no wider type from it. Nor has
 * it unsigned ones: they get the next wider type. Of 64 bits there is none for all engines: Athena's (Trino) takes a
 * decimal from decimals only, Spark takes nothing else. It is Athena's, so values above 2^63 - 1 show as negative there.
 */
export function hiveType({ physical, logical }: ColumnType): string | undefined {
  switch (logical.kind) {
    case 'integer':
      return integerType(logical.signed ? logical.bits : Math.min(2 * logical.bits, 64));
    case 'decimal':
      return decimalType(logical.precision, logical.scale);
    case 'float':
      return physical === 'FLOAT' ? 'float' : 'double';
    case 'time':
      return physical === 'INT32' ? 'int' : 'bigint';
    case 'text':
      return 'string';
    case 'bytes':
      return 'binary';
    case 'boolean':
    case 'date':
    case 'timestamp':
      return logical.kind;
  }
}

/** The Hive type of a partition column: what the text that names its folders means (`textForm`). */
export function partitionType(type: ColumnType): string | undefined {
  const { logical } = type;
  // Their text is a time of day, and a number beyond bigint.
  if (logical.kind === 'time') return 'string';
  if (logical.kind === 'integer' && !logical.signed && logical.bits === 64) return decimalType(20, 0);
  return hiveType(type);
}

/** The type that holds what two partition types of one column hold. */
export function widerPartitionType(a: string, b: string): string {
  if (a === b) return a;
  const [rankA, rankB] = [INTEGERS.indexOf(a), INTEGERS.indexOf(b)];
  if (rankA >= 0 && rankB >= 0) return rankA > rankB ? a : b;
  const [decimalA, decimalB] = [decimalOf(a), decimalOf(b)];
  // Folders of another scale are named in another way, which blocks the table.
  if (!decimalA || !decimalB || decimalA.scale !== decimalB.scale) return 'string';
  return decimalA.precision > decimalB.precision ? a : b;
}

/** From narrow to wide: an unsigned integer of 64 bits is the last. */
const INTEGERS = ['tinyint', 'smallint', 'int', 'bigint', 'decimal(20,0)'];

function integerType(bits: number): string | undefined {
  return INTEGERS[Math.log2(bits) - 3];
}

const PRECISION_MAX = 38;

function decimalType(precision: number, scale: number): string | undefined {
  if (precision < 1 || precision > PRECISION_MAX || scale < 0 || scale > precision) return undefined;
  return `decimal(${precision},${scale})`;
}

function decimalOf(type: string): { precision: number; scale: number } | undefined {
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { precision: Number(precision), scale: Number(scale) };
}
