import { messageOf } from '../errors.ts';
import { TooManyBytes } from '../parquet/chunk-rows.ts';
import type { RowGroup } from '../parquet/footer.ts';
import { MalformedParquet } from '../parquet/parquet-file.ts';
import { nullVector } from '../parquet/vector.ts';
import { rowBytes } from '../parquet/vector-bytes.ts';
import { ThreadLost } from '../ports/threads.ts';
import type { RowsOfColumn, RowSource } from './encode-rows.ts';
import { groupsAtOnce, uncompressedBytes } from './group-size.ts';
import { smallerSlices } from './held-bytes.ts';
import { isLarge, rowSlices, SLICE_BYTES, SLICE_VALUES } from './large-group.ts';
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
  const largest = units.reduce((most, unit) => Math.max(most, unit.byteLength, valuesOf(unit) * VALUE_BYTES), 1);
  return {
    steps: units.map((unit) => () => groupsOfUnit(unit, slice, content)),
    atOnce: groupsAtOnce(2 * content.threads.count, largest),
  };
}

/** Row groups of a raw file that are encoded together, and the rows of each that belong to the slice. */
interface Unit {
  parts: UnitPart[];
  rows: number;
  /** Before compression, as the footer says. */
  byteLength: number;
  /** Whether only the pages of these rows are decoded, and not whole chunks. */
  byRows: boolean;
}

/** In memory, at least, whatever it takes in the file. */
const VALUE_BYTES = 8;

interface UnitPart {
  group: RowGroup;
  from: number;
  to: number;
}

/** Enough for several row groups of the lake, so that they come out at about the same size. */
const UNIT_ROWS = 65_536;

function unitsOf({ file, from, to }: RawSlice): Unit[] {
  const units: Unit[] = [];
  let first = 0;
  for (const group of file.footer.rowGroups) {
    const part = { from: Math.max(from - first, 0), to: Math.min(to - first, group.rows) };
    first += group.rows;
    if (part.from >= part.to) continue;
    const byRows = isLarge(group);
    for (const range of rowSlices(group, part)) {
      let unit = units.at(-1);
      if (!unit || byRows || isFull(unit)) units.push((unit = { parts: [], rows: 0, byteLength: 0, byRows }));
      const rows = range.to - range.from;
      unit.parts.push({ group, ...range });
      unit.rows += rows;
      unit.byteLength += (uncompressedBytes(group) * rows) / group.rows;
    }
  }
  return units;
}

function isFull(unit: Unit): boolean {
  return unit.byRows || unit.rows >= UNIT_ROWS || unit.byteLength >= SLICE_BYTES || valuesOf(unit) >= SLICE_VALUES;
}

function valuesOf({ parts, rows }: Unit): number {
  return rows * (parts[0]?.group.chunks.length ?? 0);
}

async function groupsOfUnit(unit: Unit, slice: RawSlice, content: FileContent): Promise<PreparedGroup[]> {
  const { file } = slice;
  const spans: Uint8Array[] = [];
  try {
    const sources = unit.byRows
      ? await sourcesOfRows(unit, slice, content)
      : await sourcesOfGroups(unit, slice, content, spans);
    const columns = content.columns.map((column, i): RowsOfColumn => ({
      ...rowsOfColumn(column, sources[i] ?? [], content),
      isLoadOperation: column.name === OP,
    }));
    const work = encode(columns, content, { ...unit, bytesMax: UNIT_HELD_MAX }, spans);
    return encodedGroups(await asMalformedFile(work));
  } catch (error) {
    if (!isTooManyBytes(error)) throw asBlocked(file.name, error);
    const groups: PreparedGroup[] = [];
    for (const half of halvesOf(unit, slice)) groups.push(...(await groupsOfUnit(half, slice, content)));
    return groups;
  }
}

/** Of the bytes of whole chunks, which another thread decodes. */
async function sourcesOfGroups(
  { parts }: Unit,
  { file }: RawSlice,
  { columns }: FileContent,
  spans: Uint8Array[],
): Promise<RowSource[][]> {
  const chunks = parts.flatMap(({ group }) => group.chunks);
  const bytes = await readChunks(file.read, chunks, spans);
  return columns.map((column) =>
    parts.map(({ group, from, to }): RowSource => {
      const stored = storedChunk(file, group, column, bytes);
      return stored ? { stored, start: from, end: to } : { vector: nullVector(column.type, to - from) };
    }),
  );
}

async function sourcesOfRows({ parts }: Unit, { file }: RawSlice, { columns }: FileContent): Promise<RowSource[][]> {
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

/** What the values of a unit may take. */
const UNIT_HELD_MAX = 64 * 1024 * 1024;
