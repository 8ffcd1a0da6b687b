import { brotliCompressSync, constants } from 'node:zlib';
import type { DmsFile } from '../../lib/sample/dms-file.ts';

/**
 * Codecs that files of a stream use. LZ4 and Zstandard, which this Node.js cannot compress, come as frames that hold
 * the bytes as they are: valid, if not small.
 */
export const CODECS: readonly Pick<DmsFile, 'codec' | 'compress'>[] = [
  { codec: 'UNCOMPRESSED' },
  { codec: 'GZIP' },
  { codec: 'SNAPPY' },
  { codec: 'BROTLI', compress: quickBrotli },
  { codec: 'LZ4_RAW', compress: storedLz4 },
  { codec: 'ZSTD', compress: storedZstandard },
];

function quickBrotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
}

/** One LZ4 block of literals alone. */
function storedLz4(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 15) return Buffer.concat([Uint8Array.of(bytes.length << 4), bytes]);
  const length: number[] = [0xf0];
  let rest = bytes.length - 15;
  for (; rest >= 255; rest -= 255) length.push(255);
  return Buffer.concat([Uint8Array.from([...length, rest]), bytes]);
}

/** One Zstandard frame of raw blocks, its content size in eight bytes. */
function storedZstandard(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32LE(0xfd2fb528, 0);
  header.writeUInt8(0b1110_0000, 4);
  header.writeBigUInt64LE(BigInt(bytes.length), 5);
  const parts: Uint8Array[] = [header];
  const largestBlock = 128 * 1024;
  let offset = 0;
  do {
    const block = bytes.subarray(offset, offset + largestBlock);
    offset += block.length;
    const last = offset >= bytes.length ? 1 : 0;
    const blockHeader = Buffer.alloc(3);
    blockHeader.writeUIntLE((block.length << 3) | last, 0, 3);
    parts.push(blockHeader, block);
  } while (offset < bytes.length);
  return Buffer.concat(parts);
}
