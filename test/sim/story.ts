/** Events in their order, and the faults that come with them. */
import fc from 'fast-check';
import { deed, deedMeanwhile } from './deeds.ts';
import { good, rowChange, rows, settled, table } from './events.ts';
import { fault, faultBetweenSlices, faultInMerge, faultSoon, few } from './fault-specs.ts';
import type { Event, FaultSpec, Scenario } from './scenario.ts';
import { shape } from './shapes.ts';

/**
 * What happens in a row, and faults that are counted from one of these events. A fault belongs to what it comes after: where
 * other events are left out to make a schedule small, it stays where it is.
 */
export interface Chapter {
  events: readonly Event[];
  /** `after` is counted from the chapter's first event. */
  faults: readonly FaultSpec[];
}

const ofShape: fc.Arbitrary<Chapter> = fc
  .record({ events: shape, faults: few(fc.tuple(fault, fc.nat(5))) })
  .map(({ events, faults }) => ({
    events,
    faults: faults.map(([one, after]) => ({ ...one, after: 1 + (after % events.length) })),
  }));

/** What is done when all is merged goes wrong. */
const ofDeed: fc.Arbitrary<Chapter> = fc
  .record({ before: fc.option(rows), deed, isQuiet: fc.boolean(), after: fc.option(rows), faults: few(faultSoon) })
  .map(({ before, deed: done, isQuiet, after, faults }) => {
    const of = done[0]?.table ?? 0;
    const first = [...(before ? [good(of, before)] : []), ...(isQuiet ? [settled] : []), ...done];
    return {
      events: [...first, ...(after ? [good(of, after)] : [])],
      faults: faults.map((one) => ({ ...one, after: first.length })),
    };
  });

const chapter = fc.oneof({ weight: 3, arbitrary: ofShape }, { weight: 1, arbitrary: ofDeed });

function upTo(maxLength: number): fc.Arbitrary<Chapter[]> {
  return fc.array(chapter, { minLength: 1, maxLength, size: 'max' });
}

/** Mostly very few: many small schedules find more than a few large ones in the same time. */
export const story = fc.oneof({ weight: 4, arbitrary: upTo(2) }, { weight: 1, arbitrary: upTo(5) });

/** A merge is not at its end when something is done to its files. */
function interruptedBy(interrupting: fc.Arbitrary<FaultSpec>): fc.Arbitrary<Chapter> {
  return fc
    .record({
      table,
      before: fc.option(rows),
      merged: fc.oneof(
        { weight: 7, arbitrary: fc.array(rowChange, { minLength: 2, maxLength: 6, size: 'max' }) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
      faults: fc.oneof(
        { weight: 3, arbitrary: fc.tuple(interrupting) },
        { weight: 1, arbitrary: fc.constant<FaultSpec[]>([]) },
      ),
      isQuiet: fc.constantFrom(true, true, true, false),
      deed: deedMeanwhile,
      after: fc.option(rows),
    })
    .map(({ table: of, before, merged, faults, isQuiet, deed: done, after }) => {
      const load: Event = {
        kind: 'load',
        table: of,
        pieces: [
          [1, 2, 3, 4],
          [1, 5],
        ],
        between: [],
        when: 'settled',
      };
      const first = [...(before ? [good(of, before), settled] : []), merged ? good(of, merged) : load];
      const idle: Event = { kind: 'pause', table: of, until: 'idle' };
      return {
        events: [...first, ...(isQuiet ? [idle] : []), ...done, ...(after ? [good(of, after)] : [])],
        faults: faults.map((one) => ({ ...one, after: first.length })),
      };
    });
}

/** Before it has committed anything of them. */
export const interruption = interruptedBy(faultInMerge);
/** When a part of them is committed. */
export const interruptionBetweenSlices = interruptedBy(faultBetweenSlices);

/** A join is not at its end when more is to be merged. */
export const joining: fc.Arbitrary<Chapter> = fc
  .record({
    changes: fc.array(rows, { minLength: 2, maxLength: 3 }),
    purge: fc.boolean(),
    fault: faultInMerge,
    after: fc.array(
      fc.oneof(
        rows.map((one) => good(0, one)),
        fc.constant<Event>({ kind: 'replay', table: 0, what: 'all', nth: 0 }),
      ),
      { maxLength: 2 },
    ),
  })
  .map(({ changes, purge, fault: one, after }) => {
    const first = changes.flatMap((merged): Event[] => [good(0, merged), settled]);
    return {
      events: [...first, { kind: 'compact', table: 0, join: true, purge }, ...after],
      faults: [{ ...one, after: first.length + 1 }],
    };
  });

/** A lake is not empty yet when raw files are there again. */
export const emptying: fc.Arbitrary<Chapter> = fc
  .record({
    changes: fc.array(rows, { minLength: 1, maxLength: 3 }),
    fault: faultInMerge,
    after: fc.option(rows),
    isRestored: fc.boolean(),
  })
  .map(({ changes, fault: one, after, isRestored }) => {
    const first = [
      ...changes.flatMap((merged): Event[] => [good(0, merged), settled]),
      { kind: 'on truncate', table: 0, then: 'empty' } as const,
      settled,
      { kind: 'truncate', table: 0 } as const,
    ];
    const back: Event[] = [...(after ? [good(0, after)] : []), ...(isRestored ? [RESTORE] : [])];
    return {
      events: [...first, { kind: 'sweep', table: 0 }, { kind: 'pause', table: 0, until: 'idle' }, ...back],
      faults: [{ ...one, after: first.length }],
    };
  });

const RESTORE: Event = { kind: 'restore', table: 0 };

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
