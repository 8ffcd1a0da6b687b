import { Command } from 'commander';
import { commandText } from '../command-text.ts';
import { jsonLine } from '../json-line.ts';
import { namedTable } from '../local/table-name.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { HistoryEntry } from '../table/history-entry.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { knownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';
import { timeGiven } from './time-given.ts';

const HELP: CommandHelp = {
  examples: [
    [
      'sales/orders --raw ./raw --lake ./lake',
      'the last 20 merges of sales/orders, newest first: files, rows by operation, bytes, durations, freshness',
    ],
    [
      'sales/orders --stage dev --since 2026-03-01T10:00:00Z --limit 500',
      'what the stack that was deployed as stage dev did to the table since then',
    ],
    [
      `sales/orders --stage dev --json | jq 'select(.failed or .blocked)'`,
      'each entry with the id of the request, by which the log of merge is searched',
    ],
  ],
  notes: [
    "FRESH is the time from a raw file's date to its commit: half of the files within the first, 99 % within the second. Files that are merged again, or lay there before the table's first merge, have none. On AWS a history goes back historyDays (30); on folders to some thousand entries. Nothing is changed.",
  ],
  json: 'a line per entry: {"at", "requestId", "report"?, "blocked"?, "failed"?, …}.',
  exitCodes: { 0: 'done, also where nothing is known', 1: 'the table is unknown' },
};

export interface HistoryOptions extends PlaceOptions {
  limit?: string;
  since?: string;
  json?: boolean;
}

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 10_000;

/** `tidemark history`: what was done to a table. */
export function historyCommand(): Command {
  const command = new Command('history')
    .description('Says what was done to a table, newest first; changes nothing.')
    .argument('<table>', 'the table: <schema>/<table>')
    .option('--limit <number>', `at most so many entries (default: ${LIMIT_DEFAULT})`)
    .option('--since <time>', 'none from before: a date or a time as ISO 8601, UTC unless it names its zone');
  return addCommonOptions(command, HELP).action(async (table: string, options: HistoryOptions) => {
    process.exitCode = await runHistory(table, options, processIo());
  });
}

/**
 * @param table `<schema>/<table>`
 * @returns the exit code: 0, 1 wrong usage or an unexpected failure.
 */
export function runHistory(table: string, options: HistoryOptions, given: CommandIo): Promise<number> {
  return exitCodeOf('history', placedIo(given, options, table), async (io) =>
    historyAt(await openPlace(options, io), table, options, io),
  );
}

/** The same at a place that is open. */
export async function historyAt(
  place: Place,
  table: string,
  { limit, since, json }: Pick<HistoryOptions, 'limit' | 'since' | 'json'>,
  io: Pick<CommandIo, 'out' | 'err'>,
): Promise<number> {
  const { path } = namedTable(table, place.ports.config);
  const entries = await place.ports.history.list(path, {
    limit: limitOf(limit),
    since: since === undefined ? undefined : timeGiven('--since', since),
  });
  if (entries.length === 0) {
    await knownTable(table, place);
    const when = since === undefined ? '' : ' since then';
    io.err(
      `Nothing is known to have been done to ${table} at ${place.name}${when}. Its state: ${commandText('tables', table)}`,
    );
  }
  for (const line of json ? entries.map((entry) => jsonLine(entry)) : await textOf(entries)) io.out(line);
  return 0;
}

async function textOf(entries: readonly HistoryEntry[]): Promise<string[]> {
  if (entries.length === 0) return [];
  // Only here: loading a table printer would slow every other command down.
  const { historyText } = await import('./history-text.ts');
  return historyText(entries);
}

function limitOf(text = String(LIMIT_DEFAULT)): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new WrongUsage(`--limit is '${text}': give a whole number from 1 to ${LIMIT_MAX}.`);
}
