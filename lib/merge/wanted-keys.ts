import { partitionTexts } from '../lake/partition.ts';
import type { BloomFilter } from '../parquet/bloom-filter.ts';
import type { ChunkStatistics } from '../parquet/statistics.ts';
import type { Vector } from '../parquet/vector.ts';
import type { KeyColumns } from './key.ts';
import type { OnFound } from './keys-of-partition.ts';
import { KeysOfPartition } from './keys-of-partition.ts';

/**
 * The keys that a merge looks for in the lake: which row groups can hold one, by what their chunks say of the key
 * columns, and which of their rows do. Keys are equal as `Key` says (key.ts).
 *
 * Key columns that are partition columns choose among the keys by a file's folder; the others are compared by value.
 */
export class WantedKeys {
  /** Number of wanted keys. */
  readonly size: number;
  /** By the texts of their partition columns. */
  private readonly partitions = new Map<string, KeysOfPartition>();
  private readonly byFolder = new Map<string, KeysOfPartition | undefined>();

  /**
   * @param values of the key columns `keys.stored` in the batch, in their types
   * @param rows of the batch that are wanted: one for each distinct key
   * @param texts of the key columns `keys.partition`, as the folder's name says them, each by place in `rows`
   */
  constructor(
    private readonly keys: KeyColumns,
    values: readonly Vector[],
    rows: readonly number[],
    texts: readonly (readonly (string | null)[])[] = [],
  ) {
    this.size = rows.length;
    if (keys.partition.length === 0) {
      this.partitions.set(partitionId([]), new KeysOfPartition(keys, values, rows));
      return;
    }
    const rowsOf = new Map<string, number[]>();
    rows.forEach((row, i) => {
      const id = partitionId(keys.partition.map((_, part) => texts[part]?.[i] ?? null));
      const known = rowsOf.get(id);
      if (known) known.push(row);
      else rowsOf.set(id, [row]);
    });
    for (const [id, inPartition] of rowsOf) this.partitions.set(id, new KeysOfPartition(keys, values, inPartition));
  }

  /**
   * Whether a row group can hold a wanted key.
   * @param statistics of the chunks of the stored key columns; undefined where the file's type is another than the
   * key's, since bounds are bytes in the file's type
   * @param folder of the file
   */
  mayBeIn(statistics: readonly (ChunkStatistics | undefined)[], folder: string): boolean {
    return this.inFolder(folder)?.mayBeIn(statistics) ?? false;
  }

  /**
   * Whether bloom filters are worth reading. Keys that are scattered over a table's row groups are in all but
   * e^(−keys / groups) of them, and filters can save no more groups than that: at three keys a group it is 5 %, about
   * what filters measure of a key column.
   */
  get isFew(): boolean {
    return this.size <= FEW_MAX;
  }

  /**
   * Whether a row group can hold a wanted key, by the bloom filters of its chunks, too.
   * @param statistics as for `mayBeIn`: only keys that they let pass are looked up in the filters
   * @param filters of the chunks of the stored key columns; undefined where there is none, or the file's type is another
   * than the key's
   */
  mayBeInFilters(
    statistics: readonly (ChunkStatistics | undefined)[],
    filters: readonly (BloomFilter | undefined)[],
    folder: string,
  ): boolean {
    return this.inFolder(folder)?.mayBeInFilters(statistics, filters) ?? false;
  }

  /**
   * Finds the rows of a row group that hold a wanted key, in their order.
   * @param rows of the group
   * @param values of the stored key columns, in their types
   */
  find(rows: number, values: readonly Vector[], folder: string, onFound: OnFound): void {
    this.inFolder(folder)?.find(rows, values, onFound);
  }

  /** The keys that files in this folder can hold. */
  inFolder(folder: string): KeysOfPartition | undefined {
    if (!this.byFolder.has(folder)) {
      const texts = partitionTexts(folder);
      const id = partitionId(this.keys.partition.map(({ name }) => texts.get(name) ?? null));
      this.byFolder.set(folder, this.partitions.get(id));
    }
    return this.byFolder.get(folder);
  }
}

/** Of a table of some 200 row groups or more, filters then still save some. */
const FEW_MAX = 512;

function partitionId(texts: readonly (string | null)[]): string {
  return JSON.stringify(texts);
}
