import type { RowGroup as ParsedRowGroup, SchemaElement } from 'hyparquet';
import { parquetMetadata } from 'hyparquet';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { ByteWriter } from 'hyparquet-writer';
import type { Column } from './column-type.ts';
import { columnType } from './column-type.ts';
import type { ThriftStruct } from './thrift.ts';
import { parseThrift, serializeThrift } from './thrift.ts';

/**
 * The end of a Parquet file: its columns, its row groups and where their chunks are.
 *
 * A row group is kept as the thrift struct it was read as, since a row group that a new version of the file keeps must
 * say what it said: its bounds are bytes in the order of their logical type, and become wrong when decoded and encoded.
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
  /** The struct as it was read, chunks included. */
  thrift: ThriftStruct;
  /** In the order of the footer's columns. */
  chunks: Chunk[];
}

export interface Chunk {
  /** The ColumnChunk struct as it was read. */
  thrift: ThriftStruct;
  codec: string;
  /** Bytes [start, end) of the file. */
  start: number;
  end: number;
  values: number;
  uncompressedBytes: number;
}

export const MAGIC = new Uint8Array([0x50, 0x41, 0x52, 0x31]); // PAR1

/** Far more than any table has. */
const COLUMNS_MAX = 10_000;

/**
 * @param bytes the end of the file, the whole footer at least
 * @param fileSize of the whole file, in bytes
 * @throws Error if it is not the footer of a flat Parquet file whose chunks lie inside the file.
 */
export function parseFooter(bytes: Uint8Array, fileSize: number): Footer {
  const length = footerLength(bytes.subarray(-8));
  if (length > bytes.length)
    throw new Error(`the footer says it is ${length} bytes long, the file has ${bytes.length}`);
  const parsed = parquetMetadata(bytes, { geoparquet: false, parsers: NO_PARSERS });
  const raw = parseThrift(bytes.subarray(bytes.length - length, bytes.length - 8));
  const columns = flatColumns(parsed.schema);
  const rawGroups = raw.field_4 as ThriftStruct[];
  const rowGroups = parsed.row_groups.map((group, i) =>
    rowGroup(group, rawGroups[i] ?? {}, columns, fileSize - length),
  );
  const rows = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  if (rows !== Number(parsed.num_rows)) {
    throw new Error(`the footer says ${parsed.num_rows.toString()} rows, its row groups ${rows}`);
  }
  return {
    columns,
    rowGroups,
    metadata: new Map((parsed.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ''])),
    createdBy: parsed.created_by ?? '',
    byteLength: length,
  };
}

/**
 * @param end the last 8 bytes of a file
 * @returns length of footer, length field and magic number together, in bytes
 */
export function footerLength(end: Uint8Array): number {
  if (end.length !== 8 || !MAGIC.every((byte, i) => end[4 + i] === byte)) {
    throw new Error('it does not end as a Parquet file does (PAR1)');
  }
  return new DataView(end.buffer, end.byteOffset, 8).getUint32(0, true) + 8;
}

/** Serialises a footer with its length and magic number. */
export function writeFooter(footer: {
  /** One for each column. */
  elements: readonly SchemaElement[];
  rowGroups: readonly { rows: number; thrift: ThriftStruct }[];
  metadata: ReadonlyMap<string, string>;
}): Uint8Array {
  const head = parseThrift(emptyFooter(footer.elements));
  const rows = footer.rowGroups.reduce((sum, group) => sum + group.rows, 0);
  const thrift = Buffer.concat([
    // A struct's fields follow each other by the difference of their numbers, so 1–3, 4 and 5–7 can be made apart.
    withoutStop(serializeThrift({ field_1: head.field_1, field_2: head.field_2, field_3: BigInt(rows) })),
    listOfStructs(footer.rowGroups.map((group) => group.thrift)),
    serializeThrift({
      field_1: [...footer.metadata].map(([key, value]) => ({ field_1: key, field_2: value })),
      field_2: CREATED_BY,
      field_3: head.field_7,
    }),
  ]);
  const bytes = new Uint8Array(thrift.length + 8);
  bytes.set(thrift);
  new DataView(bytes.buffer).setUint32(thrift.length, thrift.length, true);
  bytes.set(MAGIC, thrift.length + 4);
  return bytes;
}

const CREATED_BY = 'tidemark';

/** A list field that follows its predecessor, typed even if empty (hyparquet-writer gives an empty list no type). */
function listOfStructs(structs: readonly ThriftStruct[]): Uint8Array {
  if (structs.length === 0) return new Uint8Array([0x19, 0x0c]);
  return withoutStop(serializeThrift({ field_1: [...structs] }));
}

function withoutStop(struct: Uint8Array): Uint8Array {
  return struct.subarray(0, -1);
}

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

function rowGroup(
  group: ParsedRowGroup,
  thrift: ThriftStruct,
  columns: readonly FooterColumn[],
  dataEnd: number,
): RowGroup {
  if (group.columns.length !== columns.length) {
    throw new Error(`a row group has ${group.columns.length} chunks for ${columns.length} columns`);
  }
  const rows = Number(group.num_rows);
  if (rows < 0) throw new Error(`a row group has ${rows} rows`);
  const thriftChunks = thrift.field_1 as ThriftStruct[];
  const chunks = group.columns.map(({ meta_data: meta, file_path: otherFile }, i): Chunk => {
    const name = columns[i]?.name ?? '';
    if (!meta || otherFile) throw new Error(`column ${name} is in another file, or encrypted`);
    if (meta.path_in_schema.join('.') !== name) throw new Error(`the chunk of column ${name} says it is another's`);
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const end = start + Number(meta.total_compressed_size);
    if (!(start >= 4 && end >= start && end <= dataEnd))
      throw new Error(`a chunk of column ${name} lies outside the file`);
    if (Number(meta.num_values) !== rows) {
      throw new Error(`column ${name} has ${meta.num_values.toString()} values in a row group of ${rows} rows`);
    }
    return {
      thrift: thriftChunks[i] ?? {},
      codec: meta.codec,
      start,
      end,
      values: rows,
      uncompressedBytes: Number(meta.total_uncompressed_size),
    };
  });
  return { rows, thrift, chunks };
}

/** Bounds are taken from the thrift structs; decoding them as values is of no use and may throw. */
const NO_PARSERS = {
  timestampFromMilliseconds: () => undefined,
  timestampFromMicroseconds: () => undefined,
  timestampFromNanoseconds: () => undefined,
  dateFromDays: () => undefined,
  stringFromBytes: () => undefined,
};
