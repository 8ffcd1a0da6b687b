import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { RowRange } from '../parquet/chunk-rows.ts';
import { readChunkRows } from '../parquet/chunk-rows.ts';
import type { Column } from '../parquet/column-type.ts';
import { editVector } from '../parquet/edit-vector.ts';
import type { RowGroup } from '../parquet/footer.ts';
import { asMalformed, MalformedParquet } from '../parquet/parquet-file.ts';
import type { Vector } from '../parquet/vector.ts';
import { nullVector } from '../parquet/vector.ts';
import { convertVector } from '../parquet/widening.ts';
import type { RowsOfColumn } from './encode-rows.ts';
import { GROUP_BYTES, uncompressedBytes } from './group-size.ts';
import type { GroupPlan } from './plan.ts';
import type { FileContent, PreparedGroup } from './prepare-group.ts';
import { encode, encodedGroups, rowsOfBatch, rowsOfColumn } from './prepare-group.ts';
import { columnIndex, lakeFileUnreadable } from './read-group.ts';

type EncodePlan = GroupPlan & { kind: 'encode' };

/** A row group with rows removed, replaced or added, in slices of rows, each of which becomes a row group. */
export async function cutGroup(
  file: OpenLakeFile,
  group: RowGroup,
  plan: EncodePlan,
  content: FileContent,
): Promise<PreparedGroup[]> {
  const byteLength = editedBytes(group, plan, content);
  const count = Math.min(Math.ceil(byteLength / GROUP_BYTES), group.rows);
  const groups: PreparedGroup[] = [];
  for (let i = 0; i < count; i++) {
    const range = { from: Math.floor((group.rows * i) / count), to: Math.floor((group.rows * (i + 1)) / count) };
    const inRange = (row: number) => row >= range.from && row < range.to;
    const removed = [...plan.removed].filter(inRange).sort((a, b) => a - b);
    const replaced = [...plan.replaced.keys()].filter(inRange).sort((a, b) => a - b);
    const appended = i === count - 1 ? plan.appended : [];
    const edits = {
      removed: Uint32Array.from(removed, (row) => row - range.from),
      replaced: Uint32Array.from(replaced, (row) => row - range.from),
      appended: appended.length,
    };
    const batchRows = [...replaced.map((row) => plan.replaced.get(row) ?? 0), ...appended];
    const rows = range.to - range.from - removed.length + appended.length;
    if (rows === 0) continue;
    const columns: RowsOfColumn[] = [];
    for (const column of content.columns) {
      const old = await rowsOfGroup(file, group, column, range);
      const vector = editVector(column.type, old, edits, rowsOfBatch(content, column, batchRows));
      columns.push(rowsOfColumn(column, [{ vector }], content));
    }
    groups.push(...encodedGroups(await encode(columns, content, { rows, byteLength: byteLength / count })));
  }
  return groups;
}

/** Rows of a row group of the lake, in the type that the table's column has now. */
async function rowsOfGroup(
  file: OpenLakeFile,
  group: RowGroup,
  { name, type }: Column,
  range: RowRange,
): Promise<Vector> {
  const index = columnIndex(file, name);
  const chunk = group.chunks[index];
  const stored = file.footer.columns[index];
  if (!chunk || !stored) return nullVector(type, range.to - range.from);
  try {
    const vector = await readChunkRows(file.read, chunk, stored, range, { pageBytesMax: Infinity });
    return asMalformed(() => convertVector(vector, stored.type, type));
  } catch (error) {
    throw error instanceof MalformedParquet ? lakeFileUnreadable(file, error) : error;
  }
}

/** Whether a row group is, or becomes, too large in memory to be edited as one. */
export function isTooLargeToEdit(group: RowGroup, plan: EncodePlan, content: FileContent): boolean {
  return editedBytes(group, plan, content) > EDITED_BYTES_MAX;
}

/** About, before compression. */
function editedBytes(group: RowGroup, { replaced, appended }: EncodePlan, { batch }: FileContent): number {
  return uncompressedBytes(group) + (replaced.size + appended.length) * (batch.bytesPerRow ?? 0);
}

const EDITED_BYTES_MAX = 4 * GROUP_BYTES;
