import type { MysqlType } from './column-type.ts';
import { floatText } from './float-text.ts';

/** As zongji gives it with `dateStrings: true`, `jsonStrings: true` and `timezone: 'Z'`; undefined: ENUM's empty value. */
export type BinlogValue = string | number | Uint8Array | null | undefined;

/**
 * The text in which the server would give a value that the binlog's reader decoded, so that a value comes out the same
 * from a full load and from a change. Mends what the reader (zongji 0.9) gets wrong, each seen on a real server.
 */
export function binlogText({ base, sizes }: MysqlType, value: BinlogValue): string | Uint8Array | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return value;
  switch (base) {
    case 'enum':
      return typeof value === 'string' ? value : '';
    case 'year':
      // Stored as years since 1900, of which 0 means the year 0000.
      return value === 1900 ? '0' : String(value);
    case 'time':
      return timeText(String(value));
    case 'timestamp':
      return timestampText(String(value), sizes[0] ?? 0);
    case 'double':
    case 'float':
      return floatText(Number(value));
    default:
      return String(value);
  }
}

/**
 * A negative time of whole seconds comes without its carry, '-00:63:64' for '-01:00:00': the parts are those of the
 * packed number less one, plus a second.
 */
function timeText(text: string): string {
  const [, sign = '', hours = '', minutes = '', seconds = '', fraction = ''] =
    /^(-?)(\d+):(\d+):(\d+)(\.\d+)?$/.exec(text) ?? [];
  const packed = (Number(hours) << 12) + (Number(minutes) << 6) + Number(seconds);
  const parts = [packed >> 12, (packed >> 6) & 63, packed & 63].map((part) => String(part).padStart(2, '0'));
  return `${sign}${parts.join(':')}${fraction}`;
}

/** Newer servers' timestamps go on after January 2038, where the reader takes the seconds for negative ones. */
function timestampText(text: string, digits: number): string {
  if (!text.startsWith('19') || text >= '1970') return text;
  const seconds = Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) / 1_000 + 2 ** 32;
  const clock = new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  return digits === 0 ? clock : clock + text.slice(19);
}
