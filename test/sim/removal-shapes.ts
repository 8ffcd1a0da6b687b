/** How raw files go, and what then needs them. */
import fc from 'fast-check';
import { good, keyKind, replayed, rows, settled, table } from './events.ts';
import type { Event } from './scenario.ts';

/** A file that goes while it waits, or is merged. */
export const vanished: fc.Arbitrary<Event[]> = fc
  .record({ table, before: rows, after: rows, when: fc.constantFrom<'now' | 'merging'>('now', 'merging', 'merging') })
  .map(({ table: of, before, after, when }): Event[] => {
    const vanish: Event = { kind: 'vanish', table: of, when };
    return when === 'now' ? [good(of, before), vanish, good(of, after)] : [vanish, good(of, before), good(of, after)];
  });

/** Files that are removed when they are merged, and what then needs them: a late file, other keys, a replay. */
export const expired: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    count: fc.integer({ min: 1, max: 3 }),
    then: fc.constantFrom('late', 'late', 'key', 'partition', 'replay', 'replay from', 'change'),
    nth: fc.nat(3),
    changes: fc.tuple(rows, rows),
    key: keyKind,
  })
  .map(({ table: of, count, then, nth, changes: [first, second], key }): Event[] => {
    const expire: Event[] = [settled, { kind: 'expire', table: of, count }];
    switch (then) {
      case 'late':
        return [
          { kind: 'change', table: of, rows: first, how: 'very late' },
          good(
            of,
            [...first, ...second].map(({ id }) => ({ op: 'U', id, day: 0 })),
          ),
          settled,
          { kind: 'expire', table: of, count: count + 1 },
          { kind: 'release', table: of },
        ];
      case 'key':
        return [good(of, first), ...expire, { kind: 'key', table: of, key }];
      case 'partition':
        return [good(of, first), ...expire, { kind: 'partition', table: of }];
      case 'replay':
        return [good(of, first), ...expire, { kind: 'replay', table: of, what: 'all', nth: 0 }];
      case 'replay from':
        return [good(of, first), good(of, second), ...expire, { kind: 'replay', table: of, what: 'from time', nth }];
      case 'change':
        return [good(of, first), ...expire, good(of, second)];
    }
  });

/** All raw files are removed, and perhaps others come. */
export const truncated: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    then: fc.constantFrom('empty' as const, 'empty' as const, 'keep' as const),
    isLongAgo: fc.boolean(),
    until: fc.constantFrom('idle' as const, 'settled' as const, null),
    isSwept: fc.boolean(),
    after: fc.option(rows),
    isRestored: fc.boolean(),
  })
  .map(({ table: of, then, isLongAgo, until, isSwept, after, isRestored }): Event[] => [
    { kind: 'on truncate', table: of, then },
    settled,
    ...(isLongAgo ? [{ kind: 'pause', table: of, until: 'an hour later' } as const] : []),
    { kind: 'truncate', table: of },
    ...(isSwept ? [{ kind: 'sweep', table: of } as const] : []),
    ...(until ? [{ kind: 'pause', table: of, until } as const] : []),
    ...(after ? [good(of, after)] : []),
    ...(isRestored ? [{ kind: 'restore', table: of } as const] : []),
  ]);

/** None is removed from a table that would be emptied. */
export const left: fc.Arbitrary<Event[]> = fc
  .record({ table, after: rows })
  .map(({ table: of, after }): Event[] => [
    { kind: 'on truncate', table: of, then: 'empty' },
    settled,
    { kind: 'pause', table: of, until: 'an hour later' },
    good(of, after),
  ]);

/**
 * Merged files are copied onto themselves when the row knows them by their dates, and are then listed, or merged again. None
 * comes late: as few names as a row has here, it could not tell it from them.
 */
export const copied: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    changes: fc.array(rows, { minLength: 2, maxLength: 4 }),
    isLongAgo: fc.boolean(),
    what: fc.constantFrom<'all' | 'one'>('all', 'one'),
    then: fc.constantFrom('sweep', 'change', 'key', 'replay'),
    replay: replayed,
    nth: fc.nat(3),
    key: keyKind,
    after: rows,
  })
  .map(({ table: of, changes, isLongAgo, what, then, replay, nth, key, after }): Event[] => {
    const before: Event[] = [
      ...changes.map((one) => good(of, one)),
      settled,
      ...(isLongAgo ? [{ kind: 'pause', table: of, until: 'an hour later' } as const, good(of, after), settled] : []),
      { kind: 'copy', table: of, what },
    ];
    switch (then) {
      case 'sweep':
        return [...before, { kind: 'sweep', table: of }];
      case 'change':
        return [...before, good(of, after)];
      case 'key':
        return [...before, { kind: 'key', table: of, key }, good(of, after)];
      case 'replay':
        return [...before, { kind: 'replay', table: of, what: replay, nth }];
    }
  });

/** A merged file goes from among the others, and they are to be merged again. */
export const pierced: fc.Arbitrary<Event[]> = fc
  .record({ table, changes: fc.array(rows, { minLength: 2, maxLength: 3 }), what: replayed })
  .map(({ table: of, changes, what }): Event[] => [
    ...changes.map((one) => good(of, one)),
    settled,
    { kind: 'vanish', table: of, when: 'merged' },
    { kind: 'replay', table: of, what, nth: 0 },
  ]);
