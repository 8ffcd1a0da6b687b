import { commandText } from '../command-text.ts';
import { counted, countText } from '../count-text.ts';
import { byFile } from '../errors.ts';
import type { TableOutcome } from '../table/reconcile-batch.ts';
import { failureText } from './failure-text.ts';
import { ProgressBar } from './progress-bar.ts';
import { readableLine, reportJson } from './report-line.ts';

export interface Console {
  /** A line of results. */
  out: (line: string) => void;
  /** A line for the person in front of it. */
  err: (line: string) => void;
  /** Where a progress bar may be drawn, if that is a terminal. */
  terminal?: NodeJS.WritableStream | undefined;
}

const BAR_FORMAT = ' {bar} {value}/{total} tables · {files} merged · {seconds} s';

/**
 * Tells of the tables as they are reconciled, and how they stand in the end. Results go to `out`, all else to `err`;
 * of a table that is blocked it tells once, until its reason changes.
 */
export class ConsoleReport {
  readonly #console: Console;
  readonly #json: boolean;
  readonly #bar: ProgressBar | undefined;
  /** How each table stood last, by path. */
  readonly #outcomes = new Map<string, TableOutcome>();
  /** Tables given up after repeated failures, by path. */
  readonly #failed = new Set<string>();
  #files = 0;
  #settled = false;
  #refused = false;

  constructor(console: Console, { json }: { json: boolean }) {
    this.#console = console;
    this.#json = json;
    this.#bar = console.terminal && new ProgressBar(console.terminal, BAR_FORMAT);
  }

  /** @param waiting tables that are still to be reconciled */
  outcomes(outcomes: readonly TableOutcome[], waiting: number): void {
    for (const outcome of outcomes) {
      const { path, report, blocked } = outcome;
      const before = this.#outcomes.get(path)?.blocked;
      if (this.#settled && outcome.state === 'inactive' && !this.#outcomes.has(path)) this.note(inactiveText([path]));
      this.#outcomes.set(path, outcome);
      if (report) this.#outLine(this.#json ? reportJson(report) : readableLine(report));
      if (report) this.#files += report.loadFiles + report.changeFiles;
      if (blocked && !(before && isSame(before, blocked))) this.note(blockedText(path, blocked));
      if (before && !blocked) this.note(`${nameOf(path)} is not blocked any more.`);
    }
    this.#bar?.update(this.#outcomes.size, this.#outcomes.size + waiting, {
      files: counted(this.#files, 'file'),
    });
  }

  /** A table could not be reconciled; the log says why. */
  givenUp(path: string, tries: number): void {
    this.#failed.add(path);
    this.note(`${nameOf(path)} failed ${tries} times (see above) and is not up to date. Start again to go on.`);
  }

  /** A table's settings do not fit its raw files: it keeps those that it has, and the others go on. */
  refused(table: string, reason: string): void {
    this.#refused = true;
    this.note(
      `--tables: the settings of ${table} are not taken over: ${reason}\n` +
        '  What to do: Name columns that its files have in the file of --tables, and start again.',
    );
  }

  note(line: string): void {
    this.#bar?.clear();
    this.#console.err(line);
  }

  failed(error: unknown): void {
    this.note(failureText('local', error));
  }

  /** Whenever all there is is merged: says, the first time, which tables are inactive. Of later ones it tells one by one. */
  settle(): void {
    this.#bar?.clear();
    if (this.#settled) return;
    this.#settled = true;
    const inactive = this.#pathsOf('inactive');
    if (inactive.length > 0) this.note(inactiveText(inactive));
  }

  /** All there is is merged, and the run ends with that: says how many tables are up to date. */
  end(): void {
    this.settle();
    const upToDate = this.#pathsOf('active').filter((path) => !this.#failed.has(path));
    if (upToDate.length > 0) this.note(`${counted(upToDate.length, 'table')} up to date.`);
  }

  /** The exit code: 0 all active tables are up to date, 1 one could not be reconciled or configured, 2 one is blocked. */
  finish(): number {
    this.settle();
    const blocked = this.#pathsOf('blocked');
    if (blocked.length > 0) this.note(`${counted(blocked.length, 'table')} blocked: ${listed(blocked)}`);
    if (this.#failed.size > 0 || this.#refused) return 1;
    return blocked.length > 0 ? 2 : 0;
  }

  #pathsOf(state: TableOutcome['state']): string[] {
    return [...this.#outcomes.values()].filter((outcome) => outcome.state === state).map(({ path }) => path);
  }

  #outLine(line: string): void {
    this.#bar?.clear();
    this.#console.out(line);
  }
}

/** `<schema>/<table>` of a table's path `raw/<schema>/<table>/`. */
function nameOf(path: string): string {
  return path.slice(path.indexOf('/') + 1, -1);
}

type Blocked = NonNullable<TableOutcome['blocked']>;

function isSame(one: Blocked, other: Blocked): boolean {
  return one.file === other.file && one.reason === other.reason;
}

function blockedText(path: string, { file, reason, next }: Blocked): string {
  return `${nameOf(path)} is blocked${byFile(file)}: ${reason}\n  What to do: ${next}`;
}

function inactiveText(paths: string[]): string {
  const table = nameOf(paths[0] ?? '');
  const example = JSON.stringify({ [table]: { primaryKey: ['id'], active: true } });
  return (
    `${counted(paths.length, 'table')} inactive, so not merged: ${listed(paths)}\n` +
    `  To activate a table: ${commandText('activate', table, '--primary-key', '…')}; or name it and its key in the file of ` +
    `--tables, and start again: ${example}`
  );
}

const NAMES_MAX = 20;

function listed(paths: string[]): string {
  const more = paths.length - NAMES_MAX;
  return [...paths.slice(0, NAMES_MAX).map(nameOf), ...(more > 0 ? [`and ${countText(more)} more`] : [])].join(', ');
}
