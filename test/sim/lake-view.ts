/** The lake as a reader of its folders sees it, kept up as it changes. */
import type { RowGroup } from 'hyparquet';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { AMOUNT_SCALE_MAX } from './columns.ts';
import type { Row } from './row.ts';
import { rowText } from './row.ts';

export interface LakeRow extends Row {
  /** Of the file that holds it, as its name says. */
  generation: number;
  /** That file's folder. */
  folder: string;
  text: string;
}

export class LakeView {
  readonly #files = new Map<string, readonly LakeRow[]>();
  /** By the file's key: how each column is stored. */
  readonly #columns = new Map<string, readonly string[]>();

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

  /** Of the files below `folder`, one for each. */
  generations(folder: string): number[] {
    return [...this.#files.keys()].filter((key) => key.startsWith(folder)).map(generationOf);
  }

  /** How columns are stored that no two files of a table may have otherwise, or engines refuse it: names and types. */
  columns(folder: string): Set<string> {
    return this.#columnsOf((key) => key.startsWith(folder));
  }

  /** The same of the files that have rows. */
  columnsOfRows(folder: string): Set<string> {
    return this.#columnsOf((key) => key.startsWith(folder) && this.rowsOf(key).length > 0);
  }

  #columnsOf(isOf: (key: string) => boolean): Set<string> {
    return new Set([...this.#columns].flatMap(([key, columns]) => (isOf(key) ? columns : [])));
  }

  /** @param bytes undefined if the object is gone */
  async update(key: string, bytes: Uint8Array | undefined): Promise<void> {
    if (!bytes || !isVisible(key)) {
      this.#files.delete(key);
      this.#columns.delete(key);
      return;
    }
    const { records, columns } = await readRecords(bytes);
    this.#files.set(key, rowsOf(key, records));
    this.#columns.set(key, columns);
  }
}

/** Readers pass over files whose name begins with an underscore. */
function isVisible(key: string): boolean {
  return !/\/_[^/=]*$/.test(key);
}

function generationOf(key: string): number {
  return Number(/\/g(\d+)-[^/]*$/.exec(key)?.[1] ?? 0);
}

function rowsOf(key: string, records: Records): LakeRow[] {
  const [, folderDay] = /\/day=([^/]*)\//.exec(key) ?? [];
  const generation = generationOf(key);
  const folder = key.slice(0, key.lastIndexOf('/'));
  return records.map(({ Op, id, item, day, extra, other, amount, at }) => {
    const row: Row = {
      op: Op as Row['op'],
      id: Number(id),
      item: item as string,
      day: folderDay === undefined ? ((day ?? null) as string | null) : dayOf(folderDay),
      extra: (extra ?? null) as string | null,
      other: (other ?? null) as string | null,
      amount: typeof amount === 'number' || typeof amount === 'bigint' ? amountText(Number(amount)) : null,
      at: at instanceof Date ? at.toISOString() : null,
    };
    return { ...row, generation, folder, text: rowText(row) };
  });
}

/** The reader multiplies a decimal by a power of ten, which need not give the number nearest to it. */
function amountText(amount: number): string {
  return String(Number(amount.toFixed(AMOUNT_SCALE_MAX)));
}

type Records = readonly Record<string, unknown>[];

/** Row groups whose chunks are, byte for byte, those of one that was read before are not decoded again. */
async function readRecords(bytes: Uint8Array): Promise<{ records: Records; columns: string[] }> {
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
  const columns = metadata.schema
    .slice(1)
    .map(({ name, type, precision, scale }) => `${name} ${type} ${precision} ${scale}`);
  return { records, columns };
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
