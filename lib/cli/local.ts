import { Command } from 'commander';
import { runLocal, type LocalOptions } from '../local/run.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addHelp } from './help.ts';
import { openPage, PAGE_OPTION } from './page-option.ts';
import { placedIo } from './placed-io.ts';
import { stopSignal } from './stop-signal.ts';

const HELP: CommandHelp = {
  examples: [
    ['--raw ./raw --lake ./lake', 'merges all there is, then watches ./raw for new files until Ctrl-C'],
    [
      '--raw ./raw --lake ./lake --tables tables.json --once --json',
      'sets keys and activity as tables.json says, merges all there is and ends',
    ],
    [
      '--raw ./raw --lake ./lake --ui',
      'watches, and shows on a page of this machine what happens: tables, files, freshness, newest rows',
    ],
  ],
  notes: [
    'tables.json: {"sales/orders": {"primaryKey": ["id"], "partitionKey": ["day"], "active": true}}; tidemark activate sets the same. A table that is named there is registered once it has raw files.',
    'The command can be killed at any moment and started again.',
  ],
  json: 'one line per reconcile that changed a table: its counts of files, rows, row groups and bytes, and its time; everything else goes to stderr.',
  exitCodes: {
    0: 'all active tables are up to date',
    1: 'a table failed again and again, or settings in the file of --tables are not those of its raw files (stderr says why)',
    2: 'a table is blocked (stderr says which, why and what to do)',
  },
};

/** `tidemark local`: the functions that run on AWS, on folders of this machine. */
export function localCommand(): Command {
  const command = new Command('local')
    .description('Merges DMS files from one folder into a lake in another.')
    .requiredOption('--raw <folder>', 'folder of the DMS files: <schema>/<table>/LOAD00000001.parquet, …')
    .requiredOption('--lake <folder>', 'folder of the lake: <schema>/<table>/….parquet')
    .option('--tables <file>', 'JSON: the key, partitions and activity of tables; others are registered inactive')
    .option('--state <folder>', "folder of the tables' state (default: <lake>/_tidemark)")
    .option('--once', 'merge all there is and end, instead of watching')
    .option(PAGE_OPTION, 'show a page at this port of 127.0.0.1 (default: 4680; 0: any that is free)')
    .option('--json', 'write results to stdout as JSON')
    .option('-v, --verbose', 'log every step to stderr');
  return addHelp(command, HELP).action(async ({ ui, ...options }: LocalOptions & { ui?: string | true }) => {
    process.exitCode = await exitCodeOf('local', placedIo(processIo(), options), (io) => {
      if (ui !== undefined && options.once)
        throw new WrongUsage('--ui shows a run that goes on; --once ends it. Give one of the two.');
      const stop = stopSignal('Finishing the tables in hand.');
      const onlooker = ui === undefined ? undefined : openPage(ui, io.err, options);
      return runLocal(options, { ...io, stop, onlooker });
    });
  });
}
