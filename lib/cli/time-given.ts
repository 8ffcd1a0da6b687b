import { WrongUsage } from '../local/wrong-usage.ts';

/**
 * A date or a time in ISO 8601 as a person gives it, UTC unless it names its zone. Not by Date alone, which takes what is
 * not quite ISO 8601 for local time, and the 30th of February for the 2nd of March.
 * @throws WrongUsage
 */
export function timeGiven(option: string, text: string): Date {
  const [, given = '', time = '00:00', zone = 'Z'] = ISO_8601.exec(text) ?? [];
  const date = given.padEnd('yyyy-MM-dd'.length, '-01');
  const [midnight, at] = [new Date(`${date}T00:00Z`), new Date(`${date}T${time}${zone.toUpperCase()}`)];
  if ([midnight, at].some((found) => Number.isNaN(found.getTime())) || !midnight.toISOString().startsWith(date))
    throw new WrongUsage(`${option} ${text} is no time in ISO 8601, such as 2026-03-01T10:15:00Z.`);
  return at;
}

const ISO_8601 = /^(\d{4}-\d{2}(?:-\d{2})?)(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;
