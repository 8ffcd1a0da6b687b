import type { DmsType, PlainKind } from '../../lib/sample/dms-column.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { AWKWARD_TEXTS } from './column-values.ts';

/** A column of a random table and how its files declare it in the course of time. */
export interface StreamColumn {
  name: string;
  /** From the narrowest type to the widest. */
  types: readonly DmsType[];
  /** The lake takes the narrower ones only once it has the widest: numbers into a column of text, dates into instants. */
  widestFirst: boolean;
  role: 'key' | 'partition' | 'plain';
  /** Indexes of the first change file that has it (0: the load files have it too) and of the first that has it no more. */
  from: number;
  until: number;
  nullable: boolean;
  /** All its values are null. */
  empty: boolean;
  /** Values to pick from, if it is a partition column of text. */
  choices: readonly string[];
}

/** Ways in which a column's type grows; a column stays at one type or walks along a stretch of one way. */
const WIDENINGS: readonly (readonly DmsType[])[] = [
  plain('int8', 'int16', 'int32', 'int64'),
  plain('uint8', 'uint16', 'uint32', 'uint64'),
  plain('uint8', 'int16', 'int32'),
  plain('uint32', 'int64'),
  plain('float', 'double'),
  plain('timestampMillis', 'timestampMicros'),
  plain('timeMillis', 'timeMicros'),
  [decimal(5, 2, 'INT32'), decimal(9, 2, 'INT32'), decimal(18, 4, 'INT64'), decimal(38, 4)],
  [decimal(10, 2), decimal(38, 10)],
  [decimal(18, 0, 'INT64'), decimal(18, 0), decimal(38, 0)],
  // Neither holds the other: a third type holds both.
  plain('int8', 'uint8'),
  plain('int32', 'uint32'),
  [decimal(10, 4), decimal(12, 2)],
  [...plain('int32'), decimal(12, 2)],
  [...plain('int64'), decimal(18, 4)],
];

/** Types that only a wider one in the lake already takes in, as the last of each says. */
const WIDEST_FIRST: readonly (readonly DmsType[])[] = [
  plain('boolean', 'int32', 'string'),
  plain('uint64', 'date', 'string'),
  [decimal(12, 2), ...plain('string')],
  plain('date', 'timestampMicros'),
  plain('int32', 'double'),
  plain('int16', 'float'),
];

const KINDS: readonly DmsType[] = [
  ...plain('boolean', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float', 'double'),
  ...plain('date', 'timestampMillis', 'timestampMicros', 'timeMillis', 'timeMicros', 'string', 'bytes'),
  decimal(38, 10),
  decimal(38, 38),
  decimal(12, 3),
  decimal(9, 2, 'INT32'),
  decimal(18, 6, 'INT64'),
];

const KEY_KINDS: readonly (readonly DmsType[])[] = [
  plain('int32'),
  plain('int32', 'int64'),
  plain('int64'),
  plain('uint64'),
  plain('string'),
  [decimal(38, 5)],
  [decimal(9, 0, 'INT32'), decimal(20, 2)],
  plain('timestampMicros'),
  plain('timestampMillis', 'timestampMicros'),
  plain('date'),
  plain('bytes'),
];

const PARTITION_KINDS: readonly (readonly DmsType[])[] = [
  ...plain('string', 'string', 'string', 'int64', 'date', 'boolean', 'timestampMicros').map((type) => [type]),
  plain('int32', 'int64'),
  [decimal(12, 2)],
];

const NAMES = ['name', 'Amount', 'größe', 'order', 'a b', 'x.y', 'qu"ote', 'constructor', 'select', 'it’s', 'value'];

/** Columns of a random table: key columns first, then partition columns, then others, all names different. */
export function randomColumns(random: SeededRandom, changeFiles: number): StreamColumn[] {
  const keys = random.pick([0, 1, 1, 1, 1, 1, 2, 2, 3]);
  const partitions = random.pick([0, 0, 0, 1, 1, 2]);
  const plainColumns = random.chance(0.05) ? KINDS.length : random.integer(1, 7);
  const names = random.shuffle(NAMES);
  const nullableKeys = random.chance(0.3);

  const column = (role: StreamColumn['role'], types: readonly DmsType[], index: number): StreamColumn => ({
    name: role === 'plain' ? (names[index] ?? `column_${index}`) : `${role}_${index}`,
    types,
    widestFirst: false,
    role,
    from: 0,
    until: Infinity,
    nullable: role === 'key' ? nullableKeys : true,
    empty: false,
    choices: random.shuffle(AWKWARD_TEXTS).slice(0, 4),
  });
  return [
    ...Array.from({ length: keys }, (_, index) => column('key', random.pick(KEY_KINDS), index)),
    ...Array.from({ length: partitions }, (_, index) => column('partition', random.pick(PARTITION_KINDS), index)),
    ...Array.from({ length: plainColumns }, (_, index): StreamColumn => {
      const types = plainTypes(random, plainColumns === KINDS.length ? index : undefined);
      return {
        ...column('plain', [], index),
        ...types,
        // A file has at least one column, and the load files have the widest types.
        ...(index > 0 && !types.widestFirst && lifetime(random, changeFiles)),
        nullable: random.chance(0.8),
        empty: random.chance(0.05),
      };
    }),
  ];
}

function plainTypes(random: SeededRandom, kind: number | undefined): Pick<StreamColumn, 'types' | 'widestFirst'> {
  if (kind !== undefined) return { types: KINDS.slice(kind, kind + 1), widestFirst: false };
  if (random.chance(0.65)) return { types: [random.pick(KINDS)], widestFirst: false };
  if (random.chance(0.2)) return { types: random.pick(WIDEST_FIRST), widestFirst: true };
  const way = random.pick(WIDENINGS);
  const first = random.integer(0, way.length - 1);
  return { types: way.slice(first, random.integer(first, way.length - 1) + 1), widestFirst: false };
}

/** Most columns are always there; some come later, some vanish. */
function lifetime(random: SeededRandom, changeFiles: number): Pick<StreamColumn, 'from' | 'until'> {
  const at = random.integer(1, Math.max(1, changeFiles - 1));
  if (random.chance(0.15)) return { from: at, until: Infinity };
  if (random.chance(0.1)) return { from: 0, until: at };
  return { from: 0, until: Infinity };
}

function plain(...kinds: PlainKind[]): DmsType[] {
  return kinds.map((kind) => ({ kind }));
}

function decimal(precision: number, scale: number, storedAs?: 'INT32' | 'INT64'): DmsType {
  return { kind: 'decimal', precision, scale, ...(storedAs && { storedAs }) };
}
