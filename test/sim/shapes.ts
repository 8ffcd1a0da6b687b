/** What happens in a row that chance alone would seldom bring together. */
import fc from 'fast-check';
import { between, columnChange, event, good, ids, rowChange, rows, settled, table } from './events.ts';
import { expired, left, pierced, truncated, vanished } from './removal-shapes.ts';
import type { Damage, Event, RowChange } from './scenario.ts';

/** A change, and another that undoes it: insert and delete, or out of a partition and back. A merge of both writes nothing. */
export const undone: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    id: fc.integer({ min: 1, max: 4 }),
    day: fc.nat(2),
    moves: fc.boolean(),
    isLongAgo: fc.constantFrom(false, false, false, true),
  })
  .map(({ table: of, id, day, moves, isLongAgo }) => {
    const change = (op: RowChange['op'], on: number): Event => ({
      kind: 'change',
      table: of,
      rows: [{ op, id: id + (moves ? 0 : 4), day: on % 3 }],
      how: 'good',
    });
    const meanwhile: Event = { kind: 'pause', table: of, until: 'idle' };
    if (moves) return [change('U', day), meanwhile, change('U', day + 1), meanwhile, change('U', day)];
    // A file that lost its last row is removed by a merge a day later.
    const later: Event[] = [settled, { kind: 'pause', table: of, until: 'a day later' }, change('I', day + 1)];
    return [change('I', day), meanwhile, change('D', day), ...(isLongAgo ? later : [])];
  });

/** A change that comes after a later one of the same row; or of any, whereupon others come that may be merged before it. */
const overtaken: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    ops: fc.array(fc.constantFrom('U' as const, 'D' as const), { minLength: 2, maxLength: 2 }),
    change: rowChange,
    others: fc.option(rows, { freq: 2 }),
  })
  .map(({ table: of, ops, change: { id, day }, others }): Event[] => [
    ...(others ? [good(of, others), settled] : []),
    ...ops.map((op, i): Event => ({
      kind: 'change',
      table: of,
      rows: [{ op, id, day: (day + i) % 3 }],
      how: i === 0 ? 'late' : 'good',
    })),
    ...(others ? [settled, good(of, others)] : []),
  ]);

/** Columns that are others in the next file. */
export const reshaped: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    change: fc.oneof(columnChange, fc.constantFrom('wider id' as const, 'wider amount' as const)),
    before: rows,
    after: rows,
  })
  .map(({ table: of, change, before, after }) => [
    good(of, before),
    { kind: 'column', table: of, change },
    good(of, after),
  ]);

/** A file is skipped, and counts again when others are merged. */
const skippedForAWhile: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    damage: fc.constantFrom<Damage>('truncated', 'other type'),
    first: rows,
    second: rows,
    third: rows,
    isLongAgo: fc.boolean(),
    mended: fc.constantFrom(false, false, true),
  })
  .map(({ table: of, damage, first, second, third, isLongAgo, mended }): Event[] => [
    { kind: 'change', table: of, rows: first, how: damage },
    settled,
    { kind: 'skip', table: of, what: 'change' },
    good(of, second),
    { kind: 'pause', table: of, until: isLongAgo ? 'an hour later' : 'idle' },
    good(of, third),
    settled,
    mended ? { kind: 'mend', table: of, by: 'replacing' } : { kind: 'take a skip back', table: of },
  ]);

/** The same for a piece of a full load. */
const pieceSkippedForAWhile: fc.Arbitrary<Event[]> = fc
  .record({ table, rows, isTakenBack: fc.boolean() })
  .map(({ table: of, rows: changes, isTakenBack }): Event[] => [
    { kind: 'bad piece', table: of, how: 'truncated' },
    settled,
    { kind: 'skip', table: of, what: 'load' },
    good(of, changes),
    settled,
    // Taken back it is in the way of the load that is built anew.
    ...(isTakenBack ? [{ kind: 'take a skip back', table: of } as const, settled] : []),
    { kind: 'mend', table: of, by: 'replacing' },
  ]);

/** A file of which a part is merged before it is in the way; others come, and it is mended, skipped or removed. */
const badAtItsEnd: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    bad: fc.option(fc.array(rowChange, { minLength: 3, maxLength: 5 }), { freq: 1 }),
    others: rows,
    then: fc.constantFrom('replacing' as const, 'replacing' as const, 'removing' as const, 'skip' as const),
    after: fc.option(rows),
  })
  .map(({ table: of, bad, others, then, after }): Event[] => [
    bad ? { kind: 'change', table: of, rows: bad, how: 'bad end' } : { kind: 'bad piece', table: of, how: 'bad end' },
    ...(bad ? [settled] : []),
    good(of, others),
    settled,
    then === 'skip'
      ? { kind: 'skip', table: of, what: bad ? 'change' : 'load' }
      : { kind: 'mend', table: of, by: then },
    ...(after ? [good(of, after)] : []),
  ]);

/** A table that was loaded again is built anew. */
const reloaded: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    first: fc.option(fc.tuple(ids, ids)),
    before: rows,
    pieces: fc.oneof(fc.tuple(ids, ids), fc.tuple(ids)),
    between,
    after: fc.option(rows),
  })
  .map(({ table: of, first, before, pieces, between: meanwhile, after }): Event[] => [
    ...(first ? [{ kind: 'load', table: of, pieces: first, between: [], when: 'settled' } as const] : []),
    good(of, before),
    { kind: 'load', table: of, pieces, between: meanwhile, when: 'settled' },
    ...(after ? [good(of, after)] : []),
    settled,
    { kind: 'replay', table: of, what: 'all', nth: 0 },
  ]);

/** Files that lose all their rows, and may be removed once a day has passed. */
const emptied: fc.Arbitrary<Event[]> = fc.record({ table, rows }).map(({ table: of, rows: changes }): Event[] => [
  good(
    of,
    [1, 2, 3, 4].map((id) => ({ op: 'D', id, day: 0 })),
  ),
  { kind: 'pause', table: of, until: 'a day later' },
  good(of, changes),
]);

/** What needs a table's history: files that are gone, or skipped, and what then needs them. */
export const rareShape: fc.Arbitrary<Event[]> = fc.oneof(
  { weight: 2, arbitrary: vanished },
  { weight: 2, arbitrary: expired },
  reloaded,
  pierced,
  truncated,
  left,
  { weight: 2, arbitrary: skippedForAWhile },
  { weight: 2, arbitrary: pieceSkippedForAWhile },
  { weight: 3, arbitrary: badAtItsEnd },
);

/** One or more events. */
export const shape: fc.Arbitrary<Event[]> = fc.oneof(
  { weight: 16, arbitrary: event.map((one) => [one]) },
  { weight: 8, arbitrary: undone },
  { weight: 2, arbitrary: overtaken },
  { weight: 2, arbitrary: emptied },
  { weight: 2, arbitrary: reshaped },
  { weight: 4, arbitrary: rareShape },
);
