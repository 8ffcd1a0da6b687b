import { createHash } from 'node:crypto';
import type { DmsType, DmsValue } from '../../lib/sample/dms-column.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { randomValue } from '../streams/column-values.ts';

/** How often a value is one of the type's awkward ones, which lie anywhere in its range. */
const AWKWARD_SHARE = 0.02;
/** Characters of one to four bytes, so that a bound cut at some byte would cut through one. */
const FILLINGS = ['x', 'é', '日', '🦆', '\u{10ffff}'];

/**
 * A value near its place in the type's range, as of columns that grow with the key: row groups then have bounds that
 * differ, and filters have some to skip. A few are at the ends of the range, not finite, empty, or long.
 * @param place from 0 to 1
 */
export function spreadValue(random: SeededRandom, type: DmsType, place: number): NonNullable<DmsValue> {
  if (random.chance(AWKWARD_SHARE)) return awkwardValue(random, type);
  const between = (min: bigint, max: bigint): bigint =>
    min + ((max - min) * BigInt(Math.floor(place * 1_000_000) + random.integer(0, 9_999))) / 1_010_000n;
  switch (type.kind) {
    case 'boolean':
      return place < 0.5;
    case 'int8':
    case 'int16':
    case 'int32': {
      const half = 2n ** BigInt(Number(type.kind.slice(3)) - 1);
      return Number(between(-half, half - 1n));
    }
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return Number(between(0n, 2n ** BigInt(type.kind.slice(4)) - 1n));
    case 'int64':
      return between(-(2n ** 63n), 2n ** 63n - 1n);
    case 'uint64':
      return between(0n, 2n ** 64n - 1n);
    case 'decimal': {
      const limit = 10n ** BigInt(type.precision);
      return between(1n - limit, limit - 1n);
    }
    case 'float':
      return Math.fround((place - 0.5) * 1e6 + random.next());
    case 'double':
      return (place - 0.5) * 1e12 + random.next();
    case 'date':
      return Number(between(-10_000n, 30_000n));
    case 'timestampMillis':
      return between(-1_000_000_000_000n, 3_000_000_000_000n);
    case 'timestampMicros':
      return between(-1_000_000_000_000_000n, 3_000_000_000_000_000n);
    case 'timeMillis':
      return Number(between(0n, 86_399_999n));
    case 'timeMicros':
      return between(0n, 86_399_999_999n);
    case 'string':
      return spreadText(random, between(0n, 99_999_999n));
    case 'bytes':
      return Buffer.concat([Buffer.from(between(0n, 99_999_999n).toString().padStart(8, '0')), filling(random)]);
  }
}

/** Sixteen bytes without order, as of random UUIDs. */
export function scatteredBytes(seed: number, ordinal: number): Uint8Array {
  return new Uint8Array(createHash('md5').update(`${seed} ${ordinal}`).digest());
}

function awkwardValue(random: SeededRandom, type: DmsType): NonNullable<DmsValue> {
  if (type.kind === 'string' && random.chance(0.5)) {
    // All alike where bounds are cut, or with nothing above them.
    return random.pick(FILLINGS).repeat(random.integer(15, 80)) + String(random.integer(0, 9));
  }
  if (type.kind === 'bytes' && random.chance(0.5)) return new Uint8Array(random.integer(1, 80)).fill(0xff);
  return randomValue(random, type);
}

function spreadText(random: SeededRandom, place: bigint): string {
  const digits = place.toString().padStart(8, '0');
  if (random.chance(0.5)) return digits;
  return `${digits}${'a'.repeat(random.integer(0, 3))}${random.pick(FILLINGS).repeat(random.integer(1, 40))}`;
}

function filling(random: SeededRandom): Uint8Array {
  return new Uint8Array(random.pick([0, 3, 60, 70])).fill(random.pick([0, 0x41, 0xff]));
}
