import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from '@jest/globals';
import { hiveType, partitionType, widerPartitionType } from '../../lib/catalog/hive-type.ts';
import type { ColumnType } from '../../lib/parquet/column-type.ts';
import { textForm } from '../../lib/parquet/text-form.ts';
import { decimal, INT96, integer, SAMPLE_TYPES, time } from '../parquet/sample-types.ts';

/** What the catalog is to say of a column that DuckDB finds in the file as this. */
const HIVE_OF_DUCKDB: Record<string, string> = {
  BOOLEAN: 'boolean',
  TINYINT: 'tinyint',
  SMALLINT: 'smallint',
  INTEGER: 'int',
  BIGINT: 'bigint',
  // The next type that holds them; of 64 bits there is none.
  UTINYINT: 'smallint',
  USMALLINT: 'int',
  UINTEGER: 'bigint',
  UBIGINT: 'bigint',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  VARCHAR: 'string',
  BLOB: 'binary',
  UUID: 'binary',
};

/** DuckDB's names for Hive's types. */
const DUCKDB_OF_HIVE: Record<string, string> = { string: 'VARCHAR', int: 'INTEGER', binary: 'BLOB' };

describe('a column inside the files', () => {
  it.each(SAMPLE_TYPES)('of $label is to the catalog what DuckDB finds: $duckdb', ({ type, duckdb }) => {
    // Hive has no time of day: the number is shown.
    const timeNumber = type.physical === 'INT32' ? 'int' : 'bigint';
    const expected = duckdb === 'TIME' ? timeNumber : (HIVE_OF_DUCKDB[duckdb] ?? duckdb.toLowerCase());
    expect(hiveType(type)).toBe(expected);
  });

  it('of INT96 is a timestamp', () => {
    expect(hiveType(INT96)).toBe('timestamp');
  });

  it.each([
    ['more digits than Hive has', decimal(39, 2, 17)],
    ['more fraction digits than digits', decimal(5, 6)],
    ['no digits', decimal(0, 0)],
  ])('of a decimal with %s has no type', (_, type) => {
    expect(hiveType(type)).toBeUndefined();
  });
});

describe('a partition column', () => {
  it.each(SAMPLE_TYPES.filter(({ type }) => type.logical.kind !== 'bytes'))(
    'of $label has a type in which the text of its folders is the value',
    async ({ type, edges }) => {
      const hive = partitionType(type)!;
      const connection = await (await DuckDBInstance.create(':memory:')).connect();
      const cast = await connection.prepare(
        `SELECT CAST($1 AS ${DUCKDB_OF_HIVE[hive] ?? hive}) = CAST($1 AS ${exact(type)})`,
      );
      for (const edge of edges) {
        cast.bindVarchar(1, textForm(edge, type));
        expect((await cast.runAndReadAll()).getRows()).toEqual([[true]]);
      }
      connection.closeSync();
    },
  );

  /** A type of DuckDB that holds every value, read from its text. */
  function exact({ logical, physical }: ColumnType): string {
    switch (logical.kind) {
      case 'integer':
        return 'HUGEINT';
      case 'decimal':
        return `DECIMAL(38,${logical.scale})`;
      case 'float':
        return physical === 'FLOAT' ? 'FLOAT' : 'DOUBLE';
      case 'time':
      case 'text':
        return 'VARCHAR';
      default:
        return logical.kind;
    }
  }

  it('is text of a time, and a number of an unsigned integer of any size', () => {
    expect(partitionType(time('MILLIS'))).toBe('string');
    expect(partitionType(integer(64, false))).toBe('decimal(20,0)');
  });

  it.each([
    ['int', 'int', 'int'],
    ['tinyint', 'bigint', 'bigint'],
    ['bigint', 'smallint', 'bigint'],
    ['decimal(20,0)', 'int', 'decimal(20,0)'],
    ['decimal(10,2)', 'decimal(12,2)', 'decimal(12,2)'],
    ['decimal(10,2)', 'decimal(12,3)', 'string'],
    ['date', 'string', 'string'],
  ])('that was %s and is %s becomes %s', (a, b, wider) => {
    expect(widerPartitionType(a, b)).toBe(wider);
    expect(widerPartitionType(b, a)).toBe(wider);
  });
});
