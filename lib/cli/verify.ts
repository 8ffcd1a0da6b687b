import { Command } from 'commander';
import { jsonLine } from '../json-line.ts';
import { ProgressBar } from '../local/progress-bar.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import { verificationText } from '../verify/verification-text.ts';
import { KEYS_AT_ONCE, verifyTable } from '../verify/verify-table.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { knownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';

const HELP: CommandHelp = {
  examples: [
    [
      'sales/orders --raw ./raw --lake ./lake',
      'computes from the raw files of sales/orders what its lake should hold, and says how many rows differ, and which keys',
    ],
    ['sales/orders --stage dev --json', 'the same for the stack that was deployed as stage dev, as JSON'],
  ],
  notes: [
    'Nothing is written or locked; the command may run while others merge. All raw files and all lake files of the table are read, from a bucket too: run it near the bucket.',
  ],
  json: 'the result in one line: {"table", "state": "equal" | "differs" | "unverifiable", "reason"?, "notes", "files", "rows"?}.',
  exitCodes: {
    0: 'the lake is equal to the raw files that are merged',
    1: 'it cannot be verified (raw files are gone, it is merged all the time)',
    2: 'it differs (the output says in how many rows, in which range of keys)',
  },
};

const ROWS_READ = ' {bar} {percentage} % · {value} of {total} rows read · {seconds} s';

export interface VerifyCommandOptions extends PlaceOptions {
  /** As typed: how many keys are held in memory at a time. */
  keysAtOnce?: string;
  json?: boolean;
}

/** `tidemark verify`: whether the lake holds what the raw files come to. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('Computes from the raw files what the lake should hold, and says how it differs; changes nothing.')
    .argument('<table>', 'the table: <schema>/<table>')
    .option(
      '--keys-at-once <number>',
      `keys held in memory, 37 bytes each; more take several passes (default: ${KEYS_AT_ONCE})`,
    );
  return addCommonOptions(command, HELP).action(async (table: string, options: VerifyCommandOptions) => {
    process.exitCode = await runVerify(table, options, processIo());
  });
}

/**
 * Compares a table's lake with what its raw files come to. Only reads, and may do so while others merge.
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 equal, 1 wrong usage, or it cannot be verified, or an unexpected failure, 2 it differs.
 */
export function runVerify(table: string, options: VerifyCommandOptions, given: CommandIo): Promise<number> {
  return exitCodeOf('verify', placedIo(given, options, table), async (io) => {
    const keysAtOnce = numberOfKeys(options.keysAtOnce);
    const place = await openPlace(options, io);
    const { path, name } = await knownTable(table, place);
    const bar = io.terminal && new ProgressBar(io.terminal, ROWS_READ);
    try {
      const onProgress = (read: number, of: number): void => bar?.update(read, of);
      const result = await verifyTable(path, name, { keysAtOnce, onProgress }, place.ports);
      bar?.clear();
      if (options.json) io.out(jsonLine(result));
      else for (const line of verificationText(result)) io.out(line);
      return { equal: 0, differs: 2, unverifiable: 1 }[result.state];
    } finally {
      bar?.clear();
    }
  });
}

function numberOfKeys(text: string | undefined): number {
  const keys = Number(text ?? KEYS_AT_ONCE);
  if (!Number.isSafeInteger(keys) || keys < KEYS_MIN || keys > KEYS_MAX)
    throw new WrongUsage(`--keys-at-once is ${text ?? ''}. Give a number from ${KEYS_MIN} to ${KEYS_MAX}.`);
  return keys;
}

/** Fewer would save nothing that matters, and read all files again and again. */
const KEYS_MIN = 100_000;
/** So many fit into typed arrays. */
const KEYS_MAX = 100_000_000;
