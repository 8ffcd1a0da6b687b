import { mapConcurrently } from '../concurrency.ts';
import { messageOf } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { CompactRequest, WakeUp } from '../queue/wake-up.ts';
import { parseWakeUp } from '../queue/wake-up-message.ts';
import type { CompactReport } from './compact.ts';
import { Deadline } from './deadline.ts';
import { reconcile } from './reconcile.ts';
import type { MergeReport } from './report.ts';
import type { TableName } from '../dms/object-key.ts';

/** A message of the wake-ups queue. */
export interface WakeUpMessage {
  messageId: string;
  receiptHandle: string;
  /** JSON of a wake-up: `{"table", "key"?, "cause", "compact"?}`. */
  body: string;
  /** As SQS gives them: how often the message was received, this time included; of a FIFO queue, its group. */
  attributes?: { ApproximateReceiveCount: string; MessageGroupId?: string | undefined };
}

export interface TableOutcome {
  /** The table's path. */
  path: string;
  state: 'inactive' | 'active' | 'blocked';
  /** Set if the reconcile changed the table. */
  report?: MergeReport;
  /** Set if blocked: the file, why, and what to do next. */
  blocked?: { file: string; reason: string; next: string };
  /** Set if the table was to be compacted and is active. */
  compacted?: CompactReport;
  /** Set if it was to be compacted and is not active. */
  isCompactingRefused?: true;
}

/**
 * Brings each table woken by this batch up to its raw files. One reconcile serves all the wake-ups of a table.
 * Settles everything before it returns; stops in good order before `deadline` (milliseconds since the epoch) and wakes
 * itself for the rest.
 * @param invocation `requestId` tells it from every other (deduplication of self-wakes)
 * @returns the ids of the messages to hand back (all those of a table that did not get there), and each table's outcome.
 */
export async function reconcileBatch(
  messages: readonly WakeUpMessage[],
  invocation: { deadline: number; requestId: string },
  ports: Ports,
): Promise<{ failed: string[]; outcomes: TableOutcome[] }> {
  const deadline = Deadline.of(invocation.deadline, ports.clock);
  const { tables, refused } = groupByTable(messages, ports);
  // Should this process be killed, its tables are not held for long.
  const seconds = Math.ceil(deadline.left() / 1000) + VISIBLE_AFTER_SECONDS;
  await extend(
    [...tables.values()].flatMap((woken) => woken.receiptHandles),
    seconds,
    ports,
  );
  await extend(
    refused.map(({ receiptHandle }) => receiptHandle),
    REFUSED_SECONDS,
    ports,
  );
  const failed = refused.map(({ messageId }) => messageId);
  const outcomes = await mapConcurrently([...tables.values()], ports.config.limits.tablesAtOnce, async (woken) => {
    try {
      const turn = deadline.turn(tables.size > 1 ? SHARED_MS_MAX : Infinity);
      return [await reconcileTable(woken, turn, invocation.requestId, ports)];
    } catch (error) {
      ports.metrics.add({ FailedMerges: 1 }, `${woken.name.schema}/${woken.name.table}`);
      // Transient, or a bug: this table's wake-ups are delivered again; the others' are not its business.
      ports.log.error('a table could not be merged and is tried again', {
        table: woken.path,
        reason: messageOf(error),
        error,
      });
      failed.push(...woken.messageIds);
      await extend(woken.receiptHandles, pauseSeconds(woken.receives), ports);
      return [];
    }
  });
  return { failed, outcomes: outcomes.flat() };
}

const VISIBLE_AFTER_SECONDS = 60;
/** What is no wake-up of ours goes to the dead letters by being received again. */
const REFUSED_SECONDS = 1;
/** Tables of one batch wait for each other: one that has more to do lets the others go after this time. */
const SHARED_MS_MAX = 60_000;

/** What failed is tried again soon, and then ever later, rather than when the queue's visibility timeout has passed. */
function pauseSeconds(receives: number): number {
  return Math.min(10 * 3 ** (receives - 1), 600);
}

/** Only hastens things: whatever fails here must not decide over a table. */
async function extend(receiptHandles: readonly string[], seconds: number, { queue, log }: Ports): Promise<void> {
  if (receiptHandles.length === 0) return;
  try {
    await queue.extend(receiptHandles, seconds);
  } catch (error) {
    log.warn('the visibility of messages could not be changed', { messages: receiptHandles.length, error });
  }
}

interface WokenTable {
  path: string;
  name: TableName;
  wakeUps: WakeUp[];
  messageIds: string[];
  receiptHandles: string[];
  /** How often its oldest message was received. */
  receives: number;
}

async function reconcileTable(
  { path, name, wakeUps, receives }: WokenTable,
  deadline: Deadline,
  requestId: string,
  ports: Ports,
): Promise<TableOutcome> {
  const keys = wakeUps.flatMap(({ key }) => (key === undefined ? [] : [key]));
  // What has no key to hint at comes from the sweep or from an edited row: look at everything.
  const whole = keys.length < wakeUps.length;
  const compact = compactRequest(wakeUps);
  const hints = { keys, whole, failures: receives - 1, compact, requestId };
  const { state, report, blocked, compacted, more } = await reconcile(path, name, hints, deadline, ports);
  if (blocked) ports.metrics.add({ BlockedTables: 1 });
  const cause = `more is to be done after ${requestId}`;
  if (more) await ports.queue.send([{ table: path, cause, ...(compact && { compact }) }]);
  return {
    path,
    state,
    ...(report && { report }),
    ...(blocked && { blocked }),
    ...(compacted && { compacted }),
    ...(compact && state !== 'active' && { isCompactingRefused: true }),
  };
}

/** All that was asked for. */
function compactRequest(wakeUps: readonly WakeUp[]): CompactRequest | undefined {
  const requests = wakeUps.flatMap(({ compact }) => compact ?? []);
  if (requests.length === 0) return undefined;
  return { purge: requests.some(({ purge }) => purge), join: requests.some(({ join }) => join) };
}

function groupByTable(
  messages: readonly WakeUpMessage[],
  { config, log }: Pick<Ports, 'config' | 'log'>,
): { tables: Map<string, WokenTable>; refused: WakeUpMessage[] } {
  const tables = new Map<string, WokenTable>();
  const refused: WakeUpMessage[] = [];
  for (const message of messages) {
    const { messageId, receiptHandle, body, attributes } = message;
    try {
      const { name, ...wakeUp } = parseWakeUp(body, config, attributes?.MessageGroupId);
      const woken = tables.get(wakeUp.table) ?? {
        path: wakeUp.table,
        name,
        wakeUps: [],
        messageIds: [],
        receiptHandles: [],
        receives: 1,
      };
      tables.set(wakeUp.table, woken);
      woken.wakeUps.push(wakeUp);
      woken.messageIds.push(messageId);
      woken.receiptHandles.push(receiptHandle);
      woken.receives = Math.max(woken.receives, Number(attributes?.ApproximateReceiveCount ?? 1));
    } catch (error) {
      refused.push(message);
      log.error('a wake-up is refused; it is left to the dead-letter queue', { messageId, reason: messageOf(error) });
    }
  }
  return { tables, refused };
}
