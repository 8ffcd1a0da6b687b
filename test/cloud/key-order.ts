/**
 * Compares keys by their UTF-8 bytes, as S3 lists them. JavaScript compares UTF-16 code units, which puts characters
 * beyond U+FFFF (written as surrogates, from 0xD800) before U+E000 to U+FFFF; in UTF-8 they come after.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const unitA = a.charCodeAt(at);
    const unitB = b.charCodeAt(at);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate ? unit + 0x10000 : unit;
}
