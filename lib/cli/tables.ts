import { Command } from 'commander';
import { counted } from '../count-text.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { TableStatus } from '../table/list-tables.ts';
import { listTables } from '../table/list-tables.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { placedIo } from './placed-io.ts';
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
    ['--stage dev --lag --watch', 'again every 5 seconds, in place, until Ctrl-C'],
    [`--stage dev --json | jq 'select(.state == "blocked")'`, 'one line of JSON per table'],
  ],
  notes: [
    'Without --lag only the controller table is read; with it the raw files of each table are listed, from its last whole listing on: a request per thousand files. --watch does the same each time. Nothing is changed.',
    'With --watch and no terminal the tables are written again whenever one has changed.',
  ],
  json: 'a line per table: {"table", "state", "primaryKey", "partitionKey", "lastFullLoad"?, "lastChangeFile"?, "rowsToday"?, "blocked"?, "note"?, "catalog"?, "lag"?: {"files", "seconds"}}; with --watch then a line whenever one has changed.',
  exitCodes: { 0: 'no table is blocked', 2: 'a table is blocked' },
};

export interface TablesOptions extends PlaceOptions {
  lag?: boolean;
  watch?: boolean;
  /** As typed: seconds. */
  interval?: string;
  json?: boolean;
}

/** `tidemark tables`: how every table stands. */
export function tablesCommand(): Command {
  const command = new Command('tables')
    .description('Says how every table stands; changes nothing.')
    .option('--lag', 'also list the raw files: how many wait for each table, and since when')
    .option('-w, --watch', 'show it again and again, until Ctrl-C')
    .option('--interval <seconds>', `how often with --watch (default: ${INTERVAL_SECONDS})`);
  return addCommonOptions(command, HELP).action(async (options: TablesOptions) => {
    const watching = options.watch ? { screen: processScreen(), stop: interrupted() } : {};
    process.exitCode = await runTables(options, { ...processIo(), ...watching });
  });
}

const INTERVAL_SECONDS = 5;
const INTERVAL_SECONDS_MAX = 86_400;

/** @returns the exit code: 0, 1 wrong usage or an unexpected failure, 2 a table is blocked. */
export function runTables(options: TablesOptions, given: CommandIo & WatchIo): Promise<number> {
  return exitCodeOf('tables', placedIo(given, options), async (io) => {
    const milliseconds = 1000 * intervalSeconds(options);
    const place = await openPlace(options, io);
    const list = listing(place, options, io);
    const tables = options.watch ? await watch(list, place, milliseconds, options, io) : await show(list, options, io);
    return tables.some(({ state }) => state === 'blocked') ? 2 : 0;
  });
}

type List = () => Promise<TableStatus[]>;

/** Lists the tables; what else there is to say is said the first time. */
function listing({ name, ports }: Place, { lag = false }: TablesOptions, { err }: CommandIo): List {
  let isFirst = true;
  return async () => {
    const { tables, others } = await listTables({ lag }, ports);
    if (isFirst && tables.length === 0)
      err(`No table is registered at ${name}: the first raw file of each registers it.`);
    if (isFirst && others > 0) err(`Left out: ${counted(others, 'row')} of other raw buckets or prefixes.`);
    isFirst = false;
    return tables;
  };
}

// Text only where it is asked for: loading a table printer would slow every other command down.

async function show(list: List, { json }: TablesOptions, { out }: CommandIo): Promise<TableStatus[]> {
  const tables = await list();
  const { tablesText } = await import('./tables-text.ts');
  for (const line of json ? tables.map((table) => JSON.stringify(table)) : tablesText(tables)) out(line);
  return tables;
}

async function watch(
  list: List,
  { name, ports }: Place,
  milliseconds: number,
  { json = false }: TablesOptions,
  io: CommandIo & WatchIo,
): Promise<TableStatus[]> {
  const { watchTables } = await import('./watch-tables.ts');
  return watchTables(list, { isJson: json, milliseconds, name, clock: ports.clock }, io);
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
