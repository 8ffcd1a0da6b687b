/**
 * Names of the objects that hold a table's index: `_tidemark-index-<shards>-<shard>.json.gz` in the table's folder.
 *
 * Engines that read the folder take a file whose own name begins with `_` (and has no `=`) for hidden, as they do
 * Spark's `_SUCCESS`: Spark and Hive, Trino, Athena, PyArrow, Polars if told to. Some look at the file's name alone, so
 * a hidden folder would not do.
 */
export interface ShardName {
  /** How many there are: a power of two. */
  shards: number;
  /** 0 ≤ shard < shards. */
  shard: number;
}

export function shardFileName({ shards, shard }: ShardName): string {
  return `_tidemark-index-${shards}-${shard}.json.gz`;
}

/** @param name of an object, relative to the table's folder */
export function parseShardFileName(name: string): ShardName | undefined {
  const match = NAME.exec(name);
  if (!match) return undefined;
  const [shards, shard] = [Number(match[1]), Number(match[2])];
  return Number.isInteger(Math.log2(shards)) && shard < shards ? { shards, shard } : undefined;
}

/** Into how many shards the index of a table is divided: shards of about 500 files, one up to 1,000. */
export function shardCount(files: number): number {
  return files <= FILES_OF_ONE_SHARD_MAX ? 1 : 2 ** Math.round(Math.log2(files / FILES_PER_SHARD));
}

const NAME = /^_tidemark-index-([1-9]\d{0,6})-(0|[1-9]\d{0,6})\.json\.gz$/;
const FILES_OF_ONE_SHARD_MAX = 1_000;
const FILES_PER_SHARD = 500;
