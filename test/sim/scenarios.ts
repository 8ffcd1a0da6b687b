/** How fast-check makes scenarios up, and shrinks them. */
import fc from 'fast-check';
import { between, good, ids, keyKind, rows } from './events.ts';
import { fault, faultOfCatalog, faultSoon, few } from './fault-specs.ts';
import { copied } from './removal-shapes.ts';
import type { FaultSpec, HourlySpec, KeyKind, Scenario, TableSpec } from './scenario.ts';
import { rareShape, reshaped, undone } from './shapes.ts';
import type { Chapter } from './story.ts';
import { emptying, interruption, interruptionBetweenSlices, joining, story, told } from './story.ts';

const hourly = fc.record<HourlySpec>({
  load: ids,
  isLoadThere: fc.boolean(),
  changes: fc.array(rows, { maxLength: 2 }),
  doubled: fc.boolean(),
});
const tableSpec = fc.record<TableSpec>({
  key: keyKind,
  partitioned: fc.boolean(),
  registered: fc.constantFrom(true, true, true, false),
  typed: fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  load: fc.array(ids, { maxLength: 2 }),
  between,
  hourly: fc.oneof({ weight: 14, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: hourly }),
});
const tables = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(tableSpec) },
  { weight: 1, arbitrary: fc.tuple(tableSpec, tableSpec) },
);

/** Small ones: what goes wrong does so with few files and few faults. */
const small = fc
  .record({
    schedule: fc.noShrink(fc.integer()),
    tables,
    beginning: few(fault),
    story,
    notices: fc.constantFrom<Scenario['notices']>('prompt', 'prompt', 'doubled', 'late', 'lossy'),
    limits: fc.constantFrom<Scenario['limits']>('usual', 'growing', 'small files', 'sliced', 'single'),
    timeout: fc.constantFrom<Scenario['timeout']>(900, 900, 30),
    atDeadline: fc.constantFrom<Scenario['atDeadline']>('stops', 'is killed'),
    pageKeys: fc.constantFrom<Scenario['pageKeys']>(1000, 1000, 1000, 2, 1),
    receives: fc.constantFrom<Scenario['receives']>(5, 5, 1),
    ofCatalog: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: few(faultOfCatalog) }),
  })
  .map(({ beginning, story: chapters, ofCatalog, ...rest }): Scenario => ({
    ...rest,
    ...told([...beginning, ...(ofCatalog ?? [])], chapters),
    catalog: ofCatalog !== null,
  }));

/** A table that a person has set up, with nothing about it that is out of the ordinary. */
function plainTable(
  key: fc.Arbitrary<KeyKind>,
  load: fc.Arbitrary<TableSpec['load']>,
  keptBefore: fc.Arbitrary<TableSpec['hourly']> = fc.constant(null),
): fc.Arbitrary<TableSpec> {
  return fc
    .record({ key, partitioned: fc.boolean(), load, hourly: keptBefore })
    .map((spec) => ({ ...spec, registered: true, typed: false, between: [] }));
}

/** Time for all that is to be done, and few calls: nothing gets in the way of what is told. */
const QUIET = { timeout: 900, atDeadline: 'stops', pageKeys: 1000, receives: 5, catalog: false } as const;

/** A write of a merge takes effect when another has taken over, and needs none since what was changed is undone. */
const writesOvertaken = fc
  .record({
    schedule: fc.noShrink(fc.integer()),
    tables: fc.tuple(plainTable(fc.constantFrom('id', 'id,day'), fc.constant([[1, 2, 3, 4]]))),
    events: undone,
    faults: fc.tuple(
      fc.record<FaultSpec>({
        after: fc.nat(3),
        among: fc.constant('lake writes'),
        at: fc.nat(2),
        kind: fc.constantFrom('slow', 'frozen', 'applied later'),
      }),
    ),
    notices: fc.constantFrom<Scenario['notices']>('prompt', 'late'),
    limits: fc.constantFrom<Scenario['limits']>('usual', 'growing'),
  })
  .map((overtaken): Scenario => ({ ...overtaken, ...QUIET }));

function interrupted(chapter: fc.Arbitrary<Chapter>, limits: fc.Arbitrary<Scenario['limits']>): fc.Arbitrary<Scenario> {
  return fc
    .record({
      schedule: fc.noShrink(fc.integer()),
      tables: fc.tuple(plainTable(fc.constantFrom('id', 'id', 'id', 'none', 'none'), fc.array(ids, { maxLength: 1 }))),
      chapter,
      notices: fc.constantFrom<Scenario['notices']>('prompt', 'prompt', 'late'),
      limits,
      timeout: fc.constantFrom<Scenario['timeout']>(900, 30),
      atDeadline: fc.constantFrom<Scenario['atDeadline']>('stops', 'is killed'),
      receives: fc.constantFrom<Scenario['receives']>(5, 1),
    })
    .map(({ chapter: only, ...rest }): Scenario => ({ ...rest, ...told([], [only]), pageKeys: 1000, catalog: false }));
}

/** Something is done to a file of which a merge has written a part. */
const mergesInterrupted = interrupted(interruption, fc.constantFrom('sliced', 'streamed', 'usual', 'small files'));
const slicesInterrupted = interrupted(
  interruptionBetweenSlices,
  fc.constantFrom('sliced', 'sliced', 'sliced', 'sliced', 'sliced', 'streamed'),
);
/** Lakes of several files, of which some are written. */
const othersInterrupted = interrupted(fc.oneof(joining, emptying), fc.constant('small files'));

/** One story of a table whose files go, are skipped, or have other columns. */
const rare = fc
  .record({
    schedule: fc.noShrink(fc.integer()),
    table: plainTable(
      fc.constantFrom('id', 'id', 'none'),
      fc.oneof(
        { weight: 5, arbitrary: fc.array(ids, { minLength: 1, maxLength: 2 }) },
        { weight: 1, arbitrary: fc.constant([]) },
      ),
      fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: hourly }),
    ),
    before: fc.option(rows, { freq: 1 }),
    shape: fc.oneof(
      { weight: 4, arbitrary: rareShape },
      { weight: 1, arbitrary: reshaped },
      { weight: 1, arbitrary: copied },
    ),
    fault: fc.option(fc.tuple(faultSoon, fc.nat(5))),
    notices: fc.constantFrom<Scenario['notices']>('prompt', 'lossy'),
    limits: fc.constantFrom<Scenario['limits']>('usual', 'sliced', 'streamed'),
  })
  .map(({ table, before, shape, fault: soon, ...rest }): Scenario => {
    const events = [...(before ? [good(0, before)] : []), ...shape.map((event) => ({ ...event, table: 0 }))];
    return {
      ...rest,
      tables: [table],
      events,
      faults: soon ? [{ ...soon[0], after: 1 + (soon[1] % events.length) }] : [],
      ...QUIET,
    };
  });

/** Much of what is to be found needs just the right few things in a row: what is small is also fast. */
export const scenarios: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 12, arbitrary: small },
  { weight: 6, arbitrary: mergesInterrupted },
  { weight: 8, arbitrary: slicesInterrupted },
  { weight: 2, arbitrary: othersInterrupted },
  { weight: 10, arbitrary: rare },
  { weight: 3, arbitrary: writesOvertaken },
);
