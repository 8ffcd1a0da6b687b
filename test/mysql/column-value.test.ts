import { describe, expect, it } from '@jest/globals';
import { binlogText, type BinlogValue } from '../../lib/mysql/binlog-text.ts';
import { dmsType, parseColumnType } from '../../lib/mysql/column-type.ts';
import { dmsValue } from '../../lib/mysql/column-value.ts';
import type { DmsType, PlainKind } from '../../lib/sample/dms-column.ts';

const typeOf = (columnType: string): DmsType => dmsType({ name: 'c', type: parseColumnType(columnType) }, 'micros');

describe('the type that DMS gives a column', () => {
  it.each<[string, PlainKind]>([
    ['tinyint(1)', 'int8'],
    ['tinyint(3) unsigned', 'uint8'],
    ['smallint(5) unsigned zerofill', 'uint16'],
    ['mediumint unsigned', 'uint32'],
    ['int(11)', 'int32'],
    ['bigint(20) unsigned', 'uint64'],
    ['float unsigned', 'float'],
    ['double(10,2)', 'double'],
    ['bit(1)', 'boolean'],
    ['bit(8)', 'bytes'],
    ['year(4)', 'int16'],
    ['time(6)', 'string'],
    ['timestamp', 'timestampMicros'],
    ['datetime(3)', 'timestampMicros'],
    ["enum('a unsigned','b')", 'string'],
    ['varchar(10) /*M!100301 COMPRESSED*/', 'string'],
    ['varbinary(10)', 'bytes'],
    ['json', 'string'],
  ])('of %s is %s', (columnType, kind) => {
    expect(typeOf(columnType)).toEqual({ kind });
  });

  it('of a decimal keeps its digits, up to 38', () => {
    expect(typeOf('decimal(10,2) unsigned')).toEqual({ kind: 'decimal', precision: 10, scale: 2 });
    expect(() => typeOf('decimal(39,0)')).toThrow(
      'column c is decimal(39,0), but NUMERIC of DMS has 38 digits at most',
    );
  });

  it.each(['geometry', 'point', 'uuid', 'inet6'])('is not there for %s', (columnType) => {
    expect(() => typeOf(columnType)).toThrow(`column c is ${columnType}`);
  });

  it('is of milliseconds with ParquetTimestampInMillisecond', () => {
    expect(dmsType({ name: 'c', type: parseColumnType('datetime(6)') }, 'millis')).toEqual({ kind: 'timestampMillis' });
  });
});

describe('a value as DMS writes it', () => {
  it.each<[string, string, unknown]>([
    ['bigint unsigned', '18446744073709551615', 18446744073709551615n],
    ['decimal(5,2)', '-0.05', -5n],
    ['date', '1969-12-31', -1],
    ['date', '0000-00-00', null],
    ['date', '2024-02-30', null],
    ['date', '0001-01-01', -719162],
    ['datetime', '1970-01-01 00:00:01', 1_000_000n],
    ['datetime(6)', '1969-12-31 23:59:59.999999', -1n],
    ['datetime(1)', '1970-01-01 00:00:00.5', 500_000n],
    ['datetime', '2024-00-10 00:00:00', null],
    ['time', '-838:59:59', '-838:59:59'],
    ['varchar(5)', 'é', 'é'],
    ['bit(1)', '1', true],
  ])('of %s, %s', (columnType, text, value) => {
    expect(dmsValue(typeOf(columnType), text)).toEqual(value);
  });

  it('is cut to milliseconds downwards, before 1970 too', () => {
    expect(dmsValue({ kind: 'timestampMillis' }, '1969-12-31 23:59:59.999999')).toBe(-1n);
    expect(dmsValue({ kind: 'timestampMillis' }, '1970-01-01 00:00:00.001999')).toBe(1n);
  });
});

describe("what the binlog's reader decoded", () => {
  it.each<[string, BinlogValue, string]>([
    ['time', '-00:63:64', '-01:00:00'],
    ['time(6)', '-23:63:64.000000', '-24:00:00.000000'],
    ['time', '-00:00:01', '-00:00:01'],
    ['time', '838:59:59', '838:59:59'],
    ['year', 1900, '0'],
    ['year', 2026, '2026'],
    ["enum('a')", undefined, ''],
    ['bigint', '9223372036854775807', '9223372036854775807'],
    ['double', -0, '-0'],
    ['timestamp', '1902-01-01 00:00:00', '2038-02-06 06:28:16'],
    ['timestamp(3)', '1969-12-31 23:59:59.500', '2106-02-07 06:28:15.500'],
    ['timestamp', '0000-00-00 00:00:00', '0000-00-00 00:00:00'],
  ])('of %s, %s, is the text %s of the server', (columnType, value, text) => {
    expect(binlogText(parseColumnType(columnType), value)).toBe(text);
  });
});
