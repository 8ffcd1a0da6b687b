import { messageOf } from '../errors.ts';
import type { Log, LogFacts } from '../ports/log.ts';

/**
 * A log for a person at a terminal: one line each, facts as name=value; what is merely of interest, and where an error
 * arose, only if `verbose`.
 */
export function lineLog(write: (line: string) => void, { verbose }: { verbose: boolean }): Log {
  const line = (level: string, message: string, facts: LogFacts = {}): void => {
    const texts = Object.entries(facts).map(([name, value]) => factText(name, value, verbose));
    write(`${level}: ${message}${texts.join('')}`);
  };
  return {
    info: (message, facts) => {
      if (verbose) line('info', message, facts);
    },
    warn: (message, facts) => line('warning', message, facts),
    error: (message, facts) => line('error', message, facts),
  };
}

function factText(name: string, value: unknown, verbose: boolean): string {
  if (value instanceof Error) return verbose ? `\n${value.stack ?? messageOf(value)}` : '';
  const isPlain = typeof value === 'string' && /^[^\s"=]+$/.test(value);
  return ` ${name}=${isPlain ? value : JSON.stringify(value)}`;
}
