/**
 * What happens to a simulated account, as plain data, and how fast-check makes it up and shrinks it. Whatever is not said
 * here (who goes first, how long a call takes) follows from `schedule`.
 */
import fc from 'fast-check';

export interface Scenario {
  /** Seed of the scheduler's choices. */
  schedule: number;
  tables: readonly TableSpec[];
  /** What DMS and people do, in order. */
  events: readonly Event[];
  faults: readonly FaultSpec[];
  /** How S3 tells of new objects. */
  notices: 'prompt' | 'doubled' | 'late' | 'lossy';
  limits: 'usual' | 'growing' | 'sliced' | 'single';
  /** Seconds that an invocation of merge has. */
  timeout: 900 | 30;
  /** How often a message is received before it is a dead letter. */
  receives: 5 | 1;
}

export type KeyKind = 'id' | 'id,day' | 'none';

export interface TableSpec {
  key: KeyKind;
  partitioned: boolean;
  /** Whether a person has set its keys before the first file comes. */
  registered: boolean;
  /** Pieces of the first full load: ids of their rows. */
  load: readonly (readonly number[])[];
}

export type Damage = 'truncated' | 'garbage' | 'empty' | 'odd operation';

export interface RowChange {
  op: 'I' | 'U' | 'D';
  id: number;
  /** Index into DAYS. */
  day: number;
}

export type Event = { table: number } & (
  | { kind: 'change'; rows: readonly RowChange[]; how: 'good' | 'late' | Damage }
  | { kind: 'load'; pieces: readonly (readonly number[])[] }
  | { kind: 'mend'; by: 'replacing' | 'removing' }
  | { kind: 'put again' }
  | { kind: 'key'; key: KeyKind }
  | { kind: 'partition' }
  | { kind: 'inactive' }
  | { kind: 'active' }
  | { kind: 'column' }
  | { kind: 'compact'; join: boolean; purge: boolean }
  /** All of it, or from one of its change files on. */
  | { kind: 'replay'; from: number | 'all' }
  | { kind: 'skip' }
  | { kind: 'sweep' }
  | { kind: 'redrive' }
  | { kind: 'foreign message' }
  | { kind: 'pause'; until: 'idle' | 'settled' | 'an hour later' | 'a day later' }
);

export type FaultKind =
  | 'rejected'
  | 'throttled'
  /** It takes effect, and the caller is told that it failed. */
  | 'answer lost'
  /** It takes effect, the answer is lost, and the client's own retry meets what it did itself. */
  | 'answer lost, retried'
  /** The caller is told that it failed; it takes effect much later. */
  | 'applied later'
  | 'dies before'
  | 'dies after'
  /** Nothing of this process goes on until visibility timeouts have passed. */
  | 'slow'
  /** The same, until the day after. */
  | 'frozen';

export interface FaultSpec {
  /** Counted among the calls that change the lake, that change anything, or among all. */
  among: 'lake writes' | 'writes' | 'calls';
  at: number;
  kind: FaultKind;
}

export const DAYS = ['mon', 'tue', null] as const;

const keyKind = fc.constantFrom<KeyKind>('id', 'id', 'id', 'id,day', 'none');
const ids = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
const rowChange = fc.record<RowChange>({
  op: fc.constantFrom('I', 'D', 'U'),
  id: fc.integer({ min: 1, max: 4 }),
  day: fc.nat(2),
});
const rows = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(rowChange) },
  { weight: 1, arbitrary: fc.array(rowChange, { minLength: 2, maxLength: 3 }) },
);
const how = fc.oneof(
  { weight: 9, arbitrary: fc.constant<'good'>('good') },
  { weight: 1, arbitrary: fc.constant<'late'>('late') },
  { weight: 2, arbitrary: fc.constantFrom<Damage>('truncated', 'garbage', 'empty', 'odd operation') },
);
const table = fc.nat(1);

const event: fc.Arbitrary<Event> = fc.oneof(
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
      from: fc.oneof(fc.constant<'all'>('all'), fc.nat(3)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'skip',
        'skip',
        'put again',
        'partition',
        'inactive',
        'active',
        'column',
        'sweep',
        'redrive',
      ),
      table,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('foreign message' as const), table: fc.constant(0) }) },
);

/** A change, and another that undoes it: insert and delete, or out of a partition and back. A merge of both writes nothing. */
const undone: fc.Arbitrary<Event[]> = fc
  .record({ table, id: fc.integer({ min: 1, max: 4 }), day: fc.nat(2), moves: fc.boolean() })
  .map(({ table: of, id, day, moves }) => {
    const change = (op: RowChange['op'], on: number): Event => ({
      kind: 'change',
      table: of,
      rows: [{ op, id: id + (moves ? 0 : 4), day: on % 3 }],
      how: 'good',
    });
    const meanwhile: Event = { kind: 'pause', table: of, until: 'idle' };
    if (!moves) return [change('I', day), meanwhile, change('D', day)];
    return [change('U', day), meanwhile, change('U', day + 1), meanwhile, change('U', day)];
  });

/** A change that comes after a later one of the same row. */
const overtaken: fc.Arbitrary<Event[]> = fc
  .record({
    table,
    ops: fc.array(fc.constantFrom('U' as const, 'D' as const), { minLength: 2, maxLength: 2 }),
    change: rowChange,
  })
  .map(({ table: of, ops, change: { id, day } }) =>
    ops.map((op, i) => ({
      kind: 'change',
      table: of,
      rows: [{ op, id, day: (day + i) % 3 }],
      how: i === 0 ? 'late' : 'good',
    })),
  );

function upTo(maxLength: number): fc.Arbitrary<Event[]> {
  const some = fc.oneof(
    { weight: 9, arbitrary: event.map((one) => [one]) },
    { weight: 3, arbitrary: undone },
    { weight: 1, arbitrary: overtaken },
  );
  return fc.array(some, { minLength: 1, maxLength, size: 'max' }).map((several) => several.flat());
}

/** Mostly very few: many small schedules find more than a few large ones in the same time. */
const events = fc.oneof({ weight: 4, arbitrary: upTo(2) }, { weight: 1, arbitrary: upTo(5) });

const tableSpec = fc.record<TableSpec>({
  key: keyKind,
  partitioned: fc.boolean(),
  registered: fc.constantFrom(true, true, true, false),
  load: fc.array(ids, { maxLength: 2 }),
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
export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  schedule: fc.noShrink(fc.integer()),
  tables,
  events,
  faults: fc.array(fault, { maxLength: 4, size: 'max' }),
  notices: fc.constantFrom('prompt', 'prompt', 'doubled', 'late', 'lossy'),
  limits: fc.constantFrom('usual', 'growing', 'usual', 'sliced', 'single'),
  timeout: fc.constantFrom(900, 900, 30),
  receives: fc.constantFrom(5, 5, 1),
});
