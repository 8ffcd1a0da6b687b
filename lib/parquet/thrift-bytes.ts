import { LIST, STRUCT, ThriftReader } from './thrift-reader.ts';

/**
 * Thrift structs made out of the bytes of others: what is passed on stays what it was to the byte, fields that nobody
 * here knows included, and costs a copy.
 */

/** What becomes of a field: its new value, or undefined to leave it out. */
export type FieldEdit = (value: Uint8Array) => Uint8Array | undefined;

/**
 * A struct with some of its fields edited, by field number; the others are copied.
 * @throws Error if the bytes are no thrift struct.
 */
export function editedStruct(struct: Uint8Array, edits: ReadonlyMap<number, FieldEdit>): Uint8Array {
  const reader = new ThriftReader(struct);
  const parts: Uint8Array[] = [];
  let last = 0;
  for (let field = reader.next(); field > 0; field = reader.next()) {
    const { type, offset: start } = reader;
    reader.skip();
    const value = struct.subarray(start, reader.offset);
    const edit = edits.get(field);
    const edited = edit ? edit(value) : value;
    if (!edited) continue;
    parts.push(fieldHeader(field, last, type), edited);
    last = field;
  }
  parts.push(STOP);
  return concatenated(parts);
}

/** The value of an integer field: an offset or a length, at most 2^52. */
export function integerBytes(value: number): Uint8Array {
  // Zigzag: signed integers alternate, those of a file are not negative.
  return Uint8Array.from(unsignedBytes(2 * value));
}

/** A field right after its predecessor (its number is one more) that is a list of structs; typed even if it is empty. */
export function structListField(structs: readonly Uint8Array[]): Uint8Array[] {
  const { length } = structs;
  const size = length < 15 ? [(length << 4) | STRUCT] : [0xf0 | STRUCT, ...unsignedBytes(length)];
  return [Uint8Array.from([0x10 | LIST, ...size]), ...structs];
}

/** The fields of a struct, to be followed by others. */
export function withoutStop(struct: Uint8Array): Uint8Array {
  return struct.subarray(0, -1);
}

/** In memory of its own, so that it can be handed to another thread alone. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const STOP = Uint8Array.of(0);

function fieldHeader(field: number, last: number, type: number): Uint8Array {
  const delta = field - last;
  if (delta > 0 && delta < 16) return Uint8Array.of((delta << 4) | type);
  return Uint8Array.of(type, ...integerBytes(field));
}

/** A varint, its lowest seven bits first. */
function unsignedBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}
