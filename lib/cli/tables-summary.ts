import { counted, countText } from '../count-text.ts';
import type { TableStatus } from '../table/list-tables.ts';

/** How many tables stand how: `200 tables: 1 blocked, 3 behind, 190 up to date, 6 inactive`. */
export function tablesSummary(tables: readonly TableStatus[]): string {
  const counts = STANDINGS.map((standing) => ({
    standing,
    count: tables.filter((table) => standingOf(table) === standing).length,
  }));
  const known = counts.filter(({ count }) => count > 0).map(({ standing, count }) => `${countText(count)} ${standing}`);
  const failures = tables.filter(({ catalog }) => catalog?.failed).length;
  const unregistered = failures === 0 ? '' : `; ${counted(failures, 'catalog failure')}`;
  return `${counted(tables.length, 'table')}${known.length === 0 ? '' : `: ${known.join(', ')}`}${unregistered}`;
}

/** In the order of what a person should look at first. */
const STANDINGS = ['blocked', 'merging', 'behind', 'active', 'up to date', 'inactive'] as const;

/** How a table stands, its lag included where it is known. */
export function standingOf({ state, lag }: TableStatus): (typeof STANDINGS)[number] {
  if (state !== 'active' || !lag) return state;
  return lag.files > 0 ? 'behind' : 'up to date';
}
