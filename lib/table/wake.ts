import { isDeepStrictEqual } from 'node:util';
import type { Ports } from '../ports/ports.ts';
import type { TableItem } from '../ports/table-store.ts';
import type { WakeUp } from '../queue/wake-up.ts';
import { rowOfItem } from './item.ts';
import { tableOfPath } from '../dms/object-key.ts';

/** A row of the controller table before and after a change, as the table's stream tells it. */
export interface RowChange {
  /** Unique in the stream. */
  sequenceNumber: string;
  before?: TableItem;
  after?: TableItem;
}

/**
 * Wakes each active table whose row people edited (ActiveFlag, PrimaryKey, PartitionKey, …); what `merge` itself writes
 * wakes nothing, else every merge would wake the next, for ever.
 * @returns the sequence numbers of changes that must be delivered again.
 */
export async function wakeEditedTables(
  changes: readonly RowChange[],
  { queue, log, config }: Pick<Ports, 'queue' | 'log' | 'config'>,
): Promise<{ failed: string[] }> {
  const wakeUps: WakeUp[] = [];
  for (const { sequenceNumber, before, after } of changes) {
    if (!after || !isEdit(before, after) || !rowOfItem(after).settings.active) continue;
    if (tableOfPath(after.path, config))
      wakeUps.push({ table: after.path, cause: `its row was edited: ${sequenceNumber}` });
    else log.warn('a row is of no table of the raw bucket', { path: after.path });
  }
  await queue.send(wakeUps);
  return { failed: [] };
}

/** Every write of ours has a write id of its own; an edit leaves it as it was. */
function isEdit(before: TableItem | undefined, after: TableItem): boolean {
  return before?.WriteId === after.WriteId && !isDeepStrictEqual(before, after);
}
