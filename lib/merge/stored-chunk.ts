import { messageOf } from '../errors.ts';
import type { Column } from '../parquet/column-type.ts';
import { decodeChunk } from '../parquet/decode-chunk.ts';
import type { Chunk, Footer, FooterColumn, RowGroup } from '../parquet/footer.ts';
import type { Bound } from '../parquet/statistics.ts';
import type { Vector } from '../parquet/vector.ts';
import { convertVector } from '../parquet/widening.ts';
import { columnIndex } from './read-group.ts';

/** A chunk of a file and its bytes. Plain data: another thread may decode it. */
export interface StoredChunk {
  column: FooterColumn;
  chunk: Pick<Chunk, 'codec' | 'values' | 'uncompressedBytes' | 'statistics'>;
  bytes: Uint8Array;
}

/** The chunk of a column in a row group; undefined if the file does not have it. */
export function storedChunk(
  file: { footer: Footer },
  group: RowGroup,
  column: Column,
  bytes: ReadonlyMap<Chunk, Uint8Array>,
): StoredChunk | undefined {
  const index = columnIndex(file, column.name);
  const stored = file.footer.columns[index];
  const chunk = group.chunks[index];
  if (!stored || !chunk) return undefined;
  return { column: stored, chunk: describedChunk(chunk), bytes: bytes.get(chunk) ?? new Uint8Array() };
}

/** What encoding needs to know of a chunk, apart from its footer: another thread would get all of that with it. */
function describedChunk({
  codec,
  values,
  uncompressedBytes,
  statistics: { nulls, min, max },
}: Chunk): StoredChunk['chunk'] {
  const own = (bound: Bound | undefined): Bound | undefined =>
    bound && { ...bound, bytes: Uint8Array.from(bound.bytes) };
  return { codec, values, uncompressedBytes, statistics: { nulls, min: own(min), max: own(max) } };
}

/**
 * The values of a chunk in the type that the table's column has now.
 * @throws Error naming the column if the chunk cannot be decoded, or a value not be converted.
 */
export function decodeStored({ bytes, chunk, column: stored }: StoredChunk, column: Column): Vector {
  return inColumn(column, () => convertVector(decodeChunk(bytes, chunk, stored), stored.type, column.type));
}

/** Errors name the column. */
export function inColumn<T>({ name }: Column, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`column ${name}: ${messageOf(error)}`, { cause: error });
  }
}
