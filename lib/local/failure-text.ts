import { CALL } from '../command-text.ts';
import { messageOf, TableBlocked } from '../errors.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import { Refused } from '../table/refused.ts';
import { WrongUsage } from './wrong-usage.ts';

/**
 * Why a command could not do what it was asked for, and what to do instead. Where it arose is told of what nobody can explain.
 * @param command its name
 */
export function failureText(command: string, error: unknown): string {
  const said = `tidemark ${command}: ${reasonText(error)}`;
  if (error instanceof WrongUsage) return `${said}\nSee: ${CALL} ${command} --help`;
  if (error instanceof Refused || error instanceof TableBlocked) return `${said}\n  What to do: ${error.next}`;
  if (error instanceof ObjectChanged || error instanceof TableItemChanged) return `${said}\n  What to do: try again.`;
  if (isOfAws(error)) return `${said}\n${ACCESS}`;
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
}

/** Why it could not, in a sentence. */
export function reasonText(error: unknown): string {
  return isOfAws(error) ? `a request to AWS failed: ${error.name}: ${error.message}` : messageOf(error);
}

const ACCESS =
  'Which permissions a command takes: resources/DEPLOYING.md, "Permissions of the command". Other credentials: --profile.';

/** The SDK marks so what its requests end with. Where in the SDK that was is of no use to anybody. */
function isOfAws(error: unknown): error is Error {
  return error instanceof Error && '$metadata' in error;
}
