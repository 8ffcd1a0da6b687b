import type { BloomFilter } from '../parquet/bloom-filter.ts';
import type { Column, ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import type { ChunkStatistics } from '../parquet/statistics.ts';
import type { Hashes } from '../parquet/value-hash.ts';
import { hashValues } from '../parquet/value-hash.ts';
import type { FlatVector, Vector } from '../parquet/vector.ts';
import { valueAt, vectorOf } from '../parquet/vector.ts';
import type { PlainKeys } from './find-keys.ts';
import type { KeyColumns } from './key.ts';
import { KeyBounds } from './key-bounds.ts';
import { flatKeyForm, keyForm } from './key-form.ts';
import { KeyTable } from './key-table.ts';

/** Called with a row of a row group and the row of the batch that has the same key. */
export type OnFound = (row: number, batchRow: number) => void;

/**
 * The wanted keys of one partition (all, where no key column is a partition column): they differ in the columns that
 * files store. What is needed to find them is made when it is first asked for: most partitions are not.
 */
export class KeysOfPartition {
  private readonly types: readonly ColumnType[];
  /** Of each stored key column, one for each key. */
  private readonly values: readonly (readonly PhysicalValue[])[];
  private bounds: KeyBounds | undefined;
  private hashes: readonly (Hashes | undefined)[] | undefined;
  private table: KeyTable | undefined;

  /**
   * @param values of the stored key columns in the batch, in their types
   * @param rows of the batch, one for each key
   */
  constructor(
    { stored }: KeyColumns,
    values: readonly Vector[],
    private readonly rows: readonly number[],
  ) {
    this.types = stored.map(({ type }) => type);
    this.values = values.map((vector) => rows.map((row) => valueAt(vector, row)));
  }

  mayBeIn(statistics: readonly (ChunkStatistics | undefined)[]): boolean {
    return this.some(statistics, () => true);
  }

  mayBeInFilters(
    statistics: readonly (ChunkStatistics | undefined)[],
    filters: readonly (BloomFilter | undefined)[],
  ): boolean {
    this.hashes ??= this.types.map((type, i) => (hasOneForm(type) ? hashValues(this.vector(i)) : undefined));
    const { hashes } = this;
    return this.some(statistics, (key) =>
      hashes.every((ofColumn, i) => !ofColumn || (filters[i]?.mayContain(ofColumn, key) ?? true)),
    );
  }

  find(rows: number, values: readonly Vector[], onFound: OnFound): void {
    if (this.types.length === 0) {
      const only = this.rows[0] as number;
      for (let row = 0; row < rows; row++) onFound(row, only);
      return;
    }
    this.table ??= new KeyTable(
      this.types.map((type, i) => flatKeyForm(this.vector(i), type)),
      this.rows.length,
    );
    const columns = this.types.map((type, i) => keyForm(values[i] as Vector, type));
    this.table.find(columns, rows, (row, key) => onFound(row, this.rows[key] as number));
  }

  /** The keys as plain data. */
  plain(columns: readonly Column[]): PlainKeys {
    return { columns, values: columns.map((_, i) => this.vector(i)) };
  }

  /** The row of the batch that has the key with this number. */
  batchRow(key: number): number {
    return this.rows[key] as number;
  }

  private some(statistics: readonly (ChunkStatistics | undefined)[], test: (key: number) => boolean): boolean {
    this.bounds ??= new KeyBounds(this.types, this.values);
    return this.bounds.some(statistics, test);
  }

  private vector(column: number): FlatVector {
    return vectorOf(this.types[column] as ColumnType, this.values[column] ?? []);
  }
}

/** Filters are of bytes: of decimals of variable length one value may have several. */
function hasOneForm({ physical, logical }: ColumnType): boolean {
  return logical.kind !== 'decimal' || physical !== 'BYTE_ARRAY';
}
