import { messageOf, TableBlocked } from '../errors.ts';
import { mapInOrder } from '../concurrency.ts';
import { footerCacheOf } from '../lake/footer-cache.ts';
import type { LakeFile } from '../lake/lake-file.ts';
import { openLakeFile } from '../lake/lake-file.ts';
import { partitionFolder, partitionText, partitionTexts } from '../lake/partition.ts';
import { ColumnNames, withColumns } from '../merge/column-names.ts';
import { isLarge, rowSlices } from '../merge/large-group.ts';
import { asBlocked, openRawFile } from '../merge/raw-slice.ts';
import { readChunks } from '../merge/read-group.ts';
import { OP } from '../merge/row-batch.ts';
import { readChunkRows } from '../parquet/chunk-rows.ts';
import type { Column } from '../parquet/column-type.ts';
import { decodeChunk } from '../parquet/decode-chunk.ts';
import type { Chunk, Footer, RowGroup } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import { asMalformed, MalformedParquet } from '../parquet/parquet-file.ts';
import type { DictionaryVector, Vector } from '../parquet/vector.ts';
import { nullVector, valueAt, vectorOf } from '../parquet/vector.ts';
import { convertVector, lakeType } from '../parquet/widening.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { MergedFile } from './merged-files.ts';
import type { TableShape } from './table-shape.ts';

/** The rows of one row group, in the columns and types of the table. */
export interface GroupRows {
  rows: number;
  /** In the order of the shape's stored columns. */
  values: readonly Vector[];
  /** Of a raw file, what each row does. */
  operations: Uint8Array | undefined;
  /** Partition folders below the table's folder, each with its '/'. */
  folder: (row: number) => string;
  /** In the order of the shape's key columns that are partition columns. */
  keyTexts: readonly ((row: number) => string | null)[];
}

/** Operations, as `GroupRows` has them: places in this list. */
const OPERATIONS = ['I', 'U', 'D'];
export const INSERT = 0;
export const DELETE = 2;

/**
 * The rows of raw files in the order in which they apply, a row group or a slice of a large one at a time.
 * @throws TableBlocked if a file cannot be read; ObjectChanged
 */
export async function* readRawRows(
  files: readonly MergedFile[],
  shape: TableShape,
  raw: ObjectStore,
): AsyncGenerator<GroupRows> {
  const wanted = new Set([OP, ...[...shape.stored, ...shape.partition].map(({ name }) => name)]);
  // In the order in which `readShape` takes them.
  const names = new ColumnNames(shape.partition.map(({ name }) => name));
  const opened = mapInOrder(files, FILES_AHEAD, async ({ object, rows }) => ({
    asWritten: await openRawFile(raw, object),
    rows,
  }));
  for await (const { asWritten, rows: first } of opened) {
    const { name } = asWritten;
    const file = withColumns(asWritten, names.take(asWritten.footer.columns));
    const own = shape.partition.map((column) => ownColumn(file.footer, column));
    let left = Math.min(file.rows, first ?? file.rows);
    try {
      for await (const read of readGroups(file, wanted)) {
        if (left <= 0) break;
        const rows = Math.min(left, read.rows);
        left -= rows;
        const operations = operationsOf(
          asMalformed(() => read.column(OP)),
          rows,
          name,
        );
        const values = shape.stored.map((column) =>
          column.name === OP ? operationVector(operations) : asMalformed(() => read.converted(column)),
        );
        const partition = own.map((column) => asMalformed(() => read.converted(column)));
        const segments = own.map((column, i) =>
          perValue(partition[i] as Vector, (value) => partitionFolder([column], [value])),
        );
        yield {
          rows,
          values,
          operations,
          folder: (row) => segments.map((segment) => segment(row)).join(''),
          keyTexts: shape.key.partition.map(({ name: wanted }) => {
            const at = own.findIndex(({ name: mine }) => mine === wanted);
            const column = own[at] as Column;
            return perValue(partition[at] as Vector, (value) => partitionText(column, value));
          }),
        };
      }
    } catch (error) {
      throw asBlocked(name, error);
    }
  }
}

/**
 * The rows of lake files, a row group or a slice of a large one at a time.
 * @throws TableBlocked if a file cannot be read; ObjectChanged
 */
export async function* readLakeRows(
  files: readonly LakeFile[],
  shape: TableShape,
  lake: ObjectStore,
): AsyncGenerator<GroupRows> {
  const wanted = new Set(shape.stored.map(({ name }) => name));
  const names = new ColumnNames(wanted);
  for await (const file of mapInOrder(files, FILES_AHEAD, (found) => openLakeFile(lake, found, footerCacheOf(lake)))) {
    const texts = partitionTexts(file.folder);
    const keyTexts = shape.key.partition.map(({ name }) => {
      const text = texts.get(name) ?? null;
      return () => text;
    });
    try {
      for await (const read of readGroups(withColumns(file, names.named(file.footer.columns)), wanted, OWN_PAGES)) {
        const values = shape.stored.map((column) => asMalformed(() => read.converted(column)));
        yield { rows: read.rows, values, operations: undefined, folder: () => file.folder, keyTexts };
      }
    } catch (error) {
      if (!(error instanceof MalformedParquet)) throw error;
      throw new TableBlocked('', `The lake file ${file.key} cannot be read: ${messageOf(error)}.`, {
        next: 'Have DMS reload the table, so that the file is replaced.',
        cause: error,
      });
    }
  }
}

/** Files opened, and row groups fetched, before they are needed: a store answers several requests as fast as one. */
const FILES_AHEAD = 4;
const GROUPS_AHEAD = 2;
/** What a merge wrote, it can read. */
const OWN_PAGES = { pageBytesMax: Infinity };

interface ReadGroup {
  rows: number;
  /** As the file has it; undefined if it has none. */
  column: (name: string) => Vector | undefined;
  /** In another type; nulls if the file has no such column. */
  converted: (column: Column) => Vector;
}

/**
 * @param wanted names of the columns that are to be fetched
 * @param limits of the pages of large row groups
 */
async function* readGroups(
  { footer, read }: { footer: Footer; read: ReadRange },
  wanted: ReadonlySet<string>,
  limits: { pageBytesMax?: number } = {},
): AsyncGenerator<ReadGroup> {
  const indices = footer.columns.flatMap(({ name }, index) => (wanted.has(name) ? [index] : []));
  const parts = footer.rowGroups.flatMap((group) => rowSlices(group).map((range) => ({ group, range })));
  yield* mapInOrder(parts, GROUPS_AHEAD, async ({ group, range }) => {
    if (!isLarge(group)) {
      const chunks = indices.flatMap((index) => group.chunks[index] ?? []);
      return readGroup(footer, group, await readChunks(read, chunks));
    }
    const vectors = new Map<number, Vector>();
    for (const index of indices) {
      const [column, chunk] = [footer.columns[index], group.chunks[index]];
      if (column && chunk) vectors.set(index, await readChunkRows(read, chunk, column, range, limits));
    }
    return groupOf(footer.columns, range.to - range.from, (index) => vectors.get(index));
  });
}

function readGroup({ columns }: Footer, group: RowGroup, bytes: ReadonlyMap<Chunk, Uint8Array>): ReadGroup {
  return groupOf(columns, group.rows, (index) => {
    const [column, chunk] = [columns[index], group.chunks[index]];
    return column && chunk && decodeChunk(bytes.get(chunk) ?? new Uint8Array(), chunk, column);
  });
}

/** @param vectorOfColumn by the column's place in the file */
function groupOf(
  columns: readonly Column[],
  rows: number,
  vectorOfColumn: (index: number) => Vector | undefined,
): ReadGroup {
  const indexOf = (wanted: string): number => columns.findIndex(({ name }) => name === wanted);
  return {
    rows,
    column: (name) => vectorOfColumn(indexOf(name)),
    converted: ({ name, type }) => {
      const index = indexOf(name);
      const vector = vectorOfColumn(index);
      const stored = columns[index];
      return vector && stored ? convertVector(vector, stored.type, type) : nullVector(type, rows);
    },
  };
}

/** A folder is named after the value as its file has it: a decimal with the digits that it has there. */
function ownColumn({ columns }: Footer, column: Column): Column {
  const own = columns.find(({ name }) => name === column.name);
  return own ? { name: column.name, type: lakeType(own.type) } : column;
}

/** @throws TableBlocked if an operation is none that DMS writes */
function operationsOf(op: Vector | undefined, rows: number, file: string): Uint8Array {
  const operations = new Uint8Array(rows);
  if (!op) return operations;
  const of = perValue(op, (value) => {
    if (value === null) return INSERT;
    return value instanceof Uint8Array && value.length === 1
      ? OPERATIONS.indexOf(String.fromCharCode(value[0] ?? 0))
      : -1;
  });
  for (let row = 0; row < rows; row++) {
    const operation = of(row);
    if (operation < 0)
      throw new MalformedParquet(`a row has an operation other than I, U and D in column ${OP} of ${file}`);
    operations[row] = operation;
  }
  return operations;
}

const OPERATION_VALUES = vectorOf(
  { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'UTF8' } },
  OPERATIONS.map((operation) => Buffer.from(operation)),
);

function operationVector(operations: Uint8Array): DictionaryVector {
  const { length } = operations;
  return { kind: 'DICTIONARY', length, dictionary: OPERATION_VALUES, indices: Int32Array.from(operations) };
}

/** What is made of a row's value, made once for each entry of a dictionary. */
function perValue<T>(vector: Vector, make: (value: ReturnType<typeof valueAt>) => T): (row: number) => T {
  if (vector.kind !== 'DICTIONARY') return (row) => make(valueAt(vector, row));
  const made = new Map<number, T>();
  return (row) => {
    const index = vector.indices[row] as number;
    const known = made.get(index);
    if (known !== undefined) return known;
    const value = make(valueAt(vector, row));
    made.set(index, value);
    return value;
  };
}
