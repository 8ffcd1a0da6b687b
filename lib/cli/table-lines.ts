import { countText } from '../count-text.ts';
import type { TableStatus } from '../table/list-tables.ts';
import { columnsText } from './columns-text.ts';

/** Tables as lines of columns: their heads, and a line for each table. */
export interface TableLines {
  heads: string;
  lines: string[];
  /** Heads of the columns for which there is no room. */
  leftOut: string[];
}

/**
 * Tables as a person reads them, in the order in which they are given.
 * @param width of the terminal, in characters: names of tables are shortened to it, and of the other columns those are left
 *   out that do not fit and matter least. Unless it is given, all is there.
 */
export function tableLines(tables: readonly TableStatus[], width = Infinity): TableLines {
  const columns = COLUMNS.filter(({ ofLag }) => !ofLag || tables.some(({ lag }) => lag)).map(({ head, rank, cell }) => {
    const cells = [head, ...tables.map((status) => cell(status) || '-')];
    return { head, rank, cells, width: cells.reduce((most, { length }) => Math.max(most, length), 0) };
  });
  const fitting = fittingColumns(columns, width);
  const cells = columns.flatMap((column) => {
    const room = fitting.get(column.head);
    return room === undefined ? [] : [column.cells.map((text) => shortened(text, room))];
  });
  const [heads = '', ...lines] = columnsText(
    [...tables.keys(), tables.length].map((row) => cells.map((of) => of[row] ?? '')),
  );
  return { heads, lines, leftOut: columns.flatMap(({ head }) => (fitting.has(head) ? [] : head)) };
}

interface Column {
  head: string;
  /** The least is the last to be left out. */
  rank: number;
  cell: (status: TableStatus) => string;
  ofLag?: true;
}

const TABLE = 'TABLE';
const COLUMNS: readonly Column[] = [
  { head: TABLE, rank: 3, cell: ({ table }) => table },
  { head: 'STATE', rank: 0, cell: ({ state }) => state },
  { head: 'KEY', rank: 6, cell: ({ primaryKey }) => primaryKey.join(', ') },
  { head: 'PARTITION', rank: 8, cell: ({ partitionKey }) => partitionKey.join(', ') },
  { head: 'LAST FULL LOAD', rank: 7, cell: ({ lastFullLoad = '' }) => lastFullLoad },
  { head: 'LAST CHANGE FILE', rank: 5, cell: ({ lastChangeFile = '' }) => lastChangeFile },
  { head: 'ROWS TODAY', rank: 4, cell: ({ rowsToday }) => (rowsToday === undefined ? '' : countText(rowsToday)) },
  { head: 'FILES BEHIND', rank: 1, ofLag: true, cell: ({ lag }) => (lag ? countText(lag.files) : '') },
  { head: 'LAG', rank: 2, ofLag: true, cell: ({ lag }) => (lag && lag.files > 0 ? durationText(lag.seconds) : '') },
];

/** How wide each column is that has room, by its head. */
function fittingColumns(
  columns: readonly { head: string; rank: number; width: number }[],
  width: number,
): Map<string, number> {
  const fitting = new Map<string, number>();
  let left = width;
  for (const column of [...columns].sort((a, b) => a.rank - b.rank)) {
    const isTable = column.head === TABLE;
    const room = isTable ? Math.min(column.width, Math.max(NAME_MIN, left)) : column.width;
    const kept = isTable || fitting.has(TABLE) ? 0 : NAME_MIN + GAP;
    if (!isTable && room + kept > left) continue;
    fitting.set(column.head, room);
    left -= room + GAP;
  }
  return fitting;
}

const GAP = 2;
const NAME_MIN = 8;

/** Names of many tables differ at their end. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - end)}…${text.slice(text.length - end)}`;
}

/** `42 s`, `12 min`, `3 h`, `4 d`. */
function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
