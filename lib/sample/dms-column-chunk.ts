import type { ColumnChunk, CompressionCodec, Encoding, PageHeader, Statistics } from 'hyparquet';
import { ByteWriter, type Writer } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { writePlain } from 'hyparquet-writer/src/plain.js';
import { type DmsColumn, type DmsValue, type PhysicalValue, physicalValue, schemaElement } from './dms-column.ts';

/** How values are laid out in pages. */
export interface ChunkLayout {
  encoding: 'PLAIN' | 'PLAIN_DICTIONARY' | 'RLE_DICTIONARY';
  codec: CompressionCodec;
  compress: (bytes: Uint8Array) => Uint8Array;
  rowsPerPage: number;
}

/**
 * Writes one column of a row group as DMS does: data pages of version 1, plain or behind a dictionary, and bounds in the
 * footer for every type but decimals.
 * @returns what the footer says about it.
 * @throws RangeError if a value of a required column is null.
 */
export function writeColumnChunk(
  writer: Writer,
  column: DmsColumn,
  values: readonly DmsValue[],
  layout: ChunkLayout,
): ColumnChunk {
  const { type, type_length } = schemaElement(column);
  const start = writer.offset;
  if (column.required && values.includes(null)) {
    throw new RangeError(`column ${column.name} is required, but a row has no value for it`);
  }
  const physical = values.map((value) => (value === null ? null : physicalValue(column.type, value)));
  const dictionary = layout.encoding === 'PLAIN' || type === 'BOOLEAN' ? undefined : dictionaryOf(physical);
  let uncompressedBytes = 0;

  if (dictionary) {
    const page = new ByteWriter();
    writePlain(page, dictionary.values, type, type_length);
    uncompressedBytes += writePage(writer, page.getBytes(), layout, {
      type: 'DICTIONARY_PAGE',
      dictionary_page_header: {
        num_values: dictionary.values.length,
        encoding: layout.encoding === 'PLAIN_DICTIONARY' ? 'PLAIN_DICTIONARY' : 'PLAIN',
      },
    });
  }
  const dataPageOffset = writer.offset;
  const encoding: Encoding = dictionary ? layout.encoding : 'PLAIN';
  for (let row = 0; row < physical.length; row += layout.rowsPerPage) {
    const pageValues = physical.slice(row, row + layout.rowsPerPage);
    const present = pageValues.filter((value) => value !== null);
    const page = new ByteWriter();
    if (!column.required) writeDefinitionLevels(page, pageValues);
    if (dictionary) writeIndexes(page, present.map(dictionary.indexOf), dictionary.values.length);
    else writePlain(page, present, type, type_length);
    uncompressedBytes += writePage(writer, page.getBytes(), layout, {
      type: 'DATA_PAGE',
      data_page_header: {
        num_values: pageValues.length,
        encoding,
        definition_level_encoding: 'RLE',
        repetition_level_encoding: 'RLE',
      },
    });
  }

  return {
    file_offset: BigInt(start),
    meta_data: {
      type,
      encodings: dictionary ? ['PLAIN', 'RLE', encoding] : ['PLAIN', 'RLE'],
      path_in_schema: [column.name],
      codec: layout.codec,
      num_values: BigInt(values.length),
      total_uncompressed_size: BigInt(uncompressedBytes),
      total_compressed_size: BigInt(writer.offset - start),
      data_page_offset: BigInt(dataPageOffset),
      ...(dictionary && { dictionary_page_offset: BigInt(start) }),
      ...(column.type.kind !== 'decimal' && { statistics: bounds(column, values) }),
    },
  };
}

/** Distinct values in the order of their first row. */
function dictionaryOf(physical: readonly (PhysicalValue | null)[]) {
  const indexes = new Map<string, number>();
  const values: PhysicalValue[] = [];
  for (const value of physical) {
    if (value === null || indexes.has(identity(value))) continue;
    indexes.set(identity(value), values.length);
    values.push(value);
  }
  return { values, indexOf: (value: PhysicalValue) => indexes.get(identity(value)) ?? 0 };
}

function identity(value: PhysicalValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Runs of 0 (null) and 1 (present), after their length in bytes. */
function writeDefinitionLevels(page: Writer, values: readonly unknown[]): void {
  const levels = new ByteWriter();
  writeRleBitPackedHybrid(
    levels,
    values.map((value) => (value === null ? 0 : 1)),
    1,
  );
  page.appendUint32(levels.offset);
  page.appendBytes(levels.getBytes());
}

function writeIndexes(page: Writer, indexes: readonly number[], dictionarySize: number): void {
  const bitWidth = dictionarySize > 1 ? Math.ceil(Math.log2(dictionarySize)) : 0;
  page.appendUint8(bitWidth);
  writeRleBitPackedHybrid(page, [...indexes], bitWidth);
}

/** @returns bytes of the page before compression, its header included. */
function writePage(
  writer: Writer,
  body: Uint8Array,
  { codec, compress }: ChunkLayout,
  header: Omit<PageHeader, 'uncompressed_page_size' | 'compressed_page_size'>,
): number {
  const compressed = codec === 'UNCOMPRESSED' ? body : compress(body);
  const start = writer.offset;
  writePageHeader(writer, {
    ...header,
    uncompressed_page_size: body.length,
    compressed_page_size: compressed.length,
  });
  const headerBytes = writer.offset - start;
  writer.appendBytes(compressed);
  return headerBytes + body.length;
}

/** Least and greatest value in the order of the column's type: text by its bytes, NaN left out, zeros widened to −0 … 0. */
function bounds({ type }: DmsColumn, values: readonly DmsValue[]): Statistics {
  let min: Comparable | undefined;
  let max: Comparable | undefined;
  let nulls = 0n;
  for (const value of values) {
    if (value === null) {
      nulls++;
      continue;
    }
    if (Number.isNaN(value)) continue;
    const comparable = type.kind === 'string' ? Buffer.from(value as string, 'utf8') : value;
    if (min === undefined || compare(comparable, min) < 0) min = comparable;
    if (max === undefined || compare(comparable, max) > 0) max = comparable;
  }
  const floating = type.kind === 'float' || type.kind === 'double';
  return {
    null_count: nulls,
    ...(min !== undefined && { min_value: floating && min === 0 ? -0 : min }),
    ...(max !== undefined && { max_value: floating && max === 0 ? 0 : max }),
  };
}

type Comparable = NonNullable<DmsValue>;

function compare(left: Comparable, right: Comparable): number {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}
