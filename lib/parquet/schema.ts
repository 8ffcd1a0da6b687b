import type { SchemaElement } from 'hyparquet';
import { parquetMetadata } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { columnType } from './column-type.ts';
import type { FooterColumn } from './footer.ts';
import { MAGIC } from './magic.ts';
import type { ChunkColumn } from './stored-chunk.ts';
import { chunkColumn } from './stored-chunk.ts';
import { concatenated } from './thrift-bytes.ts';
import { I64, LIST, STRUCT, ThriftReader } from './thrift-reader.ts';

/*
 * The schema of a footer. Files of one table have the same, so the last ones are remembered, by their content: a footer
 * of a few row groups is read and written in a fraction of the time.
 */

export interface Schema {
  columns: readonly FooterColumn[];
  /** The same columns, for reading chunks. */
  chunkColumns: readonly ChunkColumn[];
}

/**
 * @param thrift of a footer (parquet.thrift, "FileMetaData"), up to the end of the schema
 * @throws Error if it is not the schema of a flat table.
 */
export function readSchema(thrift: Uint8Array): Schema {
  if (thrift.length > SCHEMA_BYTES_MAX) throw new Error(`its schema takes ${thrift.length} bytes`);
  const content = Buffer.from(thrift.buffer, thrift.byteOffset, thrift.length).toString('latin1');
  return remembered(schemas, content, () => {
    const columns = flatColumns(schemaElements(thrift));
    return { columns, chunkColumns: columns.map(chunkColumn) };
  });
}

/** What a footer says of a schema, in two places. */
export interface SerializedSchema {
  /** Version and schema (fields 1 and 2), to be followed by the next field. */
  head: Uint8Array;
  /** Column orders (field 7 after field 6), and the end of the footer's struct. */
  columnOrders: Uint8Array;
}

/** @param elements one for each column */
export function serializedSchema(elements: readonly SchemaElement[]): SerializedSchema {
  return remembered(serialized, JSON.stringify(elements), () => serialize(elements));
}

const schemas = new Map<string, Schema>();
const serialized = new Map<string, SerializedSchema>();

/** Of the schemas that came last; a very wide one is not kept. */
function remembered<T>(known: Map<string, T>, content: string, make: () => T): T {
  const found = known.get(content);
  if (found) return found;
  const made = make();
  if (content.length > KEPT_LENGTH_MAX) return made;
  const [oldest] = known.keys();
  if (oldest !== undefined && known.size >= KEPT_MAX) known.delete(oldest);
  known.set(content, made);
  return made;
}

const KEPT_MAX = 64;
const KEPT_LENGTH_MAX = 64 * 1024;

/** Far more than any table has. */
export const COLUMNS_MAX = 10_000;
/** A schema becomes objects many times its size. */
const SCHEMA_BYTES_MAX = 4 * 1024 * 1024;

/** Of the field whose number is one more than the last one's; its type is added. */
const NEXT_FIELD = 0x10;
const STOP = 0;

/** As hyparquet reads them, out of the same footer without rows. */
function schemaElements(thrift: Uint8Array): SchemaElement[] {
  const noRows = [NEXT_FIELD | I64, 0];
  const noRowGroups = [NEXT_FIELD | LIST, STRUCT];
  const end = new Uint8Array(8);
  new DataView(end.buffer).setUint32(0, thrift.length + noRows.length + noRowGroups.length + 1, true);
  end.set(MAGIC, 4);
  const footer = concatenated([thrift, Uint8Array.of(...noRows, ...noRowGroups, STOP), end]);
  return parquetMetadata(footer, { geoparquet: false }).schema;
}

/** As hyparquet-writer serialises it. */
function serialize(elements: readonly SchemaElement[]): SerializedSchema {
  const schema: SchemaElement[] = [
    { name: 'schema', num_children: elements.length, repetition_type: 'REQUIRED' },
    ...elements,
  ];
  const writer = new ByteWriter();
  writeMetadata(writer, { version: 2, schema, num_rows: 0n, row_groups: [], metadata_length: 0 });
  const bytes = writer.getBytes();
  const reader = new ThriftReader(bytes);
  let headEnd = 0;
  let orders: Uint8Array | undefined;
  for (let field = reader.next(); field > 0; field = reader.next()) {
    const start = reader.offset;
    reader.skip();
    if (field === 2) headEnd = reader.offset;
    else if (field === 7) orders = bytes.subarray(start, reader.offset);
  }
  const columnOrders = orders ? [Uint8Array.of(NEXT_FIELD | LIST), orders, Uint8Array.of(STOP)] : [Uint8Array.of(STOP)];
  return { head: bytes.slice(0, headEnd), columnOrders: concatenated(columnOrders) };
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
