import { reconcileBatch } from '../table/reconcile-batch.ts';
import type { LocalPorts } from './connect.ts';
import type { TableOutcome } from '../table/reconcile-batch.ts';
import type { ReceivedWakeUp } from './memory-wake-up-queue.ts';

const TABLES_PER_BATCH = 10;
const WAKE_UPS_PER_BATCH = 1000;
/** As long as the longest-running function on AWS: long enough for any one file. */
const BATCH_MS_MAX = 15 * 60_000;
const FIRST_PAUSE_SECONDS = 0.25;
const LONGEST_PAUSE_SECONDS = 60;

/** Is told of each table of a batch. */
export interface OutcomeListener {
  /** @param waiting tables that are still to be reconciled */
  outcomes(outcomes: readonly TableOutcome[], waiting: number): void;
  /** A table could not be reconciled; the log says why. */
  givenUp(path: string, tries: number): void;
}

/**
 * Reconciles one batch of the tables that are ready.
 * @param triesMax a table that failed this often is given up; Infinity: never
 * @returns false if no table was ready.
 */
export async function reconcileReady(ports: LocalPorts, report: OutcomeListener, triesMax: number): Promise<boolean> {
  const { queue, clock, random } = ports;
  const wakeUps = queue.receive(WAKE_UPS_PER_BATCH, TABLES_PER_BATCH);
  if (wakeUps.length === 0) return false;
  const invocation = { deadline: clock.now() + BATCH_MS_MAX, requestId: random.id() };
  const { failed, outcomes } = await reconcileBatch(wakeUps, invocation, ports);
  const failedIds = new Set(failed);
  const notDone = wakeUps.filter(({ messageId }) => failedIds.has(messageId));
  queue.delete(handlesOf(wakeUps.filter(({ messageId }) => !failedIds.has(messageId))));
  for (const table of new Set(notDone.map((wakeUp) => wakeUp.table))) {
    const group = notDone.filter((wakeUp) => wakeUp.table === table);
    const tries = group.reduce((most, { receiveCount }) => Math.max(most, receiveCount), 0);
    if (tries < triesMax) {
      await queue.extend(handlesOf(group), pauseSeconds(tries));
    } else {
      queue.delete(handlesOf(group));
      report.givenUp(table, tries);
    }
  }
  report.outcomes(outcomes, queue.tables);
  return true;
}

function pauseSeconds(tries: number): number {
  return Math.min(FIRST_PAUSE_SECONDS * 2 ** (tries - 1), LONGEST_PAUSE_SECONDS);
}

function handlesOf(wakeUps: readonly ReceivedWakeUp[]): string[] {
  return wakeUps.map(({ receiptHandle }) => receiptHandle);
}
