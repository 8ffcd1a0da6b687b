import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ColumnType } from '../../lib/parquet/column-type.ts';
import { textForm } from '../../lib/parquet/text-form.ts';
import type { Stored } from './sample-types.ts';
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  decimal,
  DOUBLE,
  FIRST_DAY,
  FLOAT,
  INT,
  INT96,
  integer,
  LAST_DAY,
  storedDecimal,
  TEXT,
  time,
  timestamp,
  utf8,
} from './sample-types.ts';

const [SMALL, WIDE] = [decimal(9, 2, 'INT32'), decimal(38, 10)];

describe('a value as text is what Spark casts it to', () => {
  it.each<[string, ColumnType, Stored, string]>([
    ['true', BOOLEAN, true, 'true'],
    ['false', BOOLEAN, false, 'false'],
    ['an integer', INT, -42, '-42'],
    ['the least bigint', BIGINT, -(2n ** 63n), '-9223372036854775808'],
    ['unsigned 32 bits', integer(32, false), -1, '4294967295'],
    ['unsigned 64 bits', integer(64, false), -1n, '18446744073709551615'],
    ['unsigned 8 bits', integer(8, false), 255, '255'],
    ['a decimal with all digits of its scale', SMALL, 150, '1.50'],
    ['a decimal of nothing', SMALL, 0, '0.00'],
    ['a decimal below one', SMALL, -5, '-0.05'],
    ['a decimal in bytes', WIDE, storedDecimal(-123_456_789_012_345n, WIDE), '-12345.6789012345'],
    [
      'a decimal without scale',
      decimal(20, 0, 9),
      storedDecimal(10n ** 19n, decimal(20, 0, 9)),
      '10000000000000000000',
    ],
    ['the first date', DATE, FIRST_DAY, '0001-01-01'],
    ['the last date', DATE, LAST_DAY, '9999-12-31'],
    ['a leap day', DATE, 11_016, '2000-02-29'],
    ['the day before the epoch', DATE, -1, '1969-12-31'],
    ['a date after those of four digits', DATE, LAST_DAY + 1, '+10000-01-01'],
    ['a time', time('MICROS'), 3_723_000_000n, '01:02:03'],
    ['a time with a fraction', time('MILLIS'), 3_723_040, '01:02:03.04'],
    ['a timestamp of whole seconds', timestamp('MILLIS'), 1_583_058_600_000n, '2020-03-01 10:30:00'],
    ['a timestamp, its fraction trimmed', timestamp('MICROS'), 1_583_058_600_120_000n, '2020-03-01 10:30:00.12'],
    [
      'a timestamp to the microsecond',
      timestamp('MICROS', 'utc'),
      1_583_058_600_000_001n,
      '2020-03-01 10:30:00.000001',
    ],
    ['a timestamp to the nanosecond', timestamp('NANOS'), 1n, '1970-01-01 00:00:00.000000001'],
    ['INT96', INT96, 1_583_058_600_500_000_000n, '2020-03-01 10:30:00.5'],
    ['a timestamp before the epoch', timestamp('MICROS'), -1n, '1969-12-31 23:59:59.999999'],
    ['the first timestamp', timestamp('MICROS'), BigInt(FIRST_DAY) * 86_400_000_000n, '0001-01-01 00:00:00'],
    ['text', TEXT, utf8(' Größe 🦆 '), ' Größe 🦆 '],
    ['text that begins with a byte order mark', TEXT, utf8('\ufeffx'), '\ufeffx'],
    ['no text', TEXT, utf8(''), ''],
  ])('%s', (_, type, value, text) => {
    expect(textForm(value, type)).toBe(text);
  });

  it.each<[number, string]>([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [-1.5, '-1.5'],
    [100, '100.0'],
    [0.1, '0.1'],
    [0.001, '0.001'],
    [0.0012, '0.0012'],
    [0.000_999_9, '9.999E-4'],
    [0.000_01, '1.0E-5'],
    [9_999_999, '9999999.0'],
    [1_234_567.125, '1234567.125'],
    [10_000_000, '1.0E7'],
    [12_345_678, '1.2345678E7'],
    [1e10, '1.0E10'],
    [1e23, '1.0E23'],
    [-1.5e300, '-1.5E300'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [Number.MIN_VALUE, '4.9E-324'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ])('the double %p, as Java prints it', (value, text) => {
    expect(textForm(value, DOUBLE)).toBe(text);
  });

  it.each<[number, string]>([
    [0.1, '0.1'],
    [1.1, '1.1'],
    [1 / 3, '0.33333334'],
    [16_777_216, '1.6777216E7'],
    [1e10, '1.0E10'],
    [1e-5, '1.0E-5'],
    [3.402_823_466_385_288_6e38, '3.4028235E38'],
    [1.401_298_464_324_817e-45, '1.4E-45'],
    [-0, '-0.0'],
    [NaN, 'NaN'],
  ])('the float %p, as Java prints it', (value, text) => {
    expect(textForm(Math.fround(value), FLOAT)).toBe(text);
  });

  it('floats and doubles can be read back, and have a point', () => {
    const javaForm = /^-?(?:\d+\.\d+(?:E-?\d+)?|Infinity)$|^NaN$/;
    fc.assert(
      fc.property(fc.double(), (value) => {
        const text = textForm(value, DOUBLE);
        expect(text).toMatch(javaForm);
        expect(Number(text)).toBe(value);
        const single = Math.fround(value);
        expect(Math.fround(Number(textForm(single, FLOAT)))).toBe(single);
        expect(textForm(single, FLOAT)).toMatch(javaForm);
      }),
      { numRuns: 500 },
    );
  });

  it('dates and timestamps of the years 1 to 9999 are those of the proleptic Gregorian calendar', () => {
    const first = FIRST_DAY * 86_400_000;
    const last = (LAST_DAY + 1) * 86_400_000 - 1;
    fc.assert(
      fc.property(fc.integer({ min: first, max: last }), (at) => {
        const iso = new Date(at).toISOString();
        expect(textForm(Math.floor(at / 86_400_000), DATE)).toBe(iso.slice(0, 10));
        const expected = iso.replace('T', ' ').replace(/\.?0*Z$/, '');
        expect(textForm(BigInt(at), timestamp('MILLIS'))).toBe(expected);
        expect(textForm(BigInt(at) * 1_000n, timestamp('MICROS'))).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('there is none for bytes, nor for text that is not UTF-8', () => {
    expect(() => textForm(Uint8Array.of(65), BYTES)).toThrow(TypeError);
    expect(() => textForm(Uint8Array.of(0xff, 0xfe), TEXT)).toThrow('not valid');
    expect(() => textForm(Uint8Array.of(0xed, 0xa0, 0x80), TEXT)).toThrow('not valid');
  });
});
