import type { DmsType, DmsValue } from '../../lib/sample/dms-column.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';

/** Days from 1970-01-01 to 0001-01-01 and to 9999-12-31. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
const SECONDS_PER_DAY = 86_400n;

/** Text that is awkward in folder names, SQL, JSON or UTF-16; the empty one and the long one included. */
export const AWKWARD_TEXTS: readonly string[] = [
  '',
  ' ',
  'plain',
  'a/b',
  'a=b',
  '100%',
  '%2F',
  "it's",
  'say "55” 4K"',
  'a:b',
  '#?*',
  '[x]{y}',
  'back\\slash',
  '^caret',
  'tab\tnew\nline',
  '\u0001\u007f',
  '..',
  'a b+c&d',
  'naïve Größe 日本語',
  '🦆 duck \u{10ffff}',
  '\ufeffmark',
  'x'.repeat(100),
];

/** A value of the type: at the ends of its range as often as within it; never null. */
export function randomValue(random: SeededRandom, type: DmsType): NonNullable<DmsValue> {
  switch (type.kind) {
    case 'boolean':
      return random.chance(0.5);
    case 'int8':
    case 'int16':
    case 'int32':
      return Number(signed(random, Number(type.kind.slice(3))));
    case 'int64':
      return signed(random, 64);
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return Number(unsigned(random, Number(type.kind.slice(4))));
    case 'uint64':
      return unsigned(random, 64);
    case 'decimal': {
      const limit = 10n ** BigInt(type.precision);
      const digits = random.bits(128) % limit;
      const value = random.pick([limit - 1n, 0n, 1n, digits, digits, digits / 10n ** BigInt(type.scale)]);
      return random.chance(0.5) ? value : -value;
    }
    case 'float':
      return random.pick([NaN, -0, 0, Infinity, -Infinity, 1e-45, 3.4028234663852886e38, singleFloat(random)]);
    case 'double':
      return random.pick([NaN, -0, 0, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 0.1, random.next() * 1e6]);
    case 'date':
      return random.pick([FIRST_DAY, LAST_DAY, -1, 0, random.integer(FIRST_DAY, LAST_DAY), random.integer(0, 20_000)]);
    case 'timestampMillis':
      return instant(random, 1_000n);
    case 'timestampMicros':
      return instant(random, 1_000_000n);
    case 'timeMillis':
      return random.pick([0, 86_399_999, random.integer(0, 86_399_999)]);
    case 'timeMicros':
      return random.pick([0n, 86_399_999_999n, random.bits(64) % 86_400_000_000n]);
    case 'string':
      return random.chance(0.4) ? random.pick(AWKWARD_TEXTS) : `text ${random.integer(0, 1_000_000)}`;
    case 'bytes':
      return random.pick([new Uint8Array(), Uint8Array.of(0xff, 0xfe, 0x00, 0xc3), Buffer.from('text'), bytes(random)]);
  }
}

/** From a handful, so that rows share it and change it. */
export function randomPartitionValue(random: SeededRandom, type: DmsType, choices: readonly string[]): DmsValue {
  if (random.chance(0.1)) return null;
  switch (type.kind) {
    case 'string':
      return random.pick(choices);
    case 'int8':
    case 'int16':
    case 'int32':
      return random.integer(-1, 3);
    case 'int64':
      return random.pick([-1n, 0n, 7n, 2n ** 63n - 1n]);
    case 'date':
      return random.pick([FIRST_DAY, 0, 17_862, LAST_DAY]);
    case 'decimal':
      return random.pick([-150n, 0n, 5n, 1230n]);
    case 'timestampMicros':
      return random.pick([0n, -1n, 1_543_276_800_000_000n, 1_543_276_800_500_000n]);
    case 'boolean':
      return random.chance(0.5);
    default:
      throw new Error(`streams do not partition by ${type.kind}`);
  }
}

/** The same value as a column of a wider type has it. */
export function widenedValue(value: DmsValue, from: DmsType, to: DmsType): DmsValue {
  if (value === null || from.kind === to.kind) {
    if (typeof value === 'bigint' && from.kind === 'decimal' && to.kind === 'decimal') {
      return value * 10n ** BigInt(to.scale - from.scale);
    }
    return value;
  }
  if (to.kind === 'timestampMicros' && from.kind === 'timestampMillis') return (value as bigint) * 1_000n;
  if ((to.kind === 'int64' || to.kind === 'uint64') && typeof value === 'number') return BigInt(value);
  return value;
}

function signed(random: SeededRandom, bits: number): bigint {
  const half = 2n ** BigInt(bits - 1);
  const small = BigInt(random.integer(-5, 5));
  return random.pick([-half, half - 1n, small, small, random.bits(bits) - half, random.bits(bits) - half]);
}

function unsigned(random: SeededRandom, bits: number): bigint {
  const limit = 2n ** BigInt(bits);
  const small = BigInt(random.integer(0, 9));
  return random.pick([limit - 1n, limit / 2n, small, small, random.bits(bits), random.bits(bits)]);
}

function singleFloat(random: SeededRandom): number {
  return Math.fround((random.next() - 0.5) * 10 ** random.integer(-10, 10));
}

function instant(random: SeededRandom, perSecond: bigint): bigint {
  const perDay = SECONDS_PER_DAY * perSecond;
  const first = BigInt(FIRST_DAY) * perDay;
  const end = BigInt(LAST_DAY + 1) * perDay;
  const recent = BigInt(random.integer(10_000, 20_000)) * perDay + (random.bits(64) % perDay);
  return random.pick([first, end - 1n, -1n, 0n, recent, recent, first + (random.bits(96) % (end - first))]);
}

function bytes(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: random.integer(1, 24) }, () => random.integer(0, 255));
}
