import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { ByteWriter } from 'hyparquet-writer';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';

/**
 * Thrift structs of the Parquet format as trees of fields by number. What is read and written again this way stays what
 * it was: bounds of statistics remain the bytes they were, fields that this code does not know are kept.
 */
export type Thrift = number | bigint | boolean | string | Uint8Array | Thrift[] | ThriftStruct;

export interface ThriftStruct {
  [field: `field_${number}`]: Thrift | undefined;
}

/** @throws Error if the bytes are no thrift struct. */
export function parseThrift(bytes: Uint8Array): ThriftStruct {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return deserializeTCompactProtocol({ view, offset: 0 });
}

export function serializeThrift(struct: ThriftStruct): Uint8Array {
  const writer = shared.buffer.byteLength <= SHARED_BYTES_MAX ? shared : (shared = new ByteWriter());
  writer.index = writer.offset = 0;
  serializeTCompactProtocol(writer, struct);
  // Copied: a struct of some bytes is kept as long as its footer, and would keep the writer's whole buffer with it.
  return writer.getBytes().slice();
}

/** Most structs are far smaller than the buffer that a writer begins with, and a footer has one for each chunk. */
let shared = new ByteWriter();
const SHARED_BYTES_MAX = 64 * 1024;
