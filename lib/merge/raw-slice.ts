import { messageOf, TableBlocked } from '../errors.ts';
import { rangeReader } from '../lake/lake-file.ts';
import type { Column, PhysicalValue, Values } from '../parquet/column-type.ts';
import type { Footer, FooterColumn } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import { decodeChunk, MalformedParquet, readFooter } from '../parquet/parquet-file.ts';
import { concatenateValues } from '../parquet/values.ts';
import { convertValues } from '../parquet/widening.ts';
import type { ObjectStore, ObjectSummary } from '../ports/object-store.ts';

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
  const footer = await readFooter(read, object.size).catch((error: unknown) => {
    throw asBlocked(object.name, error);
  });
  return { ...object, footer, rows: footer.rowGroups.reduce((sum, group) => sum + group.rows, 0), read };
}

/**
 * The values of one column in a slice, as `column`'s type stores them; nulls if the file has no such column.
 * @throws TableBlocked if they cannot be decoded or converted.
 */
export async function readSliceColumn({ file, from, to }: RawSlice, column: Column): Promise<Values> {
  const index = file.footer.columns.findIndex(({ name }) => name === column.name);
  const source = file.footer.columns[index];
  if (!source) return new Array<PhysicalValue>(to - from).fill(null);
  try {
    const parts: Values[] = [];
    let groupStart = 0;
    for (const group of file.footer.rowGroups) {
      const groupEnd = groupStart + group.rows;
      if (groupEnd > from && groupStart < to) {
        const values = await readChunk(file, group.chunks[index], source);
        parts.push(section(values, Math.max(from - groupStart, 0), Math.min(to - groupStart, group.rows)));
      }
      groupStart = groupEnd;
    }
    return converted(concatenateValues(parts), source, column);
  } catch (error) {
    throw asBlocked(file.name, error);
  }
}

function converted(values: Values, source: Column, column: Column): Values {
  try {
    return convertValues(values, source.type, column.type);
  } catch (error) {
    throw new MalformedParquet(`column ${column.name}: ${messageOf(error)}`, { cause: error });
  }
}

/** Most change files; how many are read together is bounded by their bytes. */
const WHOLE_BYTES_MAX = 1024 * 1024;

async function readChunk(
  file: OpenRawFile,
  chunk: Footer['rowGroups'][number]['chunks'][number] | undefined,
  column: FooterColumn,
) {
  if (!chunk) throw new MalformedParquet(`a row group has no chunk of column ${column.name}`);
  return decodeChunk(await file.read(chunk.start, chunk.end), chunk, column);
}

function section(values: Values, start: number, end: number): Values {
  if (start === 0 && end === values.length) return values;
  return Array.prototype.slice.call(values, start, end) as PhysicalValue[];
}

/** Only what the bytes themselves are to blame for blocks the table; a store that fails is tried again. */
function asBlocked(name: string, error: unknown): unknown {
  if (!(error instanceof MalformedParquet)) return error;
  return new TableBlocked(name, `${name} cannot be read: ${error.message}.`, {
    next: 'Have DMS write it again (reload the table), put a good copy in its place, or remove it to do without its changes.',
    cause: error,
  });
}
