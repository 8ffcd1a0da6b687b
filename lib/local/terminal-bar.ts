import { Presets, SingleBar } from 'cli-progress';

/**
 * Draws a progress bar on a terminal, and has a Ctrl-C give the terminal back as it was: a bar hides the cursor and has long
 * lines cut off, which would outlive the process.
 * @param format what stands in the line, as cli-progress has it
 * @param facts values of `format` besides its own
 */
export function startBar(
  terminal: NodeJS.WritableStream,
  format: string,
  total: number,
  value: number,
  facts?: Readonly<Record<string, number | string>>,
): SingleBar {
  const options = { format, stream: terminal, clearOnComplete: true, hideCursor: true };
  const bar = new TerminalBar(options, Presets.shades_classic);
  bar.start(total, value, facts);
  return bar;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

class TerminalBar extends SingleBar {
  readonly #interrupted = (signal: NodeJS.Signals): void => {
    this.stop();
    // Who listens decides what becomes of the process; if nobody does, it ends as it would have.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  override start(total: number, value: number, facts?: object): void {
    super.start(total, value, facts);
    // Before others, whose lines would be drawn into the bar.
    for (const signal of SIGNALS) process.prependListener(signal, this.#interrupted);
  }

  override stop(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
    super.stop();
  }
}
