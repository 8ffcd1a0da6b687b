import { gzipSync } from 'node:zlib';
import type { CompressionCodec, RowGroup } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { snappyCompressor } from 'hysnappy';
import { type ChunkLayout, writeColumnChunk } from './dms-column-chunk.ts';
import { type DmsColumn, type DmsValue, schemaElement } from './dms-column.ts';

export interface DmsFile {
  /** In file order; a change file begins with `OP_COLUMN`. */
  columns: readonly DmsColumn[];
  /** One array a row, a value for every column, in the forms that `DmsColumn` lists. */
  rows: readonly (readonly DmsValue[])[];
  /** DMS writes UNCOMPRESSED (its default) or GZIP. */
  codec?: CompressionCodec;
  /** For codecs other than UNCOMPRESSED, GZIP and SNAPPY. */
  compress?: (bytes: Uint8Array) => Uint8Array;
  /** DMS's EncodingType, applied to every column but booleans. */
  encoding?: ChunkLayout['encoding'];
  rowsPerRowGroup?: number;
  rowsPerPage?: number;
}

const COMPRESS: Partial<Record<CompressionCodec, (bytes: Uint8Array) => Uint8Array>> = {
  UNCOMPRESSED: (bytes) => bytes,
  GZIP: (bytes) => gzipSync(bytes),
  SNAPPY: snappyCompressor(),
};

const MAGIC = Buffer.from('PAR1');

/**
 * A Parquet file as AWS DMS writes it: made by "AWS", uncompressed unless asked otherwise, data pages of version 1,
 * converted types only, OPTIONAL columns, row groups of 10,000 rows, no bounds on decimals.
 * @throws TypeError if a value has not the form that its column's type asks for.
 * @throws RangeError if a row has not one value a column, or the codec is not known.
 */
export function writeDmsFile(file: DmsFile): Uint8Array {
  const { columns, rows, rowsPerRowGroup = 10_000 } = file;
  const writer = new ByteWriter();
  const layout = chunkLayout(file);
  const rowGroups: RowGroup[] = [];
  for (const row of rows) {
    if (row.length !== columns.length) {
      throw new RangeError(`a row has ${row.length} values for ${columns.length} columns`);
    }
  }

  writer.appendBytes(MAGIC);
  for (let first = 0; first < rows.length; first += rowsPerRowGroup) {
    const groupRows = rows.slice(first, first + rowsPerRowGroup);
    const start = writer.offset;
    const chunks = columns.map((column, index) =>
      writeColumnChunk(
        writer,
        column,
        groupRows.map((row) => row[index] ?? null),
        layout,
      ),
    );
    rowGroups.push({
      columns: chunks,
      total_byte_size: chunks.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n),
      num_rows: BigInt(groupRows.length),
      total_compressed_size: BigInt(writer.offset - start),
    });
  }
  writeMetadata(
    writer,
    {
      version: 2,
      created_by: 'AWS',
      schema: [
        { name: 'schema', repetition_type: 'REQUIRED', num_children: columns.length },
        ...columns.map(schemaElement),
      ],
      num_rows: BigInt(rows.length),
      row_groups: rowGroups,
      metadata_length: 0,
    },
    Infinity, // DMS cuts no bounds
  );
  writer.appendBytes(MAGIC);
  return new Uint8Array(writer.getBuffer());
}

function chunkLayout(file: DmsFile): ChunkLayout {
  const { codec = 'UNCOMPRESSED', encoding = 'RLE_DICTIONARY', rowsPerPage = Infinity } = file;
  const compress = file.compress ?? COMPRESS[codec];
  if (!compress) throw new RangeError(`no compressor for ${codec}: pass one as \`compress\``);
  return { codec, compress, encoding, rowsPerPage };
}
