import { countText } from '../count-text.ts';
import type { TableStatus } from '../table/list-tables.ts';
import { columnsText } from './columns-text.ts';

/** Tables as lines for a person: one each, and below them what is to be done for those that are blocked. */
export function tablesText(tables: readonly TableStatus[]): string[] {
  if (tables.length === 0) return [];
  const withLag = tables.some(({ lag }) => lag);
  const head = ['TABLE', 'STATE', 'KEY', 'PARTITION', 'LAST FULL LOAD', 'LAST CHANGE FILE', 'ROWS TODAY'];
  const rows = tables.map((status) => [...cells(status), ...(withLag ? lagCells(status) : [])]);
  const lines = columnsText([withLag ? [...head, 'FILES BEHIND', 'LAG'] : head, ...rows]);
  return [...lines, ...tables.flatMap(noteLines)];
}

function cells({ table, state, primaryKey, partitionKey, lastFullLoad, lastChangeFile, rowsToday }: TableStatus) {
  const keys = [primaryKey.join(', '), partitionKey.join(', ')];
  const marks = [lastFullLoad ?? '', lastChangeFile ?? '', rowsToday === undefined ? '' : countText(rowsToday)];
  return [table, state, ...keys, ...marks].map((cell) => cell || '-');
}

function lagCells({ lag }: TableStatus): string[] {
  if (!lag) return ['-', '-'];
  return [countText(lag.files), lag.files === 0 ? '-' : durationText(lag.seconds)];
}

function noteLines({ table, note, blocked, catalog }: TableStatus): string[] {
  const noted = [...(note === undefined ? [] : ['', `${table}: ${note}`]), ...catalogLines(table, catalog)];
  if (!blocked) return noted;
  const by = blocked.file === '' ? '' : ` by ${blocked.file}`;
  return [
    ...noted,
    '',
    `${table} is blocked${by} since ${blocked.since}: ${blocked.reason}`,
    `  What to do: ${blocked.next}`,
  ];
}

function catalogLines(table: string, catalog: TableStatus['catalog']): string[] {
  if (!catalog?.failed) return [];
  const { reason, next, since } = catalog.failed;
  const line = `${table} could not be registered in the catalog as ${catalog.table} since ${since}: ${reason}`;
  return ['', line, ...(next === '' ? [] : [`  What to do: ${next}`])];
}

/** `42 s`, `12 min`, `3 h`, `4 d`. */
function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
