import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import { encodeChunk } from '../parquet/encode-chunk.ts';
import type { Chunk, RowGroup } from '../parquet/footer.ts';
import { nullVector } from '../parquet/vector.ts';
import { takeRows } from '../parquet/vector-rows.ts';
import type { Threads } from '../ports/threads.ts';
import type { ColumnEdit } from './edit-group.ts';
import type { EncodedRows, RowsOfColumn, RowSource } from './encode-rows.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { FileIdentity, KeptFilter, OutputChunk } from './file-output.ts';
import { rowsPerGroup, uncompressedBytes } from './group-size.ts';
import type { ChangeFile, GroupPlan, StoredGroup } from './plan.ts';
import { columnIndex, readable, readChunks, readRanges } from './read-group.ts';
import type { RowBatch } from './row-batch.ts';
import { storedChunk } from './stored-chunk.ts';

/** What a new version of a lake file is made of, beside the plan. */
export interface FileContent extends FileIdentity {
  batch: Pick<RowBatch, 'values'> & Partial<Pick<RowBatch, 'bytesPerRow'>>;
  rowsPerRowGroup: number;
  /** Columns whose chunks get bloom filters. */
  bloomFilterColumns: ReadonlySet<string>;
  threads: Threads;
}

/** A row group on its way into a file. */
export type PreparedGroup =
  { kind: 'kept in place'; group: RowGroup } | { kind: 'moved' | 'encoded'; rows: number; chunks: OutputChunk[] };

/** A row group that stays: where it is, or copied. Columns that the file did not have get a chunk of nulls. */
export function keptGroup({ file, layout }: ChangeFile, group: RowGroup, { columns }: FileContent): PreparedGroup {
  const isSame =
    columns.length === file.footer.columns.length &&
    columns.every(({ name }, i) => file.footer.columns[i]?.name === name);
  if (layout === 'grow' && isSame) return { kind: 'kept in place', group };
  const chunks = columns.map((column): OutputChunk => {
    const chunk = group.chunks[columnIndex(file, column.name)];
    if (!chunk) return { encoded: encodeChunk(column, nullVector(column.type, group.rows)) };
    return layout === 'grow' ? { kept: chunk } : { moved: chunk };
  });
  return { kind: 'moved', rows: group.rows, chunks };
}

/** A row group with rows removed, replaced or added. */
export async function editedGroup(
  { file, layout }: ChangeFile,
  group: RowGroup,
  plan: GroupPlan & { kind: 'encode' },
  content: FileContent,
): Promise<PreparedGroup[]> {
  const spans: Uint8Array[] = [];
  const bytes = await readChunks(file.read, group.chunks, spans);
  const replaced = [...plan.replaced.keys()].sort((a, b) => a - b);
  const batchRows = [...replaced.map((row) => plan.replaced.get(row) ?? 0), ...plan.appended];
  const edits = {
    removed: Uint32Array.from(plan.removed).sort(),
    replaced: Uint32Array.from(replaced),
    appended: plan.appended.length,
  };
  const filters = content.columns.map((column) => filterOf(file, group, column));
  const columns = content.columns.map((column, i): ColumnEdit => ({
    column,
    stored: storedChunk(file, group, column, bytes),
    values: rowsOfBatch(content, column, batchRows),
    bloomFilter: !content.bloomFilterColumns.has(column.name) ? 'none' : filters[i] ? 'kept or new' : 'new',
  }));
  const edit = { rows: group.rows, edits, columns, returnsUnchanged: layout === 'anew' };
  const edited = await readable(file, content.threads.run('editGroup', edit, spans));
  const chunks = edited.map((chunk, i): OutputChunk => {
    const old = group.chunks[columnIndex(file, content.columns[i]?.name ?? '')] as Chunk;
    if (chunk === 'unchanged') return { kept: old };
    if ('unchanged' in chunk) return { moved: old, bytes: chunk.unchanged };
    const filter = columns[i]?.bloomFilter === 'kept or new' && !chunk.bloomFilter ? filters[i] : undefined;
    return { encoded: chunk, ...(filter && { keptFilter: { ...filter, isMoved: layout === 'anew' } }) };
  });
  const rows = group.rows - plan.removed.size + plan.appended.length;
  return [{ kind: 'encoded', rows, chunks }];
}

/** The bloom filter of a chunk; of no use where the column is to be of another type, since it is of the values' bytes. */
function filterOf(
  file: OpenLakeFile,
  group: RowGroup,
  { name, type }: Column,
): Omit<KeptFilter, 'isMoved'> | undefined {
  const index = columnIndex(file, name);
  const stored = file.footer.columns[index];
  const { start, length } = group.chunks[index]?.bloomFilter ?? {};
  if (!stored || !sameType(stored.type, type) || start === undefined || length === undefined) return undefined;
  return { start, length };
}

/** A row group of another file: its bytes are read, since the store copies none from there. */
export async function takenGroup(part: StoredGroup, { columns }: FileContent): Promise<PreparedGroup[]> {
  const { file } = part;
  const group = rowGroupOf(part);
  const bytes = await readChunks(file.read, group.chunks);
  const filters = group.chunks.flatMap(({ bloomFilter }) =>
    bloomFilter?.length === undefined ? [] : { start: bloomFilter.start, end: bloomFilter.start + bloomFilter.length },
  );
  const filterBytes = await readRanges(file.read, filters);
  const chunks = columns.map((column): OutputChunk => {
    const chunk = group.chunks[columnIndex(file, column.name)];
    if (!chunk) return { encoded: encodeChunk(column, nullVector(column.type, group.rows)) };
    const bloomFilter = filterBytes[filters.findIndex(({ start }) => start === chunk.bloomFilter?.start)];
    return { moved: chunk, bytes: bytes.get(chunk) ?? new Uint8Array(), ...(bloomFilter && { bloomFilter }) };
  });
  return [{ kind: 'moved', rows: group.rows, chunks }];
}

/** Neighbouring row groups, of one file or of several, as few larger ones. */
export async function joinedGroups(parts: readonly StoredGroup[], content: FileContent): Promise<PreparedGroup[]> {
  const files = [...new Set(parts.map(({ file }) => file))];
  const bytes = new Map<Chunk, Uint8Array>();
  for (const file of files) {
    const ofFile = parts.filter((part) => part.file === file).flatMap((part) => rowGroupOf(part).chunks);
    for (const [chunk, chunkBytes] of await readChunks(file.read, ofFile)) bytes.set(chunk, chunkBytes);
  }
  const columns = content.columns.map((column): RowsOfColumn => {
    const sources = parts.map((part): RowSource => {
      const group = rowGroupOf(part);
      const stored = storedChunk(part.file, group, column, bytes);
      return stored ? { stored, start: 0, end: group.rows } : { vector: nullVector(column.type, group.rows) };
    });
    return rowsOfColumn(column, sources, content);
  });
  const key = files.map((file) => file.key).join(' or ');
  const rows = parts.reduce((sum, part) => sum + rowGroupOf(part).rows, 0);
  const byteLength = parts.reduce((sum, part) => sum + uncompressedBytes(rowGroupOf(part)), 0);
  return encodedGroups(await readable({ key }, encode(columns, content, { rows, byteLength })));
}

/** New row groups of these rows of the batch, and what one of them takes before compression, in bytes. */
export function groupsOfRows(
  rows: readonly number[],
  content: FileContent,
): { steps: (() => Promise<PreparedGroup[]>)[]; groupBytes: number } {
  const { bytesPerRow = 0 } = content.batch;
  const inGroup = rowsPerGroup(content.rowsPerRowGroup, rows.length, rows.length * bytesPerRow);
  const count = Math.ceil(rows.length / inGroup);
  const steps = Array.from({ length: count }, (_, i) => async () => {
    const part = rows.slice(i * inGroup, (i + 1) * inGroup);
    const columns = content.columns.map((column) =>
      rowsOfColumn(column, [{ vector: rowsOfBatch(content, column, part) }], content),
    );
    // One row group: rows that are larger than others are not cut once more.
    return encodedGroups(await encode(columns, content, { rows: part.length, byteLength: 0 }));
  });
  return { steps, groupBytes: Math.min(rows.length, inGroup) * bytesPerRow };
}

export function rowsOfColumn(column: Column, sources: RowSource[], content: FileContent): RowsOfColumn {
  return {
    column,
    sources,
    bloomFilter: content.bloomFilterColumns.has(column.name),
    isLoadOperation: false,
  };
}

/**
 * @param rows how many they are
 * @param byteLength what they take before compression
 * @param bytesMax what they may take in memory
 * @param bytes of their chunks, which the caller no longer needs
 */
export function encode(
  columns: RowsOfColumn[],
  content: FileContent,
  { rows, byteLength, bytesMax = Infinity }: { rows: number; byteLength: number; bytesMax?: number },
  bytes: readonly Uint8Array[] = [],
): Promise<EncodedRows> {
  const rowsPerRowGroup = rowsPerGroup(content.rowsPerRowGroup, rows, byteLength);
  return content.threads.run('encodeRows', { columns, rowsPerRowGroup, bytesMax }, bytes);
}

export function encodedGroups(groups: EncodedRows): PreparedGroup[] {
  return groups.map(({ rows, chunks }) => ({
    kind: 'encoded',
    rows,
    chunks: chunks.map((encoded) => ({ encoded })),
  }));
}

function rowGroupOf({ file, group }: StoredGroup): RowGroup {
  const rowGroup = file.footer.rowGroups[group];
  if (!rowGroup) throw new Error(`${file.key} has no row group ${group}`);
  return rowGroup;
}

/** Rows of the batch, by their numbers; nulls if it does not have the column. */
export function rowsOfBatch({ batch }: FileContent, column: Column, rows: readonly number[]) {
  const vector = batch.values.get(column.name);
  return vector ? takeRows(column.type, vector, rows) : nullVector(column.type, rows.length);
}
