/** How fast-check makes scenarios up, and shrinks them. */
import fc from 'fast-check';
import { ids, keyKind, rows } from './events.ts';
import type { FaultSpec, HourlySpec, Scenario, TableSpec } from './scenario.ts';
import { undone } from './shapes.ts';
import { fault, few, story, told } from './story.ts';

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
    limits: fc.constantFrom<Scenario['limits']>('usual', 'growing', 'usual', 'sliced', 'single'),
    timeout: fc.constantFrom<Scenario['timeout']>(900, 900, 30),
    receives: fc.constantFrom<Scenario['receives']>(5, 5, 1),
    catalog: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  })
  .map(({ beginning, story: chapters, ...rest }): Scenario => ({ ...rest, ...told(beginning, chapters) }));

/** A write of a merge takes effect when another has taken over, and needs none since what was changed is undone. */
const writesOvertaken = fc
  .record({
    schedule: fc.noShrink(fc.integer()),
    tables: fc.tuple(
      fc.record<TableSpec>({
        key: fc.constantFrom('id', 'id,day'),
        partitioned: fc.boolean(),
        registered: fc.constant(true),
        typed: fc.constant(false),
        load: fc.constant([[1, 2, 3, 4]]),
        hourly: fc.constant(null),
      }),
    ),
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
  .map((overtaken): Scenario => ({ ...overtaken, timeout: 900, receives: 5, catalog: false }));

export const scenarios: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 15, arbitrary: small },
  { weight: 1, arbitrary: writesOvertaken },
);
