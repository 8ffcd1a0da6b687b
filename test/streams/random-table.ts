import { type DmsColumn, type DmsType, type DmsValue, OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { type DmsFile, writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { RawFile } from '../../lib/sample/sample-files.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { CODECS } from './codecs.ts';
import { randomPartitionValue, randomValue, widenedValue } from './column-values.ts';
import { randomColumns, type StreamColumn } from './random-columns.ts';
import { randomFileNames } from './random-file-names.ts';

/** One table of a stream: its settings, and what happens in its raw folder before each run. */
export interface StreamTable {
  /** `<schema>/<table>` */
  name: string;
  primaryKey: readonly string[];
  partitionKey: readonly string[];
  columns: readonly StreamColumn[];
  steps: readonly (readonly Step[])[];
  /** Run before which the table's row is first active. */
  activeFrom: number;
  /** All files, in the order in which DMS writes them. */
  files: readonly StreamFile[];
  rows: number;
}

export interface StreamFile {
  key: string;
  /** Run before which it arrives. */
  run: number;
  /** Number of the full load that it belongs to; the files of the latest one make up the table. */
  load: number;
}

export type Step = { place: RawFile } | { remove: string };

export interface TableSize {
  runs: number;
  changeFilesMax: number;
  rowsPerFileMax: number;
  rowsPerLoadFileMax: number;
}

/** A key, and the types that its values were made for. */
type Key = readonly { value: DmsValue; type: DmsType }[];

interface Row {
  operation: 'I' | 'U' | 'D';
  values: Map<string, DmsValue>;
}

export function randomTable(random: SeededRandom, name: string, size: TableSize): StreamTable {
  const changeFileCount = random.integer(0, size.changeFilesMax);
  const columns = randomColumns(random, changeFileCount);
  const keyColumns = columns.filter(({ role }) => role === 'key');
  const partitionKey = columns.filter(({ role }) => role === 'partition').map((column) => column.name);
  // The last column of a composite key is sometimes the partition too.
  const keyPartition = keyColumns.length > 1 && partitionKey.length === 0 && random.chance(0.2);
  if (keyPartition) {
    const shared = keyColumns[keyColumns.length - 1]!;
    shared.types = [{ kind: random.pick(['string', 'int32', 'date']) }];
    // The folder of an empty text is that of null: as keys they could not be told apart.
    shared.choices = shared.choices.filter((text) => text !== '');
    partitionKey.push(shared.name);
  }
  const isPartition = (column: StreamColumn) => partitionKey.includes(column.name);

  const names = randomFileNames(random);
  const task = {
    operationInLoad: random.pick(['I', 'absent', 'null'] as const),
    insertsOnly: random.chance(keyColumns.length === 0 ? 0.3 : 0.05),
    timestampColumn: random.chance(0.2),
    codecs: random.chance(0.3) ? CODECS : [random.pick(CODECS)],
    encoding: random.pick(['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'] as const),
    keyOnlyDeletes: random.pick([0, 0.5, 1]),
  };
  const thresholds = new Map(
    columns.map((column) => [
      column.name,
      column.types.slice(1).map(() => random.integer(1, Math.max(1, changeFileCount))),
    ]),
  );
  let pool: Key[] = [];
  /** Whether the lake is sure to have rows of this load, and no file comes before its time. */
  let mayNarrow = false;
  let rowCount = 0;

  function typeAt(column: StreamColumn, fileIndex: number): DmsType {
    if (column.widestFirst) {
      const taken = mayNarrow && random.chance(0.5) ? random.integer(0, column.types.length - 1) : -1;
      return column.types.at(taken)!;
    }
    const reached = (thresholds.get(column.name) ?? []).filter((threshold) => threshold <= fileIndex).length;
    const narrower = column.role === 'plain' && random.chance(0.1) ? random.integer(0, reached) : reached;
    return column.types[narrower]!;
  }

  function newKey(types: ReadonlyMap<string, DmsType>): Key {
    return keyColumns.map((column) => {
      const type = types.get(column.name)!;
      if (isPartition(column)) return { type, value: randomPartitionValue(random, type, column.choices) };
      return { type, value: column.nullable && random.chance(0.1) ? null : randomValue(random, type) };
    });
  }

  function pickKey(types: ReadonlyMap<string, DmsType>, knownShare: number): Key {
    if (pool.length > 0 && random.chance(knownShare)) return pool[Math.floor(pool.length * random.next() ** 2)]!;
    const key = newKey(types);
    pool.push(key);
    return key;
  }

  function row(
    present: readonly StreamColumn[],
    types: ReadonlyMap<string, DmsType>,
    operation: Row['operation'],
    key: Key,
  ) {
    const values = new Map<string, DmsValue>();
    const keyOnly = operation === 'D' && random.chance(task.keyOnlyDeletes);
    for (const column of present) {
      const type = types.get(column.name)!;
      const part = key[keyColumns.indexOf(column)];
      if (part) values.set(column.name, widenedValue(part.value, part.type, type));
      else if (keyOnly || column.empty || (column.nullable && random.chance(0.15))) values.set(column.name, null);
      else if (isPartition(column)) values.set(column.name, randomPartitionValue(random, type, column.choices));
      else values.set(column.name, randomValue(random, type));
    }
    return { operation, values };
  }

  function file(
    fileIndex: number,
    operationColumn: 'I' | 'absent' | 'null',
    rowsOf: (present: readonly StreamColumn[], types: ReadonlyMap<string, DmsType>) => Row[],
  ): DmsFile {
    const there = columns.filter(({ from, until }) => from <= fileIndex && fileIndex < until);
    const present = random.chance(0.1) ? random.shuffle(there) : there;
    const types = new Map(present.map((column) => [column.name, typeAt(column, fileIndex)]));
    const rows = rowsOf(present, types);
    rowCount += rows.length;
    const lead: { column: DmsColumn; value: (row: Row) => DmsValue }[] = [];
    if (task.timestampColumn) {
      const column: DmsColumn = { name: 'dms_timestamp', type: { kind: 'string' }, required: true };
      lead.push({ column, value: () => `2025-11-22 09:57:13.${String(fileIndex).padStart(6, '0')}` });
    }
    if (operationColumn !== 'absent') {
      lead.push({ column: OP_COLUMN, value: (row) => (operationColumn === 'null' ? null : row.operation) });
    }
    return {
      columns: [
        ...lead.map(({ column }) => column),
        ...present.map((column) => ({ name: column.name, type: types.get(column.name)! })),
      ],
      rows: rows.map((row) => [
        ...lead.map(({ value }) => value(row)),
        ...present.map((column) => row.values.get(column.name) ?? null),
      ]),
      ...random.pick(task.codecs),
      encoding: task.encoding,
      rowsPerRowGroup: random.pick([7, 50, 10_000]),
      rowsPerPage: random.pick([5, Infinity]),
    };
  }

  function loadFile(fileIndex: number, loaded: Set<string>, rowsMin: number): DmsFile {
    return file(fileIndex, task.operationInLoad, (present, types) => {
      const rows: Row[] = [];
      const count = random.integer(rowsMin, size.rowsPerLoadFileMax);
      for (let index = 0; index < count; index++) {
        const key = newKey(types);
        const identity = key.map(({ value }) => identityOf(value)).join('|');
        if (keyColumns.length > 0 && loaded.has(identity)) continue;
        loaded.add(identity);
        pool.push(key);
        rows.push(row(present, types, 'I', key));
      }
      return rows;
    });
  }

  function changeFile(fileIndex: number): DmsFile {
    const operations = task.insertsOnly ? (['I'] as const) : (['I', 'I', 'U', 'U', 'U', 'D'] as const);
    return file(fileIndex, task.insertsOnly ? 'absent' : 'I', (present, types) =>
      Array.from({ length: random.chance(0.05) ? 0 : random.integer(1, size.rowsPerFileMax) }, () => {
        const operation = random.pick(operations);
        return row(present, types, operation, pickKey(types, operation === 'I' ? 0.15 : 0.85));
      }),
    );
  }

  const steps: Step[][] = Array.from({ length: size.runs }, () => []);
  const files: StreamFile[] = [];
  const place = (file: Omit<StreamFile, 'key'>, fileName: string, content: DmsFile): void => {
    const key = `${name}/${fileName}`;
    steps[file.run]!.push({ place: { key, bytes: writeDmsFile(content) } });
    files.push({ ...file, key });
  };

  const reloads = size.runs > 1 && random.chance(0.1);
  const reloadRun = reloads ? random.integer(1, size.runs - 1) : size.runs;
  const late = random.chance(0.4) ? 0.3 : 0;
  let fileIndex = 0;
  for (const { first, end } of [
    { first: 0, end: reloadRun },
    { first: reloadRun, end: size.runs },
  ]) {
    if (first >= end) continue;
    const isReload = first > 0;
    const loadFiles = isReload ? random.integer(1, 3) : random.integer(0, 3);
    if (isReload) {
      // DMS drops the table's files before it loads them again, or writes over those of the same names.
      const dropped = files.filter(({ key }) => key.includes('LOAD') || random.chance(0.5));
      for (const { key } of dropped) steps[first]!.push({ remove: key });
      pool = random.chance(0.5) ? [] : pool;
    }
    const load = isReload ? 1 : 0;
    const loaded = new Set<string>();
    let run = first;
    mayNarrow = false;
    for (let index = 0; index < loadFiles; index++) {
      place({ run, load }, names.load(index), loadFile(fileIndex, loaded, isReload ? 1 : 0));
      if (index < loadFiles - 1 && run < end - 1 && random.chance(0.3)) run++;
    }
    // A load file that comes after the first merged change file would be a new full load.
    const firstChangeRun = run;
    mayNarrow = late === 0 && loaded.size > 0;
    const changes: DmsFile[] = [];
    const count = isReload ? random.integer(0, changeFileCount) : changeFileCount;
    for (let index = 0; index < count; index++) {
      fileIndex++;
      const repeats = changes.length > 0 && random.chance(0.06) ? random.integer(1, changes.length) : 0;
      const contents = [...changes.slice(changes.length - repeats), changeFile(fileIndex)];
      for (const content of contents) {
        changes.push(content);
        const due = firstChangeRun + Math.floor((index / count) * (end - firstChangeRun));
        const run = random.chance(late) ? random.integer(due, end - 1) : due;
        place({ run, load }, names.nextChange(), content);
      }
    }
  }
  return {
    name,
    primaryKey: keyColumns.map((column) => column.name),
    partitionKey,
    columns,
    activeFrom: !reloads && random.chance(0.1) ? random.integer(0, size.runs - 1) : 0,
    steps,
    files,
    rows: rowCount,
  };
}

function identityOf(value: DmsValue): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
