import fc from 'fast-check';
import type { ColumnType, LogicalType, PhysicalType, PhysicalValue } from '../../lib/parquet/column-type.ts';

export type Stored = NonNullable<PhysicalValue>;

/** A column type with values to try: the ends of its range, and any. */
export interface SampleType {
  label: string;
  type: ColumnType;
  /** DuckDB's type of the column. */
  duckdb: string;
  edges: readonly Stored[];
  any: fc.Arbitrary<Stored>;
}

/** Days from 1970-01-01 to 0001-01-01 and to 9999-12-31. */
export const FIRST_DAY = -719_162;
export const LAST_DAY = 2_932_896;

const INT32 = { physical: 'INT32' } as const;
const INT64 = { physical: 'INT64' } as const;
const BYTE_ARRAY = { physical: 'BYTE_ARRAY' } as const;
const fixed = (length: number): PhysicalType => ({ physical: 'FIXED_LEN_BYTE_ARRAY', length });

export const TEXT: ColumnType = { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'UTF8' } };
export const INT: ColumnType = { physical: 'INT32', logical: { kind: 'integer', bits: 32, signed: true } };
export const BIGINT: ColumnType = { physical: 'INT64', logical: { kind: 'integer', bits: 64, signed: true } };
export const DOUBLE: ColumnType = { physical: 'DOUBLE', logical: { kind: 'float' } };
export const FLOAT: ColumnType = { physical: 'FLOAT', logical: { kind: 'float' } };
export const BYTES: ColumnType = { physical: 'BYTE_ARRAY', logical: { kind: 'bytes' } };
export const DATE: ColumnType = { physical: 'INT32', logical: { kind: 'date' } };
export const BOOLEAN: ColumnType = { physical: 'BOOLEAN', logical: { kind: 'boolean' } };

export function integer(bits: 8 | 16 | 32 | 64, signed: boolean): ColumnType {
  return { physical: bits === 64 ? 'INT64' : 'INT32', logical: { kind: 'integer', bits, signed } };
}

/** @param storage bytes of a FIXED_LEN_BYTE_ARRAY, or another physical type */
export function decimal(
  precision: number,
  scale: number,
  storage: number | 'INT32' | 'INT64' | 'BYTE_ARRAY' = 16,
): ColumnType {
  const physical: PhysicalType = typeof storage === 'number' ? fixed(storage) : { physical: storage };
  return { ...physical, logical: { kind: 'decimal', precision, scale } };
}

export function timestamp(
  unit: 'MILLIS' | 'MICROS' | 'NANOS',
  zone: 'utc' | 'local' | 'unsaid' = 'unsaid',
): ColumnType {
  return { physical: 'INT64', logical: { kind: 'timestamp', unit, zone } };
}

export function time(unit: 'MILLIS' | 'MICROS' | 'NANOS', zone: 'utc' | 'local' | 'unsaid' = 'unsaid'): ColumnType {
  return { physical: unit === 'MILLIS' ? 'INT32' : 'INT64', logical: { kind: 'time', unit, zone } };
}

export const INT96: ColumnType = {
  physical: 'INT96',
  logical: { kind: 'timestamp', unit: 'NANOS', zone: 'unsaid' },
};

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const AWKWARD_TEXTS = [
  '',
  'null',
  "it's 55” 4K",
  'naïve Größe 日本語 🦆',
  '\u0000',
  '\u007f'.repeat(80),
  'long and alike '.repeat(20),
  '日本語'.repeat(30),
  `${'a'.repeat(62)}日本語`,
  `${'a'.repeat(63)}\u{10ffff}z`,
  '\u{10ffff}'.repeat(30),
];
const anyText = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.constantFrom(...AWKWARD_TEXTS), fc.string({ unit: 'binary' })).map(([a, b]) => a + b),
  )
  .map(utf8);
const anyBytes = fc.uint8Array({ maxLength: 90 });

export const SAMPLE_TYPES: readonly SampleType[] = [
  {
    label: 'boolean',
    type: { physical: 'BOOLEAN', logical: { kind: 'boolean' } },
    duckdb: 'BOOLEAN',
    edges: [true, false],
    any: fc.boolean(),
  },
  ...([8, 16, 32, 64] as const).flatMap((bits) => [integerSample(bits, true), integerSample(bits, false)]),
  decimalSample(9, 2, INT32),
  decimalSample(5, 5, INT32),
  decimalSample(18, 4, INT64),
  decimalSample(18, 0, INT64),
  decimalSample(38, 10, fixed(16)),
  decimalSample(38, 38, fixed(16)),
  decimalSample(20, 3, fixed(9)),
  decimalSample(10, 2, fixed(5)),
  decimalSample(38, 4, BYTE_ARRAY),
  {
    label: 'float',
    type: { physical: 'FLOAT', logical: { kind: 'float' } },
    duckdb: 'FLOAT',
    edges: [NaN, -0, 0, Infinity, -Infinity, 1.401298464324817e-45, 3.4028234663852886e38, Math.fround(0.1)],
    any: fc.float(),
  },
  {
    label: 'double',
    type: { physical: 'DOUBLE', logical: { kind: 'float' } },
    duckdb: 'DOUBLE',
    edges: [NaN, -0, 0, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, 0.1],
    any: fc.double(),
  },
  {
    label: 'date',
    type: { physical: 'INT32', logical: { kind: 'date' } },
    duckdb: 'DATE',
    edges: [FIRST_DAY, LAST_DAY, -1, 0, 1, 11_016],
    any: fc.integer({ min: FIRST_DAY, max: LAST_DAY }),
  },
  timeSample('MILLIS', 'unsaid', 'TIME'),
  timeSample('MICROS', 'unsaid', 'TIME'),
  timeSample('MICROS', 'local', 'TIME'),
  timestampSample('MILLIS', 'unsaid', 'TIMESTAMP'),
  timestampSample('MICROS', 'unsaid', 'TIMESTAMP'),
  timestampSample('MILLIS', 'local', 'TIMESTAMP'),
  timestampSample('MICROS', 'local', 'TIMESTAMP'),
  timestampSample('MILLIS', 'utc', 'TIMESTAMP WITH TIME ZONE'),
  timestampSample('MICROS', 'utc', 'TIMESTAMP WITH TIME ZONE'),
  {
    label: 'text',
    type: TEXT,
    duckdb: 'VARCHAR',
    edges: AWKWARD_TEXTS.map(utf8),
    any: anyText,
  },
  {
    label: 'bytes',
    type: { physical: 'BYTE_ARRAY', logical: { kind: 'bytes' } },
    duckdb: 'BLOB',
    edges: [
      Uint8Array.of(),
      Uint8Array.of(0),
      Uint8Array.of(0xff, 0xfe, 0, 0xc3),
      new Uint8Array(100).fill(0xff),
      new Uint8Array(100).fill(0x80),
    ],
    any: anyBytes,
  },
  {
    label: 'bytes of a fixed length',
    type: { ...fixed(70), logical: { kind: 'bytes' } },
    duckdb: 'BLOB',
    edges: [new Uint8Array(70), new Uint8Array(70).fill(0xff), new Uint8Array(70).fill(0x80)],
    any: fc.uint8Array({ minLength: 70, maxLength: 70 }),
  },
  {
    label: 'uuid',
    type: { ...fixed(16), logical: { kind: 'bytes', annotation: 'UUID' } },
    duckdb: 'UUID',
    edges: [new Uint8Array(16), new Uint8Array(16).fill(0xff), new Uint8Array(16).fill(0x80)],
    any: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  },
];

export function sampleType(label: string): SampleType {
  const found = SAMPLE_TYPES.find((sample) => sample.label === label);
  if (!found) throw new Error(`no sample type ${label}`);
  return found;
}

function integerSample(bits: 8 | 16 | 32 | 64, signed: boolean): SampleType {
  const names = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' };
  const half = 2n ** BigInt(bits - 1);
  const [min, max] = signed ? [-half, half - 1n] : [0n, 2n * half - 1n];
  // What an unsigned integer above the signed range looks like where it is stored.
  const stored = (value: bigint): Stored => (bits === 64 ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value)));
  return {
    label: `${signed ? 'int' : 'uint'}${bits}`,
    type: integer(bits, signed),
    duckdb: `${signed ? '' : 'U'}${names[bits]}`,
    edges: [min, max, 0n, 1n, min + 1n, max - 1n, half - 1n, signed ? -1n : half].map(stored),
    any: fc.bigInt({ min, max }).map(stored),
  };
}

function decimalSample(precision: number, scale: number, storage: PhysicalType): SampleType {
  const limit = 10n ** BigInt(precision) - 1n;
  const stored = (value: bigint): Stored => storedDecimal(value, storage);
  const edges = [limit, -limit, 0n, 1n, -1n, 127n, 128n, -128n, -129n, 255n, 256n, limit / 2n];
  return {
    label: `decimal(${precision},${scale}) as ${storage.physical}`,
    type: { ...storage, logical: { kind: 'decimal', precision, scale } },
    duckdb: `DECIMAL(${precision},${scale})`,
    edges: edges.map(stored),
    any: fc.oneof(fc.bigInt({ min: -limit, max: limit }), fc.bigInt({ min: -300n, max: 300n })).map(stored),
  };
}

/** The unscaled value of a decimal as that physical type holds it; BYTE_ARRAY in the fewest bytes. */
export function storedDecimal(value: bigint, storage: PhysicalType): Stored {
  if (storage.physical === 'INT32') return Number(value);
  if (storage.physical === 'INT64') return value;
  let length = storage.physical === 'FIXED_LEN_BYTE_ARRAY' ? storage.length : 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

type Zoned = LogicalType & { kind: 'time' | 'timestamp' };

function timeSample(unit: 'MILLIS' | 'MICROS', zone: Zoned['zone'], duckdb: string): SampleType {
  const perDay = 86_400 * (unit === 'MILLIS' ? 1_000 : 1_000_000);
  const stored = (value: number): Stored => (unit === 'MILLIS' ? value : BigInt(value));
  return {
    label: `time(${unit}, ${zone})`,
    type: time(unit, zone),
    duckdb,
    edges: [0, 1, perDay - 1, perDay / 2].map(stored),
    any: fc.integer({ min: 0, max: perDay - 1 }).map(stored),
  };
}

function timestampSample(unit: 'MILLIS' | 'MICROS', zone: Zoned['zone'], duckdb: string): SampleType {
  const perDay = 86_400n * (unit === 'MILLIS' ? 1_000n : 1_000_000n);
  const first = BigInt(FIRST_DAY) * perDay;
  const last = BigInt(LAST_DAY + 1) * perDay - 1n;
  return {
    label: `timestamp(${unit}, ${zone})`,
    type: timestamp(unit, zone),
    duckdb,
    edges: [first, last, -1n, 0n, 1n, 1_583_058_600_123n],
    any: fc.bigInt({ min: first, max: last }),
  };
}
