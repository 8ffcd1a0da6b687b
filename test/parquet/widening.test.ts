import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Column, ColumnType, LogicalType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import { physicalName, typeName } from '../../lib/parquet/column-type.ts';
import { unscaled } from '../../lib/parquet/decimal.ts';
import { commonType, convertVector, IncompatibleColumn, lakeType, mergeColumns } from '../../lib/parquet/widening.ts';
import { valuesOf, vectorOf } from '../../lib/parquet/vector.ts';
import { storedText } from './exact-form.ts';
import { lakeBytes, readGroups } from './lake-bytes.ts';
import type { Stored } from './sample-types.ts';
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  decimal,
  DOUBLE,
  FLOAT,
  INT,
  INT96,
  integer,
  SAMPLE_TYPES,
  storedDecimal,
  TEXT,
  time,
  timestamp,
  utf8,
} from './sample-types.ts';

const [INT8, INT16, UINT8, UINT16, UINT32, UINT64] = [
  integer(8, true),
  integer(16, true),
  integer(8, false),
  integer(16, false),
  integer(32, false),
  integer(64, false),
] as const;
const text = (use: 'ENUM' | 'JSON'): ColumnType => ({ physical: 'BYTE_ARRAY', logical: { kind: 'text', use } });
const UUID: ColumnType = {
  physical: 'FIXED_LEN_BYTE_ARRAY',
  length: 16,
  logical: { kind: 'bytes', annotation: 'UUID' },
};
const fixed = ({ logical }: ColumnType): ColumnType => ({ physical: 'FIXED_LEN_BYTE_ARRAY', length: 4, logical });
const FIXED_TEXT = fixed(TEXT);
const fixedBytes = (length: number): ColumnType => ({
  physical: 'FIXED_LEN_BYTE_ARRAY',
  length,
  logical: { kind: 'bytes' },
});

/** Values of one type as another stores them. */
const converted = (values: readonly PhysicalValue[], from: ColumnType, to: ColumnType): PhysicalValue[] =>
  valuesOf(convertVector(vectorOf(from, values), from, to));

const described = (type: ColumnType | undefined) => type && `${typeName(type)} as ${physicalName(type)}`;

describe('a column of the lake and one of a file', () => {
  it.each<[string, ColumnType, ColumnType, ColumnType]>([
    ['the same', INT, INT, INT],
    ['a larger integer', INT, BIGINT, BIGINT],
    ['a smaller integer', BIGINT, INT, BIGINT],
    ['tiny integers', INT8, INT16, INT16],
    ['unsigned into larger signed', INT16, UINT8, INT16],
    ['unsigned that becomes larger', UINT16, UINT32, UINT32],
    ['unsigned to 64 bits', UINT32, UINT64, UINT64],
    ['signed and unsigned of one size', INT8, UINT8, INT16],
    ['signed and larger unsigned', INT, UINT32, BIGINT],
    ['unsigned and smaller signed', UINT16, INT8, INT],
    ['float to double', FLOAT, DOUBLE, DOUBLE],
    ['float into double', DOUBLE, FLOAT, DOUBLE],
    ['an integer where the lake has double', DOUBLE, INT, DOUBLE],
    ['a small integer where the lake has float', FLOAT, INT16, FLOAT],
    ['larger precision', decimal(10, 2, 5), decimal(12, 2, 6), decimal(12, 2, 6)],
    ['larger precision, other storage', decimal(9, 2, 'INT32'), decimal(18, 2, 'INT64'), decimal(18, 2, 'INT64')],
    ['smaller precision', decimal(38, 10), decimal(9, 2, 'INT32'), decimal(38, 10)],
    ['the same decimal, other storage', decimal(9, 2, 'INT32'), decimal(9, 2, 4), decimal(9, 2, 'INT32')],
    ['larger scale, digits kept', decimal(10, 2, 5), decimal(10, 4, 5), decimal(12, 4, 6)],
    ['decimals to 38 digits', decimal(38, 0), decimal(38, 0, 'BYTE_ARRAY'), decimal(38, 0)],
    ['an integer where the lake has decimal', decimal(20, 2, 9), INT, decimal(20, 2, 9)],
    ['an integer too large for the decimal', decimal(10, 2, 5), INT, decimal(12, 2, 6)],
    ['a decimal where the lake has integer', INT, decimal(5, 2, 'INT32'), decimal(12, 2, 'INT64')],
    ['unsigned 64 bits where the lake has decimal', decimal(20, 0, 9), UINT64, decimal(20, 0, 9)],
    ['finer timestamps', timestamp('MILLIS'), timestamp('MICROS'), timestamp('MICROS')],
    ['coarser timestamps', timestamp('MICROS', 'utc'), timestamp('MILLIS'), timestamp('MICROS', 'utc')],
    ['timestamps of two annotations', timestamp('MICROS'), timestamp('MICROS', 'utc'), timestamp('MICROS')],
    ['finer times', time('MILLIS'), time('MICROS'), time('MICROS')],
    ['a date where the lake has timestamp', timestamp('MICROS', 'local'), DATE, timestamp('MICROS', 'local')],
    ['an integer where the lake has text', TEXT, INT, TEXT],
    ['a decimal where the lake has text', TEXT, decimal(38, 4), TEXT],
    ['a date where the lake has text', TEXT, DATE, TEXT],
    ['a timestamp where the lake has text', TEXT, timestamp('MICROS'), TEXT],
    ['a time where the lake has text', TEXT, time('MILLIS'), TEXT],
    ['a boolean where the lake has text', TEXT, BOOLEAN, TEXT],
    ['JSON where the lake has text', TEXT, text('JSON'), TEXT],
    ['text where the lake has JSON', text('JSON'), TEXT, TEXT],
    ['text where the lake has text of a fixed length', FIXED_TEXT, TEXT, TEXT],
    ['JSON of a fixed length where the lake has JSON', text('JSON'), fixed(text('JSON')), text('JSON')],
    ['text where the lake has bytes', BYTES, TEXT, BYTES],
    ['bytes of a fixed length where the lake has bytes', BYTES, fixedBytes(4), BYTES],
  ])('come together without loss: %s', (_, lake, incoming, common) => {
    expect(described(commonType(lake, incoming))).toBe(described(common));
  });

  it.each<[string, ColumnType, ColumnType]>([
    ['text where the lake has integer', INT, TEXT],
    ['text where the lake has date', DATE, TEXT],
    ['double where the lake has integer', INT, DOUBLE],
    ['a large integer where the lake has double', DOUBLE, BIGINT],
    ['an integer where the lake has float', FLOAT, INT],
    ['a decimal where the lake has double', DOUBLE, decimal(10, 2)],
    ['double where the lake has decimal', decimal(10, 2), DOUBLE],
    ['double where the lake has text', TEXT, DOUBLE],
    ['bytes where the lake has text', TEXT, BYTES],
    ['an integer where the lake has bytes', BYTES, INT],
    ['a boolean where the lake has integer', INT, BOOLEAN],
    ['an integer where the lake has boolean', BOOLEAN, INT],
    ['a timestamp where the lake has date', DATE, timestamp('MICROS')],
    ['a time where the lake has timestamp', timestamp('MICROS'), time('MICROS')],
    ['local time where the lake has UTC', timestamp('MICROS', 'utc'), timestamp('MICROS', 'local')],
    ['local time where the lake has what DMS writes', timestamp('MICROS'), timestamp('MICROS', 'local')],
    ['unsigned 64 bits where the lake has signed', BIGINT, UINT64],
    ['more than 38 digits', decimal(38, 0), decimal(38, 10)],
    ['an integer beside all digits after the point', decimal(38, 30), BIGINT],
    ['an integer where the lake has date', DATE, INT],
    ['bytes of another fixed length', fixedBytes(4), fixedBytes(8)],
    ['an integer where the lake has text of a fixed length', FIXED_TEXT, INT],
    ['a date where the lake has JSON', text('JSON'), DATE],
    ['a number where the lake has an enumeration', text('ENUM'), INT],
  ])('have nothing in common: %s', (_, lake, incoming) => {
    expect(described(commonType(lake, incoming))).toBeUndefined();
    expect(() => converted([null], incoming, lake)).toThrow(TypeError);
  });

  const OTHERS: ColumnType[] = [
    INT8,
    UINT16,
    decimal(10, 2, 5),
    decimal(12, 4, 'INT64'),
    decimal(30, 5, 'BYTE_ARRAY'),
    timestamp('NANOS'),
    UUID,
    text('ENUM'),
  ];
  const types = [...SAMPLE_TYPES.map(({ type }) => type), ...OTHERS];

  it('of the same type keep it, and the values as they are', () => {
    for (const type of types) {
      const vector = vectorOf(type, [null]);
      expect(commonType(type, type)).toBe(type);
      expect(convertVector(vector, type, type)).toBe(vector);
    }
  });

  it('whose types come together once do so for good: the common type takes in both', () => {
    for (const lake of types) {
      for (const incoming of types) {
        const common = commonType(lake, incoming);
        if (!common) continue;
        expect(described(commonType(common, incoming))).toBe(described(common));
        expect(described(commonType(common, lake))).toBe(described(common));
        expect(() => [converted([null], lake, common), converted([null], incoming, common)]).not.toThrow();
      }
    }
  });

  const pairs = SAMPLE_TYPES.flatMap((sample) =>
    types.flatMap((other) => {
      const common = [commonType(sample.type, other), commonType(other, sample.type)];
      return common.flatMap((to) => (to && to !== sample.type ? [{ sample, to }] : []));
    }),
  );

  it('have values that mean the same after they were converted, and can be stored', () => {
    expect(pairs.length).toBeGreaterThan(100);
    fc.assert(
      fc.property(
        fc
          .constantFrom(...pairs)
          .chain(({ sample, to }) =>
            fc.tuple(
              fc.constant({ sample, to }),
              fc.array(fc.option(fc.oneof(sample.any, fc.constantFrom(...sample.edges)))),
            ),
          ),
        ([{ sample, to }, any]) => {
          // Nanoseconds have no room for years before 1677 and after 2262.
          const isNanos = to.logical.kind === 'timestamp' && to.logical.unit === 'NANOS';
          const values = isNanos ? any.filter((value) => value !== null && isInNanos(value, sample.type)) : any;
          const result = converted(values, sample.type, to);
          expect(result.map((value) => value !== null && meaning(value, to, sample.type.logical))).toEqual(
            values.map((value) => value !== null && meaning(value, sample.type, to.logical)),
          );
          const { groups } = readGroups(lakeBytes([{ name: 'c', type: to }], [[result]]));
          expect(Array.from(groups[0]![0]!, (value) => storedText(value, to))).toEqual(
            result.map((value) => storedText(value, to)),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of different values stay different as text', () => {
    for (const { type, edges } of SAMPLE_TYPES.filter(({ type: from }) => commonType(TEXT, from) === TEXT)) {
      const texts = converted(edges, type, TEXT).map((value) => storedText(value, TEXT));
      expect(new Set(texts).size).toBe(new Set(edges.map((value) => storedText(value, type))).size);
    }
  });
});

/** What a value stands for, for comparing across types: numbers as digits and exponent, times in nanoseconds. */
function meaning(value: Stored, { logical }: ColumnType, other: LogicalType): string {
  switch (logical.kind) {
    case 'integer': {
      const number = logical.signed
        ? BigInt(value as number | bigint)
        : BigInt.asUintN(logical.bits, BigInt(value as number | bigint));
      return other.kind === 'text' ? String(number) : `${number}e0`;
    }
    case 'decimal': {
      const digits = unscaled(value);
      if (other.kind !== 'text') return rational(digits, logical.scale);
      const padded = String(digits)
        .replace('-', '')
        .padStart(logical.scale + 1, '0');
      const at = padded.length - logical.scale;
      return `${digits < 0n ? '-' : ''}${padded.slice(0, at)}${logical.scale > 0 ? '.' : ''}${padded.slice(at)}`;
    }
    case 'float':
      return other.kind === 'integer' ? `${BigInt(value as number)}e0` : storedText(value, DOUBLE);
    case 'date':
      return other.kind === 'text'
        ? isoText(BigInt(Number(value)) * 86_400_000_000n, 10)
        : String(BigInt(Number(value)) * 86_400_000_000_000n);
    case 'timestamp':
    case 'time': {
      const nanos = BigInt(value as number | bigint) * { MILLIS: 1_000_000n, MICROS: 1_000n, NANOS: 1n }[logical.unit];
      if (other.kind !== 'text') return String(nanos);
      const whole = isoText(nanos / 1_000n, 26).replace(/\.?0*$/, '');
      return logical.kind === 'time' ? whole.slice(11) : whole;
    }
    case 'text':
      return other.kind === 'text' || other.kind === 'bytes'
        ? Buffer.from(value as Uint8Array).toString('latin1')
        : Buffer.from(value as Uint8Array).toString();
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('latin1');
    case 'boolean':
      return String(value);
  }
}

function isInNanos(value: Stored, type: ColumnType): boolean {
  const nanos = BigInt(meaning(value, type, { kind: 'timestamp', unit: 'NANOS', zone: 'utc' }));
  return BigInt.asIntN(64, nanos) === nanos;
}

function rational(digits: bigint, scale: number): string {
  let [number, exponent] = [digits, -scale];
  while (exponent < 0 && number % 10n === 0n) [number, exponent] = [number / 10n, exponent + 1];
  return `${number}e${exponent}`;
}

/** yyyy-MM-dd HH:mm:ss.SSSSSS, cut; of years 1 to 9999. */
function isoText(micros: bigint, length: number): string {
  const ofMillisecond = ((micros % 1_000n) + 1_000n) % 1_000n;
  const iso = new Date(Number((micros - ofMillisecond) / 1_000n)).toISOString();
  return `${iso.replace('T', ' ').replace('Z', '')}${String(ofMillisecond).padStart(3, '0')}`.slice(0, length);
}

describe('converting', () => {
  const LAST_MICROS = 2n ** 63n - 1n;

  it.each<[string, ColumnType, ColumnType, Stored, unknown]>([
    ['a negative integer to 64 bits', INT, BIGINT, -5, -5n],
    ['the greatest unsigned integer', UINT32, BIGINT, -1, 4_294_967_295n],
    [
      'an unsigned integer to a decimal',
      UINT64,
      decimal(20, 0, 'BYTE_ARRAY'),
      -1n,
      storedDecimal(2n ** 64n - 1n, decimal(20, 0, 'BYTE_ARRAY')),
    ],
    ['an integer to double', INT, DOUBLE, -(2 ** 31), -(2 ** 31)],
    ['a decimal to a larger scale', decimal(5, 2, 'INT32'), decimal(12, 4, 'INT64'), -150, -15_000n],
    [
      'milliseconds to microseconds',
      timestamp('MILLIS'),
      timestamp('MICROS'),
      -62_135_596_800_000n,
      -62_135_596_800_000_000n,
    ],
    ['INT96 to microseconds', INT96, timestamp('MICROS'), 1_583_058_600_123_456_000n, 1_583_058_600_123_456n],
    ['INT96 before 1970 to microseconds', INT96, timestamp('MICROS'), -1_000n, -1n],
    ['the last INT96 that is 64 bits of microseconds', INT96, timestamp('MICROS'), LAST_MICROS * 1_000n, LAST_MICROS],
    ['milliseconds of the day', time('MILLIS'), time('MICROS'), 86_399_999, 86_399_999_000n],
    ['a date to its midnight', DATE, timestamp('MILLIS'), -1, -86_400_000n],
    ['an integer to text', INT, TEXT, -42, utf8('-42')],
    ['a decimal to text', decimal(9, 2, 'INT32'), TEXT, 150, utf8('1.50')],
  ])('%s', (_, from, to, value, expected) => {
    expect(converted([null, value], from, to)).toEqual([null, expected]);
  });

  it.each<[string, ColumnType, ColumnType, Stored]>([
    ['milliseconds', timestamp('MILLIS'), timestamp('MICROS'), 2n ** 62n],
    ['microseconds', timestamp('MICROS'), timestamp('NANOS'), -(2n ** 62n)],
    ['a date', DATE, timestamp('NANOS'), 2_932_896],
    ['the last date that 32 bits hold', DATE, timestamp('MICROS'), 2 ** 31 - 1],
    ['INT96', INT96, timestamp('NANOS'), 253_402_300_799_000_000_000n],
    ['INT96 that is more than 64 bits of microseconds', INT96, timestamp('MICROS'), (LAST_MICROS + 1n) * 1_000n],
    ['INT96 that is less than 64 bits of microseconds', INT96, timestamp('MICROS'), (-LAST_MICROS - 2n) * 1_000n],
    ['nanoseconds of INT96', INT96, timestamp('MICROS'), 1_583_058_600_123_456_789n],
    ['the last nanosecond before 1970', INT96, timestamp('MICROS'), -1n],
    ['a decimal beyond its own precision', decimal(4, 2, 'INT64'), decimal(9, 3, 'INT32'), 10n ** 17n],
  ])('refuses a value that has no room in the other type: %s', (_, from, to, value) => {
    expect(() => converted([value], from, to)).toThrow(RangeError);
  });
});

describe("a table's columns", () => {
  const columns = (...list: [string, ColumnType][]): Column[] => list.map(([name, type]) => ({ name, type }));

  it('are those of the lake in their order, then new ones in that of the file; none vanish', () => {
    const lake = columns(['Op', TEXT], ['id', INT], ['gone', DATE]);
    const incoming = columns(['new', TEXT], ['id', BIGINT], ['Op', TEXT], ['other', BOOLEAN]);
    expect(mergeColumns(lake, incoming)).toEqual(
      columns(['Op', TEXT], ['id', BIGINT], ['gone', DATE], ['new', TEXT], ['other', BOOLEAN]),
    );
    expect(mergeColumns([], incoming)).toEqual(incoming);
    expect(mergeColumns(lake, [])).toEqual(lake);
  });

  it('are never text of a fixed length, which the format does not have', () => {
    for (const use of [TEXT, text('JSON'), text('ENUM')]) {
      expect(lakeType(fixed(use))).toEqual(use);
      expect(mergeColumns(columns(['code', use]), columns(['code', fixed(use)]))).toEqual(columns(['code', use]));
      expect(converted([utf8('abcd')], fixed(use), use)).toEqual([utf8('abcd')]);
    }
    expect(lakeType(fixedBytes(4))).toEqual(fixedBytes(4));
  });

  it('are never INT96', () => {
    expect(lakeType(INT96)).toEqual(timestamp('MICROS'));
    expect(mergeColumns([], columns(['at', INT96]))).toEqual(columns(['at', timestamp('MICROS')]));
    expect(mergeColumns(columns(['at', timestamp('MICROS', 'utc')]), columns(['at', INT96]))).toEqual(
      columns(['at', timestamp('MICROS', 'utc')]),
    );
  });

  it('may be named like what objects have', () => {
    const odd = columns(['__proto__', INT], ['constructor', TEXT]);
    expect(mergeColumns(odd, columns(['__proto__', BIGINT]))).toEqual(
      columns(['__proto__', BIGINT], ['constructor', TEXT]),
    );
  });

  it('of types that have nothing in common are named, with both types', () => {
    const merging = () => mergeColumns(columns(['id', INT], ['day', DATE]), columns(['id', INT], ['day', TEXT]));
    expect(merging).toThrow(IncompatibleColumn);
    expect(merging).toThrow(expect.objectContaining({ column: 'day', lake: DATE, incoming: TEXT }));
  });
});

describe('the name of a type', () => {
  it.each<[ColumnType, string]>([
    [INT, 'int32'],
    [UINT64, 'uint64'],
    [decimal(10, 2), 'decimal(10,2)'],
    [FLOAT, 'float'],
    [DOUBLE, 'double'],
    [timestamp('MICROS'), 'timestamp(MICROS)'],
    [timestamp('MILLIS', 'utc'), 'timestamp(MILLIS, utc)'],
    [time('NANOS', 'local'), 'time(NANOS, local)'],
    [DATE, 'date'],
    [TEXT, 'text'],
    [text('JSON'), 'json'],
    [BYTES, 'bytes'],
    [UUID, 'uuid'],
    [BOOLEAN, 'boolean'],
  ])('%j is %s', (type, name) => {
    expect(typeName(type)).toBe(name);
  });
});
