import { fileMetadata } from '../lake/file-metadata.ts';
import type { Hold } from '../lake/file-metadata.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Column, PhysicalValue, Values } from '../parquet/column-type.ts';
import { encodeChunk } from '../parquet/encode.ts';
import type { RowGroup } from '../parquet/footer.ts';
import { MAGIC, writeFooter } from '../parquet/footer.ts';
import { moveChunk } from '../parquet/move-chunk.ts';
import { schemaElement, storedElement } from '../parquet/schema-element.ts';
import type { ThriftStruct } from '../parquet/thrift.ts';
import type { Piece } from '../ports/object-store.ts';
import { readLakeColumn } from './locate.ts';
import type { FileWrite, GroupPlan } from './plan.ts';
import type { RowBatch } from './row-batch.ts';

/** What a new version of a lake file is made of, beside the plan. */
export interface FileContent {
  columns: readonly Column[];
  batch: Pick<RowBatch, 'values'>;
  rowsPerRowGroup: number;
  /** Random: makes this content unlike any other. */
  id: string;
  generation: number;
}

export interface GroupCounts {
  encoded: number;
  kept: number;
}

/**
 * Carries out the plan for one lake file: the pieces of its new version, in order, one row group in memory at a time.
 * @param counts is added to as row groups are passed
 */
export async function* lakeFilePieces(
  write: FileWrite,
  content: FileContent,
  counts: GroupCounts,
): AsyncGenerator<Piece> {
  if (write.kind === 'empty') {
    yield* emptyFilePieces(content);
    return;
  }
  const output = new FileOutput(content);
  if (write.kind === 'change' && write.layout === 'grow') yield output.beginWith(write.file);
  else yield output.begin();
  if (write.kind === 'change') {
    for (const [i, plan] of write.groups.entries()) {
      const group = write.file.footer.rowGroups[i];
      if (!group || plan.kind === 'drop') continue;
      if (plan.kind === 'keep') counts.kept++;
      else counts.encoded++;
      if (plan.kind === 'encode')
        yield* output.encodeGroup((column) => editedValues(write.file, i, plan, column, content.batch));
      else if (write.layout === 'grow') yield* output.keepInPlace(write.file, group);
      else yield* output.moveGroup(write.file, group);
    }
  }
  const rows = write.kind === 'create' ? write.rows : write.appended;
  for (let start = 0; start < rows.length; start += content.rowsPerRowGroup) {
    const part = rows.slice(start, start + content.rowsPerRowGroup);
    counts.encoded++;
    yield* output.encodeGroup((column) => Promise.resolve(batchValues(content.batch, column, part)));
  }
  yield output.footer(write.holds);
}

/** A file of the table's columns and no rows: it takes the place of a file that must not come (back) into being. */
export function emptyFilePieces(content: Omit<FileContent, 'batch' | 'rowsPerRowGroup'>): Piece[] {
  const output = new FileOutput(content);
  return [output.begin(), output.footer([])];
}

/** The same rows under another footer: whoever meant to replace the old version no longer can. */
export function retaggedPieces(file: OpenLakeFile, id: string): Piece[] {
  const { columns, rowGroups } = file.footer;
  const metadata = fileMetadata({ id, generation: file.generation, holds: file.metadata?.holds ?? [] });
  return [{ start: 0, end: file.size }, writeFooter({ elements: columns.map(storedElement), rowGroups, metadata })];
}

/** Bytes of a lake file in the order in which they are written, and the footer that describes them. */
class FileOutput {
  private offset = 0;
  private readonly groups: { rows: number; thrift: ThriftStruct }[] = [];

  constructor(private readonly content: Omit<FileContent, 'batch' | 'rowsPerRowGroup'>) {}

  begin(): Uint8Array {
    this.offset = MAGIC.length;
    return MAGIC;
  }

  /** The whole old version: readers who planned on it find every byte where its footer says. */
  beginWith(file: OpenLakeFile): Piece {
    this.offset = file.size;
    return { start: 0, end: file.size };
  }

  async *encodeGroup(valuesOf: (column: Column) => Promise<Values>): AsyncGenerator<Piece> {
    const chunks: ThriftStruct[] = [];
    const start = this.offset;
    let rows = 0;
    let uncompressed = 0;
    for (const column of this.content.columns) {
      const values = await valuesOf(column);
      const chunk = encodeChunk(column, values, this.offset);
      rows = values.length;
      uncompressed += chunk.uncompressedBytes;
      chunks.push(chunk.thrift);
      yield this.write(chunk.bytes);
    }
    this.groups.push({ rows, thrift: groupStruct(chunks, rows, uncompressed, this.offset - start) });
  }

  keepInPlace(file: OpenLakeFile, group: RowGroup): Generator<Piece> {
    return this.keepGroup(file, group, (chunk) => chunk.thrift);
  }

  /** Copies the chunks of a group to where the file is now. */
  *moveGroup(file: OpenLakeFile, group: RowGroup): Generator<Piece> {
    const moved = new Map<RowGroup['chunks'][number], ThriftStruct>();
    for (const chunk of group.chunks) {
      moved.set(chunk, moveChunk(chunk, this.offset));
      this.offset += chunk.end - chunk.start;
      yield { start: chunk.start, end: chunk.end };
    }
    yield* this.keepGroup(file, group, (chunk) => moved.get(chunk) ?? chunk.thrift);
  }

  footer(holds: readonly Hold[]): Uint8Array {
    const { columns, id, generation } = this.content;
    return writeFooter({
      elements: columns.map(schemaElement),
      rowGroups: this.groups,
      metadata: fileMetadata({ id, generation, holds: [...holds] }),
    });
  }

  /** Columns that the file did not have get a chunk of nulls. */
  private *keepGroup(
    file: OpenLakeFile,
    group: RowGroup,
    struct: (chunk: RowGroup['chunks'][number]) => ThriftStruct,
  ): Generator<Piece> {
    const chunks: ThriftStruct[] = [];
    let uncompressed = 0;
    let compressed = 0;
    for (const column of this.content.columns) {
      const chunk = group.chunks[file.footer.columns.findIndex(({ name }) => name === column.name)];
      if (chunk) {
        chunks.push(struct(chunk));
        uncompressed += chunk.uncompressedBytes;
        compressed += chunk.end - chunk.start;
      } else {
        const nulls = encodeChunk(column, new Array<null>(group.rows).fill(null), this.offset);
        chunks.push(nulls.thrift);
        uncompressed += nulls.uncompressedBytes;
        compressed += nulls.bytes.length;
        yield this.write(nulls.bytes);
      }
    }
    this.groups.push({ rows: group.rows, thrift: groupStruct(chunks, group.rows, uncompressed, compressed) });
  }

  private write(bytes: Uint8Array): Uint8Array {
    this.offset += bytes.length;
    return bytes;
  }
}

/**
 * The RowGroup struct (parquet.thrift). Without file_offset, by which engines would assign splits, and sorting columns.
 */
function groupStruct(chunks: ThriftStruct[], rows: number, uncompressed: number, compressed: number): ThriftStruct {
  return { field_1: chunks, field_2: BigInt(uncompressed), field_3: BigInt(rows), field_6: BigInt(compressed) };
}

async function editedValues(
  file: OpenLakeFile,
  group: number,
  { removed, replaced, appended }: GroupPlan & { kind: 'encode' },
  column: Column,
  batch: Pick<RowBatch, 'values'>,
): Promise<Values> {
  const old = await readLakeColumn(file, group, column);
  const values: PhysicalValue[] = [];
  const changed = batch.values.get(column.name);
  for (let row = 0; row < old.length; row++) {
    if (removed.has(row)) continue;
    const by = replaced.get(row);
    values.push((by === undefined ? old[row] : changed?.[by]) ?? null);
  }
  for (const row of appended) values.push(changed?.[row] ?? null);
  return values;
}

function batchValues(batch: Pick<RowBatch, 'values'>, column: Column, rows: readonly number[]): Values {
  const values = batch.values.get(column.name);
  return rows.map((row) => values?.[row] ?? null);
}
