import { Command } from 'commander';
import { commandText } from '../command-text.ts';
import { jsonLine } from '../json-line.ts';
import type { Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import { configureTable } from '../table/configure.ts';
import { rowOfItem } from '../table/item.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { knownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';

const HELP: CommandHelp = {
  examples: [
    ['sales/orders --stage dev', 'nothing of sales/orders is merged any more'],
    ['sales/orders --raw ./raw --lake ./lake', 'the same on folders'],
  ],
  notes: [
    'Its keys, its lake and what is merged stay as they are; raw files that arrive wait. tidemark activate goes on from there. A merge that is under way does not come to its commit; what it has written is taken over then.',
  ],
  json: 'one line: {"table", "state": "inactive", "isChange"}.',
  exitCodes: { 0: 'the table is inactive', 1: 'it is unknown' },
};

export interface DeactivateOptions extends PlaceOptions {
  json?: boolean;
}

/** `tidemark deactivate`: has a table rest. */
export function deactivateCommand(): Command {
  const command = new Command('deactivate')
    .description('Has a table rest: nothing of it is merged until it is activated again.')
    .argument('<table>', 'the table: <schema>/<table>');
  return addCommonOptions(command, HELP).action(async (table: string, options: DeactivateOptions) => {
    process.exitCode = await runDeactivate(table, options, processIo());
  });
}

/**
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 inactive, 1 unknown, wrong usage or an unexpected failure.
 */
export function runDeactivate(table: string, options: DeactivateOptions, given: CommandIo): Promise<number> {
  return exitCodeOf('deactivate', placedIo(given, options, table), async (io) =>
    deactivateAt(await openPlace(options, io), table, options, io),
  );
}

/** The same at a place that is open. */
export async function deactivateAt(
  place: Place,
  table: string,
  { json = false }: Pick<DeactivateOptions, 'json'>,
  io: CommandIo,
): Promise<number> {
  const { item } = await knownTable(table, place);
  const isChange = rowOfItem(item).settings.active;
  if (isChange) await configureTable(table, { active: false }, place.ports);
  if (json) io.out(jsonLine({ table, state: 'inactive', isChange }));
  else
    io.out(
      `${table}: ${isChange ? '' : 'already '}inactive. Its lake stays as it is. To go on: ${commandText('activate', table)}`,
    );
  return 0;
}
