import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PhysicalValue, Values } from '../../lib/parquet/column-type.ts';
import { chunkStatistics, comparison } from '../../lib/parquet/statistics.ts';
import { DuckDb } from './duckdb.ts';
import { literalSql } from './exact-form.ts';
import { lakeBytes } from './lake-bytes.ts';
import type { SampleType, Stored } from './sample-types.ts';
import {
  BYTES,
  decimal,
  DOUBLE,
  INT,
  INT96,
  integer,
  SAMPLE_TYPES,
  sampleType,
  storedDecimal,
  TEXT,
  utf8,
} from './sample-types.ts';

describe('filters on a file with statistics', () => {
  let duckdb: DuckDb;
  beforeAll(async () => {
    duckdb = await DuckDb.open();
  });
  afterAll(() => duckdb.close());

  /** How many rows are below, at and above each value: found by statistics, and by counting in a scan of all rows. */
  async function counts(path: string, sample: SampleType, values: readonly Stored[]) {
    const filters = values.flatMap((value) => ['<', '=', '>'].map((op) => `c ${op} ${literalSql(sample, value)}`));
    const pruned = filters.map((filter) => `(SELECT count(*) FROM '${path}' WHERE ${filter})`);
    const scanned = filters.map((filter) => `count(*) FILTER (${filter})`);
    const [found] = await duckdb.query(`SELECT ${pruned.join(', ')}`);
    const [present] = await duckdb.query(`SELECT ${scanned.join(', ')} FROM '${path}'`);
    return { found: found!, present: present! };
  }

  it.each(SAMPLE_TYPES)('find exactly the rows that a scan finds: $label', async (sample) => {
    const { type, edges, any } = sample;
    const others = fc.sample(any, { numRuns: 8, seed: 3 });
    const sorted = [...edges, ...others].sort(comparison(type));
    const third = Math.ceil(sorted.length / 3);
    const groups: Values[] = [
      ...[0, 1, 2].map((i) => sorted.slice(i * third, (i + 1) * third)),
      [null, sorted[0]!, null],
      [sorted.at(-1)!],
      [...edges],
      [null],
      ...others.map((value) => [value]),
    ];
    const path = await duckdb.save(
      lakeBytes(
        [{ name: 'c', type }],
        groups.map((values) => [values]),
      ),
    );
    const probes = [...edges, ...others.slice(0, 4), ...fc.sample(any, { numRuns: 2, seed: 4 })];
    const { found, present } = await counts(path, sample, probes);
    expect(found).toEqual(present);
    // Each value is in two row groups or more.
    const equal = found.filter((_, i) => i % 3 === 1).slice(0, edges.length + 4);
    expect(equal.filter((count) => Number(count) < 2)).toEqual([]);
  });

  it('let row groups be passed over', async () => {
    const path = await duckdb.save(
      lakeBytes(
        [{ name: 'c', type: decimal(20, 2) }],
        [-3n, 0n, 5n].map((value) => [[storedDecimal(value, decimal(20, 2))]]),
      ),
    );
    const bounds = await duckdb.query(`SELECT stats_min_value, stats_max_value FROM parquet_metadata('${path}')`);
    expect(bounds).toEqual([
      ['-0.03', '-0.03'],
      ['0.00', '0.00'],
      ['0.05', '0.05'],
    ]);
  });

  it.each([
    ['unsigned above 2^31', 'uint32', [2 ** 31 - 1, -(2 ** 31), -1], -1],
    ['unsigned above 2^63', 'uint64', [2n ** 63n - 1n, -(2n ** 63n), -1n], -1n],
    [
      'negative decimals in bytes',
      'decimal(20,3) as FIXED_LEN_BYTE_ARRAY',
      [-5n, 3n].map((v) => storedDecimal(v, decimal(20, 3, 9))),
      storedDecimal(-5n, decimal(20, 3, 9)),
    ],
    [
      'decimals of one and two bytes',
      'decimal(38,4) as BYTE_ARRAY',
      [127n, 128n].map((v) => storedDecimal(v, decimal(38, 4, 'BYTE_ARRAY'))),
      storedDecimal(128n, decimal(38, 4, 'BYTE_ARRAY')),
    ],
    ['NaN', 'double', [1, NaN], NaN],
    ['0 where −0 is', 'double', [-0], 0],
    ['−0 where 0 is', 'float', [0], -0],
    ['long text', 'text', [utf8('z'.repeat(100))], utf8('z'.repeat(100))],
  ] satisfies [string, string, Stored[], Stored][])('find %s', async (_, label, values, wanted) => {
    const sample = sampleType(label);
    const path = await duckdb.save(lakeBytes([{ name: 'c', type: sample.type }], [[values]]));
    const found = await duckdb.query(`SELECT count(*) FROM '${path}' WHERE c = ${literalSql(sample, wanted)}`);
    expect(found).toEqual([['1']]);
  });
});

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function boundsOf(values: Values, type: typeof TEXT) {
  const {
    field_5: max,
    field_6: min,
    field_7: maxIsExact,
    field_8: minIsExact,
    field_3: nulls,
  } = chunkStatistics(values, type);
  return { min: min as Uint8Array | undefined, max: max as Uint8Array | undefined, minIsExact, maxIsExact, nulls };
}

describe('bounds', () => {
  it.each(SAMPLE_TYPES)(
    'hold between them every value, and are exact unless they say otherwise: $label',
    ({ type, any }) => {
      const compare = comparison(type);
      fc.assert(
        fc.property(fc.array(fc.option(any), { maxLength: 12 }), (values) => {
          const { min, max, nulls, minIsExact, maxIsExact } = boundsOf(values, type);
          const present = values.filter((value) => value !== null);
          expect(nulls).toBe(BigInt(values.length - present.length));
          expect(min === undefined).toBe(max === undefined);
          if (min === undefined || max === undefined) return;
          const [least, greatest] = [fromBound(min, type.physical), fromBound(max, type.physical)];
          for (const value of present) {
            expect(compare(least, value)).toBeLessThanOrEqual(0);
            expect(compare(greatest, value)).toBeGreaterThanOrEqual(0);
          }
          expect(present.some((value) => compare(value, least) === 0)).toBe(minIsExact);
          expect(present.some((value) => compare(value, greatest) === 0)).toBe(maxIsExact);
        }),
        { numRuns: 40 },
      );
    },
  );

  const longText = fc
    .tuple(
      fc.constantFrom('', 'a'.repeat(60), 'ü'.repeat(31), '日'.repeat(21), '\u007f'.repeat(63)),
      fc.string({ unit: 'binary', maxLength: 200 }),
    )
    .map(([a, b]) => a + b);
  it('of long text are cut, stay UTF-8, and still hold it between them', () => {
    fc.assert(
      fc.property(fc.array(longText, { minLength: 1, maxLength: 5 }), (texts) => {
        const values = texts.map(utf8);
        const { min, max } = boundsOf(values, TEXT);
        if (min === undefined || max === undefined) return;
        expect(Math.max(min.length, max.length)).toBeLessThanOrEqual(64);
        expect(() => [strictUtf8.decode(min), strictUtf8.decode(max)]).not.toThrow();
        for (const value of values) {
          expect(Buffer.compare(min, value)).toBeLessThanOrEqual(0);
          expect(Buffer.compare(max, value)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['of 64 bytes', 'a'.repeat(64), 'a'.repeat(64), 'a'.repeat(64)],
    ['of 65 bytes', 'a'.repeat(65), 'a'.repeat(64), `${'a'.repeat(63)}b`],
    ['that ends in a long character', `${'a'.repeat(63)}日`, 'a'.repeat(63), `${'a'.repeat(62)}b`],
    ['of the highest ASCII character at the end', `x${'\u007f'.repeat(80)}`, `x${'\u007f'.repeat(63)}`, 'y'],
    ['with one character that can be raised', `a${'日'.repeat(30)}`, `a${'日'.repeat(21)}`, 'b'],
  ])('are cut as they must be: text %s', (_, text, min, max) => {
    const bounds = boundsOf([utf8(text)], TEXT);
    expect([bounds.min, bounds.max].map((bytes) => strictUtf8.decode(bytes))).toEqual([min, max]);
    expect([bounds.minIsExact, bounds.maxIsExact]).toEqual([min === text, max === text]);
  });

  it.each([
    ['double', [0]],
    ['double', [-0]],
    ['float', [0, 1]],
    ['float', [-1, -0]],
  ])('take in both zeros, since engines may compare their bits: %s %p', (label, values) => {
    const { type } = sampleType(label);
    const bounds = boundsOf(values, type);
    const [min, max] = [bounds.min, bounds.max].map((bound) => fromBound(bound!, type.physical));
    expect(min).toBe(Math.min(...values) || -0);
    expect(max).toBe(Math.max(...values) || 0);
  });

  it('of bytes of a fixed length have that length', () => {
    const { type, edges } = sampleType('bytes of a fixed length');
    const { min, max } = boundsOf(edges, type);
    expect([min, max].map((bound) => bound?.length)).toEqual([70, 70]);
  });

  it('are left out where none would be right', () => {
    for (const [values, type] of [
      [[1, NaN, 2], DOUBLE],
      [[utf8('日'.repeat(30))], TEXT],
      [[1n], INT96],
      [
        [new Uint8Array(12)],
        { physical: 'FIXED_LEN_BYTE_ARRAY', length: 12, logical: { kind: 'bytes', annotation: 'INTERVAL' } },
      ],
      [
        [new Uint8Array(2)],
        { physical: 'FIXED_LEN_BYTE_ARRAY', length: 2, logical: { kind: 'bytes', annotation: 'FLOAT16' } },
      ],
      [[null, null], INT],
      [[], INT],
    ] satisfies [Values, typeof TEXT][]) {
      expect(boundsOf(values, type)).toMatchObject({ min: undefined, max: undefined });
    }
  });

  it('are in the order of what is meant, not of what is stored', () => {
    expect(comparison(integer(32, false))(-1, 1)).toBeGreaterThan(0);
    expect(comparison(integer(64, false))(-1n, 1n)).toBeGreaterThan(0);
    expect(comparison(integer(64, true))(-1n, 1n)).toBeLessThan(0);
    expect(comparison(decimal(5, 2, 4))(Uint8Array.of(0xff), Uint8Array.of(1))).toBeLessThan(0);
    expect(comparison(decimal(5, 2, 'BYTE_ARRAY'))(Uint8Array.of(0, 0, 5), Uint8Array.of(5))).toBe(0);
    expect(comparison(BYTES)(Uint8Array.of(0xff), Uint8Array.of(1))).toBeGreaterThan(0);
    // UTF-16 would have it the other way round.
    expect(comparison(TEXT)(utf8('\u{10000}'), utf8('\uffff'))).toBeGreaterThan(0);
  });
});

function fromBound(bytes: Uint8Array, physical: string): NonNullable<PhysicalValue> {
  const view = Buffer.from(bytes);
  switch (physical) {
    case 'BOOLEAN':
      return bytes[0] === 1;
    case 'INT32':
      return view.readInt32LE();
    case 'INT64':
      return view.readBigInt64LE();
    case 'FLOAT':
      return view.readFloatLE();
    case 'DOUBLE':
      return view.readDoubleLE();
    default:
      return bytes;
  }
}
