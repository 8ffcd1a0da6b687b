import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fileStatistics } from '../../lib/lake/file-statistics.ts';
import { boundValue, isOrdered } from '../../lib/parquet/bound.ts';
import type { ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import type { Bound, ChunkStatistics } from '../../lib/parquet/statistics.ts';
import { chunkStatistics, comparison } from '../../lib/parquet/statistics.ts';
import { vectorOf } from '../../lib/parquet/vector.ts';
import { BYTES, decimal, DOUBLE, INT, INT96, integer, SAMPLE_TYPES, TEXT, utf8 } from '../parquet/sample-types.ts';

const int32 = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
const exact = (bytes: Uint8Array): Bound => ({ bytes, exact: true });
const cut = (bytes: Uint8Array): Bound => ({ bytes, exact: false });

/** A chunk of ten values. */
function chunk(min: Bound | undefined, max: Bound | undefined, nulls: number | undefined = 0) {
  return { values: 10, statistics: { nulls, min, max } };
}

/** @param order of the bound and the outermost value: negative if it lies outside */
function expectEncloses({ exact: isExact }: Bound, order: number): void {
  if (isExact) expect(order).toBe(0);
  else expect(order).toBeLessThanOrEqual(0);
}

const UNKNOWN: ChunkStatistics = { nulls: undefined, min: undefined, max: undefined };

describe("a column's statistics over a whole file", () => {
  it.each(SAMPLE_TYPES)('enclose the values of all chunks: $label', ({ type, any, edges }) => {
    const compare = comparison(type);
    const value = fc.oneof(any, fc.constantFrom(...edges), fc.constant(null));
    const chunks = fc.array(fc.array(value, { maxLength: 8 }), { maxLength: 5 });
    fc.assert(
      fc.property(chunks, (lists) => {
        const described = lists.map((values) => ({
          values: values.length,
          statistics: chunkStatistics(vectorOf(type, values), type),
        }));
        const { nulls, min, max } = fileStatistics(described, type);
        const all = lists.flat();
        const present = all.filter((each) => each !== null);
        expect(nulls).toBe(all.length - present.length);
        const without = described.filter(({ values, statistics }) => values > statistics.nulls! && !statistics.max);
        expect(max === undefined).toBe(present.length === 0 || without.length > 0);
        const sorted = present.toSorted(compare);
        if (min) expectEncloses(min, compare(boundValue(min, type)!, sorted.at(0)!));
        if (max) expectEncloses(max, compare(sorted.at(-1)!, boundValue(max, type)!));
      }),
      { numRuns: 60 },
    );
  });

  it('are in the order of the logical type', () => {
    const unsigned = integer(32, false);
    const chunks = [chunk(exact(int32(7)), exact(int32(-1))), chunk(exact(int32(-5)), exact(int32(-5)))];
    expect(fileStatistics(chunks, unsigned)).toEqual({ nulls: 0, min: exact(int32(7)), max: exact(int32(-1)) });
    expect(fileStatistics(chunks.slice(1), INT)).toEqual({ nulls: 0, min: exact(int32(-5)), max: exact(int32(-5)) });
  });

  it('are unknown where a chunk with values does not say', () => {
    const known = chunk(exact(int32(1)), exact(int32(9)), 2);
    expect(fileStatistics([known, chunk(undefined, exact(int32(12)))], INT)).toEqual({
      nulls: 2,
      min: undefined,
      max: exact(int32(12)),
    });
    expect(fileStatistics([known, chunk(exact(int32(3)), undefined), known], INT)).toMatchObject({ max: undefined });
    expect(fileStatistics([chunk(undefined, undefined), known], INT)).toEqual({ ...UNKNOWN, nulls: 2 });
    expect(fileStatistics([{ values: 10, statistics: UNKNOWN }, known], INT)).toEqual(UNKNOWN);
  });

  it('do not suffer from chunks without values', () => {
    const known = chunk(exact(int32(1)), exact(int32(9)), 2);
    const nulls = chunk(undefined, undefined, 10);
    const empty = { values: 0, statistics: UNKNOWN };
    expect(fileStatistics([nulls, known, empty], INT)).toEqual({ ...known.statistics, nulls: 12 });
    expect(fileStatistics([nulls, empty], INT)).toEqual({ ...UNKNOWN, nulls: 10 });
    expect(fileStatistics([], INT)).toEqual({ ...UNKNOWN, nulls: 0 });
  });

  it('are unknown if bounds cannot be true, or engines disagree on them', () => {
    const nan = new Uint8Array(Float64Array.of(NaN).buffer);
    const one = new Uint8Array(Float64Array.of(1).buffer);
    const wide = chunk(exact(int32(0)), exact(int32(100)));
    // Taken together with an honest chunk, an impossible one would look possible.
    expect(fileStatistics([chunk(exact(int32(10)), exact(int32(5))), wide], INT)).toEqual({ ...UNKNOWN, nulls: 0 });
    expect(fileStatistics([chunk(exact(nan), exact(one))], DOUBLE)).toMatchObject({ min: undefined });
    expect(fileStatistics([chunk(exact(int32(1).slice(1)), exact(int32(9)))], INT)).toMatchObject({ min: undefined });
    const interval: ColumnType = {
      physical: 'FIXED_LEN_BYTE_ARRAY',
      length: 12,
      logical: { kind: 'bytes', annotation: 'INTERVAL' },
    };
    for (const type of [INT96, interval]) {
      const bytes = exact(new Uint8Array(12));
      expect(isOrdered(type)).toBe(false);
      expect(fileStatistics([chunk(bytes, bytes)], type)).toEqual({ ...UNKNOWN, nulls: 0 });
    }
  });

  it('keep an exact bound of two that are equal', () => {
    const chunks = [chunk(cut(utf8('ab')), cut(utf8('b'))), chunk(exact(utf8('ab')), exact(utf8('b')))];
    const expected = { nulls: 0, min: exact(utf8('ab')), max: exact(utf8('b')) };
    expect(fileStatistics(chunks, TEXT)).toEqual(expected);
    expect(fileStatistics(chunks.toReversed(), TEXT)).toEqual(expected);
  });

  it('have no huge bounds: text is cut and still encloses, what cannot be cut is unknown', () => {
    const long = (text: string): Bound => exact(utf8(text.repeat(1000)));
    const { min, max } = fileStatistics([chunk(long('a'), long('z'))], TEXT);
    for (const bound of [min, max]) expect(bound).toMatchObject({ exact: false });
    expect(min!.bytes.length + max!.bytes.length).toBeLessThan(200);
    const before = (a: PhysicalValue, b: PhysicalValue) => comparison(TEXT)(a!, b!) < 0;
    expect(before(min!.bytes, long('a').bytes)).toBe(true);
    expect(before(long('z').bytes, max!.bytes)).toBe(true);
    const highest = exact(new Uint8Array(1000).fill(0xff));
    expect(fileStatistics([chunk(exact(utf8('a')), highest)], BYTES)).toMatchObject({
      min: exact(utf8('a')),
      max: undefined,
    });
    const number = chunk(exact(new Uint8Array(1000)), exact(new Uint8Array(1000).fill(1)));
    expect(fileStatistics([number], decimal(38, 0, 'BYTE_ARRAY'))).toEqual({ ...UNKNOWN, nulls: 0 });
  });
});
