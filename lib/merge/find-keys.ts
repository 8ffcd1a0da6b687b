import type { Column } from '../parquet/column-type.ts';
import type { Vector } from '../parquet/vector.ts';
import { nullVector } from '../parquet/vector.ts';
import type { StoredChunk } from './stored-chunk.ts';
import { decodeStored } from './stored-chunk.ts';
import { WantedKeys } from './wanted-keys.ts';

/** Row groups in which keys are looked for. Plain data: another thread may do the work. */
export interface KeysToFind {
  keys: PlainKeys;
  groups: KeyGroup[];
}

/** Distinct keys: of each key column inside the files the values, one for each key. */
export interface PlainKeys {
  columns: readonly Column[];
  values: readonly Vector[];
}

/** A row group's chunks of the key columns; undefined for a column that the file does not have. */
export interface KeyGroup {
  rows: number;
  chunks: (StoredChunk | undefined)[];
}

/** Rows that hold a key: of the i-th one the row group, the row in it, and the key, each by its number. */
export interface FoundKeys {
  groups: number[];
  rows: number[];
  keys: number[];
}

/** @throws Error naming the column whose chunk cannot be decoded. */
export function findKeys({ keys: { columns, values }, groups }: KeysToFind): FoundKeys {
  const numbers = Array.from({ length: values[0]?.length ?? 1 }, (_, i) => i);
  const wanted = new WantedKeys({ stored: columns, partition: [] }, values, numbers);
  const found: FoundKeys = { groups: [], rows: [], keys: [] };
  groups.forEach(({ rows, chunks }, group) => {
    const inGroup = columns.map((column, i): Vector => {
      const stored = chunks[i];
      return stored ? decodeStored(stored, column) : nullVector(column.type, rows);
    });
    wanted.find(rows, inGroup, '', (row, key) => {
      found.groups.push(group);
      found.rows.push(row);
      found.keys.push(key);
    });
  });
  return found;
}
