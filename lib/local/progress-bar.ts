import type { SingleBar } from 'cli-progress';
import { startBar } from './terminal-bar.ts';

/** Short runs need no bar. */
const QUIET_MS = 1500;

/** A progress bar on a terminal, from the moment that the work turns out to be long. */
export class ProgressBar {
  readonly #terminal: NodeJS.WritableStream;
  readonly #format: string;
  readonly #startedMs = performance.now();
  #bar: SingleBar | undefined;

  /** @param format what stands in the line, as cli-progress has it, with `{seconds}` for the time since the beginning */
  constructor(terminal: NodeJS.WritableStream, format: string) {
    this.#terminal = terminal;
    this.#format = format;
  }

  /** @param facts values of the format besides `value`, `total` and `seconds` */
  update(value: number, total: number, facts: Readonly<Record<string, number | string>> = {}): void {
    const elapsedMs = performance.now() - this.#startedMs;
    if (elapsedMs < QUIET_MS) return;
    const shown = { ...facts, seconds: Math.round(elapsedMs / 1000) };
    if (this.#bar) {
      this.#bar.setTotal(total);
      this.#bar.update(value, shown);
    } else this.#bar = startBar(this.#terminal, this.#format, total, value, shown);
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
