import type { RowGroup } from '../parquet/footer.ts';
import { MalformedParquet } from '../parquet/parquet-file.ts';
import { nullVector } from '../parquet/vector.ts';
import { ThreadLost } from '../ports/threads.ts';
import { messageOf } from '../errors.ts';
import type { RowsOfColumn, RowSource } from './encode-rows.ts';
import type { FileContent, PreparedGroup } from './prepare-group.ts';
import { encode, encodedGroups, rowsOfColumn } from './prepare-group.ts';
import type { RawSlice } from './raw-slice.ts';
import { asBlocked } from './raw-slice.ts';
import { readChunks } from './read-group.ts';
import { storedChunk } from './stored-chunk.ts';
import { OP } from './row-batch.ts';

/**
 * The row groups of a lake file that takes all rows of a slice of a load file. The slice goes through memory in units of
 * some row groups of the raw file, a few of them at a time, each on a thread of its own.
 */
export function groupsOfSlice(
  slice: RawSlice,
  content: FileContent,
): { steps: (() => Promise<PreparedGroup[]>)[]; atOnce: number } {
  const units = unitsOf(slice);
  const largest = Math.max(1, ...units.map(({ byteLength }) => byteLength));
  return {
    steps: units.map((unit) => () => groupsOfUnit(unit, slice, content)),
    atOnce: Math.max(1, Math.min(2 * content.threads.count, Math.floor(BYTES_AT_ONCE_MAX / largest))),
  };
}

/** Row groups of a raw file that are encoded together, and the rows of each that belong to the slice. */
interface Unit {
  parts: { group: RowGroup; start: number; end: number }[];
  rows: number;
  /** Before compression. */
  byteLength: number;
}

/** Enough for several row groups of the lake, so that they come out at about the same size. */
const UNIT_ROWS = 65_536;
const UNIT_BYTES = 16 * 1024 * 1024;
const BYTES_AT_ONCE_MAX = 64 * 1024 * 1024;

function unitsOf({ file, from, to }: RawSlice): Unit[] {
  const units: Unit[] = [];
  let first = 0;
  for (const group of file.footer.rowGroups) {
    const part = { group, start: Math.max(from - first, 0), end: Math.min(to - first, group.rows) };
    first += group.rows;
    if (part.start >= part.end) continue;
    let unit = units.at(-1);
    if (!unit || unit.rows >= UNIT_ROWS || unit.byteLength >= UNIT_BYTES)
      units.push((unit = { parts: [], rows: 0, byteLength: 0 }));
    unit.parts.push(part);
    unit.rows += part.end - part.start;
    unit.byteLength += group.chunks.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
  }
  return units;
}

async function groupsOfUnit(unit: Unit, { file }: RawSlice, content: FileContent): Promise<PreparedGroup[]> {
  const spans: Uint8Array[] = [];
  const bytes = await readChunks(
    file.read,
    unit.parts.flatMap(({ group }) => group.chunks),
    spans,
  );
  const columns = content.columns.map((column): RowsOfColumn => {
    const sources = unit.parts.map(({ group, start, end }): RowSource => {
      const stored = storedChunk(file, group, column, bytes);
      return stored ? { stored, start, end } : { vector: nullVector(column.type, end - start) };
    });
    return { ...rowsOfColumn(column, sources, content), isLoadOperation: column.name === OP };
  });
  try {
    return encodedGroups(await encode(columns, content, spans));
  } catch (error) {
    if (error instanceof ThreadLost) throw error;
    throw asBlocked(file.name, new MalformedParquet(messageOf(error), { cause: error }));
  }
}
