import { chunkStruct, rowGroupStruct } from '../../lib/parquet/chunk-struct.ts';
import type { Column, PhysicalValue } from '../../lib/parquet/column-type.ts';
import { decodeChunk } from '../../lib/parquet/decode-chunk.ts';
import { encodeChunk } from '../../lib/parquet/encode-chunk.ts';
import type { EncodedChunk } from '../../lib/parquet/encoded-chunk.ts';
import type { Footer } from '../../lib/parquet/footer.ts';
import { MAGIC, parseFooter, writeFooter } from '../../lib/parquet/footer.ts';
import { schemaElement } from '../../lib/parquet/schema-element.ts';
import { valuesOf, vectorOf } from '../../lib/parquet/vector.ts';

/** A file of the columns, a row group for each list of columns' values. */
export function lakeBytes(
  columns: readonly Column[],
  rowGroups: readonly (readonly (readonly PhysicalValue[])[])[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const encoded = rowGroups.map((group) =>
    columns.map((column, i) => encodeChunk(column, vectorOf(column.type, group[i]!))),
  );
  return fileOfChunks(columns, encoded, metadata);
}

/** A file of these chunks: for each row group one of each column. */
export function fileOfChunks(
  columns: readonly Column[],
  rowGroups: readonly (readonly EncodedChunk[])[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const parts: Uint8Array[] = [MAGIC];
  let offset = MAGIC.length;
  const groups = rowGroups.map((group) => {
    const chunks = group.map((encoded) => {
      const chunk = chunkStruct(encoded, offset);
      parts.push(...encoded.parts);
      offset = chunk.end;
      return chunk;
    });
    return rowGroupStruct(chunks, group[0]!.values);
  });
  return Buffer.concat([...parts, writeFooter({ elements: columns.map(schemaElement), rowGroups: groups, metadata })]);
}

/**
 * The values of each row group, by column, as Tidemark reads them.
 * @param footer an older one, to read the file by
 */
export function readGroups(
  bytes: Uint8Array,
  footer = parseFooter(bytes, bytes.length),
): { footer: Footer; groups: PhysicalValue[][][] } {
  const groups = footer.rowGroups.map((group) =>
    group.chunks.map((chunk, i) =>
      valuesOf(decodeChunk(bytes.subarray(chunk.start, chunk.end), chunk, footer.columns[i]!)),
    ),
  );
  return { footer, groups };
}
