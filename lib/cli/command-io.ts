import { availableParallelism } from 'node:os';
import { messageOf, TableBlocked } from '../errors.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import type { PlaceIo } from '../place/place.ts';
import { Refused } from '../table/refused.ts';
import { threadsFor } from '../threads/threads.ts';

/** What a command reads and writes besides its place. */
export interface CommandIo extends PlaceIo {
  /** A line of results. */
  out: (line: string) => void;
  /** Where progress may be drawn, if that is a terminal. */
  terminal?: NodeJS.WritableStream | undefined;
}

/** The process's own. */
export function processIo(): CommandIo {
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    terminal: process.stderr.isTTY ? process.stderr : undefined,
    threads: threadsFor(availableParallelism()),
  };
}

/**
 * Runs a command.
 * @returns its exit code: 1 for wrong usage and refusals, of which it says what to do instead, and unexpected failures.
 */
export async function exitCodeOf(
  command: string,
  { err }: Pick<CommandIo, 'err'>,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof WrongUsage) err(`tidemark ${command}: ${error.message}\nSee: tidemark ${command} --help`);
    else if (error instanceof Refused || error instanceof TableBlocked)
      err(`tidemark ${command}: ${error.message}\n  What to do: ${error.next}`);
    else if (error instanceof ObjectChanged || error instanceof TableItemChanged)
      err(`tidemark ${command}: ${error.message}\n  What to do: try again.`);
    else if (isOfAws(error))
      err(`tidemark ${command}: a request to AWS failed: ${error.name}: ${error.message}\n${ACCESS}`);
    else err(error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error));
    return 1;
  }
}

const ACCESS =
  'Which permissions a command takes: resources/DEPLOYING.md, "Permissions of the command". Other credentials: --profile.';

/** The SDK marks so what its requests end with. Where in the SDK that was is of no use to anybody. */
function isOfAws(error: unknown): error is Error {
  return error instanceof Error && '$metadata' in error;
}
