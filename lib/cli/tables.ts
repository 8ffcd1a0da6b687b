import { Command } from 'commander';
import { counted } from '../local/report-line.ts';
import type { PlaceOptions } from '../place/place.ts';
import { addPlaceOptions, openPlace } from '../place/place.ts';
import type { TableStatus } from '../table/list-tables.ts';
import { listTables } from '../table/list-tables.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';

const EXAMPLES = `
Examples:
  $ npm run --silent tidemark -- tables --raw ./raw --lake ./lake
      every table of these folders: its state, keys, last full load and last change file; of a blocked one what to do
  $ npm run --silent tidemark -- tables --stage dev --lag
      the same for the stack that was deployed as stage dev, and how many files each table is behind, and for how long
  $ npm run --silent tidemark -- tables --stage dev --json | jq 'select(.state == "blocked")'
      one line of JSON per table

Without --lag only the controller table is read; with it the raw files of each table are listed, from its last whole
listing on. Nothing is changed.

Exit code: 0; 2 a table is blocked; 1 wrong usage or an unexpected failure.`;

export interface TablesOptions extends PlaceOptions {
  lag?: boolean;
  json?: boolean;
}

/** `tidemark tables`: how every table stands. */
export function tablesCommand(): Command {
  const command = new Command('tables').description('Says how every table stands; changes nothing.');
  return addPlaceOptions(command)
    .option('--lag', 'also list the raw files: how many wait for each table, and since when')
    .option('--json', 'one line of JSON per table')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: TablesOptions) => {
      process.exitCode = await runTables(options, processIo());
    });
}

/** @returns the exit code: 0, 1 wrong usage or an unexpected failure, 2 a table is blocked. */
export function runTables(options: TablesOptions, io: CommandIo): Promise<number> {
  return exitCodeOf('tables', io, async () => {
    const place = await openPlace(options, io);
    const { tables, others } = await listTables({ lag: options.lag ?? false }, place.ports);
    for (const line of options.json ? tables.map((table) => JSON.stringify(table)) : await textOf(tables)) io.out(line);
    if (tables.length === 0)
      io.err(`No table is registered at ${place.name}: the first raw file of each registers it.`);
    if (others > 0) io.err(`Left out: ${counted(others, 'row')} of other raw buckets or prefixes.`);
    return tables.some(({ state }) => state === 'blocked') ? 2 : 0;
  });
}

async function textOf(tables: readonly TableStatus[]): Promise<string[]> {
  // Only here: loading a table printer would slow every other command down.
  const { tablesText } = await import('./tables-text.ts');
  return tablesText(tables);
}
