/**
 * The first Ctrl-C ends in good order; the second at once, which is as safe as any kill.
 * @param text what is still done after the first
 */
export function stopSignal(text: string): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      process.stderr.write(`${text} Press Ctrl-C again to stop at once.\n`);
      stop.abort();
    });
  }
  return stop.signal;
}
