import type { Encoding, SchemaElement } from 'hyparquet';
import { parquetMetadata } from 'hyparquet';
import { readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { ByteWriter } from 'hyparquet-writer';
import { writeColumn } from 'hyparquet-writer/src/column.js';
import type { ColumnType, PhysicalValue } from '../../lib/parquet/column-type.ts';
import { columnType } from '../../lib/parquet/column-type.ts';
import { compress, DECOMPRESS } from '../../lib/parquet/compression.ts';
import type { FooterColumn } from '../../lib/parquet/footer.ts';

/** One column chunk, apart from its file. */
export interface ColumnChunk {
  bytes: Uint8Array;
  chunk: { codec: string; values: number };
  column: FooterColumn;
}

/** The chunks of a file, by row group and column. */
export function chunksOf(file: Uint8Array): ColumnChunk[][] {
  const { schema, row_groups } = parquetMetadata(Uint8Array.from(file).buffer);
  const columns = schema.slice(1).map((element) => ({
    name: element.name,
    type: columnType(element),
    required: element.repetition_type === 'REQUIRED',
  }));
  return row_groups.map((group) =>
    group.columns.map(({ meta_data: meta }, i) => {
      const start = Number(meta!.dictionary_page_offset ?? meta!.data_page_offset);
      return {
        bytes: file.subarray(start, start + Number(meta!.total_compressed_size)),
        chunk: { codec: meta!.codec, values: Number(meta!.num_values) },
        column: columns[i]!,
      };
    }),
  );
}

/** A chunk as hyparquet-writer writes it: data pages v2. */
export function writtenChunk(
  type: ColumnType,
  values: readonly PhysicalValue[],
  options: { encoding: Encoding; codec?: 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP'; required?: boolean; pageBytes?: number },
): ColumnChunk {
  const { encoding, codec = 'UNCOMPRESSED', required = false, pageBytes = 0 } = options;
  const column: FooterColumn = { name: 'c', type, required };
  const element = physicalElement(column);
  const writer = new ByteWriter();
  writeColumn({
    writer,
    column: {
      columnName: 'c',
      element,
      schemaPath: [ROOT, element],
      codec,
      compressors: { [codec]: (bytes: Uint8Array) => compress(codec, bytes)! },
      stats: false,
      pageSize: pageBytes,
      columnIndex: false,
      offsetIndex: false,
      encoding,
    },
    pageData: {
      values: [...values],
      definitionLevels: required ? [] : values.map((value) => (value === null ? 0 : 1)),
      repetitionLevels: [],
      maxDefinitionLevel: required ? 0 : 1,
    },
  });
  return { bytes: Uint8Array.from(writer.getBytes()), chunk: { codec, values: values.length }, column };
}

/** The values that hyparquet reads. */
export function readByHyparquet({ bytes, chunk, column }: ColumnChunk): PhysicalValue[] {
  const element = physicalElement(column);
  const { data } = readColumn(
    { view: new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength), offset: 0 },
    { groupStart: 0, groupRows: chunk.values, selectStart: 0, selectEnd: chunk.values },
    {
      pathInSchema: [column.name],
      type: column.type.physical,
      element,
      schemaPath: [
        { children: [], count: 1, element: ROOT, path: [] },
        { children: [], count: 1, element, path: [column.name] },
      ],
      codec: chunk.codec as 'SNAPPY',
      compressors: DECOMPRESS,
      utf8: false,
      parsers: DEFAULT_PARSERS,
    },
  );
  return data.flatMap((page) => Array.from(page, (value) => (value ?? null) as PhysicalValue));
}

const ROOT: SchemaElement = { name: 'schema', num_children: 1, repetition_type: 'REQUIRED' };

function physicalElement({ name, type, required }: FooterColumn): SchemaElement {
  return {
    name,
    type: type.physical,
    repetition_type: required ? 'REQUIRED' : 'OPTIONAL',
    ...(type.physical === 'FIXED_LEN_BYTE_ARRAY' && { type_length: type.length }),
  };
}
