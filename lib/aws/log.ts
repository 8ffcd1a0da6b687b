import { messageOf } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log, LogFacts } from '../ports/log.ts';

/** One line of JSON for each entry, as CloudWatch Logs Insights takes it: `{"level", "message", "time", …facts}`. */
export function jsonLog(clock: Clock, writeLine: (line: string) => void = writeToStdout): Log {
  const write =
    (level: string) =>
    (message: string, facts: LogFacts = {}): void => {
      const entry = { level, message, time: new Date(clock.now()).toISOString() };
      writeLine(JSON.stringify({ ...entry, ...facts, ...entry }, plain));
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

function writeToStdout(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Errors become their names and messages down the chain of causes: an SDK's error also holds request and answer. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    stack: value.stack
      ?.split('\n')
      .filter((line) => line.startsWith('    at '))
      .map((line) => line.trim()),
    ...(value.cause !== undefined && { cause: value.cause instanceof Error ? value.cause : messageOf(value.cause) }),
    ...(value instanceof AggregateError && { errors: value.errors as unknown[] }),
  };
}
