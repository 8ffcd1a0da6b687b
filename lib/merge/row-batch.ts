import { TableBlocked } from '../errors.ts';
import { compareText } from '../dms/raw-file.ts';
import type { Column, PhysicalValue } from '../parquet/column-type.ts';
import { typeName } from '../parquet/column-type.ts';
import { COLUMNS_MAX } from '../parquet/schema.ts';
import type { DictionaryVector, Vector } from '../parquet/vector.ts';
import { nullVector, valueAt, vectorOf } from '../parquet/vector.ts';
import type { Segment } from '../parquet/vector-rows.ts';
import { joinSegments } from '../parquet/vector-rows.ts';
import { IncompatibleColumn, mergeColumns } from '../parquet/widening.ts';
import { HeldBytes } from './held-bytes.ts';
import type { RawSlice } from './raw-slice.ts';
import { readSliceColumn } from './raw-slice.ts';
import type { KeySetting } from './remedies.ts';
import { mendFile, nameColumns, replaceOrSkip } from './remedies.ts';

/**
 * The rows of one merge: slices of raw files, one after the other in the order in which they apply, column by column in
 * the types of the lake.
 */
export interface RowBatch {
  rows: number;
  /** Columns of the table, `Op` and partition columns included. */
  columns: readonly Column[];
  /** By column name. */
  values: ReadonlyMap<string, Vector>;
  /** What a row takes in memory on average, in bytes. */
  bytesPerRow: number;
  /** What each row does: `I`, `U` or `D`. */
  operations: readonly Operation[];
  slices: readonly { slice: RawSlice; start: number; end: number }[];
}

export type Operation = 'I' | 'U' | 'D';

/** First column of change files (AWS DMS user guide, S3 target). */
export const OP = 'Op';

/**
 * Reads the slices.
 * @param lakeColumns what the lake holds already; a column's type is the widest of lake and files
 * @param options.isWanted which columns to read, beside `Op`; the others have no values in the batch
 * @param options.valuesPerMerge what a merge may hold (`Limits`); the least there is unless given
 * @throws TableBlocked if a file cannot be read, a column's types cannot come together, or an operation is none;
 *   TooManyBytes if the rows take more memory than they seemed to.
 */
export async function readRowBatch(
  slices: readonly RawSlice[],
  lakeColumns: readonly Column[],
  { isWanted = () => true, valuesPerMerge = 0 }: { isWanted?: (name: string) => boolean; valuesPerMerge?: number } = {},
): Promise<RowBatch> {
  const columns = tableColumns(slices, lakeColumns);
  const placed = place(slices);
  const values = new Map<string, Vector>();
  const rows = placed.at(-1)?.end ?? 0;
  const held = new HeldBytes(valuesPerMerge, rows);
  for (const column of columns) {
    if (column.name !== OP && !isWanted(column.name)) continue;
    const segments: Segment[] = [];
    for (const slice of slices) {
      const vector = await readSliceColumn(slice, column, held.left);
      held.add(vector);
      segments.push({ vector, start: 0, end: vector.length });
    }
    values.set(column.name, joinSegments(column.type, segments));
  }
  const op = values.get(OP) ?? nullVector(OP_COLUMN.type, rows);
  const operations = new Array<Operation>(rows);
  for (const { slice, start, end } of placed) readOperations(slice, op, operations, start, end);
  values.set(OP, operationVector(Int32Array.from(operations, (operation) => OPERATIONS.indexOf(operation))));
  return { rows, columns, values, bytesPerRow: held.bytes / Math.max(1, rows), operations, slices: placed };
}

/** The rows of a slice that is not read into memory: what a plan needs to know of them. */
export function unreadBatch(slice: RawSlice, lakeColumns: readonly Column[]): RowBatch {
  const slices = place([slice]);
  return {
    rows: slice.to - slice.from,
    columns: tableColumns([slice], lakeColumns),
    values: new Map(),
    bytesPerRow: 0,
    operations: [],
    slices,
  };
}

const OP_COLUMN: Column = { name: OP, type: { physical: 'BYTE_ARRAY', logical: { kind: 'text', use: 'UTF8' } } };
const OPERATIONS: readonly Operation[] = ['I', 'U', 'D'];

/** Column `Op` of rows that are all inserts. */
export function insertVector(length: number): DictionaryVector {
  return operationVector(new Int32Array(length));
}

/** @param indices of operations */
function operationVector(indices: Int32Array): DictionaryVector {
  const dictionary = vectorOf(
    OP_COLUMN.type,
    OPERATIONS.map((operation) => Buffer.from(operation)),
  );
  return { kind: 'DICTIONARY', length: indices.length, dictionary, indices };
}

/** The values of a column that the batch must have. */
export function batchColumn({ values }: Pick<RowBatch, 'values'>, { name }: Column): Vector {
  const vector = values.get(name);
  if (!vector) throw new Error(`column ${name} was not read`);
  return vector;
}

/** @throws TableBlocked */
export function tableColumns(slices: readonly RawSlice[], lakeColumns: readonly Column[]): Column[] {
  let columns = [...lakeColumns];
  for (const { file } of slices) {
    try {
      columns = mergeColumns(columns, file.footer.columns);
    } catch (error) {
      if (!(error instanceof IncompatibleColumn)) throw error;
      const { column, lake, incoming } = error;
      throw new TableBlocked(
        file.name,
        `${file.name} has ${typeName(incoming)} in column ${column} where the lake has ${typeName(lake)}: no type holds both exactly.`,
        {
          next: `Have DMS reload the table, so that it is built anew with the new type, or undo the change at the source. If only this file is so: ${replaceOrSkip(file.name)}.`,
          cause: error,
        },
      );
    }
  }
  const all = columns.some(({ name }) => name === OP) ? columns : [OP_COLUMN, ...columns];
  if (all.length <= COLUMNS_MAX) return all;
  const file = slices.at(-1)?.file.name ?? '';
  throw new TableBlocked(
    file,
    `With the columns of ${file} and ${OP}, the table has ${all.length} columns; at most ${COLUMNS_MAX} are merged.`,
    { next: 'Have DMS leave out columns (transformation rules of the task) and reload the table.' },
  );
}

/**
 * What names the folder of a row's partition.
 * @throws TableBlocked if the row's value is no text: then no folder can be named after it.
 */
export function namedAfter<T>(batch: RowBatch, row: number, name: () => T): T {
  try {
    return name();
  } catch (error) {
    const file = fileOfRow(batch, row);
    throw new TableBlocked(file, `${file} has a value that is not UTF-8 text in a column of PartitionKey.`, {
      next: `Correct the value at the source and reload the table, or name another column: ${nameColumns('PartitionKey')}.`,
      cause: error,
    });
  }
}

/** Name of the raw file that a row of a batch is from. */
export function fileOfRow({ slices }: RowBatch, row: number): string {
  return slices.find(({ start, end }) => row >= start && row < end)?.slice.file.name ?? '';
}

function place(slices: readonly RawSlice[]): RowBatch['slices'] {
  let start = 0;
  return slices.map((slice) => {
    const end = start + slice.to - slice.from;
    const placed = { slice, start, end };
    start = end;
    return placed;
  });
}

/**
 * Load files have `Op` only with IncludeOpForFullLoad, change files lack it with CdcInsertsOnly; a column of nulls says
 * the same as none. Every row is then an insert.
 */
function readOperations({ file }: RawSlice, op: Vector, operations: Operation[], start: number, end: number): void {
  let nulls = 0;
  for (let row = start; row < end; row++) {
    const value = valueAt(op, row);
    if (value === null) nulls++;
    operations[row] = value === null ? 'I' : operationOf(value, file.name, file.kind);
  }
  if (file.kind === 'change' && nulls > 0 && nulls < end - start) {
    throw badOperation(file.name, `${nulls} of its rows have no operation in column ${OP}`);
  }
}

function operationOf(value: NonNullable<PhysicalValue>, name: string, kind: RawSlice['file']['kind']): Operation {
  const byte = value instanceof Uint8Array && value.length === 1 ? value[0] : undefined;
  if (byte === 0x49) return 'I';
  if (kind === 'load') throw badOperation(name, `a row of a full load has an operation other than I in column ${OP}`);
  if (byte === 0x55) return 'U';
  if (byte === 0x44) return 'D';
  throw badOperation(name, `a row has an operation other than I, U and D in column ${OP}`);
}

function badOperation(name: string, reason: string): TableBlocked {
  return new TableBlocked(name, `${name} is not a file of changes as DMS writes it: ${reason}.`, {
    next: mendFile(name),
  });
}

/**
 * The columns that people named, as the files name them; Spark resolves names whatever their case, so rows of the hourly
 * solution may differ in it.
 * @param said how the person who is told knows the setting
 * @throws TableBlocked naming what is missing.
 */
export function resolveColumns(
  names: readonly string[],
  columns: readonly Column[],
  file: string,
  setting: KeySetting,
  said: string = setting,
): Column[] {
  return names.map((name) => {
    const exact = columns.find((column) => column.name === name);
    const folded = columns.filter((column) => column.name.toLowerCase() === name.toLowerCase());
    const found = exact ?? (folded.length === 1 ? folded[0] : undefined);
    if (found) return found;
    const present = columns
      .map((column) => column.name)
      .sort(compareText)
      .join(', ');
    const orSkip = file === '' ? '' : ` If only this file lacks it: ${replaceOrSkip(file)}.`;
    throw new TableBlocked(file, `${said} names the column ${name}, which ${file} does not have. It has: ${present}.`, {
      next: `Name columns that its files have: ${nameColumns(setting)}; or have DMS write files with that column.${orSkip}`,
    });
  });
}
