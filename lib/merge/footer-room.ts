import type { KnownLakeFile } from '../lake/known-lake-file.ts';

/**
 * What the footer of a file takes once the file has so many columns, about, in bytes. It grows with row groups × columns, so
 * files of wide tables are full by it that have few bytes otherwise.
 */
export function footerBytesWith({ footerBytes, columns }: KnownLakeFile, columnCount: number): number {
  return footerBytes * Math.max(1, columnCount / columns.length);
}

/**
 * A footer of this size takes no more rows. It is a quarter of what is read (`footer-limits.ts`), so there is room for what one
 * merge adds; and it is remembered (`FooterCache`).
 */
export const FULL_FOOTER_BYTES = 16 * 1024 * 1024;
