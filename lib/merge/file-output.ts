import type { FileMetadata } from '../lake/file-metadata.ts';
import { fileMetadata } from '../lake/file-metadata.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import { chunkStruct, keptRowGroup, movedChunk, rowGroupStruct } from '../parquet/chunk-struct.ts';
import type { Column } from '../parquet/column-type.ts';
import type { EncodedChunk } from '../parquet/encoded-chunk.ts';
import type { Chunk, Footer, RowGroup } from '../parquet/footer.ts';
import { CREATED_BY, MAGIC, writeFooter } from '../parquet/footer.ts';
import { requireFewChunks } from '../parquet/footer-limits.ts';
import { schemaElement } from '../parquet/schema-element.ts';
import type { CopiedRange, Piece } from '../ports/object-store.ts';

/** What a lake file says of itself. */
export interface FileIdentity {
  columns: readonly Column[];
  /** Random: makes this content unlike any other. */
  id: string;
  generation: number;
  /** Path of its table. */
  table: string;
}

/** What a lake file says of its rows. */
export type FileNote = Pick<FileMetadata, 'holds' | 'joined' | 'edited'>;

/**
 * A chunk of a row group that is written: where it is in the old version, copied from there, or new. Bytes that are at
 * hand need not be copied by the store; those of another file cannot be. A new chunk may go on with a bloom filter that is
 * in the old version.
 */
export type OutputChunk =
  | { kept: Chunk }
  | { moved: Chunk; bytes?: Uint8Array; bloomFilter?: Uint8Array }
  | { encoded: EncodedChunk; keptFilter?: KeptFilter };

/** A bloom filter of the old version that serves on: where it is there, in bytes, and whether it has to be copied. */
export interface KeptFilter {
  start: number;
  length: number;
  isMoved: boolean;
}

/**
 * The bytes of a lake file in the order in which they are written, and the footer that describes them. Throws
 * FooterTooLarge where that footer would not be read.
 */
export class FileOutput {
  private offset = 0;
  private readonly groups: (RowGroup | PendingGroup)[] = [];
  private written: Footer | undefined;

  constructor(private readonly identity: FileIdentity) {}

  begin(): Uint8Array {
    this.offset = MAGIC.length;
    return MAGIC;
  }

  /** The whole old version: readers who planned on it find every byte where its footer says. */
  beginWith(file: OpenLakeFile): Piece {
    this.offset = file.size;
    return { start: 0, end: file.size };
  }

  /** A row group that stays as and where it is. */
  keep(group: RowGroup): void {
    this.add(keptRowGroup(group));
  }

  /** A row group of these chunks, in the order of the columns. */
  *group(rows: number, chunks: readonly OutputChunk[]): Generator<Piece> {
    const placed: PlacedChunk[] = [];
    let bytes: Uint8Array[] = [];
    let range: CopiedRange | undefined;
    for (const chunk of chunks) {
      if ('kept' in chunk) {
        placed.push({ chunk: chunk.kept });
        continue;
      }
      placed.push(withoutBytes(chunk, this.offset));
      if ('encoded' in chunk || chunk.bytes) {
        if (range) yield range;
        range = undefined;
        bytes.push(...('encoded' in chunk ? chunk.encoded.parts : [chunk.bytes as Uint8Array]));
      } else {
        if (bytes.length > 0) yield joined(bytes);
        bytes = [];
        const { start, end } = chunk.moved;
        if (range?.end === start) range = { start: range.start, end };
        else {
          if (range) yield range;
          range = { start, end };
        }
      }
      this.offset += 'encoded' in chunk ? chunk.encoded.byteLength : chunk.moved.end - chunk.moved.start;
    }
    if (range) yield range;
    if (bytes.length > 0) yield joined(bytes);
    this.add({ rows, placed });
  }

  /** The bloom filters of all new row groups side by side, so that few requests read them, and the footer. */
  *end(note: FileNote): Generator<Piece> {
    const { columns, id, generation, table } = this.identity;
    const rowGroups: RowGroup[] = [];
    const filters: Piece[] = [];
    for (const group of this.groups) {
      if (!('placed' in group)) {
        rowGroups.push(group);
        continue;
      }
      const chunks = group.placed.map((placed) => this.describe(placed, filters));
      rowGroups.push(rowGroupStruct(chunks, group.rows));
    }
    yield* filters;
    const metadata = fileMetadata({ id, generation, table, ...note });
    const bytes = writeFooter({ elements: columns.map(schemaElement), rowGroups, metadata });
    // Unused bytes, if any.
    const padding = lastMiddle(rowGroups) + 1 - (this.offset + bytes.length);
    if (padding > 0) yield new Uint8Array(padding);
    this.written = {
      columns: columns.map((column) => ({ ...column, required: false })),
      rowGroups,
      metadata,
      createdBy: CREATED_BY,
      byteLength: bytes.length,
    };
    yield bytes;
  }

  /** The footer, once it is written. */
  get footer(): Footer | undefined {
    return this.written;
  }

  /** As soon as there are too many: they are in memory, and most of the file may be to come. */
  private add(group: RowGroup | PendingGroup): void {
    this.groups.push(group);
    requireFewChunks(this.groups.length, this.identity.columns.length);
  }

  /** @param filters is added to: the bloom filters, in the order in which they are written */
  private describe(placed: PlacedChunk, filters: Piece[]): Chunk {
    if ('chunk' in placed) return placed.chunk;
    if ('encoded' in placed) {
      const { encoded, keptFilter, offset } = placed;
      if (keptFilter && !keptFilter.isMoved) {
        const { start, length } = keptFilter;
        return chunkStruct(encoded, offset, { start, length });
      }
      const { bloomFilter = keptFilter && rangeOf(keptFilter) } = encoded;
      return chunkStruct(encoded, offset, bloomFilter && this.place(bloomFilter, filters));
    }
    const { moved, offset } = placed;
    const { start, length } = moved.bloomFilter ?? {};
    if (start === undefined || length === undefined) return movedChunk(moved, offset);
    const filter = this.place(placed.bloomFilter ?? rangeOf({ start, length }), filters);
    return movedChunk(moved, offset, filter.start);
  }

  private place(filter: Uint8Array | CopiedRange, filters: Piece[]): { start: number; length: number } {
    const start = this.offset;
    const length = filter instanceof Uint8Array ? filter.length : filter.end - filter.start;
    this.offset += length;
    const last = filters.at(-1);
    if (last && 'end' in last && 'end' in filter && last.end === filter.start) {
      filters[filters.length - 1] = { start: last.start, end: filter.end };
    } else filters.push(filter);
    return { start, length };
  }
}

function rangeOf({ start, length }: { start: number; length: number }): CopiedRange {
  return { start, end: start + length };
}

/**
 * Where Spark places row groups: half of a row group's length after its first chunk (parquet-mr,
 * ParquetMetadataConverter.filterFileMetaDataByMidpoint). It reads a row group with the part of the file in which that
 * point is, so a point past the end would lose rows. It can be there if only some chunks of a group are written anew.
 * @returns the last such point, in bytes
 */
function lastMiddle(rowGroups: readonly RowGroup[]): number {
  return rowGroups.reduce((last, { chunks }) => {
    const length = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
    return Math.max(last, (chunks[0]?.start ?? 0) + Math.floor(length / 2));
  }, 0);
}

/** One piece of all parts. They are one already if another thread has made them. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  let end = first?.byteOffset ?? 0;
  const areAdjacent = parts.every((part) => {
    const isNext = part.buffer === first?.buffer && part.byteOffset === end;
    end += part.length;
    return isNext;
  });
  if (!first || !areAdjacent) return Buffer.concat(parts);
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
}

/** What the footer has to say of a chunk, without its bytes: they are written, and large. */
function withoutBytes(chunk: Exclude<OutputChunk, { kept: Chunk }>, offset: number): PlacedChunk {
  if ('encoded' in chunk) return { ...chunk, encoded: { ...chunk.encoded, parts: [] }, offset };
  const { moved, bloomFilter } = chunk;
  return { moved, offset, ...(bloomFilter && { bloomFilter }) };
}

interface PendingGroup {
  rows: number;
  placed: PlacedChunk[];
}

type PlacedChunk =
  | { chunk: Chunk }
  | { encoded: EncodedChunk; keptFilter?: KeptFilter; offset: number }
  | { moved: Chunk; bloomFilter?: Uint8Array; offset: number };
