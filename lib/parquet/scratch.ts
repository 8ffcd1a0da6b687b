/**
 * Room for the values of one page, which one after the other are put together in the same place: what is in it lasts
 * until the next call. A larger page gets room of its own.
 */
export function scratch(bytes: number): Uint8Array {
  return bytes <= shared.length ? shared : new Uint8Array(Math.ceil(bytes / WORD_BYTES) * WORD_BYTES);
}

const WORD_BYTES = 4;
const shared = new Uint8Array(256 * 1024);
