import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits } from '../config.ts';
import type { Clock } from '../ports/clock.ts';
import type { Threads } from '../ports/threads.ts';
import type { CompactRequest } from '../queue/wake-up.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../system.ts';
import { OWN_THREAD } from '../threads/own-thread.ts';
import type { CompactReport } from '../table/compact.ts';
import { addCompaction, noCompaction } from '../table/compact.ts';
import type { TableOutcome } from '../table/reconcile-batch.ts';
import { connectFolders, type LocalPorts } from './connect.ts';
import { ConsoleReport, type Console } from './console-report.ts';
import type { GivenFolders } from './folders.ts';
import { openFolders } from './folders.ts';
import { lineLog } from './line-log.ts';
import { bytesText } from './plan-text.ts';
import { reconcileReady } from './reconcile-loop.ts';
import { counted } from './report-line.ts';
import { namedTable } from './table-name.ts';
import { WrongUsage } from './wrong-usage.ts';

export interface CompactOptions extends GivenFolders {
  purge?: boolean;
  join?: boolean;
  /** Join without asking. */
  yes?: boolean;
  json?: boolean;
  verbose?: boolean;
}

export interface CompactIo extends Console {
  /** Asks a person; undefined if nobody can be asked. */
  confirm?: ((question: string) => Promise<boolean>) | undefined;
  clock?: Clock;
  threads?: Threads;
  limits?: Limits;
}

const TRIES = 5;

/**
 * Merges what there is of one table and lays its files out anew, on folders, by way of the same wake-up as on AWS.
 * @param table `<schema>/<table>`
 * @returns the exit code: 0 all is done, 1 wrong usage, a refusal or an unexpected failure, 2 the table is blocked.
 */
export async function runCompact(table: string, options: CompactOptions, io: CompactIo): Promise<number> {
  const report = new ConsoleReport(io, { json: options.json ?? false });
  try {
    const request = { purge: options.purge ?? false, join: options.join ?? false };
    if (request.join && !options.yes && !(await isConfirmed(table, io))) return 1;
    const ports = await connectFolders(await openFolders(options), {
      clock: io.clock ?? SYSTEM_CLOCK,
      random: SYSTEM_RANDOM,
      log: lineLog((line) => report.note(line), { verbose: options.verbose ?? false }),
      threads: io.threads ?? OWN_THREAD,
      ...(io.limits && { limits: io.limits }),
    });
    const { path } = namedTable(table, ports.config);
    if (!(await ports.tables.get(path)))
      throw new WrongUsage(`${table} is not known. Merge it first: tidemark local --raw … --lake … --tables … --once`);
    const compaction = await compact(path, request, ports, report);
    // Not merged and not compacted: the table is inactive or blocked, or failed, which the report tells.
    if (!compaction) return report.finish() || 1;
    io.out(options.json ? JSON.stringify({ table, ...compaction }) : compactText(table, compaction));
    return report.finish() || (compaction.givenUp === undefined ? 0 : 1);
  } catch (error) {
    if (error instanceof WrongUsage) report.note(`tidemark compact: ${error.message}\nSee: tidemark compact --help`);
    else report.unexpected(error);
    return 1;
  }
}

async function isConfirmed(table: string, { confirm, err }: CompactIo): Promise<boolean> {
  const warning = `While files of ${table} are joined, readers may find rows twice, or miss them.`;
  if (!confirm) throw new WrongUsage(`${warning} Give --yes to join them all the same.`);
  const isYes = await confirm(`${warning} Join them now?`);
  if (!isYes) err('Nothing was done.');
  return isYes;
}

/** @returns undefined if the table did not come to be compacted */
async function compact(
  path: string,
  request: CompactRequest,
  ports: LocalPorts,
  report: ConsoleReport,
): Promise<CompactReport | undefined> {
  const { queue, clock, random } = ports;
  let last: TableOutcome | undefined;
  const sum = noCompaction();
  const listener = {
    outcomes: (outcomes: readonly TableOutcome[], waiting: number): void => {
      report.outcomes(outcomes, waiting);
      last = outcomes.at(-1);
      if (last?.compacted) addCompaction(sum, last.compacted);
    },
    givenUp: (failed: string, tries: number): void => {
      report.givenUp(failed, tries);
      last = undefined;
    },
  };
  await queue.send([{ table: path, cause: `compaction ${random.id()}`, compact: request }]);
  for (;;) {
    if (await reconcileReady(ports, listener, TRIES)) continue;
    const readyAt = queue.nextVisibleAt();
    if (readyAt === undefined) return last?.compacted && sum;
    await sleep(readyAt - clock.now());
  }
}

function compactText(table: string, report: CompactReport): string {
  const { filesLaidOut, filesJoined, filesWritten, bytesBefore, bytesAfter, givenUp } = report;
  const end = givenUp === undefined ? '' : `\n  Given up before all was done: ${givenUp}`;
  if (filesLaidOut + filesJoined === 0) return `${table}: all files are in shape.${end}`;
  const joined = filesJoined > 0 ? `, ${counted(filesJoined, 'file')} joined into ${filesWritten}` : '';
  const bytes = `${bytesText(bytesBefore)} before, ${bytesText(bytesAfter)} after`;
  return `${table}: ${counted(filesLaidOut, 'file')} laid out anew${joined}: ${bytes}${end}`;
}
