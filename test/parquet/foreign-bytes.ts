import type { FileMetaData } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { Column } from '../../lib/parquet/column-type.ts';
import { footerLength } from '../../lib/parquet/footer.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import { parseThrift, serializeThrift } from '../../lib/parquet/thrift.ts';
import { lakeBytes } from './lake-bytes.ts';

/** A file that is a footer alone, whatever it says. */
export function fileOfFooter(footer: Pick<FileMetaData, 'schema'> & Partial<FileMetaData>): Uint8Array {
  const writer = new ByteWriter();
  writer.appendBytes(Buffer.from('PAR1'));
  writeMetadata(writer, { version: 2, num_rows: 0n, row_groups: [], metadata_length: 0, ...footer });
  writer.appendBytes(Buffer.from('PAR1'));
  return writer.getBytes();
}

/** The file with what `change` makes of its footer. */
export function withFooter(bytes: Uint8Array, change: (footer: ThriftStruct) => void): Uint8Array {
  const length = footerLength(bytes.subarray(-8));
  const footer = parseThrift(bytes.subarray(bytes.length - length, -8));
  change(footer);
  const changed = serializeThrift(footer);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(changed.length);
  end.write('PAR1', 4);
  return Buffer.concat([bytes.subarray(0, bytes.length - length), changed, end]);
}

/** The structs of a footer's columns and chunks. */
export function structs(footer: ThriftStruct): { elements: ThriftStruct[]; chunks: ThriftStruct[][] } {
  const groups = footer.field_4 as ThriftStruct[];
  return {
    elements: (footer.field_2 as ThriftStruct[]).slice(1),
    chunks: groups.map((group) => group.field_1 as ThriftStruct[]),
  };
}

const INT96_ID = 3;

/**
 * A file as old versions of Spark write it: timestamps in column `at` as INT96, here after other columns.
 * @param at nanoseconds since the epoch
 */
export function int96Bytes(
  columns: readonly Column[],
  values: readonly (readonly unknown[])[],
  at: readonly (bigint | null)[],
) {
  const twelve: Column = {
    name: 'at',
    type: { physical: 'FIXED_LEN_BYTE_ARRAY', length: 12, logical: { kind: 'bytes' } },
  };
  const bytes = lakeBytes(
    [...columns, twelve],
    [[...values, at.map((nanos) => (nanos === null ? null : int96(nanos)))] as never],
  );
  return withFooter(bytes, (footer) => {
    const { elements, chunks } = structs(footer);
    elements.at(-1)!.field_1 = INT96_ID;
    elements.at(-1)!.field_2 = undefined;
    for (const group of chunks) {
      const meta = group.at(-1)!.field_3 as ThriftStruct;
      meta.field_1 = INT96_ID;
      meta.field_12 = undefined;
    }
  });
}

/** Nanoseconds of the day, then the Julian day. */
function int96(nanos: bigint): Uint8Array {
  const perDay = 86_400_000_000_000n;
  const ofDay = ((nanos % perDay) + perDay) % perDay;
  const bytes = Buffer.alloc(12);
  bytes.writeBigInt64LE(ofDay);
  bytes.writeInt32LE(Number((nanos - ofDay) / perDay) + 2_440_588, 8);
  return Uint8Array.from(bytes);
}
