import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { runLocal, type LocalOptions } from '../local/run.ts';
import { threadsFor } from '../threads/threads.ts';

const EXAMPLES = `
Examples:
  $ npm run --silent tidemark -- local --raw ./raw --lake ./lake --tables tables.json
      merges all there is, then watches ./raw for new files until Ctrl-C
  $ npm run --silent tidemark -- local --raw ./raw --lake ./lake --tables tables.json --once --json
      merges all there is and ends; one JSON line per reconcile that changed a table

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
    .option('-v, --verbose', 'log every step to stderr')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: LocalOptions) => {
      process.exitCode = await runLocal(options, {
        out: (line) => process.stdout.write(`${line}\n`),
        err: (line) => process.stderr.write(`${line}\n`),
        terminal: process.stderr.isTTY ? process.stderr : undefined,
        stop: stopSignal(),
        threads: threadsFor(availableParallelism()),
      });
    });
}

/** The first Ctrl-C ends in good order; the second at once, which is as safe as any kill. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      process.stderr.write('Finishing the tables in hand. Press Ctrl-C again to stop at once.\n');
      stop.abort();
    });
  }
  return stop.signal;
}
