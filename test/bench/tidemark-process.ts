/**
 * The measured side: reconciles one table on folders, run after run, as the functions do in the cloud. What arrives is
 * moved into the raw folder before the clock starts; the clock covers `reconcileBatch`, from the table's row and the
 * listings to the commit.
 */
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { arrivalOf } from '../../lib/local/arrival.ts';
import { connectFolders, type LocalPorts } from '../../lib/local/connect.ts';
import { type Folders, openFolders } from '../../lib/local/folders.ts';
import { lineLog } from '../../lib/local/line-log.ts';
import { routeArrivals } from '../../lib/queue/route.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { configureTable } from '../../lib/table/configure.ts';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import type { MergeReport } from '../../lib/table/report.ts';
import { threadsFor } from '../../lib/threads/threads.ts';
import { CallCounter, type Calls } from './counted-calls.ts';
import { type Phases, PhaseTimer } from './phase-timer.ts';
import { answer, peakMemory, takeJob, type Taken, timed } from './measured-process.ts';

export interface TidemarkJob {
  /** `<schema>/<table>` */
  table: string;
  primaryKey: string[];
  /** On which row groups are encoded. */
  threads: number;
  /** As deployed unless given. */
  targetFileBytes?: number;
  /** One after the other. */
  runs: { folders: Folders; arriving: { from: string; to: string }[] }[];
}

export interface TidemarkResult {
  runs: (Taken & { report: MergeReport; calls: Calls; phases: Phases })[];
  /** Bytes. */
  peakMemory: number;
  /** Bytes, before the first run. */
  memoryAtStart: number;
}

/** More wake-ups than one run has files. */
const WAKE_UPS_MAX = 100_000;
const DEADLINE_MS = 15 * 60_000;
const REST_MS = 500;

// The worker threads load this module, too.
if (isMainThread) answer(await run((await takeJob()) as TidemarkJob));

async function run({ table, primaryKey, threads, targetFileBytes, runs }: TidemarkJob): Promise<TidemarkResult> {
  const counter = new CallCounter();
  const timer = new PhaseTimer();
  const options = {
    clock: SYSTEM_CLOCK,
    random: SYSTEM_RANDOM,
    log: lineLog((line) => process.stderr.write(`${line}\n`), { verbose: false }),
    threads: threadsFor(threads),
    limits: { ...DEFAULT_LIMITS, ...(targetFileBytes !== undefined && { targetFileBytes }) },
  };
  const connected = new Map<string, LocalPorts>();
  const memoryAtStart = peakMemory();
  const results: TidemarkResult['runs'] = [];
  for (const { folders, arriving } of runs) {
    const ports = connected.get(folders.lake) ?? (await connectMeasured(folders, options, counter, timer));
    connected.set(folders.lake, ports);
    await configureTable(table, { primaryKey, active: true }, ports);
    for (const { from, to } of arriving) await arrive(from, to, folders.raw, ports);
    // What the run before left to the system is done: the blocks of the version that it replaced are freed.
    await sleep(REST_MS);
    const wakeUps = ports.queue.receive(WAKE_UPS_MAX);
    counter.take();
    timer.start();
    const { result, ...taken } = await timed(() =>
      reconcileBatch(wakeUps, { deadline: ports.clock.now() + DEADLINE_MS, requestId: ports.random.id() }, ports),
    );
    const calls = counter.take();
    const phases = timer.take();
    ports.queue.delete(wakeUps.map(({ receiptHandle }) => receiptHandle));
    const [outcome] = result.outcomes;
    if (!outcome?.report || outcome.state !== 'active' || result.failed.length > 0 || ports.queue.tables > 0) {
      throw new Error(`one reconcile did not merge what is there: ${JSON.stringify(result)}`);
    }
    results.push({ ...taken, report: outcome.report, calls, phases });
  }
  return { runs: results, peakMemory: peakMemory(), memoryAtStart };
}

async function connectMeasured(
  folders: Folders,
  options: Parameters<typeof connectFolders>[1],
  counter: CallCounter,
  timer: PhaseTimer,
): Promise<LocalPorts> {
  await mkdir(folders.raw, { recursive: true });
  const ports = await connectFolders(await openFolders(folders), options);
  return {
    ...ports,
    raw: counter.counting('raw', ports.raw),
    lake: counter.counting('lake', timer.timingLake(ports.lake)),
    tables: counter.counting('tables', timer.timingTables(ports.tables)),
  };
}

async function arrive(from: string, to: string, rawFolder: string, ports: LocalPorts): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  const arrival = arrivalOf(rawFolder, to, ports);
  if (!arrival) throw new Error(`${to} is gone though it was just put there`);
  await routeArrivals([arrival], ports);
}
