import { partitionTexts } from '../../lib/lake/partition.ts';
import type { KeyColumns, KeyOfRow } from '../../lib/merge/key.ts';
import { batchKeys } from '../../lib/merge/key.ts';
import type { ColumnType } from '../../lib/parquet/column-type.ts';
import type { Vector } from '../../lib/parquet/vector.ts';
import { vectorOf } from '../../lib/parquet/vector.ts';

const TEXT: ColumnType = { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'UTF8' } };
/** Of a row group whose key is in its folder's name alone. */
const ROWS_MAX = 1_000;

/**
 * The keys of rows of a lake file by the very functions that make those of a batch: what finding keys must agree with.
 * @param values of the stored key columns, in the types of `keys.stored`
 */
export function lakeKeys(values: readonly Vector[], folder: string, { stored, partition }: KeyColumns): KeyOfRow {
  const texts = partitionTexts(folder);
  const rows = values[0]?.length ?? ROWS_MAX;
  const columns = new Map(stored.map(({ name }, i) => [name, values[i]!]));
  for (const { name } of partition) {
    const text = texts.get(name) ?? null;
    columns.set(name, vectorOf(TEXT, new Array(rows).fill(text === null ? null : Buffer.from(text))));
  }
  const asText = partition.map(({ name }) => ({ name, type: TEXT }));
  const batch = { rows, columns: [], values: columns, bytesPerRow: 0, operations: [], slices: [] };
  return batchKeys(batch, { stored, partition: asText });
}
