/**
 * Decodes the hybrid of runs and bit-packed groups (parquet-format, Encodings.md, "RLE"): definition levels, dictionary
 * indices, booleans. As many values as the output holds; what follows them is not looked at, since writers differ in it.
 * @param start of the first run, within `bytes`
 * @param width bits a value
 * @param output zeros
 * @throws Error if the bytes end before the values do, or a run is none.
 */
export function decodeRuns(bytes: Uint8Array, start: number, width: number, output: Int32Array | Uint8Array): void {
  if (width > WIDTH_MAX) throw new Error(`a page packs its values in ${width} bits each`);
  // All values are 0; writers differ in whether they write runs of them.
  if (width === 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = output.length;
  let offset = start;
  let seen = 0;
  while (seen < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[offset++];
      if (byte === undefined || shift > 28) throw new Error(`the runs of a page end after ${seen} of ${count} values`);
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const packed = header % 2 === 1;
    const length = packed ? (header - 1) * 4 : header / 2;
    if (length === 0) throw new Error('a run in a page has no values');
    // A run may say that it is longer than the page: the last group of bits is always full, the rest is damage.
    const taken = Math.min(length, count - seen);
    const byteLength = Math.ceil((packed ? taken * width : width) / 8);
    if (offset + byteLength > bytes.length) throw new Error(`the runs of a page end after ${seen} of ${count} values`);
    if (packed) {
      unpack(view, offset, width, output, seen, taken);
    } else {
      const value = bitsAt(bytes, offset, 0, byteLength * 8);
      if (value >= 2 ** width) throw new Error(`a run in a page repeats ${value}, which has more than ${width} bits`);
      output.fill(value, seen, seen + taken);
    }
    offset += byteLength;
    seen += taken;
  }
}

const WIDTH_MAX = 32;
/** Bits that 32 hold whatever the position of the first within its byte. */
const FAST_WIDTH_MAX = 25;

function unpack(
  view: DataView,
  start: number,
  width: number,
  output: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  const end = from + count;
  let row = from;
  let byte = start;
  let shift = 0;
  if (width <= FAST_WIDTH_MAX) {
    const mask = 2 ** width - 1;
    const lastByte = view.byteLength - 4;
    for (; row < end && byte <= lastByte; row++) {
      output[row] = (view.getInt32(byte, true) >>> shift) & mask;
      shift += width;
      byte += shift >>> 3;
      shift &= 7;
    }
  }
  // Wide values, and the last few before the end of the bytes.
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (; row < end; row++) {
    output[row] = bitsAt(bytes, byte, shift, width);
    shift += width;
    byte += shift >>> 3;
    shift &= 7;
  }
}

/** The integer of `width` bits that begins at a bit of a byte; bytes past the end are zeros. */
function bitsAt(bytes: Uint8Array, byte: number, shift: number, width: number): number {
  let bits = 0;
  for (let have = 0; have < shift + width; have += 8) bits += (bytes[byte + have / 8] ?? 0) * 2 ** have;
  return Math.floor(bits / 2 ** shift) % 2 ** width;
}
