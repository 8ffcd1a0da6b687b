import { Command } from 'commander';
import { jsonLine } from '../json-line.ts';
import { namedTable } from '../local/table-name.ts';
import { planText } from '../local/plan-text.ts';
import { readTablesFile } from '../local/tables-file.ts';
import type { PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import { planTable } from '../table/plan-table.ts';
import { hasRawObjects } from '../table/raw-listing.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { unknownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';

const HELP: CommandHelp = {
  examples: [
    [
      'sales/orders --raw ./raw --lake ./lake',
      'which raw files the next merge of sales/orders takes, which lake files it writes, and why',
    ],
    ['sales/orders --stage dev', 'the same for the stack that was deployed as stage dev'],
    [
      'sales/orders --raw ./raw --lake ./lake --tables tables.json --json',
      'the same as JSON, with the settings in tables.json as if they had been applied',
    ],
  ],
  notes: ['Nothing is written, registered or locked; the command may run while others merge.'],
  json: 'the plan in one line: {"table", "state", "notes", "blocked"?, "step"?, "slices"?, "waiting"?, "plan"?}.',
  exitCodes: {
    0: 'the table is up to date, to be merged, or inactive',
    1: 'the table is unknown',
    2: 'it is blocked (the output says by what, why and what to do)',
  },
};

export interface PlanOptions extends PlaceOptions {
  /** JSON file of what people set per table: taken as if it had been applied. */
  tables?: string;
  json?: boolean;
}

/** `tidemark plan`: what the next merge of a table would do, and why. */
export function planCommand(): Command {
  const command = new Command('plan')
    .description('Says what the next merge of a table would do, and why; changes nothing.')
    .argument('<table>', 'the table: <schema>/<table>')
    .option('--tables <file>', 'JSON: keys, partitions and activity of tables, taken as if they had been applied');
  return addCommonOptions(command, HELP).action(async (table: string, options: PlanOptions) => {
    process.exitCode = await runPlan(table, options, processIo());
  });
}

/**
 * Says what the next merge of a table would do. Only reads, and may do so while others merge.
 * @param table `<schema>/<table>`
 * @returns the exit code: 0, 1 an unknown table, wrong usage or an unexpected failure, 2 the table is blocked.
 */
export function runPlan(table: string, options: PlanOptions, given: CommandIo): Promise<number> {
  return exitCodeOf('plan', placedIo(given, options, table), async (io) => {
    const place = await openPlace(options, io);
    const settings = options.tables === undefined ? undefined : await readTablesFile(options.tables);
    const { path, name } = namedTable(table, place.ports.config);
    const plan = await planTable(path, name, settings?.get(table), place.ports);
    if (plan.state === 'unknown' && !(await hasRawObjects(path, place.ports.raw)))
      throw await unknownTable(table, place);
    if (options.json) io.out(jsonLine(plan));
    else for (const line of planText(plan)) io.out(line);
    return plan.state === 'blocked' ? 2 : 0;
  });
}
