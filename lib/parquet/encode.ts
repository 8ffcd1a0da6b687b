import { ByteWriter } from 'hyparquet-writer';
import { writeColumn } from 'hyparquet-writer/src/column.js';
import { snappyCompressor } from 'hysnappy';
import type { CompressionCodec, ColumnMetaData, SchemaElement } from 'hyparquet';
import { CompressionCodecs, Encodings, PageTypes, ParquetTypes } from 'hyparquet/src/constants.js';
import type { Column, Values } from './column-type.ts';
import { chunkStatistics } from './statistics.ts';
import type { ThriftStruct } from './thrift.ts';

/** A column chunk as bytes, and the ColumnChunk struct that describes it in the footer. */
export interface EncodedChunk {
  bytes: Uint8Array;
  thrift: ThriftStruct;
  uncompressedBytes: number;
}

/**
 * Encodes the values of one column of a row group; every lake column is OPTIONAL.
 *
 * hyparquet-writer encodes physical values under a schema without annotations: with them it would take values for
 * logical ones and change them. The statistics are ours.
 * @param offset where in the file the chunk begins, in bytes
 */
export function encodeChunk({ name, type }: Column, values: Values, offset: number): EncodedChunk {
  const element: SchemaElement = {
    name,
    type: type.physical,
    repetition_type: 'OPTIONAL',
    ...(type.physical === 'FIXED_LEN_BYTE_ARRAY' && { type_length: type.length }),
  };
  const writer = new ByteWriter();
  writer.offset = offset;
  const rows = Array.from(values);
  const { chunk } = writeColumn({
    writer,
    column: {
      columnName: name,
      element,
      schemaPath: [ROOT, element],
      codec: CODEC,
      compressors: { [CODEC]: compress },
      stats: false,
      pageSize: PAGE_BYTES,
      columnIndex: false,
      offsetIndex: false,
      // A dictionary would take −0 for 0.
      ...(type.logical.kind === 'float' && { encoding: 'PLAIN' as const }),
    },
    pageData: {
      values: rows,
      definitionLevels: rows.map((value) => (value === null ? 0 : 1)),
      repetitionLevels: [],
      maxDefinitionLevel: 1,
    },
  });
  if (!chunk.meta_data) throw new Error('hyparquet-writer describes no chunk');
  const thrift = { field_2: BigInt(offset), field_3: chunkMetadata(chunk.meta_data, chunkStatistics(values, type)) };
  return { bytes: writer.getBytes(), thrift, uncompressedBytes: Number(chunk.meta_data.total_uncompressed_size) };
}

/** Understood by every engine, and fast. */
const CODEC: CompressionCodec = 'SNAPPY';
/** One instance of the codec's module for all chunks; it gives copies. */
const compress = snappyCompressor();
const PAGE_BYTES = 1024 * 1024;
const ROOT: SchemaElement = { name: 'schema', num_children: 1, repetition_type: 'REQUIRED' };

/** The ColumnMetaData struct (parquet.thrift). */
function chunkMetadata(meta: ColumnMetaData, statistics: ThriftStruct): ThriftStruct {
  return {
    field_1: ParquetTypes.indexOf(meta.type),
    field_2: meta.encodings.map((encoding) => Encodings.indexOf(encoding)),
    field_3: meta.path_in_schema,
    field_4: CompressionCodecs.indexOf(meta.codec),
    field_5: meta.num_values,
    field_6: meta.total_uncompressed_size,
    field_7: meta.total_compressed_size,
    field_9: meta.data_page_offset,
    field_11: meta.dictionary_page_offset,
    field_12: statistics,
    field_13: meta.encoding_stats?.map(({ page_type, encoding, count }) => ({
      field_1: PageTypes.indexOf(page_type),
      field_2: Encodings.indexOf(encoding),
      field_3: count,
    })),
  };
}
