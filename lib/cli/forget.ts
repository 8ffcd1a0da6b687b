import { Command } from 'commander';
import { jsonLine } from '../json-line.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { PlannedForgetting } from '../table/forget.ts';
import { forget, planForgetting } from '../table/forget.ts';
import { rowOfItem } from '../table/item.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { Confirm } from './confirm.ts';
import { terminalConfirm } from './confirm.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { knownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';

const HELP: CommandHelp = {
  examples: [
    ['sales/prodct --stage dev', 'a table that somebody mistyped is listed no more'],
    ['sales/orders --raw ./raw --lake ./lake --dry-run', 'says what would be removed and what stays; changes nothing'],
  ],
  notes: [
    "The table's row is removed, and nothing else: lake files, its history and its entry in the catalog stay, and are told of. It is for tables that have no raw files: one that has would be registered anew by the next sweep, and merged files be merged again. Where any were merged, deactivate it first. Should DMS write it again one day, it is registered as a new table, inactive.",
    'On AWS it takes dynamodb:GetItem and dynamodb:DeleteItem on the controller table, s3:ListBucket on both buckets, and cloudformation:DescribeStacks.',
  ],
  json: 'one line: {"table", "lake"?, "catalog"?}, the prefix of lake files and the entry in the catalog that stay; and "dryRun": true.',
  exitCodes: { 0: 'it is forgotten', 1: 'it is unknown, or refused (stderr says why and what to do)' },
};

export interface ForgetOptions extends PlaceOptions {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

export interface ForgetIo extends CommandIo {
  confirm?: Confirm;
}

/** `tidemark forget`: removes the row of a table that is no more. */
export function forgetCommand(): Command {
  const command = new Command('forget')
    .description('Removes the row of a table without raw files; its lake files stay.')
    .argument('<table>', 'the table: <schema>/<table>')
    .option('--dry-run', 'say what would be removed and what stays; change nothing')
    .option('-y, --yes', 'do not ask');
  return addCommonOptions(command, HELP).action(async (table: string, options: ForgetOptions) => {
    process.exitCode = await runForget(table, options, { ...processIo(), confirm: terminalConfirm() });
  });
}

/**
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 forgotten, 1 unknown, refused, wrong usage or an unexpected failure.
 */
export function runForget(table: string, options: ForgetOptions, given: ForgetIo): Promise<number> {
  return exitCodeOf('forget', placedIo(given, options, table), async (io) => {
    const place = await openPlace(options, io);
    const { name, item } = await knownTable(table, place);
    const planned = await planForgetting({ ...rowOfItem(item), item }, name, place.ports);
    if (!options.dryRun) {
      if (!options.yes && !(await isConfirmed(table, place, io))) return 1;
      await forget(planned, place.ports);
    }
    if (options.json) io.out(jsonOf(table, planned, options));
    else
      io.out(`${table}: ${options.dryRun ? 'its row would be removed' : 'its row is removed'}. ${staysText(planned)}`);
    return 0;
  });
}

async function isConfirmed(table: string, { name }: Place, { confirm, err }: ForgetIo): Promise<boolean> {
  const what = `The row of ${table} is removed at ${name}: its keys, and what of it is merged.`;
  if (!confirm) throw new WrongUsage(`${what} Give --yes to do it.`);
  const isYes = await confirm(`${what} Do it now?`);
  if (!isYes) err('Nothing was done.');
  return isYes;
}

function jsonOf(table: string, { lake, catalog }: PlannedForgetting, { dryRun }: ForgetOptions): string {
  return jsonLine({ table, lake, catalog, ...(dryRun && { dryRun }) });
}

function staysText({ lake, catalog }: PlannedForgetting): string {
  const files = lake === undefined ? 'It has no lake files.' : `Its lake files stay, in ${lake} of the lake.`;
  return catalog === undefined ? files : `${files} Its entry ${catalog} stays in the catalog.`;
}
