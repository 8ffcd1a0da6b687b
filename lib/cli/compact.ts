import { Command } from 'commander';
import { counted, countText } from '../count-text.ts';
import { bytesText } from '../bytes-text.ts';
import { jsonLine } from '../json-line.ts';
import { readableLine, reportJson } from '../local/report-line.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { exitCodeOfTable, notUpToDateText } from '../place/brought-text.ts';
import type { Brought, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import type { CompactReport } from '../table/compact.ts';
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
    [
      'sales/orders --raw ./raw --lake ./lake',
      'merges what there is of sales/orders, then lays those files out anew that hold small row groups or more than 5 % of bytes no longer in use',
    ],
    [
      'sales/orders --raw ./raw --lake ./lake --purge',
      'every file with any byte no longer in use, so that changed and deleted values are gone from the lake',
    ],
    [
      'sales/orders --stage dev --purge',
      'the same, done by the function merge of the stack that was deployed as stage dev',
    ],
  ],
  notes: [
    'It may be killed at any moment and started again, and may run while others merge. On AWS the command asks for it and waits until the table is up to its raw files; merge then lays the files out, and logs "table compacted" when it is done.',
  ],
  json: 'on folders a line per merge, as tidemark local writes it, and a last one: {"table", "filesLaidOut", "filesJoined", "filesWritten", "bytesBefore", "bytesAfter", "givenUp"?}; on AWS {"table", "requested": true}.',
  exitCodes: {
    0: 'all is done (on AWS: asked for)',
    1: 'the table is inactive or unknown',
    2: 'it is blocked (stderr says why and what to do)',
  },
};

export interface CompactOptions extends PlaceOptions {
  purge?: boolean;
  join?: boolean;
  /** Join without asking. */
  yes?: boolean;
  json?: boolean;
}

export interface CompactIo extends CommandIo {
  confirm?: Confirm;
}

/** `tidemark compact`: lays the files of a table out anew. */
export function compactCommand(): Command {
  const command = new Command('compact')
    .description("Lays a table's lake files out anew, each within its own key, after merging what there is.")
    .argument('<table>', 'the table: <schema>/<table>')
    .option('--purge', 'every file with any byte no longer in use: changed and deleted values are gone then')
    .option('--join', 'join small files of a partition; readers may find rows twice, or miss them, meanwhile')
    .option('-y, --yes', 'join without asking');
  return addCommonOptions(command, HELP).action(async (table: string, options: CompactOptions) => {
    process.exitCode = await runCompact(table, options, { ...processIo(), confirm: terminalConfirm() });
  });
}

/**
 * Merges what there is of one table and lays its files out anew, by way of a wake-up that asks for it.
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 all is done, 1 wrong usage, a refusal or an unexpected failure, 2 the table is blocked.
 */
export function runCompact(table: string, options: CompactOptions, given: CompactIo): Promise<number> {
  return exitCodeOf('compact', placedIo(given, options, table), async (io) => {
    const compact = { purge: options.purge ?? false, join: options.join ?? false };
    const place = await openPlace(options, {
      ...io,
      onReport: (report) => io.out(options.json ? reportJson(report) : readableLine(report)),
    });
    const { path, item } = await knownTable(table, place);
    if (!rowOfItem(item).settings.active) return notUpToDate(table, { state: 'inactive' }, io);
    if (compact.join && !options.yes && !(await isConfirmed(table, io))) return 1;
    const brought = await place.bringUpToDate({ table: path, cause: `compaction ${place.ports.random.id()}`, compact });
    if (brought.state !== 'active') return notUpToDate(table, brought, io);
    const { compacted } = brought;
    if (options.json) io.out(jsonLine({ table, ...(compacted ?? { requested: true }) }));
    else io.out(compacted ? compactText(table, compacted) : requestedText(table));
    return compacted?.givenUp === undefined ? 0 : 1;
  });
}

/** @returns the exit code */
function notUpToDate(table: string, brought: Brought, { err }: CompactIo): number {
  const trouble = notUpToDateText(table, brought);
  if (trouble !== undefined) err(trouble);
  return exitCodeOfTable(brought);
}

async function isConfirmed(table: string, io: CompactIo): Promise<boolean> {
  const warning = `While files of ${table} are joined, readers may find rows twice, or miss them.`;
  if (!io.confirm) throw new WrongUsage(`${warning} Give --yes to join them all the same.`);
  const isYes = await io.confirm(`${warning} Join them now?`);
  if (!isYes) io.err('Nothing was done.');
  return isYes;
}

function requestedText(table: string): string {
  return `${table}: up to its raw files. merge lays its files out now, and logs "table compacted" when it is done.`;
}

function compactText(table: string, report: CompactReport): string {
  const { filesLaidOut, filesJoined, filesWritten, bytesBefore, bytesAfter, givenUp } = report;
  const end = givenUp === undefined ? '' : `\n  Given up before all was done: ${givenUp}`;
  if (filesLaidOut + filesJoined === 0) return `${table}: all files are in shape.${end}`;
  const joined = filesJoined > 0 ? `, ${counted(filesJoined, 'file')} joined into ${countText(filesWritten)}` : '';
  const bytes = `${bytesText(bytesBefore)} before, ${bytesText(bytesAfter)} after`;
  return `${table}: ${counted(filesLaidOut, 'file')} laid out anew${joined}: ${bytes}${end}`;
}
