import type { BloomFilter } from '../parquet/bloom-filter.ts';
import { VersionCache } from './version-cache.ts';

/** Bloom filters of one version of a lake file, by where they begin in it; undefined is one that cannot be read. */
export interface FileFilters {
  byteLength: number;
  filters: ReadonlyMap<number, BloomFilter | undefined>;
}

/** Bloom filters of lake files: what was read for one merge serves the next. */
export class FilterCache extends VersionCache<FileFilters> {
  constructor() {
    super(BYTES_MAX);
  }
}

/** Filters of some 16,000,000 keys. */
const BYTES_MAX = 32 * 1024 * 1024;
