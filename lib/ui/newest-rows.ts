import { tableOfPath } from '../dms/object-key.ts';
import { footerCacheOf } from '../lake/footer-cache.ts';
import { listLakeFiles, type OpenLakeFile, openLakeFile } from '../lake/lake-file.ts';
import { partitionTexts } from '../lake/partition.ts';
import { readable, readChunks } from '../merge/read-group.ts';
import type { ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import { typeName } from '../parquet/column-type.ts';
import { decodeChunk } from '../parquet/decode-chunk.ts';
import type { FooterColumn, RowGroup } from '../parquet/footer.ts';
import { valueText } from '../parquet/value-text.ts';
import { valueAt, type Vector } from '../parquet/vector.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import { rowOfItem } from '../table/item.ts';
import { lakePrefix } from '../table/lake-table.ts';
import type { NewestRows } from './view.ts';

const ROWS_MAX = 50;
const COLUMNS_MAX = 50;
const CHARS_MAX = 120;
/** Decoded: more would hold up the merges of this process. */
const GROUP_BYTES_MAX = 64 * 1024 * 1024;
/** Files of no rows may be newer than the last that has some. */
const FILES_MAX = 10;
const ATTEMPTS_MAX = 3;

/**
 * The last rows of the lake file of a table that was written last.
 * @returns undefined if the table is not known
 * @throws TableBlocked if the table's lake folder or the file cannot be read; ObjectChanged if it is merged all the time
 */
export async function newestRows(
  path: string,
  ports: Pick<Ports, 'lake' | 'tables' | 'config'>,
): Promise<NewestRows | undefined> {
  const name = tableOfPath(path, ports.config);
  const item = await ports.tables.get(path);
  if (!name || !item) return undefined;
  const row = rowOfItem(item);
  const table = `${name.schema}/${name.table}`;
  for (let attempt = 1; ; attempt++) {
    try {
      const files = await listLakeFiles(ports.lake, lakePrefix(row, name, ports.config));
      const ofGeneration = files.filter(({ generation }) => generation === row.progress.generation);
      const newest = (ofGeneration.length > 0 ? ofGeneration : files).sort(
        (a, b) => b.lastModified.getTime() - a.lastModified.getTime(),
      );
      for (const found of newest.slice(0, FILES_MAX)) {
        const file = await openLakeFile(ports.lake, found, footerCacheOf(ports.lake));
        if (file.rows > 0) return await readable(file, rowsOf(table, file));
      }
      return { table, columns: [], moreColumns: 0, rows: [], rowsInFile: 0 };
    } catch (error) {
      if (!(error instanceof ObjectChanged) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function rowsOf(table: string, file: OpenLakeFile): Promise<NewestRows> {
  const { footer, key, lastModified, rows: rowsInFile, folder } = file;
  const partition = [...partitionTexts(folder)];
  const stored = footer.columns.slice(0, COLUMNS_MAX);
  const columns = [
    ...stored.map(({ name, type }) => ({ name, type: typeName(type) })),
    ...partition.map(([name]) => ({ name, type: 'partition' })),
  ];
  const about = {
    table,
    file: key,
    writtenAt: lastModified.getTime(),
    columns,
    moreColumns: footer.columns.length - stored.length,
    rowsInFile,
  };
  const partitionValues = partition.map(([, text]) => (text === null ? null : cut(text)));
  const rows: (string | null)[][] = [];
  for (const group of footer.rowGroups.toReversed()) {
    if (rows.length >= ROWS_MAX) break;
    if (group.rows === 0) continue;
    if (decodedBytes(group, stored.length) > GROUP_BYTES_MAX) {
      if (rows.length > 0) break;
      return { ...about, rows: [], note: 'The rows are too large to be shown here.' };
    }
    for (const row of await lastRows(file, group, stored, ROWS_MAX - rows.length))
      rows.push([...row, ...partitionValues]);
  }
  return { ...about, rows };
}

function decodedBytes({ chunks }: RowGroup, columns: number): number {
  return chunks.slice(0, columns).reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0);
}

/** The last first. */
async function lastRows(
  { read }: OpenLakeFile,
  group: RowGroup,
  columns: readonly FooterColumn[],
  count: number,
): Promise<(string | null)[][]> {
  const chunks = group.chunks.slice(0, columns.length);
  const bytes = await readChunks(read, chunks);
  const vectors = columns.map((column, i): Vector | undefined => {
    const chunk = chunks[i];
    return chunk && decodeChunk(bytes.get(chunk) ?? new Uint8Array(), chunk, column);
  });
  return Array.from({ length: Math.min(count, group.rows) }, (_, i) =>
    columns.map(({ type }, column) => {
      const vector = vectors[column];
      const value = vector ? valueAt(vector, group.rows - 1 - i) : null;
      return value === null ? null : shownText(value, type);
    }),
  );
}

/** Never more than `CHARS_MAX` characters, nor more work than they take. */
export function shownText(value: NonNullable<PhysicalValue>, type: ColumnType): string {
  if (!(value instanceof Uint8Array) || type.logical.kind === 'decimal') return cut(valueText(value, type));
  if (type.logical.kind === 'bytes')
    return cut(valueText(value.subarray(0, CHARS_MAX), type), value.length > CHARS_MAX);
  const bytesMax = 4 * CHARS_MAX;
  if (value.length <= bytesMax) return cut(valueText(value, type));
  // Cut between bytes, perhaps within a character, which is then left out.
  return cut(new TextDecoder().decode(value.subarray(0, bytesMax), { stream: true }), true);
}

function cut(text: string, isCut = false): string {
  if (text.length <= CHARS_MAX && !isCut) return text;
  const kept = text.slice(0, CHARS_MAX - 1);
  // Not half of a pair.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
