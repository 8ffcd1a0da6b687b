import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { messageOf } from '../errors.ts';
import { withoutPartitionValues } from '../lake/lake-file.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log, LogFacts } from '../ports/log.ts';
import { currentRequestId } from './request.ts';
import { writeToStdout } from './stdout.ts';

export type LogLevel = 'info' | 'warn' | 'error';

/**
 * One line of JSON for each entry of `level` and above, as CloudWatch Logs Insights takes it:
 * `{"level", "message", "time", "requestId", …facts}`.
 */
export function jsonLog(
  clock: Clock,
  writeLine: (line: string) => void = writeToStdout,
  level: LogLevel = 'info',
): Log {
  const logLevel = LEVELS[level];
  const logger = new LineLogger({ logLevel, logFormatter: new EntryFormatter(clock) }, writeLine);
  // One name for all facts: they are the caller's, whatever names the logger has uses for.
  return {
    info: (message, facts = {}) => logger.info(message, { facts }),
    warn: (message, facts = {}) => logger.warn(message, { facts }),
    error: (message, facts = {}) => logger.error(message, { facts }),
  };
}

const LEVELS = { info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;

class LineLogger extends Logger {
  readonly #writeLine: (line: string) => void;

  constructor(options: ConstructorParameters<typeof Logger>[0], writeLine: (line: string) => void) {
    super(options);
    this.#writeLine = writeLine;
  }

  protected override printLog(_level: number, item: LogItem): void {
    this.#writeLine(JSON.stringify(item.getAttributes(), plain));
  }
}

class EntryFormatter extends LogFormatter {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override formatAttributes({ logLevel, message }: UnformattedAttributes, { facts }: LogAttributes): LogItem {
    const requestId = currentRequestId();
    const entry = {
      level: logLevel.toLowerCase(),
      message,
      time: new Date(this.#clock.now()).toISOString(),
      ...(requestId !== undefined && { requestId }),
    };
    return new LogItem({ attributes: { ...entry, ...(facts as LogFacts), ...entry } });
  }
}

/**
 * Errors become their names and messages down the chain of causes: an SDK's error also holds request and answer. Values of rows
 * that are folders of the lake are left out, whoever named the file.
 */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return withoutPartitionValues(value);
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
