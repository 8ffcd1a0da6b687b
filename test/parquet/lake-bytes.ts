import type { Column, Values } from '../../lib/parquet/column-type.ts';
import { encodeChunk } from '../../lib/parquet/encode.ts';
import type { Footer } from '../../lib/parquet/footer.ts';
import { MAGIC, parseFooter, writeFooter } from '../../lib/parquet/footer.ts';
import { decodeChunk } from '../../lib/parquet/parquet-file.ts';
import { schemaElement } from '../../lib/parquet/schema-element.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';

/** A file of the columns, a row group for each list of columns' values. */
export function lakeBytes(
  columns: readonly Column[],
  rowGroups: readonly (readonly Values[])[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const parts: Uint8Array[] = [MAGIC];
  let offset = MAGIC.length;
  const groups = rowGroups.map((group) => {
    const chunks: ThriftStruct[] = [];
    const start = offset;
    let uncompressed = 0;
    columns.forEach((column, i) => {
      const chunk = encodeChunk(column, group[i]!, offset);
      chunks.push(chunk.thrift);
      parts.push(chunk.bytes);
      offset += chunk.bytes.length;
      uncompressed += chunk.uncompressedBytes;
    });
    const rows = group[0]!.length;
    return {
      rows,
      thrift: {
        field_1: chunks,
        field_2: BigInt(uncompressed),
        field_3: BigInt(rows),
        field_6: BigInt(offset - start),
      } satisfies ThriftStruct,
    };
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
): { footer: Footer; groups: Values[][] } {
  const groups = footer.rowGroups.map((group) =>
    group.chunks.map((chunk, i) => decodeChunk(bytes.subarray(chunk.start, chunk.end), chunk, footer.columns[i]!)),
  );
  return { footer, groups };
}
