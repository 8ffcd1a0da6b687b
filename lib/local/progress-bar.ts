import type { SingleBar } from 'cli-progress';
import { startBar } from './terminal-bar.ts';

/** Short runs need no bar. */
const QUIET_MS = 1500;

/** A progress bar on a terminal, from the moment that the work turns out to be long. */
export class ProgressBar {
  readonly #terminal: NodeJS.WritableStream;
  readonly #startedMs = performance.now();
  #bar: SingleBar | undefined;

  constructor(terminal: NodeJS.WritableStream) {
    this.#terminal = terminal;
  }

  update(tablesDone: number, tables: number, files: number): void {
    const elapsedMs = performance.now() - this.#startedMs;
    if (elapsedMs < QUIET_MS) return;
    const facts = { files, seconds: Math.round(elapsedMs / 1000) };
    if (this.#bar) {
      this.#bar.setTotal(tables);
      this.#bar.update(tablesDone, facts);
    } else {
      const format = ' {bar} {value}/{total} tables · {files} files merged · {seconds} s';
      this.#bar = startBar(this.#terminal, format, tables, tablesDone, facts);
    }
  }

  /**
   * Takes the bar away; the next update draws it again. To be called before a line is printed, since a bar goes back to
   * where it began when it is taken away.
   */
  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
