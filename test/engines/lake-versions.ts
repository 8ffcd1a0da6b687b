import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parquetMetadata } from 'hyparquet';

/** Lake files of one moment: path below the lake → bytes. */
export type Snapshot = ReadonlyMap<string, Buffer>;

export interface Growth {
  /** Files whose new version begins with the old one, byte for byte. */
  grown: string[];
  laidOutAnew: string[];
  faults: string[];
}

export async function snapshot(lake: string): Promise<Snapshot> {
  const files = new Map<string, Buffer>();
  const entries = await readdir(lake, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.parquet')) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(lake, path), await readFile(path));
  }
  return files;
}

/**
 * What a merge did to the files that were there. One that does not begin with its old version must have been laid out
 * anew: then hardly a byte of it is dead. Whoever opened a grown file before the merge still finds every byte.
 */
export function compareVersions(before: Snapshot, after: Snapshot): Growth {
  const growth: Growth = { grown: [], laidOutAnew: [], faults: [] };
  for (const [path, old] of before) {
    const now = after.get(path);
    if (!now) growth.faults.push(`${path} is gone`);
    else if (now.equals(old)) continue;
    else if (now.length > old.length && now.subarray(0, old.length).equals(old)) growth.grown.push(path);
    else if (deadShare(now) <= DEAD_SHARE_ANEW_MAX) growth.laidOutAnew.push(path);
    else growth.faults.push(`${path} has changed within its first ${old.length} bytes, ${describe(now)}`);
  }
  return growth;
}

/** Lengths of what no column chunk counts: a writer may leave some out. */
const DEAD_SHARE_ANEW_MAX = 0.05;
/** `PAR1` at both ends, and the footer's length. */
const FRAME_BYTES = 12;

/** Share of a Parquet file's bytes that its footer does not name. */
export function deadShare(file: Buffer): number {
  const metadata = parquetMetadata(file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer);
  let named = FRAME_BYTES + metadata.metadata_length;
  for (const chunk of metadata.row_groups.flatMap(({ columns }) => columns)) {
    named += Number(chunk.meta_data?.total_compressed_size ?? 0);
    named += chunk.column_index_length ?? 0;
    named += chunk.offset_index_length ?? 0;
    named += chunk.meta_data?.bloom_filter_length ?? 0;
  }
  return 1 - named / file.length;
}

function describe(file: Buffer): string {
  return `and ${Math.round(100 * deadShare(file))} % of it are dead, as of a file that is not laid out anew`;
}
