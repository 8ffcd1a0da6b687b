/** The lake as a reader of its folders sees it, kept up as it changes. */
import type { RowGroup } from 'hyparquet';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Row } from './model.ts';
import { rowText } from './model.ts';

export interface LakeRow extends Row {
  /** Of the file that holds it, as its name says. */
  generation: number;
  /** That file's folder. */
  folder: string;
  text: string;
}

export class LakeView {
  readonly #files = new Map<string, readonly LakeRow[]>();

  /** Rows in the files below `folder`. */
  rows(folder: string): LakeRow[] {
    const found: LakeRow[] = [];
    for (const [key, rows] of this.#files) if (key.startsWith(folder)) for (const row of rows) found.push(row);
    return found;
  }

  /** Rows in one file. */
  rowsOf(key: string): readonly LakeRow[] {
    return this.#files.get(key) ?? [];
  }

  /** Rows in the files below `folder`, as sorted text. */
  texts(folder: string): string[] {
    return this.rows(folder)
      .map(({ text }) => text)
      .sort();
  }

  /** @param bytes undefined if the object is gone */
  async update(key: string, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes && isVisible(key)) this.#files.set(key, await readRows(key, bytes));
    else this.#files.delete(key);
  }
}

/** Readers pass over files whose name begins with an underscore. */
function isVisible(key: string): boolean {
  return !/\/_[^/=]*$/.test(key);
}

async function readRows(key: string, bytes: Uint8Array): Promise<LakeRow[]> {
  const records = await readRecords(bytes);
  const [, folderDay] = /\/day=([^/]*)\//.exec(key) ?? [];
  const generation = Number(/\/g(\d+)-[^/]*$/.exec(key)?.[1] ?? 0);
  const folder = key.slice(0, key.lastIndexOf('/'));
  return records.map(({ Op, id, item, day, extra }) => {
    const row: Row = {
      op: Op as Row['op'],
      id: id as number,
      item: item as string,
      day: folderDay === undefined ? ((day ?? null) as string | null) : dayOf(folderDay),
      extra: (extra ?? null) as string | null,
    };
    return { ...row, generation, folder, text: rowText(row) };
  });
}

type Records = readonly Record<string, unknown>[];

/** Row groups whose chunks are, byte for byte, those of one that was read before are not decoded again. */
async function readRecords(bytes: Uint8Array): Promise<Records> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(file, { geoparquet: false });
  const records: Record<string, unknown>[] = [];
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const chunks = contentOf(group, buffer);
    let known = decoded.get(chunks);
    if (!known) {
      known = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      if (decoded.size >= KEPT_MAX) decoded.clear();
      decoded.set(chunks, known);
    }
    records.push(...known);
    rowStart = rowEnd;
  }
  return records;
}

/** What a reader makes a row group's values of: its chunks' names, codecs, lengths and bytes. */
function contentOf({ columns }: RowGroup, bytes: Buffer): string {
  let text = '';
  for (const { meta_data: chunk } of columns) {
    if (!chunk) throw new Error('a chunk has no metadata');
    const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
    const end = start + Number(chunk.total_compressed_size);
    text += `${chunk.path_in_schema.join()} ${chunk.codec} ${chunk.num_values} ${end - start} ${bytes.toString('latin1', start, end)}`;
  }
  return text;
}

const decoded = new Map<string, Records>();
const KEPT_MAX = 20_000;

function dayOf(folder: string): string | null {
  return folder === '__HIVE_DEFAULT_PARTITION__' ? null : folder;
}
