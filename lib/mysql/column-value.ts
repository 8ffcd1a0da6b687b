import type { DmsType, DmsValue } from '../sample/dms-column.ts';

/**
 * A value as DMS writes it, from the text in which the server gives it in UTC; bytes of binary and bit columns as they
 * are.
 *
 * A date that no calendar has ('0000-00-00', '2024-00-10') is null: so DMS records them where the target has no such
 * dates (user guide, "Source data types for MySQL", note).
 */
export function dmsValue(type: DmsType, given: string | Uint8Array): DmsValue {
  if (type.kind === 'bytes') return typeof given === 'string' ? Buffer.from(given, 'utf8') : given;
  if (type.kind === 'boolean') return typeof given === 'string' ? given !== '0' : given.some((byte) => byte !== 0);
  const text = typeof given === 'string' ? given : Buffer.from(given).toString('utf8');
  switch (type.kind) {
    case 'string':
      return text;
    case 'int64':
    case 'uint64':
      return BigInt(text);
    case 'decimal':
      return BigInt(text.replace('.', ''));
    case 'date': {
      const start = startOfDay(text);
      return start === null ? null : start / MS_PER_DAY;
    }
    case 'timestampMillis':
    case 'timestampMicros': {
      const micros = microsOf(text);
      return micros === null || type.kind === 'timestampMicros' ? micros : floorToMillis(micros);
    }
    case 'timeMillis':
    case 'timeMicros':
      throw new TypeError('DMS writes a MySQL time as text');
    default:
      return Number(text);
  }
}

const MS_PER_DAY = 86_400_000;

/** @returns ms since the epoch; null if no calendar has the day */
function startOfDay(text: string): number | null {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}

/** @param text `yyyy-MM-dd HH:mm:ss` and up to six digits of a second */
function microsOf(text: string): bigint | null {
  const [date = '', time = '', fraction = ''] = text.split(/[ .]/);
  const start = startOfDay(date);
  if (start === null) return null;
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  const ms = start + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return BigInt(ms) * 1_000n + BigInt(fraction.padEnd(6, '0'));
}

function floorToMillis(micros: bigint): bigint {
  return (micros - (((micros % 1_000n) + 1_000n) % 1_000n)) / 1_000n;
}
