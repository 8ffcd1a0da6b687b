import { BloomFilter } from '../parquet/bloom-filter.ts';
import { TooManyBytes } from '../parquet/chunk-rows.ts';
import type { Column } from '../parquet/column-type.ts';
import { encodeChunk } from '../parquet/encode-chunk.ts';
import type { EncodedChunk } from '../parquet/encoded-chunk.ts';
import type { Vector } from '../parquet/vector.ts';
import { valueAt } from '../parquet/vector.ts';
import { rowBytes } from '../parquet/vector-bytes.ts';
import type { Segment } from '../parquet/vector-rows.ts';
import { joinSegments, sliceVector } from '../parquet/vector-rows.ts';
import type { StoredChunk } from './stored-chunk.ts';
import { decodeStored } from './stored-chunk.ts';
import { insertVector, OP } from './row-batch.ts';

/** Rows that become row groups of their own. Plain data: another thread may do the work. */
export interface RowsToEncode {
  columns: RowsOfColumn[];
  /** Row groups have as many rows at most, and about the same number each. */
  rowsPerRowGroup: number;
  /** What the values of all columns may take, those of a dictionary once for each row. */
  bytesMax?: number;
}

export interface RowsOfColumn {
  column: Column;
  /** One after the other. */
  sources: RowSource[];
  bloomFilter: boolean;
  /** Whether these are the operations of a full load: each must be an insert, or not be said. */
  isLoadOperation: boolean;
}

/** Rows [start, end) of a chunk, or all rows of a vector. */
export type RowSource = { stored: StoredChunk; start: number; end: number } | { vector: Vector };

/** Row groups, each with a chunk for each column. */
export type EncodedRows = { rows: number; chunks: EncodedChunk[] }[];

/** @throws Error if a chunk cannot be decoded. @throws NotAnInsert @throws TooManyBytes */
export function encodeRows({ columns, rowsPerRowGroup, bytesMax = Infinity }: RowsToEncode): EncodedRows {
  const groups: EncodedRows = [];
  let bytes = 0;
  for (const { column, sources, bloomFilter, isLoadOperation } of columns) {
    // One by one: what a chunk's values take, its bytes do not tell.
    const segments = sources.map((source): Segment => {
      const segment = segmentOf(source, column);
      bytes += rowBytes(segment);
      if (bytes > bytesMax) throw new TooManyBytes(`the rows take more than ${bytesMax} bytes`);
      return segment;
    });
    const joined = joinSegments(column.type, segments);
    const vector = isLoadOperation ? loadOperations(joined) : joined;
    const count = Math.ceil(vector.length / rowsPerRowGroup);
    for (let i = 0; i < count; i++) {
      const start = Math.floor((vector.length * i) / count);
      const end = Math.floor((vector.length * (i + 1)) / count);
      const values = sliceVector(vector, start, end);
      const chunk = encodeChunk(column, values);
      const group = (groups[i] ??= { rows: end - start, chunks: [] });
      group.chunks.push(bloomFilter ? { ...chunk, bloomFilter: BloomFilter.of(values)?.bytes() } : chunk);
    }
  }
  return groups;
}

/** A row of a full load has another operation than I. */
export class NotAnInsert extends Error {
  override readonly name = 'NotAnInsert';
}

function segmentOf(source: RowSource, column: Column): Segment {
  if ('vector' in source) return { vector: source.vector, start: 0, end: source.vector.length };
  return { vector: decodeStored(source.stored, column), start: source.start, end: source.end };
}

function loadOperations(said: Vector): Vector {
  // Most often one dictionary entry says it for all rows.
  const allSaid = said.kind === 'DICTIONARY' && areInserts(said.dictionary);
  if (!allSaid && !areInserts(said))
    throw new NotAnInsert(`a row of a full load has an operation other than I in column ${OP}`);
  return insertVector(said.length);
}

function areInserts(vector: Vector): boolean {
  for (let row = 0; row < vector.length; row++) {
    const value = valueAt(vector, row);
    if (value !== null && !(value instanceof Uint8Array && value.length === 1 && value[0] === INSERT)) return false;
  }
  return true;
}

const INSERT = 0x49;
