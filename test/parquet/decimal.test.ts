import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PhysicalType } from '../../lib/parquet/column-type.ts';
import { decimalStorage, decimalText, storeUnscaled, unscaled } from '../../lib/parquet/decimal.ts';

const fixed = (length: number): PhysicalType => ({ physical: 'FIXED_LEN_BYTE_ARRAY', length });
const STORAGES: [PhysicalType, number][] = [
  [{ physical: 'INT32' }, 32],
  [{ physical: 'INT64' }, 64],
  [fixed(5), 40],
  [fixed(16), 128],
  [fixed(20), 160],
  [{ physical: 'BYTE_ARRAY' }, 136],
];

describe('a decimal', () => {
  it.each(STORAGES)('is read as it was stored, to the last bit: %j', (type, bits) => {
    const half = 2n ** BigInt(bits - 1);
    fc.assert(
      fc.property(
        fc.oneof(fc.bigInt({ min: -half, max: half - 1n }), fc.constantFrom(-half, half - 1n, 0n, -1n)),
        (value) => {
          const stored = storeUnscaled(value, type)!;
          expect(unscaled(stored)).toBe(value);
          expect(stored instanceof Uint8Array && type.physical === 'FIXED_LEN_BYTE_ARRAY' ? stored.length : 0).toBe(
            type.physical === 'FIXED_LEN_BYTE_ARRAY' ? type.length : 0,
          );
        },
      ),
    );
  });

  it.each(STORAGES.slice(0, 5))('that does not fit is refused, not cut: %j', (type, bits) => {
    const half = 2n ** BigInt(bits - 1);
    expect(() => storeUnscaled(half, type)).toThrow(RangeError);
    expect(() => storeUnscaled(-half - 1n, type)).toThrow(RangeError);
  });

  it.each([
    [0n, [0]],
    [127n, [0x7f]],
    [128n, [0, 0x80]],
    [-128n, [0x80]],
    [-129n, [0xff, 0x7f]],
    [255n, [0, 0xff]],
  ])('%s takes the fewest bytes in a BYTE_ARRAY', (value, bytes) => {
    expect(storeUnscaled(value, { physical: 'BYTE_ARRAY' })).toEqual(Uint8Array.from(bytes));
  });

  it('may have leading bytes that say nothing, or no bytes at all', () => {
    expect(unscaled(Uint8Array.of(0, 0, 5))).toBe(5n);
    expect(unscaled(Uint8Array.of(0xff, 0xff, 0xfb))).toBe(-5n);
    expect(unscaled(new Uint8Array())).toBe(0n);
  });

  it.each<[number, PhysicalType, PhysicalType]>([
    [9, { physical: 'INT32' }, { physical: 'INT32' }],
    [10, { physical: 'INT32' }, { physical: 'INT64' }],
    [18, { physical: 'INT32' }, { physical: 'INT64' }],
    [19, { physical: 'INT32' }, fixed(9)],
    [18, { physical: 'INT64' }, { physical: 'INT64' }],
    [19, { physical: 'INT64' }, fixed(9)],
    [38, { physical: 'INT64' }, fixed(16)],
    [12, fixed(5), fixed(6)],
    [10, fixed(16), fixed(16)],
    [38, { physical: 'BYTE_ARRAY' }, { physical: 'BYTE_ARRAY' }],
  ])('of %i digits is stored as before if that is wide enough: %j', (precision, like, storage) => {
    expect(decimalStorage(precision, like)).toEqual(storage);
  });

  it('of every precision fits its storage', () => {
    for (let precision = 1; precision <= 38; precision++) {
      for (const like of [
        { physical: 'INT32' },
        { physical: 'INT64' },
        fixed(1),
        { physical: 'BYTE_ARRAY' },
      ] as const) {
        const largest = 10n ** BigInt(precision) - 1n;
        for (const value of [largest, -largest]) {
          expect(unscaled(storeUnscaled(value, decimalStorage(precision, like))!)).toBe(value);
        }
      }
    }
  });

  it.each([
    [1250n, 2, '12.50'],
    [-1250n, 3, '-1.250'],
    [5n, 3, '0.005'],
    [-5n, 3, '-0.005'],
    [0n, 2, '0.00'],
    [7n, 0, '7'],
  ])('%s with scale %i reads %s', (value, scale, text) => {
    expect(decimalText(value, scale)).toBe(text);
  });
});
