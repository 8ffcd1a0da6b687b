/** What is done to a table while files of it are merged, or when all are. */
import fc from 'fast-check';
import { between, good, ids, keyKind, replayed, rows, table } from './events.ts';
import type { Event } from './scenario.ts';

type Deed = (of: number) => Event[];

const nth = fc.nat(3);

function one(arbitrary: fc.Arbitrary<(of: number) => Event>): fc.Arbitrary<Deed> {
  return arbitrary.map((event) => (of) => [event(of)]);
}

const replay = fc
  .record({ what: replayed, nth })
  .map((rest) => (of: number): Event => ({ kind: 'replay', table: of, ...rest }));
const compact = fc
  .record({ join: fc.constantFrom(true, true, false), purge: fc.boolean() })
  .map((rest) => (of: number): Event => ({ kind: 'compact', table: of, ...rest }));
const edit = fc.oneof(
  keyKind.map((key) => (of: number): Event => ({ kind: 'key', table: of, key })),
  fc.constant((of: number): Event => ({ kind: 'partition', table: of })),
);
const reload = fc
  .record({ pieces: fc.array(ids, { minLength: 1, maxLength: 2 }), between })
  .map((rest) => (of: number): Event => ({ kind: 'load', table: of, ...rest, when: 'at once' }));
const truncate = fc.constant((of: number): Event[] => [
  { kind: 'on truncate', table: of, then: 'empty' },
  { kind: 'truncate', table: of },
]);
const activation = fc.constant((of: number): Event[] => [
  { kind: 'inactive', table: of },
  { kind: 'active', table: of },
]);
const skip = fc
  .constantFrom<'change' | 'load'>('change', 'change', 'load')
  .map((what) => (of: number): Event => ({ kind: 'skip', table: of, what }));
const putAgain = fc.constant((of: number): Event => ({ kind: 'put again', table: of }));
const vanish = fc.constant((of: number): Event => ({ kind: 'vanish', table: of, when: 'merging' }));
const sweep = fc.constant((of: number): Event => ({ kind: 'sweep', table: of }));

/** When all is merged. The deed comes last. */
export const deed: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    deed: fc.oneof(
      { weight: 3, arbitrary: one(replay) },
      { weight: 3, arbitrary: one(compact) },
      { weight: 2, arbitrary: one(edit) },
      { weight: 1, arbitrary: one(reload) },
      { weight: 2, arbitrary: truncate },
      { weight: 1, arbitrary: activation },
      { weight: 1, arbitrary: one(sweep) },
    ),
  })
  .map(({ table: of, deed: done }) => done(of));

/** While a merge is at it, or has died at it. */
export const deedMeanwhile: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    deed: fc.oneof(
      { weight: 9, arbitrary: one(putAgain) },
      { weight: 4, arbitrary: one(skip) },
      { weight: 5, arbitrary: one(replay) },
      { weight: 1, arbitrary: one(edit) },
      { weight: 1, arbitrary: one(compact) },
      { weight: 1, arbitrary: one(reload) },
      { weight: 1, arbitrary: one(vanish) },
      { weight: 1, arbitrary: one(rows.map((changes) => (of: number) => good(of, changes))) },
    ),
  })
  .map(({ table: of, deed: done }) => done(of));
