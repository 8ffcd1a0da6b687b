import type { Chunk, RowGroup } from './footer.ts';
import type { ChunkColumn } from './stored-chunk.ts';
import { readChunk } from './stored-chunk.ts';
import type { ThriftReader } from './thrift-reader.ts';
import { STRUCT } from './thrift-reader.ts';

/**
 * Reads a RowGroup struct, from its begin to its end.
 * @param dataEnd where in the file its footer begins, in bytes
 * @throws Error if it is not a row group of these columns.
 */
export function readRowGroup(reader: ThriftReader, columns: readonly ChunkColumn[], dataEnd: number): RowGroup {
  const structStart = reader.offset;
  let chunks: Chunk[] = [];
  let rows = -1;
  let placeless = true;
  const outer = reader.enter();
  for (let field = reader.next(); field > 0; field = reader.next()) {
    if (field === 1) chunks = readChunks(reader, columns, dataEnd);
    else if (field === 3) rows = reader.integer();
    else {
      placeless &&= !PLACE_FIELDS.has(field);
      reader.skip();
    }
  }
  reader.leave(outer);
  if (chunks.length !== columns.length) throw new Error(`a row group has no chunks for ${columns.length} columns`);
  if (rows < 0) throw new Error(`a row group has ${rows} rows`);
  if (rows > ROWS_MAX) throw new Error(`a row group has ${rows} rows; at most ${ROWS_MAX} are read`);
  const bytes = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes > dataEnd) throw new Error('the chunks of a row group are longer than the file');
  chunks.forEach(({ values }, i) => {
    if (values !== rows)
      throw new Error(`column ${columns[i]?.name ?? ''} has ${values} values in a row group of ${rows} rows`);
  });
  return { rows, struct: reader.bytes.subarray(structStart, reader.offset), chunks, placeless };
}

/** A page of nulls has no bytes, so their number is all that bounds the memory that they take. */
const ROWS_MAX = 1 << 24;

/** sorting_columns, file_offset and ordinal */
const PLACE_FIELDS: ReadonlySet<number> = new Set([4, 5, 7]);

function readChunks(reader: ThriftReader, columns: readonly ChunkColumn[], dataEnd: number): Chunk[] {
  const size = reader.list();
  if (size !== columns.length) throw new Error(`a row group has ${size} chunks for ${columns.length} columns`);
  if (reader.type !== STRUCT) throw new Error('the chunks of a row group are no structs');
  return columns.map((column) => readChunk(reader, column, dataEnd));
}
