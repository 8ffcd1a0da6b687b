import type { SchemaElement } from 'hyparquet';
import { parquetMetadata } from 'hyparquet';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { ByteWriter } from 'hyparquet-writer';
import type { Column } from './column-type.ts';
import { columnType } from './column-type.ts';
import type { ChunkStatistics } from './statistics.ts';
import { chunkColumn } from './stored-chunk.ts';
import { readRowGroup } from './stored-row-group.ts';
import { concatenated, structListField, withoutStop } from './thrift-bytes.ts';
import { STRUCT, ThriftReader } from './thrift-reader.ts';
import { parseThrift, serializeThrift } from './thrift.ts';

/**
 * The end of a Parquet file: its columns, its row groups and where their chunks are.
 *
 * Row groups and chunks keep the bytes of their thrift structs, as views of the footer's: one that a new version of the
 * file keeps must say what it said, bounds included, and takes no time to be written again.
 */
export interface Footer {
  columns: FooterColumn[];
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

export const MAGIC = new Uint8Array([0x50, 0x41, 0x52, 0x31]); // PAR1

/** Of a file whose footer is encrypted: PARE. */
const ENCRYPTED_MAGIC = new Uint8Array([0x50, 0x41, 0x52, 0x45]);
const ENCRYPTED = 'it is encrypted by its writer, so its columns cannot be told';

/** Far more than any table has. */
const COLUMNS_MAX = 10_000;
/** What stands before the row groups becomes objects many times its size. */
const SCHEMA_BYTES_MAX = 4 * 1024 * 1024;
/** So do the row groups: a load file of 1 GiB has some tens of thousands of chunks. */
const CHUNKS_MAX = 500_000;

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
  let columns: FooterColumn[] | undefined;
  let rowGroups: RowGroup[] = [];
  let metadata = new Map<string, string>();
  let createdBy = '';
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 3) rows = reader.integer();
    else if (field === 4) {
      // Fields come in the order of their numbers, as every writer's do: what precedes the row groups is the schema.
      if (reader.offset > SCHEMA_BYTES_MAX) throw new Error(`its schema takes ${reader.offset} bytes`);
      columns = flatColumns(schemaOf(thrift.subarray(0, reader.offset)));
      rowGroups = readRowGroups(reader, columns, fileSize - byteLength);
    } else if (field === 5) metadata = readKeyValues(reader);
    else if (field === 6) createdBy = utf8.decode(reader.binary());
    else reader.skip();
  }
  if (!columns) throw new Error('its footer names no row groups');
  const found = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  if (found !== rows) throw new Error(`the footer says ${rows} rows, its row groups ${found}`);
  return { columns, rowGroups, metadata, createdBy, byteLength };
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

/** Serialises a footer with its length and magic number. */
export function writeFooter(footer: {
  /** One for each column. */
  elements: readonly SchemaElement[];
  rowGroups: readonly Pick<RowGroup, 'rows' | 'struct'>[];
  metadata: ReadonlyMap<string, string>;
}): Uint8Array {
  const head = parseThrift(emptyFooter(footer.elements));
  const rows = footer.rowGroups.reduce((sum, group) => sum + group.rows, 0);
  const parts = [
    // A struct's fields follow each other by the difference of their numbers, so 1–3, 4 and 5–7 can be made apart.
    withoutStop(serializeThrift({ field_1: head.field_1, field_2: head.field_2, field_3: BigInt(rows) })),
    ...structListField(footer.rowGroups.map((group) => group.struct)),
    serializeThrift({
      field_1: [...footer.metadata].map(([key, value]) => ({ field_1: key, field_2: value })),
      field_2: CREATED_BY,
      field_3: head.field_7,
    }),
  ];
  const end = new Uint8Array(8);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  new DataView(end.buffer).setUint32(0, length, true);
  end.set(MAGIC, 4);
  return concatenated([...parts, end]);
}

export const CREATED_BY = 'tidemark';
const utf8 = new TextDecoder();

/** Schema and column orders as hyparquet-writer serialises them. */
function emptyFooter(elements: readonly SchemaElement[]): Uint8Array {
  const schema: SchemaElement[] = [
    { name: 'schema', num_children: elements.length, repetition_type: 'REQUIRED' },
    ...elements,
  ];
  const writer = new ByteWriter();
  writeMetadata(writer, { version: 2, schema, num_rows: 0n, row_groups: [], metadata_length: 0 });
  return writer.getBytes();
}

/**
 * Schema elements as hyparquet reads them, out of the same footer without row groups.
 * @param thrift of the footer, up to the row groups
 */
function schemaOf(thrift: Uint8Array): SchemaElement[] {
  const emptyList = STRUCT;
  const stop = 0;
  const end = new Uint8Array(8);
  new DataView(end.buffer).setUint32(0, thrift.length + 2, true);
  end.set(MAGIC, 4);
  const footer = concatenated([thrift, Uint8Array.of(emptyList, stop), end]);
  return parquetMetadata(footer, { geoparquet: false }).schema;
}

function flatColumns(schema: readonly SchemaElement[]): FooterColumn[] {
  const [root, ...elements] = schema;
  if (elements.length === 0) throw new Error('it has no columns');
  if (elements.length > COLUMNS_MAX)
    throw new Error(`it has ${elements.length} columns; at most ${COLUMNS_MAX} are read`);
  if (root?.num_children !== elements.length) throw new Error('its columns are nested; DMS writes flat tables');
  const names = new Set<string>();
  return elements.map((element) => {
    if (element.name === '') throw new Error('a column has no name');
    if (names.has(element.name)) throw new Error(`two columns are named ${element.name}`);
    names.add(element.name);
    if (element.repetition_type === 'REPEATED')
      throw new Error(`column ${element.name} is repeated; DMS writes flat tables`);
    return {
      name: element.name,
      type: columnType(element),
      required: element.repetition_type === 'REQUIRED',
    };
  });
}

function readRowGroups(reader: ThriftReader, columns: readonly FooterColumn[], dataEnd: number): RowGroup[] {
  const size = reader.list();
  if (size > 0 && reader.type !== STRUCT) throw new Error('its row groups are no structs');
  if (size * columns.length > CHUNKS_MAX)
    throw new Error(`it has ${size} row groups of ${columns.length} columns; at most ${CHUNKS_MAX} chunks are read`);
  const chunkColumns = columns.map(chunkColumn);
  const rowGroups: RowGroup[] = [];
  for (let i = 0; i < size; i++) rowGroups.push(readRowGroup(reader, chunkColumns, dataEnd));
  return rowGroups;
}

function readKeyValues(reader: ThriftReader): Map<string, string> {
  const metadata = new Map<string, string>();
  const size = reader.list();
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
