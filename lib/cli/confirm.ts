import { createInterface } from 'node:readline/promises';

/** Asks a person; undefined if nobody can be asked. */
export type Confirm = ((question: string) => Promise<boolean>) | undefined;

/** Asks on the process's terminal, if it has one. */
export function terminalConfirm(): Confirm {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
    } finally {
      terminal.close();
    }
  };
}
