/** A Parquet file begins and ends with it: PAR1. */
export const MAGIC = new Uint8Array([0x50, 0x41, 0x52, 0x31]);
