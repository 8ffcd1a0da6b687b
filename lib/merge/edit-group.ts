import { BloomFilter } from '../parquet/bloom-filter.ts';
import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import type { EditedChunk } from '../parquet/edit-chunk.ts';
import { editChunk } from '../parquet/edit-chunk.ts';
import type { RowEdits } from '../parquet/edit-vector.ts';
import { editVector } from '../parquet/edit-vector.ts';
import { encodeChunk } from '../parquet/encode-chunk.ts';
import type { EncodedChunk } from '../parquet/encoded-chunk.ts';
import type { Vector } from '../parquet/vector.ts';
import { nullVector } from '../parquet/vector.ts';
import type { StoredChunk } from './stored-chunk.ts';
import { decodeStored, inColumn } from './stored-chunk.ts';

/** A row group and what changes in it. Plain data: another thread may do the work. */
export interface GroupEdit {
  /** Rows of the group as it is. */
  rows: number;
  edits: RowEdits;
  columns: ColumnEdit[];
  /** Whether the bytes of chunks that do not change are needed, too: their buffer may have been moved to here. */
  returnsUnchanged: boolean;
}

export interface ColumnEdit {
  /** As the table has it now. */
  column: Column;
  /** The chunk as it is; undefined if the file does not have the column yet. */
  stored: StoredChunk | undefined;
  /** For each replaced row, then for each appended one. */
  values: Vector;
  /** Whether the chunk has a bloom filter, and whether the one that it had may serve on if no value is new. */
  bloomFilter: 'none' | 'new' | 'kept or new';
}

/** By column: the new chunk, or that the one that is there serves on, with its bytes if they are wanted. */
export type EditedGroup = (EncodedChunk | 'unchanged' | UnchangedChunk)[];

export interface UnchangedChunk {
  unchanged: Uint8Array;
}

/** @throws Error naming the column whose chunk cannot be decoded. */
export function editGroup({ rows, edits, columns, returnsUnchanged }: GroupEdit): EditedGroup {
  return columns.map((edit) => {
    const edited = editColumn(edit, rows, edits);
    if (edited === 'unchanged') return returnsUnchanged && edit.stored ? { unchanged: edit.stored.bytes } : edited;
    const { addsValues = true, ...chunk } = edited;
    if (edit.bloomFilter === 'none' || (edit.bloomFilter === 'kept or new' && !addsValues)) return chunk;
    return { ...chunk, bloomFilter: BloomFilter.of(wholeColumn(edit, rows, edits))?.bytes() };
  });
}

function editColumn(
  edit: ColumnEdit,
  rows: number,
  edits: RowEdits,
): (Partial<EditedChunk> & EncodedChunk) | 'unchanged' {
  const { column, stored, values } = edit;
  if (stored && !stored.column.required && sameType(stored.column.type, column.type)) {
    return inColumn(column, () => editChunk(stored.bytes, stored.chunk, stored.column, edits, values));
  }
  return encodeChunk(column, wholeColumn(edit, rows, edits));
}

function wholeColumn({ column, stored, values }: ColumnEdit, rows: number, edits: RowEdits): Vector {
  const old = stored ? decodeStored(stored, column) : nullVector(column.type, rows);
  return editVector(column.type, old, edits, values);
}
