import { Command } from 'commander';
import { counted, countText } from '../count-text.ts';
import { bytesText } from '../bytes-text.ts';
import { jsonLine } from '../json-line.ts';
import { ProgressBar } from '../local/progress-bar.ts';
import { namedTable } from '../local/table-name.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { exitCodeOfTable, notUpToDateText } from '../place/brought-text.ts';
import type { Brought, Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { PlannedActivation } from '../table/activate.ts';
import { activate, planActivation } from '../table/activate.ts';
import { columnNamesText } from '../table/item.ts';
import { hasRawObjects } from '../table/raw-listing.ts';
import { Refused } from '../table/refused.ts';
import type { KeyFindings, KeyToCheck } from '../verify/check-key.ts';
import { checkKey, keyToCheck, passesFor } from '../verify/check-key.ts';
import { columnsGiven } from './columns-given.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { Confirm } from './confirm.ts';
import { terminalConfirm } from './confirm.ts';
import { FilesProgress } from './files-progress.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { unknownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';

const HELP: CommandHelp = {
  examples: [
    [
      'sales/orders --primary-key id --stage dev',
      'makes sure that id is in the raw files, and unique and never null in the full load, then has sales/orders merged',
    ],
    [
      'sales/lines --primary-key order_id,line --partition-key day --raw ./raw --lake ./lake',
      'a key of two columns; the lake in folders day=…',
    ],
    ['sales/log --no-primary-key --stage dev', 'a table whose rows are only ever added to'],
    ['sales/orders --primary-key id --stage dev --dry-run', 'checks and says what would be done; changes nothing'],
  ],
  notes: [
    'A table that is not registered yet is registered, if it has raw files. What is not given stays as its row has it. Other keys than those that the lake was built with have the table built anew from its raw files: the command asks first.',
    'The check reads the columns of the key in all load files, in bounded memory. Of a large table it first says how much that is and about how long it takes; --skip-check leaves it out.',
    'On folders the command then merges. On AWS the function merge does, and the command waits until the table is up to its raw files; --no-wait does not.',
  ],
  json: 'one line: {"table", "primaryKey", "partitionKey", "isNew", "isChange", "isRebuild", "check"?: {"rows", "repeated", "empty", "passes"}}, and "dryRun": true, or "state" and "blocked" as the table stands then.',
  exitCodes: {
    0: 'the table is active and up to its raw files (--no-wait: active)',
    1: 'it is refused, since columns are missing or the key is none (stderr says how many rows repeat it, and what to do), or not finished',
    2: 'the table is blocked (stderr says by what, why and what to do)',
  },
};

export interface ActivateOptions extends PlaceOptions {
  /** As typed: `id`, `a,b`; false: none. */
  primaryKey?: string | false;
  partitionKey?: string | false;
  skipCheck?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  /** false: do not wait until it is merged. */
  wait?: boolean;
  json?: boolean;
}

export interface ActivateIo extends CommandIo {
  confirm?: Confirm;
}

/** `tidemark activate`: sets a table's keys, and has it merged. */
export function activateCommand(): Command {
  const command = new Command('activate')
    .description("Sets a table's keys after checking them in its raw files, and has it merged.")
    .argument('<table>', 'the table: <schema>/<table>')
    .option('--primary-key <columns>', 'columns that tell its rows apart, such as id, or order_id,line')
    .option('--no-primary-key', 'it has none: inserts are appended, updates and deletes are not applied')
    .option('--partition-key <columns>', 'columns that the lake has folders for, such as day')
    .option('--no-partition-key', 'no such folders')
    .option('--skip-check', 'do not read the full load to make sure of the key')
    .option('--dry-run', 'check, and say what would be done; change nothing')
    .option('--no-wait', 'leave the merging to others')
    .option('-y, --yes', 'do not ask');
  return addCommonOptions(command, HELP).action(async (table: string, options: ActivateOptions) => {
    process.exitCode = await runActivate(table, options, { ...processIo(), confirm: terminalConfirm() });
  });
}

/**
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 active and merged, 1 refused, unfinished, wrong usage or an unexpected failure, 2 blocked.
 */
export function runActivate(table: string, options: ActivateOptions, given: ActivateIo): Promise<number> {
  return exitCodeOf('activate', placedIo(given, options, table), async (io) =>
    activateAt(await openPlace(options, io), table, options, io),
  );
}

/** The same at a place that is open. */
export async function activateAt(
  place: Place,
  table: string,
  options: Omit<ActivateOptions, keyof PlaceOptions>,
  io: ActivateIo,
): Promise<number> {
  const { path, name } = namedTable(table, place.ports.config);
  const request = {
    primaryKey: columnsGiven('--primary-key', options.primaryKey),
    partitionKey: columnsGiven('--partition-key', options.partitionKey),
  };
  const isKnown = (await place.ports.tables.get(path)) !== undefined;
  if (!isKnown && !(await hasRawObjects(path, place.ports.raw))) throw await unknownTable(table, place);
  const planned = await planActivation(path, name, request, place.ports);
  const check = await checked(table, planned, options, place, io);
  const facts = factsOf(table, planned, check);
  if (options.dryRun) {
    io.out(
      options.json
        ? jsonLine({ ...facts, dryRun: true })
        : `${plannedText(table, planned)}${rebuildText(planned)} (dry run)`,
    );
    return 0;
  }
  if (planned.isRebuild && !options.yes && !(await isConfirmed(table, planned, io))) return 1;
  await activate(planned, name, place.ports);
  const brought = await merged(path, planned, options, place, io);
  if (options.json) io.out(jsonLine({ ...facts, ...brought }));
  else io.out(`${plannedText(table, planned)}${brought?.state === 'active' ? '; it is up to its raw files' : ''}.`);
  if (!brought) return 0;
  const trouble = notUpToDateText(table, brought);
  if (trouble !== undefined) io.err(trouble);
  return exitCodeOfTable(brought);
}

/** @throws Refused if the columns are no key of the full load. */
async function checked(
  table: string,
  { settings, isChange, loadFiles }: PlannedActivation,
  { skipCheck, json }: Pick<ActivateOptions, 'skipCheck' | 'json'>,
  { ports }: Place,
  io: ActivateIo,
): Promise<KeyFindings | undefined> {
  const { primaryKey } = settings;
  if (skipCheck || !isChange || primaryKey.length === 0 || loadFiles.length === 0) return undefined;
  const files = loadFiles.map((object) => ({ object }));
  const key = await keyToCheck(files, primaryKey, ports.raw);
  if (key.rows > ROWS_AT_ONCE_QUICKLY) io.err(sizeText(table, key));
  const bar = io.terminal && new ProgressBar(io.terminal, ' {bar} {percentage} % of the key read · {seconds} s');
  try {
    const findings = await checkKey(key, ports.raw, KEYS_AT_ONCE, (read, of) => bar?.update(read, of));
    bar?.clear();
    refuseUnlessKey(primaryKey, findings);
    if (!json)
      io.err(`${table}: ${columnNamesText(primaryKey)} is unique and never null in ${counted(findings.rows, 'row')}.`);
    return findings;
  } finally {
    bar?.clear();
  }
}

const KEYS_AT_ONCE = 4_000_000;
/** What takes some seconds need not be announced. */
const ROWS_AT_ONCE_QUICKLY = 3_000_000;
/** Of a key of text on one core, from a disk; of an integer twice as many. */
const ROWS_PER_SECOND = 500_000;

function sizeText(table: string, key: KeyToCheck): string {
  const passes = passesFor(key, KEYS_AT_ONCE);
  const seconds = Math.ceil((key.rows * passes) / ROWS_PER_SECOND);
  const about = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  const often = passes === 1 ? '' : `, ${passes} times`;
  return (
    `${table}: looking for its key in ${counted(key.files.length, 'load file')} with ${countText(key.rows)} rows ` +
    `(${bytesText(key.bytes)}, of which only the key is read${often}): about ${about}. --skip-check leaves it out.`
  );
}

function refuseUnlessKey(primaryKey: readonly string[], { rows, repeated, empty }: KeyFindings): void {
  if (repeated === 0 && empty === 0) return;
  const columns = columnNamesText(primaryKey);
  const faults = [
    ...(repeated > 0 ? [`${countText(repeated)} repeat the key of another row`] : []),
    ...(empty > 0 ? [`${countText(empty)} have no value in it`] : []),
  ];
  throw new Refused(
    `${columns} is no key of the full load: of its ${counted(rows, 'row')} ${faults.join(' and ')}.`,
    'Name the columns that tell rows apart, all of them: --primary-key a,b; or --no-primary-key, or --skip-check if you know that DMS wrote rows twice.',
  );
}

async function isConfirmed(table: string, planned: PlannedActivation, { confirm, err }: ActivateIo): Promise<boolean> {
  const what = `${table} is in the lake with other keys: it is built anew from ${filesText(planned)}. Meanwhile readers may miss rows.`;
  if (!confirm) throw new WrongUsage(`${what} Give --yes to do it.`);
  const isYes = await confirm(`${what} Do it now?`);
  if (!isYes) err('Nothing was done.');
  return isYes;
}

/** @returns how the table stands then; undefined if nobody waited for that */
async function merged(
  path: string,
  { row, isRebuild, loadFiles, changeFiles }: PlannedActivation,
  { wait = true }: Pick<ActivateOptions, 'wait'>,
  place: Place,
  io: ActivateIo,
): Promise<Brought | undefined> {
  const wakeUp = { table: path, cause: `activate ${place.ports.random.id()}` };
  if (!wait) {
    await place.wake(wakeUp);
    return undefined;
  }
  const files = {
    loadFiles: loadFiles.length,
    changeFiles: changeFiles.length,
    changeFilesBefore: 0,
  };
  const isMore = isRebuild || row.progress.builtWith === undefined;
  const progress = isMore ? new FilesProgress(files, 'files merged', io) : undefined;
  try {
    return await place.bringUpToDate(wakeUp, (now) => progress?.update(now));
  } finally {
    progress?.end();
  }
}

function factsOf(
  table: string,
  { settings, isRegistered, isChange, isRebuild }: PlannedActivation,
  check?: KeyFindings,
) {
  const { primaryKey, partitionKey } = settings;
  return { table, primaryKey, partitionKey, isNew: !isRegistered, isChange, isRebuild, ...(check && { check }) };
}

function plannedText(table: string, { settings, isChange }: PlannedActivation): string {
  const { primaryKey, partitionKey } = settings;
  const key = primaryKey.length === 0 ? 'no primary key' : `primary key ${columnNamesText(primaryKey)}`;
  const partition = partitionKey.length === 0 ? '' : `, partition key ${columnNamesText(partitionKey)}`;
  return `${table}: ${isChange ? '' : 'already '}active, ${key}${partition}`;
}

function rebuildText(planned: PlannedActivation): string {
  return planned.isRebuild ? `; the table would be built anew from ${filesText(planned)}` : '';
}

function filesText({ loadFiles, changeFiles }: PlannedActivation): string {
  return counted(loadFiles.length + changeFiles.length, 'raw file');
}
