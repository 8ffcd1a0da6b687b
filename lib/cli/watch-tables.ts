import { setTimeout as sleep } from 'node:timers/promises';
import { legible } from '../errors.ts';
import { jsonLine } from '../json-line.ts';
import { isErrno } from '../local/errno.ts';
import { reasonText } from '../local/failure-text.ts';
import type { Clock } from '../ports/clock.ts';
import type { TableStatus } from '../table/list-tables.ts';
import type { CommandIo } from './command-io.ts';
import { isLastingRefusal } from './lasting-refusal.ts';
import type { Screen } from './screen.ts';
import { tablesScreen } from './tables-screen.ts';
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
  /** Texts of what to do as a person is shown them on a screen. */
  shown: (text: string) => string;
}

/**
 * Lists tables again and again until it is stopped, and shows them. A listing that fails is told of and tried again.
 * @returns how they stood last
 * @throws whatever the first listing throws, and what a later one throws that will not go well by itself
 */
export async function watchTables(
  list: () => Promise<TableStatus[]>,
  watch: Watch,
  io: Pick<CommandIo, 'out' | 'err'> & WatchIo,
): Promise<TableStatus[]> {
  const output = new WatchOutput(watch, io);
  let tables = await list();
  output.listed(tables);
  while (!(await isStopped(watch.milliseconds, io.stop))) {
    try {
      tables = await list();
      output.listed(tables);
    } catch (error) {
      if (isLastingRefusal(error)) throw error;
      output.failed(error);
    }
  }
  return tables;
}

/** What has been shown so far, and where. */
class WatchOutput {
  readonly #watch: Watch;
  readonly #io: Pick<CommandIo, 'out' | 'err'> & WatchIo;
  /** By table. */
  readonly #seen = new Map<string, string>();
  #last: { tables: readonly TableStatus[]; time: string } = { tables: [], time: '' };
  #isFailing = false;

  constructor(watch: Watch, io: Pick<CommandIo, 'out' | 'err'> & WatchIo) {
    this.#watch = watch;
    this.#io = io;
  }

  listed(tables: readonly TableStatus[]): void {
    const changed = tables.filter((table) => this.#seen.get(table.table) !== factsOf(table));
    const isGone = this.#seen.size > tables.length;
    this.#seen.clear();
    for (const table of tables) this.#seen.set(table.table, factsOf(table));
    this.#last = { tables, time: this.#time() };
    const { out, err, screen } = this.#io;
    const { isJson, name, milliseconds } = this.#watch;
    if (this.#isFailing && (isJson || !screen)) err(`${name} can be read again.`);
    this.#isFailing = false;
    const head = `${name}, ${this.#last.time}`;
    if (isJson) for (const table of changed) out(jsonLine(table));
    else if (screen) this.#draw(screen, [`${head}, every ${milliseconds / 1000} s; Ctrl-C ends it`]);
    else if (changed.length > 0 || isGone) for (const line of [head, ...tablesText(tables), '']) out(line);
  }

  failed(error: unknown): void {
    const { name, milliseconds, isJson } = this.#watch;
    const { err, screen } = this.#io;
    const what = `${name} could not be read: ${legible(reasonText(error))}`;
    const again = `It is tried again every ${milliseconds / 1000} s`;
    if (screen && !isJson)
      this.#draw(screen, [`${this.#time()}: ${what}`, `${again}; Ctrl-C ends it. As it was ${this.#last.time}:`]);
    else if (!this.#isFailing) err(`${what}\n  ${again}.`);
    this.#isFailing = true;
  }

  #draw(screen: Screen, head: readonly string[]): void {
    screen.draw(tablesScreen(this.#last.tables, { head, shown: this.#watch.shown }, screen.size));
  }

  #time(): string {
    return new Date(this.#watch.clock.now()).toISOString();
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
