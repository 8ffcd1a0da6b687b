/** Faults that may befall a call; `after` is 0. */
import fc from 'fast-check';
import type { FaultKind, FaultSpec } from './scenario.ts';

const anyKind = fc.constantFrom<FaultKind>(
  'slow',
  'answer lost',
  'answer lost, retried',
  'applied later',
  'dies before',
  'dies after',
  'slow',
  'frozen',
  'applied later',
  'rejected',
  'rejected',
);
const endsMerge = fc.constantFrom<FaultKind>(
  'dies after',
  'dies after',
  'dies after',
  'dies after',
  'dies before',
  'applied later',
  'slow',
  'frozen',
  'answer lost',
);

function nth(among: FaultSpec['among'], latest: number, kind = anyKind): fc.Arbitrary<FaultSpec> {
  return fc.record({ after: fc.constant(0), among: fc.constant(among), at: fc.nat(latest), kind });
}

/** Any time from then on. */
export const fault: fc.Arbitrary<FaultSpec> = fc.oneof(
  { weight: 3, arbitrary: nth('lake writes', 4) },
  { weight: 2, arbitrary: nth('writes', 12) },
  { weight: 1, arbitrary: nth('calls', 30) },
);

/** Among the first things that are done then. */
export const faultSoon: fc.Arbitrary<FaultSpec> = fc.oneof(
  { weight: 3, arbitrary: nth('lake writes', 2) },
  { weight: 2, arbitrary: nth('updates', 2) },
  { weight: 2, arbitrary: nth('sends', 1) },
  { weight: 1, arbitrary: nth('calls', 8) },
);

/** Where tables are registered. */
export const faultOfCatalog = nth('catalog', 4);

/** A merge writes, and does not come to its commit. */
export const faultInMerge: fc.Arbitrary<FaultSpec> = fc.oneof(
  { weight: 3, arbitrary: nth('lake writes', 0, endsMerge) },
  { weight: 2, arbitrary: nth('lake writes', 2, endsMerge) },
  { weight: 1, arbitrary: nth('updates', 3, endsMerge) },
);

/** A merge comes to the commit of a part, and not to the next one. */
export const faultBetweenSlices = fc.record<FaultSpec>({
  after: fc.constant(0),
  among: fc.constant('updates'),
  at: fc.constantFrom(1, 1, 2, 3),
  kind: fc.constant('dies after'),
});

export function few<T>(one: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc.oneof<fc.MaybeWeightedArbitrary<readonly T[]>[]>(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.tuple(one) },
    { weight: 1, arbitrary: fc.tuple(one, one) },
  );
}
