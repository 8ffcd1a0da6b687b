import type { SchemaElement } from 'hyparquet';
import type { Column } from './column-type.ts';
import { CHUNKS_MAX, requireShortFooter } from './footer-limits.ts';
import { MAGIC } from './magic.ts';
import type { Schema } from './schema.ts';
import { readSchema, serializedSchema } from './schema.ts';
import type { ChunkStatistics } from './statistics.ts';
import { readRowGroup } from './stored-row-group.ts';
import { concatenated, structListField, withoutStop } from './thrift-bytes.ts';
import { STRUCT, ThriftReader } from './thrift-reader.ts';
import { serializeThrift } from './thrift.ts';

/**
 * The end of a Parquet file: its columns, its row groups and where their chunks are.
 *
 * Row groups and chunks keep the bytes of their thrift structs, as views of the footer's: one that a new version of the
 * file keeps must say what it said, bounds included, and takes no time to be written again.
 */
export interface Footer {
  columns: readonly FooterColumn[];
  rowGroups: RowGroup[];
  /** Key-value metadata. */
  metadata: Map<string, string>;
  createdBy: string;
  /** Length of footer, its length field and the magic number, in bytes. */
  byteLength: number;
}

export interface FooterColumn extends Column {
  required: boolean;
}

export interface RowGroup {
  rows: number;
  /** The RowGroup struct as it is stored, chunks included. */
  struct: Uint8Array;
  /** In the order of the footer's columns. */
  chunks: Chunk[];
  /** Whether the struct names neither file_offset nor ordinal nor sorting columns, which hold for one place only. */
  placeless: boolean;
}

export interface Chunk {
  /** The ColumnChunk struct as it is stored. */
  struct: Uint8Array;
  /** As parquet.thrift names it ("CompressionCodec"). */
  codec: string;
  /** Bytes [start, end) of the file. */
  start: number;
  end: number;
  /** Nulls included: the rows of its row group. */
  values: number;
  uncompressedBytes: number;
  /** Without the bounds whose meaning is uncertain. */
  statistics: ChunkStatistics;
  /** Where in the file its bloom filter is, in bytes; writers may leave out its length. */
  bloomFilter: { start: number; length: number | undefined } | undefined;
}

export { MAGIC } from './magic.ts';

/** Of a file whose footer is encrypted: PARE. */
const ENCRYPTED_MAGIC = new Uint8Array([0x50, 0x41, 0x52, 0x45]);
const ENCRYPTED = 'it is encrypted by its writer, so its columns cannot be told';

/** Writers note a few things of a file. */
const KEY_VALUES_MAX = 10_000;

/**
 * @param bytes the end of the file, the whole footer at least; the result holds views of them
 * @param fileSize of the whole file, in bytes
 * @throws Error if it is not the footer of a flat Parquet file whose chunks lie inside the file.
 */
export function parseFooter(bytes: Uint8Array, fileSize: number): Footer {
  const byteLength = footerLength(bytes.subarray(-8));
  if (byteLength > bytes.length)
    throw new Error(`the footer says it is ${byteLength} bytes long, the file has ${bytes.length}`);
  const thrift = new Uint8Array(bytes.buffer, bytes.byteOffset + bytes.length - byteLength, byteLength - 8);
  const reader = new ThriftReader(thrift);
  let rows = -1;
  let schemaEnd = 0;
  let schema: Schema | undefined;
  let rowGroups: RowGroup[] = [];
  let metadata = new Map<string, string>();
  let createdBy = '';
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 2) {
      reader.skip();
      schemaEnd = reader.offset;
    } else if (field === 3) rows = reader.integer();
    else if (field === 4) {
      // Fields come in the order of their numbers, as every writer's do: what precedes the row groups is the schema.
      schema = readSchema(thrift.subarray(0, schemaEnd));
      rowGroups = readRowGroups(reader, schema, fileSize - byteLength);
    } else if (field === 5) metadata = readKeyValues(reader);
    else if (field === 6) createdBy = utf8.decode(reader.binary());
    else reader.skip();
  }
  if (!schema) throw new Error('its footer names no row groups');
  const found = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  if (found !== rows) throw new Error(`the footer says ${rows} rows, its row groups ${found}`);
  return { columns: schema.columns, rowGroups, metadata, createdBy, byteLength };
}

/**
 * @param end the last 8 bytes of a file
 * @returns length of footer, length field and magic number together, in bytes
 */
export function footerLength(end: Uint8Array): number {
  if (end.length !== 8 || !MAGIC.every((byte, i) => end[4 + i] === byte)) {
    const isEncrypted = end.length === 8 && ENCRYPTED_MAGIC.every((byte, i) => end[4 + i] === byte);
    throw new Error(isEncrypted ? ENCRYPTED : 'it does not end as a Parquet file does (PAR1)');
  }
  return new DataView(end.buffer, end.byteOffset, 8).getUint32(0, true) + 8;
}

/**
 * Serialises a footer with its length and magic number.
 * @throws FooterTooLarge
 */
export function writeFooter(footer: {
  /** One for each column. */
  elements: readonly SchemaElement[];
  rowGroups: readonly Pick<RowGroup, 'rows' | 'struct'>[];
  metadata: ReadonlyMap<string, string>;
}): Uint8Array {
  const { head, columnOrders } = serializedSchema(footer.elements);
  const rows = footer.rowGroups.reduce((sum, group) => sum + group.rows, 0);
  const notes = [...footer.metadata].map(([key, value]) => ({ field_1: key, field_2: value }));
  const parts = [
    // A struct's fields follow each other by the difference of their numbers, so 1–2, 3, 4, 5–6 and 7 can be made apart.
    head,
    withoutStop(serializeThrift({ field_1: BigInt(rows) })),
    ...structListField(footer.rowGroups.map((group) => group.struct)),
    withoutStop(serializeThrift({ field_1: notes, field_2: CREATED_BY })),
    columnOrders,
  ];
  const end = new Uint8Array(8);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  requireShortFooter(length + end.length);
  new DataView(end.buffer).setUint32(0, length, true);
  end.set(MAGIC, 4);
  return concatenated([...parts, end]);
}

export const CREATED_BY = 'tidemark';
const utf8 = new TextDecoder();

function readRowGroups(reader: ThriftReader, { chunkColumns }: Schema, dataEnd: number): RowGroup[] {
  const size = reader.list();
  if (size > 0 && reader.type !== STRUCT) throw new Error('its row groups are no structs');
  if (size * chunkColumns.length > CHUNKS_MAX)
    throw new Error(
      `it has ${size} row groups of ${chunkColumns.length} columns; at most ${CHUNKS_MAX} chunks are read (a higher RowGroupLength of the DMS endpoint makes fewer row groups, a lower MaxFileSize smaller files)`,
    );
  const rowGroups: RowGroup[] = [];
  for (let i = 0; i < size; i++) rowGroups.push(readRowGroup(reader, chunkColumns, dataEnd));
  return rowGroups;
}

function readKeyValues(reader: ThriftReader): Map<string, string> {
  const metadata = new Map<string, string>();
  const size = reader.list();
  if (size > KEY_VALUES_MAX)
    throw new Error(`its footer has ${size} key-value pairs; at most ${KEY_VALUES_MAX} are read`);
  for (let i = 0; i < size; i++) {
    let key = '';
    let value = '';
    const outer = reader.enter();
    for (let field = reader.next(); field > 0; field = reader.next()) {
      if (field === 1) key = utf8.decode(reader.binary());
      else if (field === 2) value = utf8.decode(reader.binary());
      else reader.skip();
    }
    reader.leave(outer);
    metadata.set(key, value);
  }
  return metadata;
}
