import type { Values } from './column-type.ts';

/** The values of one column, part after part; the part itself if it is the only one. */
export function concatenateValues(parts: readonly Values[]): Values {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return parts.flatMap((part) => Array.from(part));
}
