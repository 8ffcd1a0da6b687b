import { footerCacheOf } from '../lake/footer-cache.ts';
import { listLakeFiles, openLakeFile } from '../lake/lake-file.ts';
import { partitionTexts } from '../lake/partition.ts';
import { readChunks } from '../merge/read-group.ts';
import type { ColumnType, PhysicalValue } from '../parquet/column-type.ts';
import { decodeChunk } from '../parquet/decode-chunk.ts';
import { textForm } from '../parquet/text-form.ts';
import { valueAt } from '../parquet/vector.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { floatText } from './float-text.ts';

/** A row by its columns, each value as text: exact, and the same for the same value. */
export type TextRow = ReadonlyMap<string, string | null>;

/**
 * A table's rows as a reader of its folder finds them, partition columns taken from the folders' names. Bytes are
 * hexadecimal, floats as JavaScript prints them, all others as Spark's cast to text gives them.
 * @param prefix of the table in the lake: `<schema>/<table>/`
 */
export async function lakeTexts(lake: ObjectStore, prefix: string): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  for (const file of await listLakeFiles(lake, prefix)) {
    const { footer, read } = await openLakeFile(lake, file, footerCacheOf(lake));
    const partition = [...partitionTexts(file.folder)];
    for (const group of footer.rowGroups) {
      const bytes = await readChunks(read, group.chunks);
      const columns = footer.columns.map((column, i) => {
        const chunk = group.chunks[i];
        if (!chunk) throw new Error(`${file.key} has a row group without column ${column.name}`);
        return { ...column, vector: decodeChunk(bytes.get(chunk) ?? new Uint8Array(), chunk, column) };
      });
      for (let row = 0; row < group.rows; row++) {
        const values = columns.map(
          ({ name, type, vector }) => [name, lakeText(valueAt(vector, row), type)] as [string, string | null],
        );
        rows.push(new Map([...values, ...partition]));
      }
    }
  }
  return rows;
}

function lakeText(value: PhysicalValue, type: ColumnType): string | null {
  if (value === null) return null;
  if (type.logical.kind === 'float') return floatText(value as number);
  if (type.logical.kind === 'bytes')
    return Buffer.from(value as Uint8Array)
      .toString('hex')
      .toUpperCase();
  return textForm(value, type);
}
