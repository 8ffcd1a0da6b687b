import type { DmsType, PlainKind } from '../sample/dms-column.ts';

/** A column of a MySQL or MariaDB table. */
export interface MysqlColumn {
  name: string;
  type: MysqlType;
}

/** What `COLUMN_TYPE` says: `decimal(10,2) unsigned` is decimal, [10, 2], unsigned. */
export interface MysqlType {
  base: string;
  /** Numbers in parentheses; empty if there are none. */
  sizes: readonly number[];
  unsigned: boolean;
}

/** @param columnType `INFORMATION_SCHEMA.COLUMNS.COLUMN_TYPE`, or what the binlog's own description of a table says */
export function parseColumnType(columnType: string): MysqlType {
  const [, base = '', sizes = ''] = /^(\w+)(?:\(([\d,]+)\))?/.exec(columnType.toLowerCase()) ?? [];
  return {
    base,
    sizes: sizes === '' ? [] : sizes.split(',').map(Number),
    unsigned: NUMBERS.has(base) && /\bunsigned\b/i.test(columnType),
  };
}

const NUMBERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double']);

/** How DMS writes timestamps: millis with ParquetTimestampInMillisecond, micros without. */
export type TimestampUnit = 'millis' | 'micros';

/**
 * The column that DMS writes to Parquet (AWS DMS user guide, "Source data types for MySQL", and "Using Amazon S3 as a
 * target", data types of Parquet): TIME is text, BIT is a boolean, BIT(n) bytes, YEAR a 16-bit integer.
 *
 * The guide gives FLOAT as "REAL (DOUBLE)"; here it is single precision, which holds every value of it.
 * @throws RangeError if DMS, or this stand-in, has no type for it
 */
export function dmsType({ name, type }: MysqlColumn, timestamps: TimestampUnit): DmsType {
  const { base, sizes, unsigned } = type;
  switch (base) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return { kind: `${unsigned ? 'u' : ''}int${INTEGER_BITS[base]}` };
    case 'decimal': {
      const [precision = 10, scale = 0] = sizes;
      if (precision > DECIMAL_DIGITS_MAX) {
        throw new RangeError(
          `column ${name} is decimal(${precision},${scale}), but NUMERIC of DMS has ${DECIMAL_DIGITS_MAX} digits at most`,
        );
      }
      return { kind: 'decimal', precision, scale };
    }
    case 'bit':
      return { kind: (sizes[0] ?? 1) === 1 ? 'boolean' : 'bytes' };
    case 'datetime':
    case 'timestamp':
      return { kind: timestamps === 'millis' ? 'timestampMillis' : 'timestampMicros' };
    default: {
      const kind = OTHER_KINDS.get(base);
      if (!kind) throw new RangeError(`column ${name} is ${base}, which this stand-in for DMS does not replicate`);
      return { kind };
    }
  }
}

const DECIMAL_DIGITS_MAX = 38;

const INTEGER_BITS = { tinyint: 8, smallint: 16, mediumint: 32, int: 32, bigint: 64 } as const;

const OTHER_KINDS: ReadonlyMap<string, PlainKind> = new Map([
  ['float', 'float'],
  ['double', 'double'],
  ['date', 'date'],
  ['time', 'string'],
  ['year', 'int16'],
  ...['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set', 'json'].map(
    (base) => [base, 'string'] as const,
  ),
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'].map((base) => [base, 'bytes'] as const),
]);
