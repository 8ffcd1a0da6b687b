import { messageOf } from '../errors.ts';
import { TooManyBytes } from '../parquet/chunk-rows.ts';
import type { Column } from '../parquet/column-type.ts';
import { MalformedParquet } from '../parquet/parquet-file.ts';
import { nullVector } from '../parquet/vector.ts';
import { rowBytes } from '../parquet/vector-bytes.ts';
import { ThreadLost } from '../ports/threads.ts';
import type { EncodedRows, RowsOfColumn, RowSource } from './encode-rows.ts';
import { groupsAtOnce } from './group-size.ts';
import { smallerSlices } from './held-bytes.ts';
import { SLICE_VALUES } from './large-group.ts';
import type { Unit } from './load-units.ts';
import { unitsOf, valuesOf } from './load-units.ts';
import type { FileContent, PreparedGroup } from './prepare-group.ts';
import { encode, encodedGroups, rowsOfColumn } from './prepare-group.ts';
import type { RawSlice } from './raw-slice.ts';
import { asBlocked, readGroupColumn } from './raw-slice.ts';
import { columnIndex, readChunks } from './read-group.ts';
import { OP } from './row-batch.ts';
import { storedChunk } from './stored-chunk.ts';

/**
 * The row groups of a lake file that takes all rows of a slice of a load file. The slice goes through memory in units of
 * some row groups of the raw file, or of some rows of a large one, a few of them at a time, each on a thread of its own.
 */
export function groupsOfSlice(
  slice: RawSlice,
  content: FileContent,
): { steps: (() => Promise<PreparedGroup[]>)[]; atOnce: number } {
  const units = unitsOf(slice);
  const largest = units.reduce((most, unit) => Math.max(most, unit.byteLength, heldValues(unit) * VALUE_BYTES), 1);
  return {
    steps: units.map((unit) => () => groupsOfUnit(unit, slice, content)),
    atOnce: groupsAtOnce(2 * content.threads.count, largest),
  };
}

/** In memory, at least, whatever it takes in the file. */
const VALUE_BYTES = 8;

/** Values that are in memory at the same time. */
function heldValues(unit: Unit): number {
  return unit.byRows ? Math.min(valuesOf(unit), SLICE_VALUES) : valuesOf(unit);
}

async function groupsOfUnit(unit: Unit, slice: RawSlice, content: FileContent): Promise<PreparedGroup[]> {
  try {
    return encodedGroups(
      unit.byRows
        ? await encodeByTurns(unit, content.columns, slice, content)
        : await encodeGroups(unit, slice, content),
    );
  } catch (error) {
    if (!isTooManyBytes(error)) throw asBlocked(slice.file.name, error);
    const groups: PreparedGroup[] = [];
    for (const half of halvesOf(unit, slice)) groups.push(...(await groupsOfUnit(half, slice, content)));
    return groups;
  }
}

/** Of the bytes of whole chunks, which another thread decodes. */
async function encodeGroups(unit: Unit, { file }: RawSlice, content: FileContent): Promise<EncodedRows> {
  const { columns } = content;
  const chunks = unit.parts.flatMap(({ group }) => group.chunks);
  const spans: Uint8Array[] = [];
  const bytes = await readChunks(file.read, chunks, spans);
  const sources = columns.map((column) =>
    unit.parts.map(({ group, from, to }): RowSource => {
      const stored = storedChunk(file, group, column, bytes);
      return stored ? { stored, start: from, end: to } : { vector: nullVector(column.type, to - from) };
    }),
  );
  return encodeSources(unit, columns, sources, content, spans);
}

/**
 * As many columns at a time as memory has room for: wide rows become row groups of thousands of rows nevertheless, since
 * what is encoded takes little.
 * @throws TooManyBytes if fewer rows may fit
 */
async function encodeByTurns(
  unit: Unit,
  columns: readonly Column[],
  slice: RawSlice,
  content: FileContent,
): Promise<EncodedRows> {
  if (columns.length === 1 || unit.rows * columns.length <= SLICE_VALUES) {
    try {
      return await encodeSources(unit, columns, await sourcesOfRows(unit, columns, slice), content);
    } catch (error) {
      if (columns.length <= FEW_COLUMNS || !isTooManyBytes(error)) throw error;
    }
  }
  const middle = Math.ceil(columns.length / 2);
  const left = await encodeByTurns(unit, columns.slice(0, middle), slice, content);
  const right = await encodeByTurns(unit, columns.slice(middle), slice, content);
  const groups = left.map(({ rows, chunks }, i) => ({ rows, chunks: [...chunks, ...(right[i]?.chunks ?? [])] }));
  const bytes = groups.flatMap(({ chunks }) => chunks).reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes > UNIT_HELD_MAX) throw new TooManyBytes(`${unit.rows} rows take more than ${UNIT_HELD_MAX} bytes`);
  return groups;
}

/** Where so few take too much, it is single values that are long, and fewer rows are what helps. */
const FEW_COLUMNS = 16;

async function sourcesOfRows({ parts }: Unit, columns: readonly Column[], { file }: RawSlice): Promise<RowSource[][]> {
  let left = UNIT_HELD_MAX;
  const sources: RowSource[][] = [];
  for (const column of columns) {
    const index = columnIndex(file, column.name);
    const ofColumn: RowSource[] = [];
    for (const { group, from, to } of parts) {
      const vector = await readGroupColumn(file, group, { column, index }, { from, to }, left);
      left -= rowBytes({ vector, start: 0, end: vector.length });
      ofColumn.push({ vector });
    }
    sources.push(ofColumn);
  }
  return sources;
}

/** @param spans bytes of the sources, which are of no use afterwards */
function encodeSources(
  unit: Unit,
  columns: readonly Column[],
  sources: readonly RowSource[][],
  content: FileContent,
  spans: readonly Uint8Array[] = [],
): Promise<EncodedRows> {
  const rows = columns.map((column, i): RowsOfColumn => ({
    ...rowsOfColumn(column, sources[i] ?? [], content),
    isLoadOperation: column.name === OP,
  }));
  return asMalformedFile(encode(rows, content, { ...unit, bytesMax: UNIT_HELD_MAX }, spans));
}

/** What a decoder throws on another thread. @throws MalformedParquet */
async function asMalformedFile<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ThreadLost || isTooManyBytes(error)) throw error;
    throw new MalformedParquet(messageOf(error), { cause: error });
  }
}

/** Errors of another thread keep their name only. */
function isTooManyBytes(error: unknown): boolean {
  return error instanceof Error && error.name === TooManyBytes.name;
}

/** @throws TableBlocked if it is a single row. */
function halvesOf({ parts, rows, byteLength }: Unit, { file }: RawSlice): Unit[] {
  const [only] = parts;
  const middle = Math.ceil(parts.length / 2);
  const halves =
    only && parts.length === 1
      ? smallerSlices([{ file, from: only.from, to: only.to }]).flatMap(({ from, to }) => [
          [{ ...only, from, to }],
          [{ ...only, from: to }],
        ])
      : [parts.slice(0, middle), parts.slice(middle)];
  return halves.map((half) => {
    const inHalf = half.reduce((sum, { from, to }) => sum + to - from, 0);
    return { parts: half, rows: inHalf, byteLength: (byteLength * inHalf) / rows, byRows: true };
  });
}

/** What the values that are in memory together may take, and what is encoded of them. */
const UNIT_HELD_MAX = 64 * 1024 * 1024;
