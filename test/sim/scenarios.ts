/** How fast-check makes scenarios up, and shrinks them. */
import fc from 'fast-check';
import { ids, keyKind, rows } from './events.ts';
import type { Event, FaultKind, FaultSpec, HourlySpec, Scenario, TableSpec } from './scenario.ts';
import { shape, undone } from './shapes.ts';

function upTo(maxLength: number): fc.Arbitrary<Event[]> {
  return fc.array(shape, { minLength: 1, maxLength, size: 'max' }).map((several) => several.flat());
}

/** Mostly very few: many small schedules find more than a few large ones in the same time. */
const events = fc.oneof({ weight: 4, arbitrary: upTo(2) }, { weight: 1, arbitrary: upTo(5) });

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

const faultKind = fc.constantFrom<FaultKind>(
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
  'throttled',
);
const fault: fc.Arbitrary<FaultSpec> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ among: fc.constant('lake writes' as const), at: fc.nat(4), kind: faultKind }) },
  { weight: 2, arbitrary: fc.record({ among: fc.constant('writes' as const), at: fc.nat(20), kind: faultKind }) },
  { weight: 1, arbitrary: fc.record({ among: fc.constant('calls' as const), at: fc.nat(40), kind: faultKind }) },
);

/** Small ones: what goes wrong does so with few files and few faults. */
const small = fc.record<Scenario>({
  schedule: fc.noShrink(fc.integer()),
  tables,
  events,
  faults: fc.array(fault, { maxLength: 4, size: 'max' }),
  notices: fc.constantFrom('prompt', 'prompt', 'doubled', 'late', 'lossy'),
  limits: fc.constantFrom('usual', 'growing', 'usual', 'sliced', 'single'),
  timeout: fc.constantFrom(900, 900, 30),
  receives: fc.constantFrom(5, 5, 1),
  catalog: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

/** A write of a merge takes effect when another has taken over, and needs none since what was changed is undone. */
const writesOvertaken = fc.record<Scenario>({
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
      among: fc.constant('lake writes'),
      at: fc.nat(4),
      kind: fc.constantFrom('slow', 'frozen', 'applied later'),
    }),
  ),
  notices: fc.constantFrom('prompt', 'late'),
  limits: fc.constantFrom('usual', 'growing'),
  timeout: fc.constant(900),
  receives: fc.constant(5),
  catalog: fc.constant(false),
});

export const scenarios: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 15, arbitrary: small },
  { weight: 1, arbitrary: writesOvertaken },
);
