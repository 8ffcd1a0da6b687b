const LENGTH_AND_MAGIC_BYTES = 8;

/** A Parquet file whose last chunk, compressed by GZIP, cannot be read; all before it can. */
export function badEnd(bytes: Uint8Array): Uint8Array {
  const tail = bytes.length - LENGTH_AND_MAGIC_BYTES;
  const footer = tail - new DataView(bytes.buffer, bytes.byteOffset).getUint32(tail, true);
  return bytes.slice().fill(0xff, footer - 12, footer);
}
