/**
 * Reads thrift's compact protocol field by field, without building anything: page headers and footers are read often.
 *
 * ```ts
 * const outer = reader.enter();
 * for (let field = reader.next(); field > 0; field = reader.next()) {
 *   if (field === 1) rows = reader.integer();
 *   else reader.skip();
 * }
 * reader.leave(outer);
 * ```
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftReader {
  private field = 0;
  /** Type of the value to be read next. */
  type: number = STOP;

  constructor(
    readonly bytes: Uint8Array,
    /** Where the next byte is read. */
    public offset = 0,
  ) {}

  /** Begins a struct. @returns what `leave` needs to go on with the struct around it */
  enter(): number {
    const outer = this.field;
    this.field = 0;
    return outer;
  }

  leave(outer: number): void {
    this.field = outer;
  }

  /** The number of the struct's next field, 0 at its end. */
  next(): number {
    const byte = this.byte();
    this.type = byte & 0x0f;
    if (this.type === STOP) return 0;
    const delta = byte >> 4;
    this.field = delta > 0 ? this.field + delta : this.integer();
    return this.field;
  }

  /** A boolean field: its type is its value. */
  boolean(): boolean {
    if (this.type !== TRUE && this.type !== FALSE) throw new Error('a thrift field is not the boolean it must be');
    return this.type === TRUE;
  }

  /** An integer of at most 53 bits. */
  integer(): number {
    const value = this.varint();
    if (value <= INT31_MAX) return (value >>> 1) ^ -(value & 1);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes or text, as a view. */
  binary(): Uint8Array {
    const length = this.varint();
    const start = this.offset;
    if (start + length > this.bytes.length) throw new Error(`a thrift field of ${length} bytes is cut short`);
    this.offset = start + length;
    return this.bytes.subarray(start, start + length);
  }

  /** Begins a list. @returns how many elements follow; `type` is theirs */
  list(): number {
    const byte = this.byte();
    this.type = byte & 0x0f;
    const size = byte >> 4 === 15 ? this.varint() : byte >> 4;
    // Every element takes a byte at least.
    if (size > this.bytes.length - this.offset) throw new Error(`a thrift list of ${size} elements is cut short`);
    return size;
  }

  /** Passes over the value of the field just begun. */
  skip(depth = 0): void {
    if (depth > DEPTH_MAX) throw new Error('thrift structs are nested too deep');
    switch (this.type) {
      case TRUE:
      case FALSE:
        return;
      case BYTE:
        this.byte();
        return;
      case I16:
      case I32:
      case I64:
        while (this.byte() >= 0x80);
        return;
      case DOUBLE:
        for (let i = 0; i < 8; i++) this.byte();
        return;
      case BINARY:
        this.binary();
        return;
      case LIST:
      case SET: {
        const size = this.list();
        const element: number = this.type;
        for (let i = 0; i < size; i++) {
          this.type = element;
          // In a list a boolean is a byte.
          if (element === TRUE || element === FALSE) this.byte();
          else this.skip(depth + 1);
        }
        return;
      }
      case STRUCT: {
        const outer = this.enter();
        while (this.next() > 0) this.skip(depth + 1);
        this.leave(outer);
        return;
      }
      default:
        throw new Error(`thrift knows no type ${this.type} here`);
    }
  }

  byte(): number {
    const byte = this.bytes[this.offset++];
    if (byte === undefined) throw new Error('a thrift struct is cut short');
    return byte;
  }

  private varint(): number {
    const first = this.byte();
    // Most are small.
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 128;
    for (let i = 1; i < VARINT_BYTES_MAX; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new Error('a thrift integer is larger than any number in a Parquet file');
  }
}

const STOP = 0;
export const TRUE = 1;
export const FALSE = 2;
const BYTE = 3;
const I16 = 4;
export const I32 = 5;
export const I64 = 6;
export const DOUBLE = 7;
export const BINARY = 8;
export const LIST = 9;
const SET = 10;
export const STRUCT = 12;
const DEPTH_MAX = 32;
const VARINT_BYTES_MAX = 10;
const INT31_MAX = 0x7fffffff;
