import type { ColumnType } from './column-type.ts';
import type { ChunkStatistics } from './statistics.ts';

/** A column chunk that was just encoded, before it has its place in a file. Plain data: another thread may have made it. */
export interface EncodedChunk {
  /** The bytes of the chunk, one part after the other; parts may be views of another chunk's bytes. */
  parts: Uint8Array[];
  /** Of all parts together. */
  byteLength: number;
  column: string;
  physical: ColumnType['physical'];
  /** As parquet.thrift names it ("CompressionCodec"). */
  codec: string;
  /** Numbers of parquet.thrift, "Encoding". */
  encodings: number[];
  /** Nulls included. */
  values: number;
  /** Page headers included, as the format counts it. */
  uncompressedBytes: number;
  /** Relative to the beginning of the chunk, in bytes. */
  dataPageOffset: number;
  dictionaryPageOffset: number | undefined;
  statistics: ChunkStatistics;
  /** Header and bitset as they go into the file, at a place of their own; undefined if there is none. */
  bloomFilter: Uint8Array | undefined;
}
