import type { RowGroup } from '../parquet/footer.ts';
import { rowsPerGroup, uncompressedBytes } from './group-size.ts';
import { isLarge, rowSlices, SLICE_BYTES, SLICE_VALUES } from './large-group.ts';
import type { RawSlice } from './raw-slice.ts';

/** Row groups of a raw file that are encoded together, and the rows of each that belong to the slice. */
export interface Unit {
  parts: UnitPart[];
  rows: number;
  /** Before compression, as the footer says. */
  byteLength: number;
  /** Whether only the pages of these rows are decoded, and not whole chunks: then some columns at a time. */
  byRows: boolean;
}

export interface UnitPart {
  group: RowGroup;
  from: number;
  to: number;
}

/** The units in which a slice of a load file goes through memory, in the order of their rows. */
export function unitsOf({ file, from, to }: RawSlice): Unit[] {
  const units: Unit[] = [];
  let first = 0;
  for (const group of file.footer.rowGroups) {
    const part = { from: Math.max(from - first, 0), to: Math.min(to - first, group.rows) };
    first += group.rows;
    if (part.from >= part.to) continue;
    const byRows = isLarge(group);
    for (const range of rowSlices(group, part, valuesMax(group))) {
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

/**
 * How many row groups a lake file of all rows of the slice has; seldom more, where values take more memory than their
 * chunks say.
 */
export function rowGroupsOf(slice: RawSlice, rowsPerRowGroup: number): number {
  return unitsOf(slice).reduce(
    (sum, { rows, byteLength }) => sum + Math.ceil(rows / rowsPerGroup(rowsPerRowGroup, rows, byteLength)),
    0,
  );
}

export function valuesOf({ parts, rows }: Unit): number {
  return rows * (parts[0]?.group.chunks.length ?? 0);
}

/** Wide rows are so many, too, that they make a row group of the lake: their columns pass through memory by turns. */
function valuesMax({ chunks }: RowGroup): number {
  return Math.min(Math.max(SLICE_VALUES, chunks.length * WIDE_ROWS), WIDE_VALUES_MAX);
}

/** As many as a row group has unless it is set otherwise. */
const WIDE_ROWS = 8192;
/** What is encoded of them stays in memory until all columns are, and be it a few bytes a page. */
const WIDE_VALUES_MAX = 8 * SLICE_VALUES;

function isFull(unit: Unit): boolean {
  return unit.byRows || unit.rows >= UNIT_ROWS || unit.byteLength >= SLICE_BYTES || valuesOf(unit) >= SLICE_VALUES;
}

/** Enough for several row groups of the lake, so that they come out at about the same size. */
const UNIT_ROWS = 65_536;
