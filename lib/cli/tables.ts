import { Command } from 'commander';
import { counted } from '../count-text.ts';
import { jsonLine } from '../json-line.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { didYouMean } from '../nearest.ts';
import type { Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { TableStatus } from '../table/list-tables.ts';
import type { TablesWanted } from '../table/list-tables.ts';
import { listTables, TABLE_STATES } from '../table/list-tables.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { knownTable } from './known-table.ts';
import { placedIo, placedText } from './placed-io.ts';
import { processScreen } from './screen.ts';
import type { WatchIo } from './watch-tables.ts';

const HELP: CommandHelp = {
  examples: [
    [
      '--raw ./raw --lake ./lake',
      'every table of these folders: its state, keys, last full load, last change file and rows merged today (UTC); of a blocked one what to do',
    ],
    [
      '--stage dev --lag',
      'the same for the stack that was deployed as stage dev, and how many files each table is behind, and for how long',
    ],
    [
      '--stage dev --lag --watch',
      'again every 5 seconds, in place, until Ctrl-C: blocked tables first, with what to do, then those that are behind',
    ],
    ['sales/orders sales/items --stage dev', 'two tables alone: no row of another is read'],
    ['--only blocked,merging --stage dev', 'those that are blocked or under way'],
    [`--stage dev --json | jq 'select(.state == "blocked")'`, 'one line of JSON per table'],
  ],
  notes: [
    'Without --lag only the controller table is read; with it the raw files of each table are listed, from its last whole listing on: a request per thousand files. --watch does the same each time. Nothing is changed.',
    'On a terminal, columns for which there is no room are left out, and named. With --watch and no terminal the tables are written again whenever one has changed. A read that fails is told of and tried again; the watch ends by itself only where the first one fails, or access is denied.',
  ],
  json: 'a line per table: {"table", "state", "primaryKey", "partitionKey", "lastFullLoad"?, "lastChangeFile"?, "rowsToday"?, "blocked"?, "note"?, "catalog"?, "lag"?: {"files", "seconds"}}; with --watch then a line whenever one has changed.',
  exitCodes: { 0: 'none of these tables is blocked', 1: 'a table is unknown', 2: 'one is blocked' },
};

export interface TablesOptions extends PlaceOptions {
  /** As typed: states, separated by commas. */
  only?: string;
  lag?: boolean;
  watch?: boolean;
  /** As typed: seconds. */
  interval?: string;
  json?: boolean;
}

/** `tidemark tables`: how every table stands. */
export function tablesCommand(): Command {
  const command = new Command('tables')
    .description('Says how every table stands, or some of them; changes nothing.')
    .argument('[tables...]', 'only these: <schema>/<table>')
    .option('--only <states>', `only tables of these states: ${TABLE_STATES.join(', ')}`)
    .option('--lag', 'also list the raw files: how many wait for each table, and since when')
    .option('-w, --watch', 'show it again and again, until Ctrl-C')
    .option('--interval <seconds>', `how often with --watch (default: ${INTERVAL_SECONDS})`);
  return addCommonOptions(command, HELP).action(async (names: string[], options: TablesOptions) => {
    const watching = options.watch ? { screen: processScreen(), stop: interrupted() } : {};
    process.exitCode = await runTables(names, options, { ...processIo(), ...watching });
  });
}

const INTERVAL_SECONDS = 5;
const INTERVAL_SECONDS_MAX = 86_400;

/**
 * @param names only these; all if there is none
 * @returns the exit code: 0, 1 wrong usage or an unexpected failure, 2 a table is blocked.
 */
export function runTables(
  names: readonly string[],
  options: TablesOptions,
  given: CommandIo & WatchIo,
): Promise<number> {
  return exitCodeOf('tables', placedIo(given, options), async (io) => {
    const milliseconds = 1000 * intervalSeconds(options);
    const states = statesOf(options);
    const place = await openPlace(options, io);
    const paths = names.length === 0 ? undefined : await pathsOf(names, place);
    const list = listing(place, { lag: options.lag ?? false, paths, states }, io);
    const tables = options.watch ? await watch(list, place, milliseconds, options, io) : await show(list, options, io);
    return tables.some(({ state }) => state === 'blocked') ? 2 : 0;
  });
}

/** @throws WrongUsage if one is unknown */
async function pathsOf(names: readonly string[], place: Place): Promise<string[]> {
  const known: string[] = [];
  for (const name of names) known.push((await knownTable(name, place)).path);
  return known;
}

type List = () => Promise<TableStatus[]>;

/** Lists the tables; what else there is to say is said the first time. */
function listing({ name, ports }: Place, wanted: TablesWanted, { err }: CommandIo): List {
  let isFirst = true;
  return async () => {
    const { tables, others } = await listTables(wanted, ports);
    if (isFirst && tables.length === 0) err(noTablesText(name, wanted));
    if (isFirst && others > 0) err(`Left out: ${counted(others, 'row')} of other raw buckets or prefixes.`);
    isFirst = false;
    return tables;
  };
}

function noTablesText(name: string, { paths, states }: TablesWanted): string {
  if (states) return `${paths ? 'None of these tables' : 'No table'} is ${states.join(' or ')} at ${name}.`;
  return `No table is registered at ${name}: the first raw file of each registers it.`;
}

// Text only where it is asked for: loading a table printer would slow every other command down.

async function show(list: List, { json }: TablesOptions, { out, width }: CommandIo): Promise<TableStatus[]> {
  const tables = await list();
  const { tablesText } = await import('./tables-text.ts');
  for (const line of json ? tables.map((table) => jsonLine(table)) : tablesText(tables, width)) out(line);
  return tables;
}

async function watch(
  list: List,
  { name, ports }: Place,
  milliseconds: number,
  options: TablesOptions,
  io: CommandIo & WatchIo,
): Promise<TableStatus[]> {
  const { watchTables } = await import('./watch-tables.ts');
  const { json: isJson = false } = options;
  return watchTables(list, { isJson, milliseconds, name, clock: ports.clock, shown: placedText(options) }, io);
}

function statesOf({ only }: TablesOptions): TableStatus['state'][] | undefined {
  if (only === undefined) return undefined;
  const named = only.split(',').map((state) => state.trim());
  const unknown = named.find((state) => !TABLE_STATES.some((known) => known === state));
  if (unknown === undefined) return TABLE_STATES.filter((state) => named.includes(state));
  const near = didYouMean(unknown, TABLE_STATES);
  throw new WrongUsage(`--only is ${only}. ${near}Give states, separated by commas: ${TABLE_STATES.join(', ')}.`);
}

function intervalSeconds({ interval, watch }: TablesOptions): number {
  if (interval === undefined) return INTERVAL_SECONDS;
  if (!watch) throw new WrongUsage('--interval is for --watch. Give both, or none.');
  const seconds = Number(interval);
  if (interval.trim() === '' || !(seconds >= 1 && seconds <= INTERVAL_SECONDS_MAX))
    throw new WrongUsage(`--interval is ${interval}. Give seconds, from 1 to ${INTERVAL_SECONDS_MAX}.`);
  return seconds;
}

/** Ctrl-C ends a watch in good order: the screen is left as it is. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
