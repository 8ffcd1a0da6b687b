import { distance } from 'fastest-levenshtein';

/**
 * The names that someone who wrote `wanted` may have meant, nearest first; capital letters count for nothing.
 * @returns three at most
 */
export function nearestNames(wanted: string, names: Iterable<string>): string[] {
  const folded = wanted.toLowerCase();
  return [...names]
    .map((name) => ({ name, edits: distance(folded, name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= EDITS_MAX && edits <= EDITED_SHARE_MAX * Math.max(name.length, wanted.length))
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, NAMES_MAX)
    .map(({ name }) => name);
}

/** `Did you mean a or b? `, with a space at its end; empty if no name is near. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const near = nearestNames(wanted, names);
  return near.length === 0 ? '' : `Did you mean ${near.join(' or ')}? `;
}

const NAMES_MAX = 3;
const EDITS_MAX = 3;
/** Of a short name a few letters are all. */
const EDITED_SHARE_MAX = 0.4;
