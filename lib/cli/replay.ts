import { Command } from 'commander';
import { counted, countText } from '../count-text.ts';
import { bytesText } from '../bytes-text.ts';
import { jsonLine } from '../json-line.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { exitCodeOfTable, notUpToDateText } from '../place/brought-text.ts';
import type { Brought, Place, PlaceOptions } from '../place/place.ts';
import { openPlace } from '../place/place.ts';
import { Refused } from '../table/refused.ts';
import type { PlannedReplay, ReplayRequest } from '../table/replay.ts';
import { previewReplay, setBack } from '../table/replay.ts';
import type { ReplaySize } from '../table/replay-size.ts';
import { sizeOfReplay } from '../table/replay-size.ts';
import type { CommandIo } from './command-io.ts';
import { exitCodeOf, processIo } from './command-io.ts';
import type { Confirm } from './confirm.ts';
import { terminalConfirm } from './confirm.ts';
import type { CommandHelp } from './help.ts';
import { addCommonOptions } from './help.ts';
import { knownTable } from './known-table.ts';
import { placedIo } from './placed-io.ts';
import { timeGiven } from './time-given.ts';
import type { FilesToMerge } from './files-progress.ts';
import { FilesProgress } from './files-progress.ts';

const HELP: CommandHelp = {
  examples: [
    [
      'sales/orders --from 20260301-101500123.parquet --raw ./raw --lake ./lake',
      'merges that change file and all after it again, in order, on top of what the lake holds',
    ],
    [
      'sales/orders --from 2026-03-01T10:15:00Z --stage dev --dry-run',
      "says what would be merged again, and changes nothing; the time is compared with that in the files' names, in UTC",
    ],
    [
      'sales/orders --all --stage dev --yes',
      'builds the table anew, from the full load on, after making sure that no raw file is missing',
    ],
  ],
  notes: [
    'Live files go on being merged, each in its order. It may be stopped at any moment and done again: what was set back is merged by whatever wakes the table next. While it runs, readers of the lake see older values (--from), or miss rows (--all). Tables without a primary key can only be built anew whole (--all): appending files again would double their rows.',
  ],
  json: 'one line: {"table", "loadFiles", "changeFiles", "bytes", "rows"?, "unreadable"}, and "dryRun": true, or "state" and "blocked" as the table stands then.',
  exitCodes: {
    0: 'all is merged again',
    1: 'it is refused (stderr says why and what to do), or not finished',
    2: 'the table is blocked (stderr says by what, why and what to do)',
  },
};

export interface ReplayOptions extends PlaceOptions {
  /** A change file, relative to the table's folder, or a time in ISO 8601, UTC unless it says otherwise. */
  from?: string;
  all?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

export interface ReplayIo extends CommandIo {
  confirm?: Confirm;
}

/** `tidemark replay`: merges raw files again that were merged already. */
export function replayCommand(): Command {
  const command = new Command('replay')
    .description('Merges raw files again: change files from one on, or the whole table, built anew.')
    .argument('<table>', 'the table: <schema>/<table>')
    .option(
      '--from <file or time>',
      'the first change file, relative to the table, or a time such as 2026-03-01T10:15Z',
    )
    .option('--all', 'the full load and everything after it, into a lake that is built anew')
    .option('--dry-run', 'say what would be merged again; change nothing')
    .option('-y, --yes', 'do not ask');
  return addCommonOptions(command, HELP).action(async (table: string, options: ReplayOptions) => {
    process.exitCode = await runReplay(table, options, { ...processIo(), confirm: terminalConfirm() });
  });
}

/**
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 all is merged again, 1 refused, unfinished, wrong usage or an unexpected failure, 2 blocked.
 */
export function runReplay(table: string, options: ReplayOptions, given: ReplayIo): Promise<number> {
  return exitCodeOf('replay', placedIo(given, options, table), async (io) => {
    const request = replayRequest(options);
    const place = await openPlace(options, io);
    return replayAt(place, table, request, options, io);
  });
}

/** The same at a place that is open. */
export async function replayAt(
  place: Place,
  table: string,
  request: ReplayRequest,
  options: Omit<ReplayOptions, keyof PlaceOptions>,
  io: ReplayIo,
): Promise<number> {
  const { ports } = place;
  const { path } = await knownTable(table, place);
  try {
    const preview = await previewReplay(path, request, ports);
    const size = await sizeOfReplay(preview, ports.raw);
    if (options.dryRun) {
      io.out(options.json ? jsonLine({ table, dryRun: true, ...size }) : `${table}: ${sizeText(size)} (dry run)`);
      return 0;
    }
    if (!options.yes && preview.progress && !(await isConfirmed(`${table}: ${sizeText(size)}.`, request, io))) return 1;
    const planned = await setBack(path, request, ports);
    const brought = await merge(place, path, planned, io);
    if (options.json) io.out(jsonLine({ table, ...size, ...brought }));
    else if (brought.state === 'active') io.out(doneText(table, planned));
    const trouble = notUpToDateText(table, brought);
    if (trouble !== undefined) io.err(trouble);
    return exitCodeOfTable(brought);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    io.err(`${table} is not replayed: ${error.message}\n  What to do: ${error.next}`);
    return 1;
  }
}

async function merge(place: Place, path: string, planned: PlannedReplay, io: ReplayIo): Promise<Brought> {
  const progress = new FilesProgress(filesOf(planned), 'files merged again', io);
  try {
    // Also if nothing was set back: an earlier replay may have been stopped before it had this done.
    const wakeUp = { table: path, cause: `replay ${place.ports.random.id()}` };
    return await place.bringUpToDate(wakeUp, (row) => progress.update(row));
  } finally {
    progress.end();
  }
}

function filesOf({ loadFiles, changeFiles, changeFilesKept }: PlannedReplay): FilesToMerge {
  return { loadFiles: loadFiles.length, changeFiles: changeFiles.length, changeFilesBefore: changeFilesKept };
}

/** @throws WrongUsage */
export function replayRequest({ from, all }: Pick<ReplayOptions, 'from' | 'all'>): ReplayRequest {
  if (all && from !== undefined) throw new WrongUsage('Give either --from or --all, not both.');
  if (all) return { kind: 'all' };
  if (from === undefined) throw new WrongUsage('Give --from with a change file or a time, or --all.');
  if (!STARTS_AS_TIME.test(from) || from.toLowerCase().endsWith('.parquet')) return { kind: 'from file', file: from };
  return { kind: 'from time', order: timeGiven('--from', from).toISOString().replaceAll(/\D/g, '') };
}

const STARTS_AS_TIME = /^\d{4}-\d{2}/;
async function isConfirmed(what: string, { kind }: ReplayRequest, io: ReplayIo): Promise<boolean> {
  const meanwhile =
    kind === 'all' ? 'Meanwhile readers may miss rows.' : 'Meanwhile readers may see older values of rows.';
  if (!io.confirm) throw new WrongUsage(`${what} ${meanwhile} Give --yes to do it.`);
  const isYes = await io.confirm(`${what} ${meanwhile} Do it now?`);
  if (!isYes) io.err('Nothing was done.');
  return isYes;
}

function sizeText({ loadFiles, changeFiles, bytes, rows, unreadable }: ReplaySize): string {
  if (loadFiles + changeFiles === 0) return 'no file that is merged is to be merged again';
  const files = [
    ...(loadFiles > 0 ? [counted(loadFiles, 'load file')] : []),
    ...(changeFiles > 0 ? [counted(changeFiles, 'change file')] : []),
  ];
  const known = rows === undefined ? '' : `, ${counted(rows, 'row')}`;
  const bad = unreadable > 0 ? `, ${countText(unreadable)} of them not readable` : '';
  return `${files.join(' and ')} to be merged again${bad}${known}, ${bytesText(bytes)}`;
}

function doneText(table: string, { loadFiles, changeFiles }: PlannedReplay): string {
  if (loadFiles.length + changeFiles.length === 0) return `${table}: nothing had to be set back; it is up to date.`;
  const files = counted(loadFiles.length + changeFiles.length, 'file');
  return `${table}: ${files} merged again; it is up to date.`;
}
