import type { SingleBar } from 'cli-progress';
import { startBar } from '../local/terminal-bar.ts';

/** Short runs need no bar. */
const QUIET_MS = 1500;
const FORMAT = ' {bar} {percentage} % · {value} of {total} rows read · {duration} s';

/** How many rows were read, as a bar on a terminal, from the moment that the work turns out to be long. */
export class RowsBar {
  readonly #terminal: NodeJS.WritableStream;
  readonly #startedMs = performance.now();
  #bar: SingleBar | undefined;

  constructor(terminal: NodeJS.WritableStream) {
    this.#terminal = terminal;
  }

  update(read: number, of: number): void {
    if (this.#bar) {
      this.#bar.setTotal(of);
      this.#bar.update(read);
    } else if (performance.now() - this.#startedMs > QUIET_MS) {
      this.#bar = startBar(this.#terminal, FORMAT, of, read);
    }
  }

  /** Takes the bar away. */
  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
