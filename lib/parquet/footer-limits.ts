/*
 * What a footer may have so that it is read. Whatever is written is to be read again: a lake file that is not has lost its
 * rows.
 */

/** Row groups become objects many times the size of their bytes: a load file of 1 GiB has some tens of thousands of chunks. */
export const CHUNKS_MAX = 500_000;
export const FOOTER_BYTES_MAX = 64 * 1024 * 1024;

/** The footer of a file that is being written would not be read; the message says why, as the end of a sentence. */
export class FooterTooLarge extends Error {
  override readonly name = 'FooterTooLarge';
}

/** @throws FooterTooLarge */
export function requireFewChunks(rowGroups: number, columns: number): void {
  if (rowGroups * columns > CHUNKS_MAX)
    throw new FooterTooLarge(
      `it would have at least ${rowGroups} row groups, of ${columns} columns; at most ${CHUNKS_MAX} chunks are read`,
    );
}

/**
 * @param byteLength length field and magic number included
 * @throws FooterTooLarge
 */
export function requireShortFooter(byteLength: number): void {
  if (byteLength > FOOTER_BYTES_MAX)
    throw new FooterTooLarge(`its footer would be ${byteLength} bytes long; at most ${FOOTER_BYTES_MAX} are read`);
}
