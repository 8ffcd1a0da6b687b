import { CompressionCodecs, ParquetTypes } from 'hyparquet/src/constants.js';
import type { Chunk, FooterColumn } from './footer.ts';
import type { ChunkStatistics } from './statistics.ts';
import type { BoundsRule } from './stored-statistics.ts';
import { boundsRule, readStatistics } from './stored-statistics.ts';
import { withoutStop } from './thrift-bytes.ts';
import type { ThriftReader } from './thrift-reader.ts';
import { serializeThrift } from './thrift.ts';

/** What reading the chunks of a column takes, made once for all of them. */
export interface ChunkColumn {
  name: string;
  /** The list of its name alone, as thrift has it. */
  pathBytes: Uint8Array;
  physical: FooterColumn['type']['physical'];
  bounds: BoundsRule;
}

export function chunkColumn({ name, type }: FooterColumn): ChunkColumn {
  const pathBytes = withoutStop(serializeThrift({ field_1: [name] })).subarray(1);
  return { name, pathBytes, physical: type.physical, bounds: boundsRule(type) };
}

/**
 * Reads a ColumnChunk struct, from its begin to its end.
 * @param dataEnd where in the file its footer begins, in bytes
 * @throws Error if it is not a chunk of that column, inside the file, and readable.
 */
export function readChunk(reader: ThriftReader, column: ChunkColumn, dataEnd: number): Chunk {
  const structStart = reader.offset;
  let elsewhere = false;
  let metadata: Metadata | undefined;
  const outer = reader.enter();
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 3) metadata = readMetadata(reader, column);
    else if (field === 1) elsewhere ||= reader.binary().length > 0;
    else {
      elsewhere ||= field === 8 || field === 9;
      reader.skip();
    }
  }
  reader.leave(outer);
  if (!metadata || elsewhere) throw new Error(`column ${column.name} is in another file, or encrypted`);
  const { data, dictionary, bytes, uncompressedBytes, values, bloomStart, bloomLength } = metadata;
  const start = dictionary > 0 ? Math.min(dictionary, data) : data;
  const end = start + bytes;
  if (!(start >= MAGIC_BYTES && end >= start && data <= end && end <= dataEnd))
    throw new Error(`a chunk of column ${column.name} lies outside the file`);
  if (uncompressedBytes < 0)
    throw new Error(`a chunk of column ${column.name} has ${uncompressedBytes} bytes before compression`);
  const bloomInside =
    bloomStart >= MAGIC_BYTES && (bloomLength ?? 0) >= 0 && bloomStart + (bloomLength ?? 0) <= dataEnd;
  return {
    struct: reader.bytes.subarray(structStart, reader.offset),
    codec: metadata.codec,
    start,
    end,
    values,
    uncompressedBytes,
    statistics: believed(metadata.statistics, values),
    bloomFilter: bloomInside ? { start: bloomStart, length: bloomLength } : undefined,
  };
}

const MAGIC_BYTES = 4;
const UNKNOWN: ChunkStatistics = { nulls: undefined, min: undefined, max: undefined };

interface Metadata {
  codec: string;
  values: number;
  uncompressedBytes: number;
  /** Of the chunk as stored. */
  bytes: number;
  /** Offsets in the file; 0 is none. */
  data: number;
  dictionary: number;
  statistics: ChunkStatistics;
  bloomStart: number;
  bloomLength: number | undefined;
}

function readMetadata(reader: ThriftReader, column: ChunkColumn): Metadata {
  let physical = '';
  let codec = '';
  let values = -1;
  let uncompressedBytes = -1;
  let bytes = -1;
  let data = 0;
  let dictionary = 0;
  let statistics = UNKNOWN;
  let bloomStart = 0;
  let bloomLength: number | undefined;
  const outer = reader.enter();
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 1) physical = nameOf(ParquetTypes, reader.integer());
    else if (field === 3) readPath(reader, column);
    else if (field === 4) codec = nameOf(CompressionCodecs, reader.integer());
    else if (field === 5) values = reader.integer();
    else if (field === 6) uncompressedBytes = reader.integer();
    else if (field === 7) bytes = reader.integer();
    else if (field === 9) data = reader.integer();
    else if (field === 11) dictionary = reader.integer();
    else if (field === 12) statistics = readStatistics(reader, column.bounds);
    else if (field === 14) bloomStart = reader.integer();
    else if (field === 15) bloomLength = reader.integer();
    else reader.skip();
  }
  reader.leave(outer);
  if (physical !== column.physical)
    throw new Error(`column ${column.name} is ${column.physical}, a chunk of it says ${physical}`);
  return { codec, values, uncompressedBytes, bytes, data, dictionary, statistics, bloomStart, bloomLength };
}

/** A null count that cannot be is unknown. */
function believed(statistics: ChunkStatistics, values: number): ChunkStatistics {
  const { nulls } = statistics;
  return nulls === undefined || (nulls >= 0 && nulls <= values) ? statistics : { ...statistics, nulls: undefined };
}

function readPath(reader: ThriftReader, { name, pathBytes }: ChunkColumn): void {
  if (isAt(reader, pathBytes)) {
    reader.offset += pathBytes.length;
    return;
  }
  const path: string[] = [];
  const decoder = new TextDecoder();
  for (let rest = reader.list(); rest > 0; rest--) path.push(decoder.decode(reader.binary()));
  if (path.join('.') !== name) throw new Error(`the chunk of column ${name} says it is another's`);
}

function isAt({ bytes, offset }: ThriftReader, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[offset + i] !== expected[i]) return false;
  return true;
}

/** Of a number without name the number itself: chunks of such a codec are not read, but kept. */
function nameOf(names: readonly string[], number: number): string {
  return names[number] ?? number.toString();
}
