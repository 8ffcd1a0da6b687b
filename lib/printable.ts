/*
 * Names of raw files, and what is in them, are whatever somebody wrote. A terminal obeys control characters: what is shown has
 * U+FFFD in their place.
 */

/** A text as one line. */
export function printable(text: string): string {
  return text.replace(CONTROLS, REPLACEMENT);
}

/** The same of a text that may have several lines. */
export function printableLines(text: string): string {
  return text.replace(CONTROLS, (char) => (char === '\n' || char === '\t' ? char : REPLACEMENT));
}

const CONTROLS = /\p{Cc}/gu;
const REPLACEMENT = '\ufffd';
