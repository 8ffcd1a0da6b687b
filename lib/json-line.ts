/**
 * A value as a line of JSON of which a terminal obeys nothing: control characters that JSON may hold as they are, too, are
 * written as escapes.
 * @param names of the properties to write, in this order; all if left out
 */
export function jsonLine(value: object, names?: string[]): string {
  return JSON.stringify(value, names).replace(/[\u007f-\u009f]/g, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
