import { messageOf, TableBlocked } from '../errors.ts';
import { rangeReader } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import type { RowRange } from '../parquet/chunk-rows.ts';
import { readChunkRows } from '../parquet/chunk-rows.ts';
import type { Footer, RowGroup } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import { asMalformed, MalformedParquet, readFooter } from '../parquet/parquet-file.ts';
import { requireReadable } from '../parquet/raw-limits.ts';
import type { Vector } from '../parquet/vector.ts';
import { nullVector } from '../parquet/vector.ts';
import { rowBytes } from '../parquet/vector-bytes.ts';
import type { Segment } from '../parquet/vector-rows.ts';
import { joinSegments } from '../parquet/vector-rows.ts';
import { convertVector } from '../parquet/widening.ts';
import { columnIndex } from './read-group.ts';
import { mendFile, restoreFile } from './remedies.ts';
import type { ObjectStore, ObjectSummary } from '../ports/object-store.ts';
import { ObjectArchived } from '../ports/object-store.ts';

/** A raw file as listed: what DMS wrote. */
export interface RawObject extends ObjectSummary {
  kind: 'load' | 'change';
  /** Key relative to the table's folder. */
  name: string;
}

/** A raw file whose footer was read. */
export interface OpenRawFile extends RawObject {
  footer: Footer;
  rows: number;
  read: ReadRange;
}

/** Rows [from, to) of a raw file: what one merge takes of it. Most often the whole file. */
export interface RawSlice {
  file: OpenRawFile;
  from: number;
  to: number;
}

/**
 * Reads the footer of a raw file.
 * @throws TableBlocked if it is no flat Parquet file; ObjectChanged if it was replaced or removed since it was listed.
 */
export async function openRawFile(raw: ObjectStore, object: RawObject): Promise<OpenRawFile> {
  const read = rangeReader(raw, object, WHOLE_BYTES_MAX);
  try {
    const footer = await readFooter(read, object.size);
    asMalformed(() => requireReadable(footer, object.size));
    return { ...object, footer, rows: footer.rowGroups.reduce((sum, group) => sum + group.rows, 0), read };
  } catch (error) {
    throw asBlocked(object.name, error);
  }
}

/**
 * The values of one column in a slice, as `column`'s type stores them; nulls if the file has no such column.
 * @param bytesMax what they may take
 * @throws TableBlocked if they cannot be decoded or converted; TooManyBytes
 */
export async function readSliceColumn({ file, from, to }: RawSlice, column: Column, bytesMax: number): Promise<Vector> {
  try {
    const index = columnIndex(file, column.name);
    const segments: Segment[] = [];
    let bytesLeft = bytesMax;
    let groupStart = 0;
    for (const group of file.footer.rowGroups) {
      const groupEnd = groupStart + group.rows;
      if (groupEnd > from && groupStart < to) {
        const range = { from: Math.max(from - groupStart, 0), to: Math.min(to - groupStart, group.rows) };
        const vector = await readGroupColumn(file, group, { column, index }, range, bytesLeft);
        const segment = { vector, start: 0, end: vector.length };
        bytesLeft -= rowBytes(segment);
        segments.push(segment);
      }
      groupStart = groupEnd;
    }
    return asMalformed(() => joinSegments(column.type, segments));
  } catch (error) {
    throw asBlocked(file.name, error);
  }
}

/**
 * The same of some rows of a row group.
 * @param index where the file has the column; -1 if it does not
 * @throws MalformedParquet if they cannot be decoded or converted; TooManyBytes
 */
export async function readGroupColumn(
  { footer, read }: Pick<OpenRawFile, 'footer' | 'read'>,
  { chunks }: RowGroup,
  { column, index }: { column: Column; index: number },
  range: RowRange,
  bytesMax: number,
): Promise<Vector> {
  const source = footer.columns[index];
  if (!source) return nullVector(column.type, range.to - range.from);
  const chunk = chunks[index];
  if (!chunk) throw new MalformedParquet(`a row group has no chunk of column ${column.name}`);
  const vector = await readChunkRows(read, chunk, source, range, { bytesMax });
  try {
    return convertVector(vector, source.type, column.type);
  } catch (error) {
    throw new MalformedParquet(`column ${column.name}: ${messageOf(error)}`, { cause: error });
  }
}

/** Most change files; how many are read together is bounded by their bytes. */
const WHOLE_BYTES_MAX = 1024 * 1024;

/** Only what the file itself is to blame for blocks the table; a store that fails is tried again. */
export function asBlocked(name: string, error: unknown): unknown {
  if (error instanceof ObjectArchived) {
    return new TableBlocked(name, `${name} is archived, and cannot be read.`, {
      next: restoreFile(name),
      cause: error,
    });
  }
  if (!(error instanceof MalformedParquet)) return error;
  return new TableBlocked(name, `${name} cannot be read: ${error.message}.`, {
    next: mendFile(name),
    cause: error,
  });
}
