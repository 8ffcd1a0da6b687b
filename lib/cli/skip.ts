import { Command } from 'commander';
import { commandText, TABLE } from '../command-text.ts';
import { jsonLine } from '../json-line.ts';
import { exitCodeOfTable, notUpToDateText } from '../place/brought-text.ts';
import type { Brought, Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import { Refused } from '../table/refused.ts';
import type { PlannedSkip } from '../table/skip.ts';
import { skipFile } from '../table/skip.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { knownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';

const HELP: CommandHelp = {
  examples: [
    [
      'sales/orders 20260301-101500123.parquet --raw ./raw --lake ./lake',
      'the table goes on without that file, which was in its way',
    ],
    ['sales/orders 20260301-101500123.parquet --stage dev --undo', 'the file counts again'],
  ],
  notes: [
    'A skip is of this version of the file: what is put at its key later is looked at, and merged as a late file. A file that is merged already cannot be skipped. tidemark plan shows what is skipped.',
  ],
  json: 'one line: {"table", "file", "outcome", "isRebuilt", "state", "blocked"?}.',
  exitCodes: {
    0: 'done',
    1: 'it is refused (stderr says why and what to do), or not finished',
    2: 'the table is blocked, by another file (stderr says why and what to do)',
  },
};

export interface SkipOptions extends PlaceOptions {
  undo?: boolean;
  json?: boolean;
}

/** `tidemark skip`: has a table go on without a raw file. */
export function skipCommand(): Command {
  const command = new Command('skip')
    .description('Has a table go on without a raw file, such as one that cannot be read.')
    .argument('<table>', 'the table: <schema>/<table>')
    .argument('<file>', "the raw file, relative to the table's folder")
    .option('--undo', 'let the file count again');
  return addCommonOptions(command, HELP).action(async (table: string, file: string, options: SkipOptions) => {
    process.exitCode = await runSkip(table, file, options, processIo());
  });
}

/**
 * @param table `<schema>/<table>`
 * @param file relative to the table's folder
 * @returns the exit code: 0 done, 1 refused, unfinished, wrong usage or an unexpected failure, 2 the table is blocked.
 */
export function runSkip(table: string, file: string, options: SkipOptions, given: CommandIo): Promise<number> {
  return exitCodeOf('skip', placedIo(given, options, table), async (io) => {
    const place = await openPlace(options, io);
    return skipAt(place, table, file, options, io);
  });
}

/** The same at a place that is open. */
export async function skipAt(
  place: Place,
  table: string,
  file: string,
  { undo = false, json = false }: Pick<SkipOptions, 'undo' | 'json'>,
  io: CommandIo,
): Promise<number> {
  const { path } = await knownTable(table, place);
  try {
    const { outcome, isRebuilt } = await skipOnceSettled(place, path, file, undo);
    const brought = await wake(place, path);
    if (json) io.out(jsonLine({ table, file, outcome, isRebuilt, ...brought }));
    else io.out(`${table}: ${doneText(file, outcome, isRebuilt)}`);
    const trouble = notUpToDateText(table, brought);
    if (trouble !== undefined) io.err(trouble);
    // The row of an inactive table remembers it for later.
    return brought.state === 'inactive' ? 0 : exitCodeOfTable(brought);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    io.err(`${table}: nothing is ${undo ? 'taken back' : 'skipped'}: ${error.message}\n  What to do: ${error.next}`);
    return 1;
  }
}

/** Lets a merge that may have begun with the file come to its end first. */
async function skipOnceSettled(place: Place, path: string, file: string, undo: boolean): Promise<PlannedSkip> {
  for (let attempt = 1; ; attempt++) {
    const skip = await skipFile(path, file, { undo }, place.ports);
    if (skip.outcome !== 'under way') return skip;
    if (attempt === ATTEMPTS_MAX)
      throw new Refused(
        'A merge that may have begun with it does not come to its end.',
        `See what is in the way of the table: ${commandText('plan', TABLE)}; mend that, then try again.`,
      );
    await wake(place, path);
  }
}

const ATTEMPTS_MAX = 3;

function wake(place: Place, path: string): Promise<Brought> {
  return place.bringUpToDate({ table: path, cause: `skip ${place.ports.random.id()}` });
}

function doneText(file: string, outcome: PlannedSkip['outcome'], isRebuilt: boolean): string {
  if (outcome === 'no change') return `${file} was skipped already.`;
  if (outcome === 'taken back')
    return `${file} counts again.${isRebuilt ? ' Changes were merged without it, so the table is built anew.' : ''}`;
  return isRebuilt
    ? `${file} is skipped. Rows of it may be in the lake, so the table is built anew.`
    : `${file} is skipped.`;
}
