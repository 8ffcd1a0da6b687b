/** Folders of this machine as a place: this process merges, by the same wake-ups and the same functions as on AWS. */
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandText } from '../command-text.ts';
import { connectFolders, folderPorts } from '../local/connect.ts';
import type { LocalPorts } from '../local/connect.ts';
import type { Folders, GivenFolders } from '../local/folders.ts';
import { checkFolders, isFolder, openFolders } from '../local/folders.ts';
import { lineLog } from '../local/line-log.ts';
import { reconcileReady } from '../local/reconcile-loop.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import type { Threads } from '../ports/threads.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../system.ts';
import { addCompaction, noCompaction } from '../table/compact.ts';
import { rowOfItem } from '../table/item.ts';
import type { TableOutcome } from '../table/reconcile-batch.ts';
import type { TableRow } from '../table/row.ts';
import { sweep } from '../table/sweep.ts';
import type { Brought, Place, PlaceIo } from './place.ts';

/** @throws WrongUsage if a folder is not there, or if one lies inside another. */
export async function openFolderPlace(
  given: GivenFolders,
  io: PlaceIo & { threads: Threads; verbose?: boolean },
): Promise<Place> {
  const folders = await checkFolders(given);
  await refuseMissing('--lake', folders.lake, `${commandText('local')} makes it; or make it yourself.`);
  if (given.state !== undefined) await refuseMissing('--state', folders.state, `${commandText('local')} makes it.`);
  const options = {
    clock: io.clock ?? SYSTEM_CLOCK,
    random: SYSTEM_RANDOM,
    log: lineLog(io.err, { verbose: io.verbose ?? false }),
    threads: io.threads,
    ...(io.limits && { limits: io.limits }),
  };
  const ports = folderPorts(folders, options);
  /** What killed processes left behind is removed before anything is written. */
  const connect = async () => connectFolders(await openFolders(given), options);
  return {
    name: `${shown(folders.raw)} → ${shown(folders.lake)}`,
    ports,
    bringUpToDate: async (wakeUp, onProgress) => {
      const writing = await connect();
      await writing.queue.send([wakeUp]);
      const brought = await mergeAll(writing, io, onProgress);
      return brought.get(wakeUp.table) ?? { state: 'unfinished' };
    },
    wake: () => Promise.resolve(),
    planConnection: () =>
      Promise.reject(new WrongUsage(`Folders need no connection: ${commandText('local')} watches them. Give --stage.`)),
    redrive: async () => {
      const writing = await connect();
      await sweep(writing.random.id(), writing);
      const brought = await mergeAll(writing, io);
      return { kind: 'woken', tables: [...brought].map(([path, how]) => ({ path, brought: how })) };
    },
  };
}

/** A name that was mistyped would be a place without any table. */
async function refuseMissing(option: string, path: string, next: string): Promise<void> {
  if (!(await isFolder(path)))
    throw new WrongUsage(`${option}: there is no folder ${path}. Is it spelled right? Where it is new, ${next}`);
}

/** A table that failed so often is given up; the log says why. */
const TRIES = 5;

/** Merges until no wake-up is left. @returns how each table stands then, by path */
async function mergeAll(
  ports: LocalPorts,
  { onReport }: PlaceIo,
  onProgress?: (row: TableRow) => void,
): Promise<Map<string, Brought>> {
  const { queue, tables, clock } = ports;
  const brought = new Map<string, Brought>();
  const changed = new Set<string>();
  const listener = {
    outcomes: (outcomes: readonly TableOutcome[]): void => {
      for (const outcome of outcomes) {
        brought.set(outcome.path, broughtBy(outcome, brought.get(outcome.path)));
        changed.add(outcome.path);
        if (outcome.report) onReport?.(outcome.report);
      }
    },
    givenUp: (path: string): void => {
      brought.set(path, { state: 'unfinished' });
    },
  };
  for (;;) {
    if (!(await reconcileReady(ports, listener, TRIES))) {
      const readyAt = queue.nextVisibleAt();
      if (readyAt === undefined) return brought;
      await sleep(readyAt - clock.now());
    }
    for (const path of onProgress ? changed : []) {
      const item = await tables.get(path);
      if (item) onProgress?.(rowOfItem(item));
    }
    changed.clear();
  }
}

/** A table that had more to do than one run does is woken again: what was compacted is the sum. */
function broughtBy({ state, blocked, compacted }: TableOutcome, before: Brought | undefined): Brought {
  // What else the row says of it is for merges alone.
  if (!compacted)
    return { state, ...(blocked && { blocked: { file: blocked.file, reason: blocked.reason, next: blocked.next } }) };
  const sum = noCompaction();
  if (before?.compacted) addCompaction(sum, before.compacted);
  addCompaction(sum, compacted);
  return { state, compacted: sum };
}

function shown(folder: Folders['raw']): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith('..') ? folder : `./${path}`;
}
