import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { CompactOptions } from '../local/run-compact.ts';
import { runCompact } from '../local/run-compact.ts';
import { threadsFor } from '../threads/threads.ts';

const EXAMPLES = `
Examples:
  $ npm run --silent tidemark -- compact sales/orders --raw ./raw --lake ./lake
      merges what there is of sales/orders, then lays those files out anew that hold small row groups or more than 5 % of
      bytes no longer in use
  $ npm run --silent tidemark -- compact sales/orders --raw ./raw --lake ./lake --purge
      every file with any byte no longer in use, so that changed and deleted values are gone from the lake

It may be killed at any moment and started again, and may run while other processes merge.

On AWS, send the same request to the queue of wake-ups; purge and join must both be said:
  TABLE='<raw bucket>/<prefix><schema>/<table>/'
  CAUSE="compaction $(date +%s)"
  aws sqs send-message --queue-url "$WAKE_UPS_QUEUE_URL" --message-body "{\\"table\\":\\"$TABLE\\",\\"cause\\":\\"$CAUSE\\",\\"compact\\":{\\"purge\\":false,\\"join\\":false}}" --message-group-id "$(printf '%s' "$TABLE" | sha256sum | cut -c1-64)" --message-deduplication-id "$(printf '%s\\n%s' "$TABLE" "$CAUSE" | sha256sum | cut -c1-64)"

Exit code: 0 all is done; 2 the table is blocked (stderr says why and what to do); 1 it is inactive or unknown, wrong usage
or an unexpected failure.`;

/** `tidemark compact`: lays the files of a table out anew. */
export function compactCommand(): Command {
  return new Command('compact')
    .description("Lays a table's lake files out anew, each within its own key, after merging what there is.")
    .argument('<table>', 'the table: <schema>/<table>')
    .requiredOption('--raw <folder>', 'folder of the DMS files: <schema>/<table>/LOAD00000001.parquet, …')
    .requiredOption('--lake <folder>', 'folder of the lake: <schema>/<table>/….parquet')
    .option('--state <folder>', "folder of the tables' state (default: <lake>/_tidemark)")
    .option('--purge', 'every file with any byte no longer in use: changed and deleted values are gone then')
    .option('--join', 'join small files of a partition; readers may find rows twice, or miss them, meanwhile')
    .option('-y, --yes', 'join without asking')
    .option('--json', 'write results as JSON lines to stdout')
    .option('-v, --verbose', 'log every step to stderr')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async (table: string, options: CompactOptions) => {
      process.exitCode = await runCompact(table, options, {
        out: (line) => process.stdout.write(`${line}\n`),
        err: (line) => process.stderr.write(`${line}\n`),
        confirm: process.stdin.isTTY && process.stderr.isTTY ? confirm : undefined,
        threads: threadsFor(availableParallelism()),
      });
    });
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
