import type { ObjectStore } from '../ports/object-store.ts';
import type { IndexShard } from './index-shard.ts';
import { VersionCache } from './version-cache.ts';

/** Shards of table indexes. */
export class ShardCache extends VersionCache<IndexShard> {
  constructor() {
    super(BYTES_MAX);
  }
}

/** The index shards known of a lake. */
export function shardCacheOf(lake: ObjectStore): ShardCache {
  const known = caches.get(lake) ?? new ShardCache();
  caches.set(lake, known);
  return known;
}

const caches = new WeakMap<ObjectStore, ShardCache>();

/** Of shards as JSON; parsed they take some times that. */
const BYTES_MAX = 16 * 1024 * 1024;
