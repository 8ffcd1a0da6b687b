import type { TableStatus } from '../table/list-tables.ts';
import { tableLines } from './table-lines.ts';
import { tableNotes } from './table-notes.ts';
import { tablesSummary } from './tables-summary.ts';

/**
 * Tables as lines for a person: one each, below them what is to be done for those that are blocked, and how many stand how.
 * @param width of the terminal, if it is one
 */
export function tablesText(tables: readonly TableStatus[], width?: number): string[] {
  if (tables.length === 0) return [];
  const { heads, lines, leftOut } = tableLines(tables, width);
  const notes = tables.flatMap(tableNotes).flatMap((paragraph) => ['', ...paragraph]);
  return [heads, ...lines, ...notes, '', summaryText(tables, leftOut)];
}

/** The summary, and which columns are not shown. */
export function summaryText(tables: readonly TableStatus[], leftOut: readonly string[]): string {
  const sign = leftOut.length === 0 ? '' : ` (no room for ${leftOut.join(', ')})`;
  return tablesSummary(tables) + sign;
}
