import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '../local/errno.ts';
import type { Clock } from '../ports/clock.ts';
import type { TableStatus } from '../table/list-tables.ts';
import type { CommandIo } from './command-io.ts';
import type { Screen } from './screen.ts';
import { tablesText } from './tables-text.ts';

export interface WatchIo {
  /** Ends the watch. */
  stop?: AbortSignal;
  /** Where tables are drawn in place; without it they are written again whenever one has changed. */
  screen?: Screen | undefined;
}

export interface Watch {
  isJson: boolean;
  milliseconds: number;
  /** What is watched. */
  name: string;
  clock: Clock;
}

/**
 * Lists tables again and again until it is stopped, and shows them.
 * @returns how they stood last
 */
export async function watchTables(
  list: () => Promise<TableStatus[]>,
  watch: Watch,
  { out, screen, stop }: Pick<CommandIo, 'out'> & WatchIo,
): Promise<TableStatus[]> {
  const seen = new Map<string, string>();
  for (;;) {
    const tables = await list();
    const changed = tables.filter((table) => seen.get(table.table) !== factsOf(table));
    const isGone = seen.size > tables.length;
    seen.clear();
    for (const table of tables) seen.set(table.table, factsOf(table));
    const head = `${watch.name}, ${new Date(watch.clock.now()).toISOString()}`;
    if (watch.isJson) for (const table of changed) out(JSON.stringify(table));
    else if (screen)
      screen.draw([`${head}, every ${watch.milliseconds / 1000} s; Ctrl-C ends it`, '', ...tablesText(tables)]);
    else if (changed.length > 0 || isGone) for (const line of [head, ...tablesText(tables), '']) out(line);
    if (await isStopped(watch.milliseconds, stop)) return tables;
  }
}

/** What a table's line says, apart from time that passes by itself. */
function factsOf({ lag, ...status }: TableStatus): string {
  return JSON.stringify({ ...status, behind: lag?.files });
}

async function isStopped(milliseconds: number, stop: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, stop && { signal: stop });
    return false;
  } catch (error) {
    if (!isErrno(error, 'ABORT_ERR')) throw error;
    return true;
  }
}
