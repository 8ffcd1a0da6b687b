import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { runLocal, type LocalOptions } from '../local/run.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { threadsFor } from '../threads/threads.ts';
import { exitCodeOf } from './command-io.ts';
import { openPage, PAGE_OPTION } from './page-option.ts';
import { stopSignal } from './stop-signal.ts';

const EXAMPLES = `
Examples:
  $ npm run --silent tidemark -- local --raw ./raw --lake ./lake --tables tables.json
      merges all there is, then watches ./raw for new files until Ctrl-C
  $ npm run --silent tidemark -- local --raw ./raw --lake ./lake --tables tables.json --once --json
      merges all there is and ends; one JSON line per reconcile that changed a table
  $ npm run --silent tidemark -- local --raw ./raw --lake ./lake --tables tables.json --ui
      watches, and shows on a page of this machine what happens: tables, files, freshness, newest rows

tables.json:
  {"sales/orders": {"primaryKey": ["id"], "partitionKey": ["day"], "active": true}}

Exit code: 0 all active tables are up to date; 2 a table is blocked (stderr says which, why and what to do); 1 wrong usage
or an unexpected failure. The command can be killed at any moment and started again.`;

/** `tidemark local`: the functions that run on AWS, on folders of this machine. */
export function localCommand(): Command {
  return new Command('local')
    .description('Merges DMS files from one folder into a lake in another.')
    .requiredOption('--raw <folder>', 'folder of the DMS files: <schema>/<table>/LOAD00000001.parquet, …')
    .requiredOption('--lake <folder>', 'folder of the lake: <schema>/<table>/….parquet')
    .option('--tables <file>', 'JSON: the key, partitions and activity of tables; others are registered inactive')
    .option('--state <folder>', "folder of the tables' state (default: <lake>/_tidemark)")
    .option('--once', 'merge all there is and end, instead of watching')
    .option('--json', 'write results as JSON lines to stdout')
    .option(PAGE_OPTION, 'show a page at this port of 127.0.0.1 (default: 4680; 0: any that is free)')
    .option('-v, --verbose', 'log every step to stderr')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async ({ ui, ...options }: LocalOptions & { ui?: string | true }) => {
      const err = (line: string) => process.stderr.write(`${line}\n`);
      process.exitCode = await exitCodeOf('local', { err }, () => {
        if (ui !== undefined && options.once)
          throw new WrongUsage('--ui shows a run that goes on; --once ends it. Give one of the two.');
        return runLocal(options, {
          out: (line) => process.stdout.write(`${line}\n`),
          err,
          terminal: process.stderr.isTTY ? process.stderr : undefined,
          stop: stopSignal('Finishing the tables in hand.'),
          threads: threadsFor(availableParallelism()),
          onlooker: ui === undefined ? undefined : openPage(ui, err),
        });
      });
    });
}
