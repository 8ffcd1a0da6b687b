import { isDeepStrictEqual } from 'node:util';
import type { Ports } from '../ports/ports.ts';
import type { TableItem } from '../ports/table-store.ts';
import { messageOf } from '../errors.ts';
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
 * @returns the sequence number of the first change that must be delivered again, with all after it; none if all is done.
 */
export async function wakeEditedTables(
  changes: readonly RowChange[],
  { queue, log, config }: Pick<Ports, 'queue' | 'log' | 'config'>,
): Promise<{ failed: string[] }> {
  for (const { sequenceNumber, before, after } of changes) {
    if (!after || !isEdit(before, after) || !rowOfItem(after).settings.active) continue;
    if (!tableOfPath(after.path, config)) {
      log.warn('a row is of no table of the raw bucket', { path: after.path });
      continue;
    }
    try {
      await queue.send([{ table: after.path, cause: `its row was edited: ${sequenceNumber}` }]);
    } catch (error) {
      log.error('an edited table could not be woken', { path: after.path, reason: messageOf(error) });
      // A stream goes on from the first change that failed.
      return { failed: [sequenceNumber] };
    }
  }
  return { failed: [] };
}

/** Every write of ours has a write id of its own; an edit leaves it as it was. */
function isEdit(before: TableItem | undefined, after: TableItem): boolean {
  return before?.WriteId === after.WriteId && !isDeepStrictEqual(before, after);
}
