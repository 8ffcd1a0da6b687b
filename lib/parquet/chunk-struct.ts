import type { CompressionCodec } from 'hyparquet';
import { CompressionCodecs, ParquetTypes } from 'hyparquet/src/constants.js';
import type { EncodedChunk } from './encoded-chunk.ts';
import type { Chunk, RowGroup } from './footer.ts';
import { statisticsStruct } from './statistics.ts';
import type { FieldEdit } from './thrift-bytes.ts';
import { concatenated, editedStruct, integerBytes, structListField } from './thrift-bytes.ts';
import { ThriftReader } from './thrift-reader.ts';
import { serializeThrift } from './thrift.ts';

/*
 * The structs by which a footer describes chunks and row groups (parquet.thrift, "ColumnChunk" and "RowGroup"): made for
 * new ones, and carried along for those that are kept.
 */

/**
 * Describes a new chunk.
 * @param offset where in the file the chunk begins, in bytes
 * @param bloomFilter where its bloom filter is; undefined if it is not in the file
 */
export function chunkStruct(encoded: EncodedChunk, offset: number, bloomFilter?: Chunk['bloomFilter']): Chunk {
  const { codec, values, uncompressedBytes, statistics, byteLength, dictionaryPageOffset } = encoded;
  const codecNumber = CompressionCodecs.indexOf(codec as CompressionCodec);
  if (codecNumber < 0) throw new Error(`the codec ${codec} is not known`);
  const struct = serializeThrift({
    field_2: BigInt(offset),
    field_3: {
      field_1: ParquetTypes.indexOf(encoded.physical),
      field_2: encoded.encodings,
      field_3: [encoded.column],
      field_4: codecNumber,
      field_5: BigInt(values),
      field_6: BigInt(uncompressedBytes),
      field_7: BigInt(byteLength),
      field_9: BigInt(offset + encoded.dataPageOffset),
      field_11: dictionaryPageOffset === undefined ? undefined : BigInt(offset + dictionaryPageOffset),
      field_12: statisticsStruct(statistics),
      field_14: bloomFilter && BigInt(bloomFilter.start),
      field_15: bloomFilter?.length,
    },
  });
  const end = offset + byteLength;
  return { struct, codec, start: offset, end, values, uncompressedBytes, statistics, bloomFilter };
}

/**
 * Describes a chunk whose bytes are copied to another place of the file: offsets move along. The page index lies outside
 * the chunk and holds offsets of its own, so it is left behind; statistics stay the bytes they were.
 * @param offset where the chunk begins now, in bytes
 * @param bloomFilterOffset where its bloom filter begins now; undefined if it was left behind
 */
export function movedChunk(chunk: Chunk, offset: number, bloomFilterOffset?: number): Chunk {
  const by = offset - chunk.start;
  const shifted = (value: Uint8Array): Uint8Array => {
    const at = new ThriftReader(value).integer();
    // 0 stands for none in files of some writers.
    return at > 0 ? integerBytes(at + by) : value;
  };
  const bloomFilter =
    chunk.bloomFilter && bloomFilterOffset !== undefined
      ? { ...chunk.bloomFilter, start: bloomFilterOffset }
      : undefined;
  const metadataEdits = new Map<number, FieldEdit>([
    [9, shifted],
    [10, shifted],
    [11, shifted],
    [14, () => bloomFilter && integerBytes(bloomFilter.start)],
    [15, (length: Uint8Array) => bloomFilter && length],
  ]);
  const struct = editedStruct(
    chunk.struct,
    new Map<number, FieldEdit>([
      [2, () => integerBytes(offset)],
      [3, (metadata: Uint8Array) => editedStruct(metadata, metadataEdits)],
      ...PAGE_INDEX_FIELDS.map((field) => [field, leftOut] as const),
    ]),
  );
  return { ...chunk, struct, start: offset, end: offset + chunk.end - chunk.start, bloomFilter };
}

/**
 * The RowGroup struct (parquet.thrift) of these chunks, one for each column. It says nothing of its place: engines
 * assign splits by file_offset and the ordinal, and sorting columns promise an order that nobody keeps.
 */
export function rowGroupStruct(chunks: readonly Chunk[], rows: number): RowGroup {
  let uncompressedBytes = 0;
  let bytes = 0;
  for (const chunk of chunks) {
    uncompressedBytes += chunk.uncompressedBytes;
    bytes += chunk.end - chunk.start;
  }
  const struct = concatenated([
    ...structListField(chunks.map((chunk) => chunk.struct)),
    // Fields 2, 3 and 6 after field 1: a field's number is stored as the difference to the one before.
    serializeThrift({ field_1: BigInt(uncompressedBytes), field_2: BigInt(rows), field_5: BigInt(bytes) }),
  ]);
  return { rows, struct, chunks: [...chunks], placeless: true };
}

/** A row group that stays in the file while others come and go: as it is stored, unless it says which place it has. */
export function keptRowGroup(group: RowGroup): RowGroup {
  return group.placeless ? group : rowGroupStruct(group.chunks, group.rows);
}

/** Offsets and lengths of the offset index and the column index. */
const PAGE_INDEX_FIELDS = [4, 5, 6, 7];
const leftOut = (): undefined => undefined;
