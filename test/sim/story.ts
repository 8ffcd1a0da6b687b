/** Events in their order, and the faults that come with them. */
import fc from 'fast-check';
import type { Event, FaultKind, FaultSpec, Scenario } from './scenario.ts';
import { shape } from './shapes.ts';

/** What happens in a row, and faults that are counted from one of these events. */
interface Chapter {
  events: readonly Event[];
  /** `after` is counted from the chapter's first event. */
  faults: readonly FaultSpec[];
}

const kind = fc.constantFrom<FaultKind>(
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
/** From the beginning on. */
export const fault: fc.Arbitrary<FaultSpec> = fc.oneof(
  { weight: 3, arbitrary: placed('lake writes', 4) },
  { weight: 2, arbitrary: placed('writes', 12) },
  { weight: 1, arbitrary: placed('calls', 30) },
);

function placed(among: FaultSpec['among'], latest: number): fc.Arbitrary<FaultSpec> {
  return fc.record({ after: fc.constant(0), among: fc.constant(among), at: fc.nat(latest), kind });
}

export function few<T>(one: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc.oneof<fc.MaybeWeightedArbitrary<readonly T[]>[]>(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.tuple(one) },
    { weight: 1, arbitrary: fc.tuple(one, one) },
  );
}

/** A fault belongs to what it comes after: where other events are left out to make a schedule small, it stays where it is. */
const chapter: fc.Arbitrary<Chapter> = fc
  .record({ events: shape, faults: few(fc.tuple(fault, fc.nat(5))) })
  .map(({ events, faults }) => ({
    events,
    faults: faults.map(([one, after]) => ({ ...one, after: 1 + (after % events.length) })),
  }));

function upTo(maxLength: number): fc.Arbitrary<Chapter[]> {
  return fc.array(chapter, { minLength: 1, maxLength, size: 'max' });
}

/** Mostly very few: many small schedules find more than a few large ones in the same time. */
export const story = fc.oneof({ weight: 4, arbitrary: upTo(2) }, { weight: 1, arbitrary: upTo(5) });

/** @param beginning faults before the first event */
export function told(
  beginning: readonly FaultSpec[],
  chapters: readonly Chapter[],
): Pick<Scenario, 'events' | 'faults'> {
  const events: Event[] = [];
  const faults = [...beginning];
  for (const one of chapters) {
    faults.push(...one.faults.map((spec) => ({ ...spec, after: events.length + spec.after })));
    events.push(...one.events);
  }
  return { events, faults };
}
