import { createInterface } from 'node:readline/promises';
import { isErrno } from '../local/errno.ts';

/** Asks a person; undefined if nobody can be asked. */
export type Confirm = ((question: string) => Promise<boolean>) | undefined;

type Input = NodeJS.ReadableStream & { isTTY?: boolean };
type Output = NodeJS.WritableStream & { isTTY?: boolean };

/** Asks on the process's terminal, if it has one. Ctrl-C and Ctrl-D are a no. */
export function terminalConfirm(input: Input = process.stdin, output: Output = process.stderr): Confirm {
  if (!input.isTTY || !output.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input, output });
    try {
      return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
    } catch (error) {
      if (!isErrno(error, 'ABORT_ERR')) throw error;
      output.write('\n');
      return false;
    } finally {
      terminal.close();
    }
  };
}
