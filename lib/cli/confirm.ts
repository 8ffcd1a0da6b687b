import { createInterface } from 'node:readline/promises';
import { isErrno } from '../local/errno.ts';

/** Asks a person; undefined if nobody can be asked. @throws Interrupted */
export type Confirm = ((question: string) => Promise<boolean>) | undefined;

type Input = NodeJS.ReadableStream & { isTTY?: boolean };
type Output = NodeJS.WritableStream & { isTTY?: boolean };

/** A question was answered with Ctrl-C: nothing that it was about was begun. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('Nothing was done.');
  }
}

/** Asks on the process's terminal, if it has one. Ctrl-D is a no; Ctrl-C, which is no signal meanwhile, ends the command. */
export function terminalConfirm(input: Input = process.stdin, output: Output = process.stderr): Confirm {
  if (!input.isTTY || !output.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input, output });
    const interrupt = new AbortController();
    terminal.once('SIGINT', () => interrupt.abort());
    try {
      return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: interrupt.signal })).trim());
    } catch (error) {
      if (!isErrno(error, 'ABORT_ERR')) throw error;
      output.write('\n');
      if (interrupt.signal.aborted) throw new Interrupted();
      return false;
    } finally {
      terminal.close();
    }
  };
}
