import type { Column } from '../parquet/column-type.ts';

/**
 * Names of the columns whose chunks get bloom filters. Texts and UUIDs come in any order, so the bounds of a row group say
 * little of them. Bytes that are neither have no filters: DuckDB (1.5) looks for another value in them than the one it is
 * asked for, and finds nothing.
 * @param key columns of the primary key
 * @param columns inside the files
 */
export function bloomFilterColumns(key: readonly Column[], columns: readonly Column[]): ReadonlySet<string> {
  const isUnordered = ({ type: { logical } }: Column): boolean =>
    logical.kind === 'text' || (logical.kind === 'bytes' && logical.annotation === 'UUID');
  const stored = new Set(columns.map(({ name }) => name));
  return new Set(key.filter((column) => stored.has(column.name) && isUnordered(column)).map(({ name }) => name));
}
