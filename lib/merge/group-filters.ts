import type { OpenLakeFile } from '../lake/lake-file.ts';
import { BloomFilter } from '../parquet/bloom-filter.ts';
import type { Chunk } from '../parquet/footer.ts';
import { readRanges } from './read-group.ts';

/**
 * The bloom filters of chunks, row group by row group; undefined for a chunk without one, or with one that is too long to
 * be worth reading. Those of a file lie side by side where Tidemark wrote them, so few requests read them, once.
 */
export async function readBloomFilters(
  { read, filters }: Pick<OpenLakeFile, 'read' | 'filters'>,
  groups: readonly (readonly (Chunk | undefined)[])[],
): Promise<(BloomFilter | undefined)[][]> {
  const known = new Map(filters.get());
  const unread = new Map<number, { start: number; end: number }>();
  for (const chunk of groups.flat()) {
    const { start, length } = chunk?.bloomFilter ?? {};
    if (start === undefined || length === undefined || length > FILTER_BYTES_MAX || known.has(start)) continue;
    unread.set(start, { start, end: start + length });
  }
  if (unread.size > 0) {
    const bytes = await readRanges(read, [...unread.values()]);
    [...unread.keys()].forEach((start, i) => known.set(start, BloomFilter.parse(bytes[i] ?? NO_BYTES)));
    filters.keep(known);
  }
  return groups.map((chunks) => chunks.map((chunk) => chunk?.bloomFilter && known.get(chunk.bloomFilter.start)));
}

const NO_BYTES = new Uint8Array();
const FILTER_BYTES_MAX = 1024 * 1024 + 64;
