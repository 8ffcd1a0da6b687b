import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NULL_VALUE, partitionFolder, partitionText, partitionTexts } from '../../lib/lake/partition.ts';
import type { Column, ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import type { Stored } from '../parquet/sample-types.ts';
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
  integer,
  SAMPLE_TYPES,
  storedDecimal,
  TEXT,
  timestamp,
  utf8,
} from '../parquet/sample-types.ts';

const folderOf = (type: ColumnType, value: PhysicalValue) => partitionFolder([{ name: 'p', type }], [value]);

describe('a partition folder is named as Spark names it', () => {
  it.each<[string, ColumnType, PhysicalValue, string]>([
    ['text', TEXT, utf8('shop'), 'p=shop/'],
    ['null', TEXT, null, 'p=__HIVE_DEFAULT_PARTITION__/'],
    ['empty text, as null', TEXT, utf8(''), 'p=__HIVE_DEFAULT_PARTITION__/'],
    ["the text of null's folder, as null", TEXT, utf8(NULL_VALUE), 'p=__HIVE_DEFAULT_PARTITION__/'],
    ['the word null', TEXT, utf8('null'), 'p=null/'],
    ['a space', TEXT, utf8(' a b '), 'p= a b /'],
    ['text beyond ASCII', TEXT, utf8('Größe 日本語 🦆'), 'p=Größe 日本語 🦆/'],
    ['a slash and an equals sign', TEXT, utf8('a/b=c'), 'p=a%2Fb%3Dc/'],
    ['a percent sign', TEXT, utf8('100%2F'), 'p=100%252F/'],
    ['dots, as they are', TEXT, utf8('..'), 'p=../'],
    ['an integer', INT, -7, 'p=-7/'],
    ['a bigint', BIGINT, 2n ** 63n - 1n, 'p=9223372036854775807/'],
    ['an unsigned bigint', integer(64, false), -1n, 'p=18446744073709551615/'],
    ['a decimal with its scale', decimal(9, 2, 'INT32'), 150, 'p=1.50/'],
    ['a decimal in bytes', decimal(20, 2, 9), storedDecimal(-5n, decimal(20, 2, 9)), 'p=-0.05/'],
    ['a date', DATE, 17_878, 'p=2018-12-13/'],
    ['the first date', DATE, FIRST_DAY, 'p=0001-01-01/'],
    ['null of a date', DATE, null, 'p=__HIVE_DEFAULT_PARTITION__/'],
    ['a timestamp', timestamp('MICROS'), 1_583_058_600_000_000n, 'p=2020-03-01 10%3A30%3A00/'],
    ['a timestamp, its fraction trimmed', timestamp('MICROS'), 1_583_058_600_120_000n, 'p=2020-03-01 10%3A30%3A00.12/'],
    ['true', BOOLEAN, true, 'p=true/'],
    ['false', BOOLEAN, false, 'p=false/'],
    ['a double', DOUBLE, 1, 'p=1.0/'],
    ['a large double', DOUBLE, 1e10, 'p=1.0E10/'],
    ['a small double', DOUBLE, 0.000_01, 'p=1.0E-5/'],
    ['zero', DOUBLE, 0, 'p=0.0/'],
    ['negative zero, as zero', DOUBLE, -0, 'p=0.0/'],
    ['NaN', DOUBLE, NaN, 'p=NaN/'],
    ['a float', FLOAT, Math.fround(0.1), 'p=0.1/'],
  ])('%s', (_, type, value, folder) => {
    expect(folderOf(type, value)).toBe(folder);
    expect(partitionTexts(folder).get('p')).toBe(partitionText({ name: 'p', type }, value));
  });

  it('escapes exactly the characters that Spark and Hive escape, and NUL, which no path can hold', () => {
    const control = Array.from({ length: 0x20 }, (_, code) => code);
    const special = ['"', '#', '%', "'", '*', '/', ':', '=', '?', '\\', '\u007f', '{', '[', ']', '^'];
    const escaped = new Set([...control, ...special.map((char) => char.charCodeAt(0))]);
    for (let code = 0; code < 0x180; code++) {
      const char = String.fromCharCode(code);
      const hex = code.toString(16).toUpperCase().padStart(2, '0');
      expect(folderOf(TEXT, utf8(`a${char}b`))).toBe(`p=a${escaped.has(code) ? `%${hex}` : char}b/`);
    }
  });

  it('has a folder for each column, in the order of the key; names are escaped, too', () => {
    const columns: Column[] = [
      { name: 'day', type: DATE },
      { name: 'a=b/c', type: TEXT },
      { name: 'n', type: INT },
    ];
    expect(partitionFolder(columns, [17_878, utf8('x/y'), null])).toBe(
      'day=2018-12-13/a%3Db%2Fc=x%2Fy/n=__HIVE_DEFAULT_PARTITION__/',
    );
    expect(partitionFolder([], [])).toBe('');
  });

  it('has no name for bytes, nor for text that is not UTF-8', () => {
    expect(() => folderOf(BYTES, Uint8Array.of(65))).toThrow(TypeError);
    expect(() => folderOf(TEXT, Uint8Array.of(0xff))).toThrow('not valid');
  });
});

describe('the texts of a partition folder', () => {
  const textual = SAMPLE_TYPES.filter(({ type }) => type.logical.kind !== 'bytes');
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
  const cell = fc
    .constantFrom(...textual)
    .chain(({ type, any, edges }) =>
      fc.tuple(fc.constant(type), fc.option(fc.oneof(any, fc.constantFrom<Stored>(...edges)))),
    );

  it('are those of the values that it was named after', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, cell), { selector: ([unique]) => unique, maxLength: 4 }), (cells) => {
        const columns = cells.map(([unique, [type]]): Column => ({ name: unique, type }));
        const values = cells.map(([, [, value]]) => value);
        const folder = partitionFolder(columns, values);
        expect(partitionTexts(folder)).toEqual(
          new Map(columns.map((column, i) => [column.name, partitionText(column, values[i]!)])),
        );
        expect(folder.split('/')).toHaveLength(cells.length + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('tell null from every text but the one that stands for it', () => {
    expect(partitionTexts(`a=${NULL_VALUE}/b=null/`)).toEqual(
      new Map([
        ['a', null],
        ['b', 'null'],
      ]),
    );
  });

  it('are read however the escapes are written, and from folders that are none of a partition', () => {
    expect(partitionTexts('day=2018-12-13/x=a%2fb/')).toEqual(
      new Map([
        ['day', '2018-12-13'],
        ['x', 'a/b'],
      ]),
    );
    expect(partitionTexts('plain/=x/a=b=c/bad=%zz/')).toEqual(
      new Map([
        ['a', 'b=c'],
        ['bad', '%zz'],
      ]),
    );
    expect(partitionTexts('')).toEqual(new Map());
  });
});
