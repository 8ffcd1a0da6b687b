import type { Key, KeyOfRow } from './key.ts';
import type { RowBatch } from './row-batch.ts';

/**
 * The last row of each key: what the changes of a batch come to. An insert of a key that exists is an update, an update
 * of one that does not is an insert, so only the last operation counts.
 * @returns row numbers of the batch by key, in the order in which the keys first appear
 */
export function fold(batch: Pick<RowBatch, 'rows'>, keyOf: KeyOfRow): Map<Key, number> {
  const last = new Map<Key, number>();
  for (let row = 0; row < batch.rows; row++) last.set(keyOf(row), row);
  return last;
}
