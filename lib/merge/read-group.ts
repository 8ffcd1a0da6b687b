import { mapConcurrently } from '../concurrency.ts';
import { messageOf, TableBlocked } from '../errors.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Chunk, Footer } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import { ThreadLost } from '../ports/threads.ts';

/**
 * The bytes of chunks, by chunk. Chunks that lie near each other, as those of a row group do, come with one request.
 */
export async function readChunks(
  read: ReadRange,
  chunks: readonly Chunk[],
  spans: Uint8Array[] = [],
): Promise<ReadonlyMap<Chunk, Uint8Array>> {
  const bytes = await readRanges(read, chunks, spans);
  return new Map(chunks.map((chunk, i) => [chunk, bytes[i] ?? new Uint8Array()]));
}

/**
 * The bytes of ranges [start, end), with one request for those that lie near each other.
 * @param spansRead is added to: what the requests gave, of which the result are views
 */
export async function readRanges(
  read: ReadRange,
  ranges: readonly { start: number; end: number }[],
  spansRead: Uint8Array[] = [],
): Promise<Uint8Array[]> {
  const bytes = new Array<Uint8Array>(ranges.length);
  const spans: { start: number; end: number; members: number[] }[] = [];
  const order = ranges.map((_, i) => i).sort((a, b) => (ranges[a]?.start ?? 0) - (ranges[b]?.start ?? 0));
  for (const i of order) {
    const { start, end } = ranges[i] as { start: number; end: number };
    const last = spans.at(-1);
    if (last && start - last.end <= GAP_BYTES_MAX) {
      last.end = Math.max(last.end, end);
      last.members.push(i);
    } else {
      spans.push({ start, end, members: [i] });
    }
  }
  await mapConcurrently(spans, REQUESTS_AT_ONCE, async (span) => {
    const all = span.end > span.start ? await read(span.start, span.end) : new Uint8Array();
    spansRead.push(all);
    for (const i of span.members) {
      const { start, end } = ranges[i] as { start: number; end: number };
      bytes[i] = all.subarray(start - span.start, end - span.start);
    }
  });
  return bytes;
}

/** Reading so many bytes in vain costs less than another request. */
const GAP_BYTES_MAX = 128 * 1024;
const REQUESTS_AT_ONCE = 8;

/** Where the file has a column; -1 if it does not. */
export function columnIndex({ footer }: { footer: Footer }, name: string): number {
  return footer.columns.findIndex((column) => column.name === name);
}

/** Own files are whole: what a decoder throws means damage. */
export function lakeFileUnreadable({ key }: Pick<OpenLakeFile, 'key'>, error: unknown): TableBlocked {
  return new TableBlocked('', `The lake file ${key} cannot be read: ${messageOf(error)}.`, {
    next: 'Have DMS reload the table, so that the file is replaced.',
    cause: error,
  });
}

/** What a decoder throws means that the lake file is damaged. @throws TableBlocked */
export async function readable<T>(file: Pick<OpenLakeFile, 'key'>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ThreadLost) throw error;
    throw lakeFileUnreadable(file, error);
  }
}
