import { availableParallelism } from 'node:os';
import { messageOf } from '../errors.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { PlaceIo } from '../place/place.ts';
import { threadsFor } from '../threads/threads.ts';

/** What a command reads and writes besides its place. */
export interface CommandIo extends PlaceIo {
  /** A line of results. */
  out: (line: string) => void;
}

/** The process's own. */
export function processIo(): CommandIo {
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    threads: threadsFor(availableParallelism()),
  };
}

/** Runs a command. @returns its exit code: 1 for wrong usage, of which it says what was meant, and unexpected failures. */
export async function exitCodeOf(
  command: string,
  { err }: Pick<CommandIo, 'err'>,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof WrongUsage) err(`tidemark ${command}: ${error.message}\nSee: tidemark ${command} --help`);
    else err(error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error));
    return 1;
  }
}
