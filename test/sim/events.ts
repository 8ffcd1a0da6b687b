/** What may happen to a table, one thing at a time. */
import fc from 'fast-check';
import type { ColumnChange, Damage, Event, KeyKind, RowChange } from './scenario.ts';

export const keyKind = fc.constantFrom<KeyKind>('id', 'id', 'id', 'id,day', 'none');
export const ids = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
export const rowChange = fc.record<RowChange>({
  op: fc.constantFrom('I', 'D', 'U'),
  id: fc.integer({ min: 1, max: 4 }),
  day: fc.nat(2),
});
export const rows = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(rowChange) },
  { weight: 1, arbitrary: fc.array(rowChange, { minLength: 2, maxLength: 4 }) },
);
/** Mostly no file at all. */
export const between = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: rows });
const how = fc.oneof(
  { weight: 9, arbitrary: fc.constant<'good'>('good') },
  { weight: 1, arbitrary: fc.constant<'late'>('late') },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Damage>('truncated', 'garbage', 'empty', 'odd operation', 'other type', 'bad end'),
  },
);
export const table = fc.nat(1);
export const replayed = fc.constantFrom('all' as const, 'from file' as const, 'from time' as const);
export const columnChange = fc.constantFrom<ColumnChange>(
  'added',
  'dropped',
  'renamed',
  'wider id',
  'wider id',
  'wider amount',
  'wider time',
);

export const settled: Event = { kind: 'pause', table: 0, until: 'settled' };

export function good(of: number, changes: readonly RowChange[]): Event {
  return { kind: 'change', table: of, rows: changes, how: 'good' };
}

export const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('change' as const), table, rows, how }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pause' as const),
      table: fc.constant(0),
      until: fc.constantFrom('idle', 'idle', 'settled', 'an hour later', 'a day later'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('load' as const),
      table,
      pieces: fc.array(ids, { minLength: 1, maxLength: 2 }),
      between,
      when: fc.constantFrom('settled', 'at once'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('key' as const), table, key: keyKind }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('mend' as const),
      table,
      by: fc.constantFrom('replacing', 'replacing', 'removing'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('compact' as const), table, join: fc.boolean(), purge: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('replay' as const),
      table,
      what: replayed,
      nth: fc.nat(3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'take a skip back',
        'put again',
        'partition',
        'inactive',
        'active',
        'truncate',
        'restore',
        'sweep',
        'redrive',
      ),
      table,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('column' as const), table, change: columnChange }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('skip' as const),
      table,
      what: fc.constantFrom('change', 'change', 'load'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constant('vanish' as const), table, when: fc.constantFrom('now', 'merging', 'merged') }),
      fc.record({ kind: fc.constant('on truncate' as const), table, then: fc.constantFrom('empty', 'keep') }),
      fc.record({ kind: fc.constant('expire' as const), table, count: fc.integer({ min: 1, max: 3 }) }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign message' as const), table: fc.constant(0) }) },
);
