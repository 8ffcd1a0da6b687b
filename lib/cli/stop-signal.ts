import { constants } from 'node:os';

/**
 * The first Ctrl-C ends in good order; the second at once, which is as safe as any kill.
 * @param text what is still done after the first
 * @param others signals that do the same
 */
export function stopSignal(text: string, ...others: readonly NodeJS.Signals[]): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', ...others] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      process.stderr.write(`${text} Press Ctrl-C again to stop at once.\n`);
      stop.abort();
    });
  }
  return stop.signal;
}

/** These signals end the process at once, yet what is to be done at its exit is done: unlike where nobody listens. */
export function exitOn(...signals: readonly NodeJS.Signals[]): void {
  for (const signal of signals) process.on(signal, () => process.exit(128 + constants.signals[signal]));
}
