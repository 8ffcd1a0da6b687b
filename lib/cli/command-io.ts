import { availableParallelism } from 'node:os';
import { failureText } from '../local/failure-text.ts';
import type { PlaceIo } from '../place/place.ts';
import { printableLines } from '../printable.ts';
import { threadsFor } from '../threads/threads.ts';
import { Interrupted } from './confirm.ts';

/** What a command reads and writes besides its place. */
export interface CommandIo extends PlaceIo {
  /** A line of results. */
  out: (line: string) => void;
  /** Characters in a line of results, where that is one of a terminal. */
  width?: number | undefined;
  /** Where progress may be drawn, if that is a terminal. */
  terminal?: NodeJS.WritableStream | undefined;
}

/** The process's own. */
export function processIo(): CommandIo {
  return {
    out: (line) => process.stdout.write(`${printableLines(line)}\n`),
    err: (line) => process.stderr.write(`${printableLines(line)}\n`),
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
    terminal: process.stderr.isTTY ? process.stderr : undefined,
    threads: threadsFor(availableParallelism()),
  };
}

/**
 * Runs a command.
 * @returns its exit code: 1 for wrong usage and refusals, of which it says what to do instead, and unexpected failures; 130 for
 *   Ctrl-C at a question.
 */
export async function exitCodeOf<T extends Pick<CommandIo, 'err'>>(
  command: string,
  io: T,
  run: (io: T) => Promise<number>,
): Promise<number> {
  try {
    return await run(io);
  } catch (error) {
    if (error instanceof Interrupted) {
      io.err(error.message);
      return 130;
    }
    io.err(failureText(command, error));
    return 1;
  }
}
