import { Command } from 'commander';
import type { PlanOptions } from '../local/run-plan.ts';
import { runPlan } from '../local/run-plan.ts';

const EXAMPLES = `
Examples:
  $ npm run --silent tidemark -- plan sales/orders --raw ./raw --lake ./lake
      which raw files the next merge of sales/orders takes, which lake files it writes, and why
  $ npm run --silent tidemark -- plan sales/orders --raw ./raw --lake ./lake --tables tables.json --json
      the same as JSON, with the settings in tables.json as if they had been applied

Nothing is written, registered or locked; the command may run while another process merges.

Exit code: 0; 2 the table is blocked (the output says by what, why and what to do); 1 wrong usage or an unexpected failure.`;

/** `tidemark plan`: what the next merge of a table would do, and why. */
export function planCommand(): Command {
  return new Command('plan')
    .description('Says what the next merge of a table would do, and why; changes nothing.')
    .argument('<table>', 'the table: <schema>/<table>')
    .requiredOption('--raw <folder>', 'folder of the DMS files: <schema>/<table>/LOAD00000001.parquet, …')
    .requiredOption('--lake <folder>', 'folder of the lake: <schema>/<table>/….parquet')
    .option('--tables <file>', 'JSON: keys, partitions and activity of tables, taken as if they had been applied')
    .option('--state <folder>', "folder of the tables' state (default: <lake>/_tidemark)")
    .option('--json', 'write the plan as JSON, in one line')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async (table: string, options: PlanOptions) => {
      process.exitCode = await runPlan(table, options, {
        out: (line) => process.stdout.write(`${line}\n`),
        err: (line) => process.stderr.write(`${line}\n`),
      });
    });
}
