import type { ColumnType, PhysicalValue, TimeUnit } from './column-type.ts';
import { decimalText, unscaled } from './decimal.ts';

/**
 * The text of a value as Spark's cast to string gives it: what names a partition folder, and what a number or a date
 * becomes where the lake already holds text.
 * @throws TypeError for bytes that are not text: they have no text form that tells all of them apart.
 */
export function textForm(value: NonNullable<PhysicalValue>, { physical, logical }: ColumnType): string {
  switch (logical.kind) {
    case 'boolean':
      return String(value);
    case 'integer':
      return integerValue(value, logical.bits, logical.signed).toString();
    case 'decimal':
      return decimalText(unscaled(value), logical.scale);
    case 'float':
      return floatText(Number(value), physical === 'FLOAT');
    case 'date':
      return dateText(BigInt(Number(value)));
    case 'time':
      return timeText(BigInt(value as number | bigint), logical.unit);
    case 'timestamp': {
      const units = BigInt(value as number | bigint);
      const perDay = 86_400n * PER_SECOND[logical.unit];
      const days = floorDivide(units, perDay);
      return `${dateText(days)} ${timeText(units - days * perDay, logical.unit)}`;
    }
    case 'text':
      return strictUtf8.decode(value as Uint8Array);
    case 'bytes':
      throw new TypeError('bytes have no text form');
  }
}

/** The number that an integer column's stored value means. */
export function integerValue(value: NonNullable<PhysicalValue>, bits: number, signed: boolean): bigint {
  const stored = BigInt(value as number | bigint);
  return signed ? stored : BigInt.asUintN(bits === 64 ? 64 : 32, stored);
}

export const PER_SECOND: Record<TimeUnit, bigint> = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n };

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function dateText(days: bigint): string {
  // Days since 1970-01-01 to year, month, day of the proleptic Gregorian calendar, by eras of 400 years.
  const z = Number(days) + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${pad(Math.abs(year), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** HH:mm:ss, and the fraction without trailing zeros if there is one. */
function timeText(units: bigint, unit: TimeUnit): string {
  const perSecond = PER_SECOND[unit];
  const seconds = Number(units / perSecond);
  const fraction = (units % perSecond)
    .toString()
    .padStart(perSecond.toString().length - 1, '0')
    .replace(/0+$/, '');
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => pad(part, 2));
  return clock.join(':') + (fraction && `.${fraction}`);
}

/** As Java's Double.toString and Float.toString: the fewest digits that tell the value, `1.0E10` from 10^7 on. */
function floatText(value: number, single: boolean): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : value < 0 ? '-Infinity' : 'NaN';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = shortestExponential(value, single).split('e');
  const exponent = Number(exponentText);
  if (exponent < -3 || exponent >= 7) return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent}`;
  const fractionDigits = Math.max(1, (mantissa.split('.')[1]?.length ?? 0) - exponent);
  return Number(`${mantissa}e${exponent}`).toFixed(fractionDigits);
}

function shortestExponential(value: number, single: boolean): string {
  // Java never asks for fewer than two digits: the least double is 4.9E-324.
  for (let digits = 1; digits < (single ? 9 : 2); digits++) {
    const text = value.toExponential(digits);
    if ((single ? Math.fround(Number(text)) : Number(text)) === value) return text.replace('.0e', 'e');
  }
  return value.toExponential();
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

function pad(value: number, width: number): string {
  return value.toString().padStart(width, '0');
}
