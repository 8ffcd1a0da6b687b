import type { Chunk } from './footer.ts';
import type { ThriftStruct } from './thrift.ts';

/**
 * The ColumnChunk struct of a chunk whose bytes are copied to another place of the file: offsets move along. Page
 * indexes and bloom filters lie outside the chunk and hold offsets of their own, so they are left behind; statistics stay
 * the bytes they were.
 * @param offset where the chunk begins now, in bytes
 */
export function moveChunk(chunk: Chunk, offset: number): ThriftStruct {
  const by = BigInt(offset - chunk.start);
  const meta = chunk.thrift.field_3 as ThriftStruct;
  return {
    field_2: BigInt(offset),
    field_3: {
      ...meta,
      field_9: shifted(meta.field_9, by),
      field_10: shifted(meta.field_10, by),
      field_11: shifted(meta.field_11, by),
      field_14: undefined,
      field_15: undefined,
    },
  };
}

/** An offset of 0 stands for none in files of some writers. */
function shifted(offset: ThriftStruct['field_1'], by: bigint): bigint | undefined {
  return typeof offset === 'bigint' && offset > 0n ? offset + by : undefined;
}
