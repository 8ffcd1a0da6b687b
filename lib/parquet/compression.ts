import { decompress as decompressZstd } from 'fzstd';
import { compressors } from 'hyparquet-compressors';
import { snappyCompressor, snappyUncompressor } from 'hysnappy';
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';

/**
 * The bytes of a page, decompressed.
 * @param codec as parquet.thrift names it ("CompressionCodec")
 * @param length of the result, in bytes, as the page's header says
 * @throws Error if the codec is unknown, or the bytes do not come to that length.
 */
export function decompress(codec: string, bytes: Uint8Array, length: number): Uint8Array {
  if (codec === 'UNCOMPRESSED') return bytes;
  // A page of nulls has no bytes; not every decoder takes what the encoders make of that.
  if (length === 0) return new Uint8Array();
  const decoder = DECOMPRESS[codec];
  if (!decoder) throw new Error(`the codec ${codec} is not known`);
  const result = decoder(bytes, length);
  if (result.length !== length) throw new Error(`a page has ${result.length} bytes where its header says ${length}`);
  return result;
}

/** Bytes as a chunk with this codec stores them; undefined if nothing here writes that codec. */
export function compress(codec: string, bytes: Uint8Array): Uint8Array | undefined {
  return COMPRESS[codec]?.(bytes);
}

/** Whether `compress` writes that codec. */
export function canCompress(codec: string): boolean {
  return COMPRESS[codec] !== undefined;
}

/** What new chunks are written with: understood by every engine, and fast. */
export const CODEC = 'SNAPPY';

type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array;

/** One instance of the codec's module for all pages: they give copies. */
const snappyDecompress = snappyUncompressor();
const snappyCompress = snappyCompressor();

/** The platform's own decoders where it has them on every supported version. */
export const DECOMPRESS: Partial<Record<string, Decompress>> = {
  ...compressors,
  SNAPPY: snappyDecompress,
  // Given its place, it writes no further, whatever the stream says.
  ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: length }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: length }),
};

/** The best one, which is the default, takes many times as long for a few percent. */
const BROTLI_QUALITY = 4;

const COMPRESS: Partial<Record<string, (input: Uint8Array) => Uint8Array>> = {
  UNCOMPRESSED: (input) => input,
  SNAPPY: snappyCompress,
  GZIP: (input) => gzipSync(input),
  BROTLI: (input) => brotliCompressSync(input, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
};
