import type { ColumnType } from './column-type.ts';
import type { Vector } from './vector.ts';
import type { Segment } from './vector-rows.ts';
import { joinSegments } from './vector-rows.ts';

/** Changes to the rows of a row group. */
export interface RowEdits {
  /** Rows that go, ascending. */
  removed: Uint32Array;
  /** Rows whose values change, ascending; none of them is removed. */
  replaced: Uint32Array;
  /** How many rows are added at the end. */
  appended: number;
}

/** The values of a column with some rows changed. */
export function editVector(type: ColumnType, old: Vector, edits: RowEdits, values: Vector): Vector {
  const segments: Segment[] = [];
  let from = 0;
  let removed = 0;
  for (let i = 0; i <= edits.replaced.length; i++) {
    const at = edits.replaced[i] ?? old.length;
    for (; removed < edits.removed.length && (edits.removed[removed] as number) < at; removed++) {
      const gone = edits.removed[removed] as number;
      segments.push({ vector: old, start: from, end: gone });
      from = gone + 1;
    }
    segments.push({ vector: old, start: from, end: at });
    if (i < edits.replaced.length) segments.push({ vector: values, start: i, end: i + 1 });
    from = at + 1;
  }
  segments.push({ vector: values, start: edits.replaced.length, end: edits.replaced.length + edits.appended });
  return joinSegments(
    type,
    segments.filter(({ start, end }) => end > start),
  );
}
