import { mapConcurrently } from '../concurrency.ts';
import { messageOf } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { WakeUp } from '../queue/wake-up.ts';
import { parseWakeUp } from '../queue/wake-up-message.ts';
import { Deadline } from './deadline.ts';
import { reconcile } from './reconcile.ts';
import type { MergeReport } from './report.ts';
import type { TableName } from '../dms/object-key.ts';

/** A message of the wake-ups queue. */
export interface WakeUpMessage {
  messageId: string;
  receiptHandle: string;
  /** JSON of a wake-up: `{"table", "key"?, "cause"}`. */
  body: string;
}

export interface TableOutcome {
  /** The table's path. */
  path: string;
  state: 'inactive' | 'active' | 'blocked';
  /** Set if the reconcile changed the table. */
  report?: MergeReport;
  /** Set if blocked: the file, why, and what to do next. */
  blocked?: { file: string; reason: string; next: string };
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
  const deadline = new Deadline(invocation.deadline, ports.clock);
  const { tables, refused } = groupByTable(messages, ports);
  // Should this process be killed, its tables are not held for long.
  const seconds = Math.ceil(deadline.left() / 1000) + VISIBLE_AFTER_SECONDS;
  await ports.queue.extend(
    [...tables.values()].flatMap((woken) => woken.receiptHandles),
    seconds,
  );
  const failed = [...refused];
  const outcomes = await mapConcurrently([...tables.values()], ports.config.limits.tablesAtOnce, async (woken) => {
    try {
      return [await reconcileTable(woken, deadline, invocation.requestId, ports)];
    } catch (error) {
      // Transient, or a bug: this table's wake-ups are delivered again; the others' are not its business.
      ports.log.error('a table could not be merged and is tried again', {
        table: woken.path,
        reason: messageOf(error),
        error,
      });
      failed.push(...woken.messageIds);
      return [];
    }
  });
  return { failed, outcomes: outcomes.flat() };
}

const VISIBLE_AFTER_SECONDS = 60;

interface WokenTable {
  path: string;
  name: TableName;
  wakeUps: WakeUp[];
  messageIds: string[];
  receiptHandles: string[];
}

async function reconcileTable(
  { path, name, wakeUps }: WokenTable,
  deadline: Deadline,
  requestId: string,
  ports: Ports,
): Promise<TableOutcome> {
  const keys = wakeUps.flatMap(({ key }) => (key === undefined ? [] : [key]));
  // What has no key to hint at comes from the sweep or from an edited row: look at everything.
  const whole = keys.length < wakeUps.length;
  const { state, report, blocked, more } = await reconcile(path, name, { keys, whole }, deadline, ports);
  if (more) await ports.queue.send([{ table: path, cause: `more is to be done after ${requestId}` }]);
  return { path, state, ...(report && { report }), ...(blocked && { blocked }) };
}

function groupByTable(
  messages: readonly WakeUpMessage[],
  { config, log }: Pick<Ports, 'config' | 'log'>,
): { tables: Map<string, WokenTable>; refused: string[] } {
  const tables = new Map<string, WokenTable>();
  const refused: string[] = [];
  for (const { messageId, receiptHandle, body } of messages) {
    try {
      const { name, ...wakeUp } = parseWakeUp(body, config);
      const woken = tables.get(wakeUp.table) ?? {
        path: wakeUp.table,
        name,
        wakeUps: [],
        messageIds: [],
        receiptHandles: [],
      };
      tables.set(wakeUp.table, woken);
      woken.wakeUps.push(wakeUp);
      woken.messageIds.push(messageId);
      woken.receiptHandles.push(receiptHandle);
    } catch (error) {
      refused.push(messageId);
      log.error('a wake-up is refused; it is left to the dead-letter queue', { messageId, reason: messageOf(error) });
    }
  }
  return { tables, refused };
}
