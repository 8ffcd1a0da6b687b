import { counted } from '../count-text.ts';
import type { TableStatus } from '../table/list-tables.ts';
import { wrappedText } from './columns-text.ts';
import type { ScreenSize } from './screen.ts';
import { tableLines } from './table-lines.ts';
import { tableNotes } from './table-notes.ts';
import { standingOf } from './tables-summary.ts';
import { summaryText } from './tables-text.ts';

interface ScreenTexts {
  /** What is watched, and how. */
  head: readonly string[];
  /** Texts of what to do as a person is shown them. */
  shown: (text: string) => string;
}

/**
 * Tables as they fit a screen: what a person should look at first is at its top, and below each table what is to be done. What
 * does not fit is counted.
 */
export function tablesScreen(
  tables: readonly TableStatus[],
  { head, shown }: ScreenTexts,
  { rows, columns }: ScreenSize,
): string[] {
  const sorted = [...tables].sort((a, b) => urgencyOf(a) - urgencyOf(b));
  const { heads, lines, leftOut } = tableLines(sorted, columns);
  const notes = (table: TableStatus): string[] =>
    tableNotes(table)
      .flat()
      .flatMap((line) => wrappedText(shown(line.trim()), columns, INDENT));
  const blocks = sorted.map((table, i) => [lines[i] ?? '', ...notes(table)]);
  const above = [...head, summaryText(tables, leftOut)].flatMap((line) => wrappedText(line, columns));
  const top = [...above, '', ...(tables.length === 0 ? [] : [heads])];
  const count = fitting(blocks, rows - top.length);
  return [...top, ...blocks.slice(0, count).flat(), ...moreLines(sorted.slice(count), columns)];
}

const INDENT = '    ';

/** Blocked tables, those that the catalog does not take, those that are at work or behind, and the rest; each by name. */
function urgencyOf(table: TableStatus): number {
  const standing = standingOf(table);
  if (standing === 'blocked') return 0;
  if (table.catalog?.failed) return 1;
  return standing === 'merging' || standing === 'behind' ? 2 : 3;
}

/** How many of the blocks have room, each of them whole; the first is shown in any case. */
function fitting(blocks: readonly (readonly string[])[], rows: number): number {
  let [count, taken] = [0, 0];
  for (const block of blocks) {
    taken += block.length;
    const lineOfRest = count + 1 < blocks.length ? 1 : 0;
    if (taken + lineOfRest > rows && count > 0) break;
    count++;
  }
  return count;
}

function moreLines(hidden: readonly TableStatus[], columns: number): string[] {
  if (hidden.length === 0) return [];
  const blocked = hidden.filter(({ state }) => state === 'blocked').length;
  const urgent = blocked === 0 ? '' : `, ${blocked} of them blocked`;
  return wrappedText(`… and ${counted(hidden.length, 'more table')}${urgent}`, columns);
}
