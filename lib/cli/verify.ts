import { Command } from 'commander';
import { namedTable } from '../local/table-name.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { PlaceOptions } from '../place/place.ts';
import { addPlaceOptions, openPlace } from '../place/place.ts';
import { RowsBar } from '../verify/rows-bar.ts';
import { verificationText } from '../verify/verification-text.ts';
import { KEYS_AT_ONCE, verifyTable } from '../verify/verify-table.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';

const EXAMPLES = `
Examples:
  $ npm run --silent tidemark -- verify sales/orders --raw ./raw --lake ./lake
      computes from the raw files of sales/orders what its lake should hold, and says how many rows differ, and which keys
  $ npm run --silent tidemark -- verify sales/orders --stage dev --json
      the same for the stack that was deployed as stage dev, as JSON in one line

Nothing is written or locked; the command may run while others merge. All raw files and all lake files of the table are
read, from a bucket too: run it near the bucket.

Exit code: 0 the lake is equal to the raw files that are merged; 2 it differs (the output says in how many rows, in which
range of keys); 1 it cannot be verified (raw files are gone, it is merged all the time), wrong usage or an unexpected failure.`;

export interface VerifyCommandOptions extends PlaceOptions {
  /** As typed: how many keys are held in memory at a time. */
  keysAtOnce?: string;
  json?: boolean;
}

export interface VerifyIo extends CommandIo {
  /** Where to show progress; undefined: nowhere. */
  terminal?: NodeJS.WritableStream | undefined;
}

/** `tidemark verify`: whether the lake holds what the raw files come to. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('Computes from the raw files what the lake should hold, and says how it differs; changes nothing.')
    .argument('<table>', 'the table: <schema>/<table>');
  return addPlaceOptions(command)
    .option(
      '--keys-at-once <number>',
      `keys held in memory, 37 bytes each; more take several passes (default: ${KEYS_AT_ONCE})`,
    )
    .option('--json', 'write the result as JSON, in one line')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async (table: string, options: VerifyCommandOptions) => {
      const terminal = process.stderr.isTTY ? process.stderr : undefined;
      process.exitCode = await runVerify(table, options, { ...processIo(), terminal });
    });
}

/**
 * Compares a table's lake with what its raw files come to. Only reads, and may do so while others merge.
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 equal, 1 wrong usage, or it cannot be verified, or an unexpected failure, 2 it differs.
 */
export function runVerify(table: string, options: VerifyCommandOptions, io: VerifyIo): Promise<number> {
  return exitCodeOf('verify', io, async () => {
    const keysAtOnce = numberOfKeys(options.keysAtOnce);
    const place = await openPlace(options, io);
    const { path, name } = namedTable(table, place.ports.config);
    if (!(await place.ports.tables.get(path))) throw new WrongUsage(`${table} is not known at ${place.name}.`);
    const bar = io.terminal && new RowsBar(io.terminal);
    try {
      const onProgress = (read: number, of: number): void => bar?.update(read, of);
      const result = await verifyTable(path, name, { keysAtOnce, onProgress }, place.ports);
      bar?.clear();
      if (options.json) io.out(JSON.stringify(result));
      else for (const line of verificationText(result)) io.out(line);
      return { equal: 0, differs: 2, unverifiable: 1 }[result.state];
    } finally {
      bar?.clear();
    }
  });
}

function numberOfKeys(text: string | undefined): number {
  const keys = Number(text ?? KEYS_AT_ONCE);
  if (!Number.isSafeInteger(keys) || keys < 1 || keys > KEYS_MAX)
    throw new WrongUsage(`--keys-at-once is ${text ?? ''}. Give a number from 1 to ${KEYS_MAX}.`);
  return keys;
}

/** So many fit into typed arrays. */
const KEYS_MAX = 100_000_000;
