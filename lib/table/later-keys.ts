import type { Limits } from '../config.ts';
import { ColumnNames, withColumns } from '../merge/column-names.ts';
import { smallerSlices } from '../merge/held-bytes.ts';
import type { Key } from '../merge/key.ts';
import { batchKeys, keyColumns } from '../merge/key.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import type { RowBatch } from '../merge/row-batch.ts';
import { readRowBatch, resolveColumns, tableColumns } from '../merge/row-batch.ts';
import { TooManyBytes } from '../parquet/chunk-rows.ts';
import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { requireOwnKey } from './key-spelling.ts';
import type { ChangeFile } from './raw-listing.ts';
import type { TableSettingsOfRow } from './row.ts';

/**
 * Takes keys that a later file changed out of a late file's changes: the later operation stands.
 * @param batch of the late file
 * @throws WiderKey, TableBlocked
 */
export async function dropKeysOf(
  file: ChangeFile,
  changes: Map<Key, number>,
  batch: RowBatch,
  settings: Pick<TableSettingsOfRow, 'primaryKey' | 'partitionKey'>,
  limits: Pick<Limits, 'valuesPerMerge'>,
  raw: ObjectStore,
): Promise<void> {
  const asWritten = await openRawFile(raw, file);
  const names = new ColumnNames(batch.columns.map(({ name }) => name));
  const opened = withColumns(asWritten, names.named(asWritten.footer.columns));
  const whole = { file: opened, from: 0, to: opened.rows };
  const columns = tableColumns([whole], batch.columns);
  const primaryKey = resolveColumns(settings.primaryKey, columns, file.name, 'PrimaryKey');
  requireOwnKey(primaryKey, opened.footer.columns, file.name, 'PrimaryKey');
  requireSameTypes(primaryKey, batch);
  const partition = resolveColumns(settings.partitionKey, columns, file.name, 'PartitionKey');
  const named = new Set(primaryKey.map(({ name }) => name));
  const keys = keyColumns(primaryKey, partition);
  const { valuesPerMerge } = limits;
  for (let slices = [whole]; slices[0] && slices[0].from < opened.rows;) {
    const [slice] = slices;
    try {
      const laterBatch = await readRowBatch([slice], columns, { valuesPerMerge, isWanted: (name) => named.has(name) });
      const keyOf = batchKeys(laterBatch, keys);
      for (let i = 0; i < laterBatch.rows; i++) changes.delete(keyOf(i));
      slices = [{ file: opened, from: slice.to, to: opened.rows }];
    } catch (error) {
      if (!(error instanceof TooManyBytes)) throw error;
      slices = smallerSlices(slices);
    }
  }
}

/**
 * A key column of a later file is of a wider type than the lake has: nothing of that file is in the lake. Keys of two types are
 * never equal, so the late file is to be read with the wider one.
 */
export class WiderKey extends Error {
  override readonly name = 'WiderKey';

  /** @param columns of the late file's batch, with the wider type */
  constructor(readonly columns: readonly Column[]) {
    super('a later file has a wider key');
  }
}

function requireSameTypes(primaryKey: readonly Column[], { columns }: RowBatch): void {
  const wider = new Map(primaryKey.map((column) => [column.name, column]));
  const isWider = ({ name, type }: Column): boolean => {
    const other = wider.get(name);
    return other !== undefined && !sameType(other.type, type);
  };
  if (columns.some(isWider)) throw new WiderKey(columns.map((column) => wider.get(column.name) ?? column));
}
