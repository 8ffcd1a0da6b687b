import { BloomFilter } from '../parquet/bloom-filter.ts';
import type { Chunk } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import { readRanges } from './read-group.ts';

/**
 * The bloom filters of chunks, row group by row group; undefined for a chunk without one, or with one that is too long to
 * be worth reading. Those of a file lie side by side where Tidemark wrote them, so few requests read them.
 */
export async function readBloomFilters(
  read: ReadRange,
  groups: readonly (readonly (Chunk | undefined)[])[],
): Promise<(BloomFilter | undefined)[][]> {
  const wanted = new Map<Chunk, { start: number; end: number }>();
  for (const chunk of groups.flat()) {
    const { start, length } = chunk?.bloomFilter ?? {};
    if (chunk && start !== undefined && length !== undefined && length <= FILTER_BYTES_MAX)
      wanted.set(chunk, { start, end: start + length });
  }
  const bytes = await readRanges(read, [...wanted.values()]);
  const filters = new Map([...wanted.keys()].map((chunk, i) => [chunk, BloomFilter.parse(bytes[i] ?? NO_BYTES)]));
  return groups.map((chunks) => chunks.map((chunk) => chunk && filters.get(chunk)));
}

const NO_BYTES = new Uint8Array();
const FILTER_BYTES_MAX = 1024 * 1024 + 64;
