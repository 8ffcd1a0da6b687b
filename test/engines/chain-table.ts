import { type DmsColumn, type DmsType, type DmsValue, OP_COLUMN } from '../../lib/sample/dms-column.ts';
import type { DmsFile } from '../../lib/sample/dms-file.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { CODECS } from '../streams/codecs.ts';
import { widenedValue } from '../streams/column-values.ts';
import { KEY_FORMS, type KeyForm } from './key-forms.ts';
import { spreadValue } from './spread-value.ts';

/** A table with a load and a chain of change files, each to be merged by itself. */
export interface ChainTable {
  /** `<schema>/<table>` */
  name: string;
  primaryKey: readonly string[];
  partitionKey: readonly string[];
  /** By merge: the load files, then one change file each. */
  merges: readonly (readonly ChainFile[])[];
}

export interface ChainFile {
  /** Below the table's folder. */
  fileName: string;
  content: DmsFile;
  /** Whether another writer than DMS writes it. */
  foreign: boolean;
}

export interface ChainTask {
  name: string;
  /** Which kind of key, partition and history: tables of a row of numbers go through all of them. */
  number: number;
  /** Of the columns beside the key. */
  types: readonly DmsType[];
  loadRows: number;
}

interface ChainColumn {
  name: string;
  /** From the merge of that number on; the types before are narrower. */
  types: { type: DmsType; from: number }[];
  nullShare: number;
}

interface Row {
  ordinal: number;
  operation: 'I' | 'U' | 'D';
  /** By column name, without the key's. */
  values: Map<string, DmsValue>;
}

/** Identifies a version of a row; every table has it. */
export const SERIAL = 'serial';
const PARTITION = 'region';
const REGIONS: readonly DmsValue[] = ['north', 'a/b', 'x=1', '100%', 'Größe 日本', null];
/** Ordinals between those of the load are left for inserts. */
const ORDINAL_STEP = 8;
const CHAIN_MIN = 5;
const CHAIN_MAX = 15;

/** What becomes of rows in one merge. */
type Style = 'scattered updates' | 'updates of few columns' | 'hot end' | 'deletes' | 'a fifth of all rows' | 'inserts';
const STYLES: readonly Style[] = [
  'scattered updates',
  'updates of few columns',
  'hot end',
  'deletes',
  'a fifth of all rows',
  'inserts',
];

export function chainTable(random: SeededRandom, { name, number, types, loadRows }: ChainTask): ChainTable {
  const keyForm = KEY_FORMS[number % KEY_FORMS.length]!;
  const partitioned = number % 6 === 4;
  const chain = random.integer(CHAIN_MIN, CHAIN_MAX);
  const columns = chainColumns(random, types, chain);
  const rows = new Map<number, Row>();
  const foreign = number % 3 === 1;
  const seed = random.integer(0, 1_000_000);
  const placeMax = ORDINAL_STEP * (loadRows + 1_000);
  let serial = 0n;
  let nextOrdinal = loadRows * ORDINAL_STEP;

  function newVersion(ordinal: number, operation: 'I' | 'U', changed: readonly ChainColumn[], merge: number): Row {
    const values = new Map(rows.get(ordinal)?.values);
    const place = Math.min(ordinal / placeMax, 1);
    for (const column of changed) {
      const [narrowest] = column.types;
      if (merge < narrowest!.from) continue;
      values.set(column.name, random.chance(column.nullShare) ? null : spreadValue(random, narrowest!.type, place));
    }
    values.set(SERIAL, ++serial);
    if (partitioned && (operation === 'I' || random.chance(0.05))) values.set(PARTITION, random.pick(REGIONS));
    const row: Row = { ordinal, operation, values };
    rows.set(ordinal, row);
    return row;
  }

  function change(style: Style, merge: number): Row[] {
    const live = [...rows.keys()].sort((a, b) => a - b);
    const some = (count: number, from: readonly number[] = live) => random.shuffle(from).slice(0, count);
    const update = (ordinal: number, changed = columns) => newVersion(ordinal, 'U', changed, merge);
    const insert = (ordinal: number) => newVersion(ordinal, 'I', columns, merge);
    const remove = (ordinal: number): Row => {
      const values = random.chance(0.5) ? rows.get(ordinal)!.values : new Map<string, DmsValue>();
      rows.delete(ordinal);
      return { ordinal, operation: 'D', values };
    };
    const hotEnd = (): Row[] => [
      ...Array.from({ length: random.integer(5, 60) }, () => insert(nextOrdinal++)),
      ...some(10, live.slice(-60)).map((ordinal) => update(ordinal)),
      ...some(5, live.slice(-60)).map(remove),
    ];
    switch (style) {
      case 'scattered updates':
        return some(random.integer(1, 20)).map((ordinal) => update(ordinal));
      case 'updates of few columns': {
        const few = random.shuffle(columns).slice(0, 2);
        return some(random.integer(1, 40)).map((ordinal) => update(ordinal, few));
      }
      case 'hot end':
        return hotEnd();
      case 'deletes':
        // Neighbours too, so that whole row groups go.
        return [...some(10), ...live.slice(live.length >> 1).slice(0, 150)].filter(unique).map(remove);
      case 'a fifth of all rows':
        return some(live.length / 5).map((ordinal) => update(ordinal));
      case 'inserts':
        return some(random.integer(1, 40))
          .map((ordinal) => ordinal + random.integer(1, ORDINAL_STEP - 1))
          .filter((ordinal, i, all) => !rows.has(ordinal) && unique(ordinal, i, all))
          .map(insert);
    }
  }

  function file(fileName: string, merge: number, fileRows: readonly Row[]): ChainFile {
    const present = columns.flatMap(({ name, types }) => {
      const reached = types.filter(({ from }) => from <= merge);
      return reached.length > 0 ? [{ name, narrowest: types[0]!.type, type: reached.at(-1)!.type }] : [];
    });
    const others: DmsColumn[] = [
      { name: SERIAL, type: { kind: 'int64' } },
      ...(partitioned ? [{ name: PARTITION, type: { kind: 'string' } } as const] : []),
    ];
    const content: DmsFile = {
      columns: [OP_COLUMN, ...keyForm.columns, ...others, ...present.map(({ name, type }) => ({ name, type }))],
      rows: fileRows.map((row) => [
        row.operation,
        ...keyForm.values(row.ordinal, seed),
        ...others.map((column) => row.values.get(column.name) ?? null),
        ...present.map(({ name, narrowest, type }) => widenedValue(row.values.get(name) ?? null, narrowest, type)),
      ]),
      ...random.pick(CODECS),
      encoding: random.pick(['PLAIN', 'RLE_DICTIONARY']),
      rowsPerRowGroup: random.pick([300, 10_000]),
      rowsPerPage: random.pick([100, Infinity]),
    };
    return { fileName, content, foreign };
  }

  function load(): ChainFile[] {
    const all = Array.from({ length: loadRows }, (_, i) => newVersion(i * ORDINAL_STEP, 'I', columns, 0));
    const cut = Math.floor(loadRows * random.next());
    const parts = random.chance(0.5) ? [all] : [all.slice(0, cut), all.slice(cut)];
    return parts.map((part, i) => file(`LOAD0000000${i + 1}.parquet`, 0, part));
  }

  const merges = [load()];
  for (let merge = 1; merge <= chain; merge++) {
    const style = STYLES[(number + merge) % STYLES.length]!;
    merges.push([file(changeFileName(merge), merge, change(style, merge))]);
  }
  return { name, ...keyColumnNames(keyForm), partitionKey: partitioned ? [PARTITION] : [], merges };
}

/** The last column comes later, and what can widen does so sometimes. */
function chainColumns(random: SeededRandom, types: readonly DmsType[], chain: number): ChainColumn[] {
  const awkwardNames = random.shuffle(['größe', 'a b', 'x.y']);
  return types.map((type, i): ChainColumn => {
    const from = i === types.length - 1 ? random.integer(1, chain) : 0;
    const wider = random.chance(0.3) ? WIDER[type.kind] : undefined;
    return {
      name: i === 1 ? awkwardNames[0]! : `${type.kind}_${i}`,
      types: [{ type, from }, ...(wider ? [{ type: wider, from: random.integer(from + 1, chain + 1) }] : [])],
      nullShare: random.pick([0, 0.05, 0.6]),
    };
  });
}

const WIDER: Partial<Record<DmsType['kind'], DmsType>> = {
  int16: { kind: 'int32' },
  int32: { kind: 'int64' },
  uint16: { kind: 'uint32' },
  float: { kind: 'double' },
  timestampMillis: { kind: 'timestampMicros' },
};

function keyColumnNames({ columns }: KeyForm): { primaryKey: string[] } {
  return { primaryKey: columns.map(({ name }) => name) };
}

function changeFileName(merge: number): string {
  const time = new Date(Date.UTC(2025, 10, 22, 9, merge)).toISOString().replace(/[-:.Z]/g, '');
  return `${time.replace('T', '-')}.parquet`;
}

function unique<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}
