import { messageOf } from '../errors.ts';
import type { Footer } from './footer.ts';
import { footerLength, MAGIC, parseFooter } from './footer.ts';
import { FOOTER_BYTES_MAX } from './footer-limits.ts';

/** The file is not what a flat Parquet file must be; the message says in what, as the end of a sentence. */
export class MalformedParquet extends Error {
  override readonly name = 'MalformedParquet';
}

/** Bytes [start, end) of one version of a file. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/**
 * Reads the footer of a Parquet file: one request, or a second one if the footer is longer than expected.
 * @param footerHint length of the footer, in bytes, if it is known
 * @throws MalformedParquet
 */
export async function readFooter(read: ReadRange, size: number, footerHint?: number): Promise<Footer> {
  if (size < 12) throw new MalformedParquet(`it has ${size} bytes, which is too short for a Parquet file`);
  const guess = Math.min(size, Math.max(footerHint ?? footerGuess(size), 8));
  const end = await read(size - guess, size);
  const length = asMalformed(() => footerLength(end.subarray(-8)));
  if (length > Math.min(size - 4, FOOTER_BYTES_MAX)) {
    throw new MalformedParquet(`its footer says it is ${length} bytes long, the file has ${size} bytes`);
  }
  const footer = length <= guess ? end.subarray(guess - length) : await read(size - length, size);
  const parsed = asMalformed(() => parseFooter(footer, size));
  // Of a larger file that would take a request of its own, and nothing that is read depends on it.
  if (guess === size && !MAGIC.every((byte, i) => end[i] === byte))
    throw new MalformedParquet('it does not begin as a Parquet file does (PAR1)');
  return parsed;
}

/** Whatever a decoder throws means that the bytes are wrong. @throws MalformedParquet */
export function asMalformed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new MalformedParquet(messageOf(error), { cause: error });
  }
}

/** Row groups of some thousands of rows make a footer of a few tenths of a percent of the file. */
function footerGuess(size: number): number {
  return Math.min(FOOTER_GUESS_MAX, FOOTER_GUESS_MIN + Math.ceil(size / 256));
}

const FOOTER_GUESS_MIN = 64 * 1024;
const FOOTER_GUESS_MAX = 1024 * 1024;
