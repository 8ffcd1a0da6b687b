import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { BINARY, DOUBLE, FALSE, I32, I64, LIST, STRUCT, TRUE } from './thrift-reader.ts';

/**
 * Thrift structs of the Parquet format as trees of fields by number. What is read and written again this way stays what
 * it was: bounds of statistics remain the bytes they were, fields that this code does not know are kept.
 */
export type Thrift = number | bigint | boolean | string | Uint8Array | Thrift[] | ThriftStruct;

/** Fields in the order of their numbers. */
export interface ThriftStruct {
  [field: `field_${number}`]: Thrift | undefined;
}

/** @throws Error if the bytes are no thrift struct. */
export function parseThrift(bytes: Uint8Array): ThriftStruct {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return deserializeTCompactProtocol({ view, offset: 0 });
}

/**
 * In the compact protocol: whole numbers as i32, others as doubles, bigints as i64. A footer has a struct for each chunk,
 * and a page one for its header, so this is done often.
 */
export function serializeThrift(struct: ThriftStruct): Uint8Array {
  length = 0;
  putStruct(struct);
  // Copied: a struct of some bytes is kept as long as its footer.
  const bytes = buffer.slice(0, length);
  if (buffer.length > KEPT_BYTES_MAX) buffer = new Uint8Array(KEPT_BYTES_MAX);
  return bytes;
}

/** Most structs are far smaller. */
const KEPT_BYTES_MAX = 64 * 1024;
let buffer = new Uint8Array(KEPT_BYTES_MAX);
/** Of what is written of it. */
let length = 0;

function putStruct(struct: ThriftStruct): void {
  let last = 0;
  for (const name in struct) {
    const value = struct[name as keyof ThriftStruct];
    if (value === undefined) continue;
    const field = Number(name.slice('field_'.length));
    const delta = field - last;
    if (!(delta > 0)) throw new Error(`${name} of a thrift struct is not in the order of the fields' numbers`);
    const type = typeOf(value);
    if (delta < 16) putByte((delta << 4) | type);
    else {
      putByte(type);
      putInteger(field);
    }
    putValue(value, type);
    last = field;
  }
  putByte(STOP);
}

const STOP = 0;

function typeOf(value: Thrift): number {
  switch (typeof value) {
    case 'boolean':
      return value ? TRUE : FALSE;
    case 'number':
      return Number.isInteger(value) ? I32 : DOUBLE;
    case 'bigint':
      return I64;
    case 'string':
      return BINARY;
    default:
      if (value instanceof Uint8Array) return BINARY;
      return Array.isArray(value) ? LIST : STRUCT;
  }
}

function putValue(value: Thrift, type: number): void {
  if (typeof value === 'boolean') return; // its type says it
  if (typeof value === 'number' && type === DOUBLE) putBytes(new Uint8Array(Float64Array.of(value).buffer));
  else if (typeof value === 'number') putInteger(value);
  else if (typeof value === 'bigint') putLong(value);
  else if (typeof value === 'string') putText(value);
  else if (value instanceof Uint8Array) {
    putVarint(value.length);
    putBytes(value);
  } else if (Array.isArray(value)) putList(value);
  else putStruct(value);
}

function putList(values: readonly Thrift[]): void {
  const types = new Set(values.map(typeOf));
  const isBoolean = types.delete(TRUE) || types.has(FALSE);
  if (isBoolean) types.add(FALSE);
  // One double makes doubles of all.
  const isDouble = types.has(DOUBLE);
  if (isDouble) types.delete(I32);
  if (types.size > 1) throw new Error('the elements of a thrift list are of more than one type');
  const [type = 0] = types;
  if (values.length < 15) putByte((values.length << 4) | type);
  else {
    putByte(0xf0 | type);
    putVarint(values.length);
  }
  for (const value of values) {
    if (isBoolean) putByte(value ? 1 : 0);
    else putValue(value, type);
  }
}

function putText(text: string): void {
  // A name of ASCII, as nearly all are, is its own code units.
  const start = length;
  putVarint(text.length);
  makeRoom(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) {
      length = start;
      const bytes = utf8.encode(text);
      putVarint(bytes.length);
      putBytes(bytes);
      return;
    }
    buffer[length++] = code;
  }
}

const utf8 = new TextEncoder();

/** Zigzag: signed integers alternate. */
function putInteger(value: number): void {
  putVarint(value < 0 ? -2 * value - 1 : 2 * value);
}

function putLong(value: bigint): void {
  const number = Number(value);
  if (Math.abs(number) < 2 ** 52) {
    putInteger(number);
    return;
  }
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) putByte(Number(rest & 0x7fn) | 0x80);
  putByte(Number(rest));
}

/** Its lowest seven bits first. */
function putVarint(value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) putByte((rest % 0x80) | 0x80);
  putByte(rest);
}

function putBytes(bytes: Uint8Array): void {
  makeRoom(bytes.length);
  buffer.set(bytes, length);
  length += bytes.length;
}

function putByte(byte: number): void {
  if (length === buffer.length) makeRoom(1);
  buffer[length++] = byte;
}

function makeRoom(bytes: number): void {
  if (length + bytes <= buffer.length) return;
  const larger = new Uint8Array(Math.max(2 * buffer.length, length + bytes));
  larger.set(buffer.subarray(0, length));
  buffer = larger;
}
