import { join } from 'node:path';
import type { Limits } from '../config.ts';
import { parseObjectKey } from '../dms/object-key.ts';
import type { Clock, RandomSource } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Threads } from '../ports/threads.ts';
import { routeArrivals } from '../queue/route.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../system.ts';
import { OWN_THREAD } from '../threads/own-thread.ts';
import type { TableSettings } from '../table/configure.ts';
import { sweep } from '../table/sweep.ts';
import { appearedAt, arrivalOf, keyOf } from './arrival.ts';
import { connectFolders, type LocalPorts } from './connect.ts';
import { ConsoleReport, type Console } from './console-report.ts';
import { Doorbell } from './doorbell.ts';
import { openFolders } from './folders.ts';
import { lineLog } from './line-log.ts';
import { type OutcomeListener, reconcileReady } from './reconcile-loop.ts';
import { type Onlooker, watchedPorts } from './onlooker.ts';
import { readTablesFile } from './tables-file.ts';
import { TablesSettings } from './tables-settings.ts';
import { watchFolder, type Watch } from './watch.ts';

/** With some four seconds between the first and the last. */
const TRIES_ONCE = 5;
/** A watcher can miss a file in a folder that is being made, so the sweep runs often, for a twentieth of the time at most. */
const SWEEP_PAUSE_MS_MIN = 3_000;
const SWEEP_PAUSES = 20;
/** Where there is no table yet, there is little to miss. */
const SWEEP_PAUSE_MS_IF_EMPTY = 10 * 60_000;

export interface LocalOptions {
  /** Folder of the DMS files: `<schema>/<table>/…`. */
  raw: string;
  /** Folder of the lake: `<schema>/<table>/…`; made if it is missing. */
  lake: string;
  /** JSON file of what people set per table. */
  tables?: string;
  /** Folder of the controller table; `<lake>/_tidemark` unless given. */
  state?: string;
  /** Merge all there is and end, instead of watching. */
  once?: boolean;
  /** Results as JSON, one line each. */
  json?: boolean;
  /** Log what is merely of interest, too. */
  verbose?: boolean;
}

export interface LocalIo extends Console {
  /** Ends the run in good order: the batch in hand is finished. */
  stop?: AbortSignal;
  clock?: Clock;
  random?: RandomSource;
  /** Where row groups are encoded: on the thread of the caller unless given. */
  threads?: Threads;
  /** How much one merge may take; as on AWS unless given. */
  limits?: Limits;
  onlooker?: Onlooker | undefined;
  /** Who is told what happens, as it happens: each file's freshness, for one; nobody unless given. */
  metrics?: Metrics;
}

/**
 * Brings the lake up to the raw folder: once, or whenever files arrive until `stop`. The handlers are those that run on
 * AWS; only the ports are folders.
 * @returns the exit code: 0 all active tables are up to date, 1 wrong usage or an unexpected failure, 2 a table is blocked.
 */
export async function runLocal(options: LocalOptions, io: LocalIo): Promise<number> {
  const report = new ConsoleReport(io, { json: options.json ?? false });
  const { onlooker } = io;
  try {
    const folders = await openFolders(options);
    const tables =
      options.tables === undefined ? new Map<string, TableSettings>() : await readTablesFile(options.tables);
    const connected = await connectFolders(folders, {
      clock: io.clock ?? SYSTEM_CLOCK,
      random: io.random ?? SYSTEM_RANDOM,
      log: lineLog((line) => report.note(line), { verbose: options.verbose ?? false }),
      threads: io.threads ?? OWN_THREAD,
      ...(io.limits && { limits: io.limits }),
      ...(io.metrics && { metrics: io.metrics }),
    });
    const ports = onlooker ? watchedPorts(connected, onlooker) : connected;
    await onlooker?.begin(ports);
    const settings = new TablesSettings(tables, ports, (table, reason) => report.refused(table, reason));
    await settings.save();
    await noteWhatIsMissing(folders.raw, settings, ports, report);
    await merge(folders.raw, ports, { settings, report, once: options.once ?? false }, io);
    const isDone = ports.queue.tables === 0;
    if (options.once && isDone) report.end();
    const exitCode = report.finish();
    if (isDone) return exitCode;
    report.note('Stopped before all tables were up to date. Start again to go on.');
    return 1;
  } catch (error) {
    report.failed(error);
    return 1;
  } finally {
    await onlooker?.end();
  }
}

/** Merges all there is, and then, unless `once`, what arrives until `stop`. */
async function merge(
  rawFolder: string,
  ports: LocalPorts,
  run: { settings: TablesSettings; report: ConsoleReport; once: boolean },
  { stop, onlooker }: Pick<LocalIo, 'stop' | 'onlooker'>,
): Promise<void> {
  const { settings, report, once } = run;
  const bell = new Doorbell();
  const ring = (): void => bell.ring();
  stop?.addEventListener('abort', ring);
  // Watched before the sweep looks, so that no file falls between the two.
  const watch = once ? undefined : await watchArrivals(rawFolder, ports, run, ring, onlooker);
  const listener: OutcomeListener = {
    outcomes: (outcomes, waiting) => {
      report.outcomes(outcomes, waiting);
      onlooker?.reconciled(outcomes);
    },
    givenUp: (path, tries) => report.givenUp(path, tries),
  };
  try {
    await settings.save();
    await wakeAll(ports);
    if (watch) report.note(`Watching ${rawFolder}; end with Ctrl-C.`);
    let sweepAt = ports.clock.now() + SWEEP_PAUSE_MS_MIN;
    while (!stop?.aborted) {
      if (await reconcileReady(ports, listener, once ? TRIES_ONCE : Infinity)) continue;
      const readyAt = ports.queue.nextVisibleAt() ?? Infinity;
      if (readyAt === Infinity) report.settle();
      if (once && readyAt === Infinity) return;
      if (ports.clock.now() >= sweepAt) {
        await settings.save();
        sweepAt = await sweepAndPause(ports);
        // What it woke is not to wait for the next one.
        continue;
      }
      await bell.wait(Math.min(readyAt, sweepAt) - ports.clock.now());
    }
  } finally {
    stop?.removeEventListener('abort', ring);
    await watch?.close();
  }
}

/** @returns when to sweep again, in ms since the epoch */
async function sweepAndPause(ports: LocalPorts): Promise<number> {
  const started = ports.clock.now();
  const { tables } = await sweep(ports.random.id(), ports);
  const now = ports.clock.now();
  if (tables === 0) return now + SWEEP_PAUSE_MS_IF_EMPTY;
  return now + Math.max(SWEEP_PAUSE_MS_MIN, SWEEP_PAUSES * (now - started));
}

/** Each file that arrives goes the way of an S3 event: to `route`, which wakes its table. */
function watchArrivals(
  rawFolder: string,
  ports: LocalPorts,
  { settings, report }: { settings: TablesSettings; report: ConsoleReport },
  ring: () => void,
  onlooker: Onlooker | undefined,
): Promise<Watch> {
  const onError = (error: unknown): void => report.failed(error);
  const onFile = (path: string): void => {
    const arrival = arrivalOf(rawFolder, path, ports);
    if (!arrival) return;
    // The first file of a table registers it.
    const routed = settings.save().then(() => routeArrivals([arrival], ports));
    routed.then(ring, onError);
    onlooker?.arrived(keyOf(rawFolder, path), appearedAt(path) ?? ports.clock.now());
  };
  return watchFolder(rawFolder, { onFile, onError });
}

/** Wakes what the sweep finds, and each known table: a run tells of all of them how they stand. */
async function wakeAll(ports: LocalPorts): Promise<void> {
  const cause = ports.random.id();
  await sweep(cause, ports);
  for await (const { path } of ports.tables.scan()) await ports.queue.send([{ table: path, cause }]);
}

/** What a person probably did not mean. */
async function noteWhatIsMissing(
  rawFolder: string,
  settings: TablesSettings,
  ports: LocalPorts,
  report: ConsoleReport,
): Promise<void> {
  if (!(await hasTableFile('', ports))) {
    const expected = '<schema>/<table>/LOAD00000001.parquet';
    report.note(`There is no table in ${rawFolder} yet. Files of DMS are expected there as ${expected}.`);
    return;
  }
  for (const name of settings.names) {
    if (!(await hasTableFile(`${name}/`, ports))) {
      const registered = settings.isWaiting(name) ? ' It is not registered until there are.' : '';
      report.note(`--tables names ${name}, but there are no files in ${join(rawFolder, name)}.${registered}`);
    }
  }
}

async function hasTableFile(prefix: string, { raw, config }: LocalPorts): Promise<boolean> {
  for await (const { key } of raw.list(prefix)) {
    if (parseObjectKey(key, config.rawPrefix).kind === 'table') return true;
  }
  return false;
}
