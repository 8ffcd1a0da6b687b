/**
 * Writes integers as a hybrid of repeated and bit-packed runs (parquet-format, Encodings.md, "Run Length Encoding /
 * Bit-Packing Hybrid"), without a length in front.
 * @param bitWidth of each value, 1 to BIT_WIDTH_MAX
 * @param output has room for `hybridBytesMax` more
 * @returns where in `output` the runs end
 */
export function encodeHybrid(values: Int32Array, bitWidth: number, output: Uint8Array, start: number): number {
  const count = values.length;
  const runMin = Math.max(GROUP, Math.ceil(RUN_BITS_MIN / bitWidth));
  let end = start;
  /** Values from here on are not written yet. */
  let pending = 0;
  let from = 0;
  while (from < count) {
    const value = values[from] as number;
    let to = from + 1;
    while (to < count && values[to] === value) to++;
    // What is bit-packed before a run comes in whole groups: the run fills up the last of them.
    const packedTo = from + ((GROUP - ((from - pending) % GROUP)) % GROUP);
    if (to - packedTo >= runMin) {
      if (packedTo > pending) end = packRun(values, pending, packedTo, bitWidth, output, end);
      end = writeVarint((to - packedTo) << 1, output, end);
      for (let bits = 0; bits < bitWidth; bits += 8) output[end++] = value >>> bits;
      pending = to;
    }
    from = to;
  }
  return pending < count ? packRun(values, pending, count, bitWidth, output, end) : end;
}

/** One run of `count` times the same value. */
export function repeatedRun(value: number, bitWidth: number, count: number): Uint8Array {
  const run = new Uint8Array(VARINT_BYTES_MAX + 4);
  let end = writeVarint(count * 2, run, 0);
  for (let bits = 0; bits < bitWidth; bits += 8) run[end++] = value >>> bits;
  return run.subarray(0, end);
}

/** Room that `encodeHybrid` needs at most, in bytes. */
export function hybridBytesMax(count: number, bitWidth: number): number {
  const groups = Math.ceil(count / GROUP);
  return groups * bitWidth + (groups + 1) * (2 * VARINT_BYTES_MAX + 4);
}

/** Bits that hold an index into so many entries. */
export function bitWidthFor(entries: number): number {
  return 32 - Math.clz32(Math.max(0, entries - 1));
}

/** The bits of a value and the rest of a byte before it fit into 32. */
export const BIT_WIDTH_MAX = 24;

/** Values in a group of a bit-packed run. */
const GROUP = 8;
/** A run of its own costs a header, and mostly another one after it: below so many bits it is not worth that. */
const RUN_BITS_MIN = 32;
const VARINT_BYTES_MAX = 5;

/** The last group may be filled up with zeros. */
function packRun(
  values: Int32Array,
  from: number,
  to: number,
  bitWidth: number,
  output: Uint8Array,
  start: number,
): number {
  const groups = Math.ceil((to - from) / GROUP);
  const bodyStart = writeVarint(groups * 2 + 1, output, start);
  const end = bodyStart + groups * bitWidth;
  let at = bodyStart;
  let buffer = 0;
  let bits = 0;
  for (let i = from; i < to; i++) {
    buffer |= (values[i] as number) << bits;
    bits += bitWidth;
    while (bits >= 8) {
      output[at++] = buffer;
      buffer >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) output[at++] = buffer;
  output.fill(0, at, end);
  return end;
}

function writeVarint(value: number, output: Uint8Array, start: number): number {
  let rest = value;
  let at = start;
  while (rest >= 0x80) {
    output[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  output[at++] = rest;
  return at;
}
