import { crc32 as crc32Of } from 'node:zlib';

/** CRC32 as S3 writes it: four bytes, most significant first, in Base64. */
export function crc32(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32Of(bytes));
  return checksum.toString('base64');
}
