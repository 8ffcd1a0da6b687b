import { describe, expect, it } from '@jest/globals';
import type { DatedChangeFile } from '../../lib/table/coverage.ts';
import { compacted, isAccountedFor, NAMES_MAX, takenOver, withFiles } from '../../lib/table/coverage.ts';

const LISTED_AT = Date.UTC(2026, 2, 1, 12);
const NONE = { mark: undefined, sweptAt: 0, names: new Set<string>() };

/** Files a second apart from one another, or several in a second, the last of them as the listing began. */
function files(count: number, inOneSecond = 1): DatedChangeFile[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `20260301-${String(100_000_000 + i)}.parquet`;
    const seconds = Math.ceil((count - 1 - i) / inOneSecond);
    return {
      kind: 'change',
      name,
      order: name.slice(0, 18).replace('-', ''),
      lastModified: new Date(LISTED_AT - seconds * 1000),
    };
  });
}

const notCovered = (all: readonly DatedChangeFile[], coverage: Parameters<typeof isAccountedFor>[1]) =>
  all.filter((file) => !isAccountedFor(file, coverage)).map(({ name }) => name);

describe('the files that a table has merged', () => {
  it.each([1, 2, 3, 7, 100, 5_000])(
    'are all accounted for when the mark is raised, %d of them in a second',
    (inOneSecond) => {
      for (const count of [1, NAMES_MAX + 1, 2 * NAMES_MAX, 2 * NAMES_MAX + 1, 2_500, 5_003]) {
        const all = files(count, inOneSecond);
        const coverage = compacted(NONE, all, LISTED_AT);
        expect({ count, missing: notCovered(all, coverage) }).toEqual({ count, missing: [] });
        expect(coverage.names.size).toBeLessThanOrEqual(2 * NAMES_MAX);
      }
    },
  );

  it('do not cover one of an older name that was uploaded as the listing began', () => {
    const all = files(100);
    const coverage = compacted(NONE, all, LISTED_AT);
    const late = {
      ...all[0]!,
      name: '20260301-099999999.parquet',
      order: '20260301099999999',
      lastModified: new Date(LISTED_AT),
    };
    expect(isAccountedFor(late, coverage)).toBe(false);
  });

  it('do not cover one that comes late as a table is taken over, above what others had merged', () => {
    const [merged, late, newer] = files(3, 3) as [DatedChangeFile, DatedChangeFile, DatedChangeFile];
    const listedAt = LISTED_AT + 300;
    const before = takenOver(merged.name, [merged], listedAt);
    const coverage = compacted(withFiles(before, [newer.name]), [merged, newer], listedAt);
    expect(notCovered([merged, late, newer], coverage)).toEqual([late.name]);
  });

  it('are those up to the mark when a table is taken over, also where the mark itself is gone', () => {
    const all = files(2_500);
    const coverage = takenOver(all.at(-1)!.name, all.slice(0, -1), LISTED_AT);
    expect(coverage.mark).toBe(all.at(-1)!.name);
    expect(notCovered(all.slice(0, -1), coverage)).toEqual([]);
  });
});
