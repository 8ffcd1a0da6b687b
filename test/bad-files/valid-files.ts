import { readFile } from 'node:fs/promises';
import type { Column } from '../../lib/parquet/column-type.ts';
import { columnType } from '../../lib/parquet/column-type.ts';
import { type DmsColumn, type DmsValue, OP_COLUMN, physicalValue, schemaElement } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { lakeBytes } from '../parquet/lake-bytes.ts';
import type { DuckDb } from '../parquet/duckdb.ts';
import { CODECS } from '../streams/codecs.ts';

/** Files of one table: a full load and the changes after it. */
export interface TableFiles {
  /** How they were written. */
  made: string;
  load: Uint8Array;
  change: Uint8Array;
}

const COLUMNS: readonly DmsColumn[] = [
  { name: 'id', type: { kind: 'int32' } },
  { name: 'item', type: { kind: 'string' } },
  { name: 'day', type: { kind: 'string' } },
  { name: 'price', type: { kind: 'decimal', precision: 20, scale: 2 } },
  { name: 'amount', type: { kind: 'decimal', precision: 9, scale: 2, storedAs: 'INT32' } },
  { name: 'at', type: { kind: 'timestampMicros' } },
  { name: 'born', type: { kind: 'date' } },
  { name: 'weight', type: { kind: 'double' } },
  { name: 'big', type: { kind: 'int64' } },
  { name: 'open', type: { kind: 'boolean' } },
  { name: 'blob', type: { kind: 'bytes' } },
];

const LOAD_ROWS = 300;
const CHANGE_ROWS = 80;

/** Files as DMS writes them, in all the ways that it can be told to, and with other codecs. */
export function dmsFiles(random: SeededRandom): TableFiles {
  const codec = random.pick(CODECS);
  const encoding = random.pick(['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'] as const);
  const layout = {
    ...codec,
    encoding,
    rowsPerRowGroup: random.pick([60, 10_000]),
    rowsPerPage: random.pick([25, Infinity]),
  };
  const opInLoad = random.chance(0.3);
  const load = loadRows(random);
  return {
    made: `DMS, ${codec.codec ?? ''} ${encoding}`,
    load: opInLoad
      ? writeDmsFile({ columns: [OP_COLUMN, ...COLUMNS], rows: load.map((row) => ['I', ...row]), ...layout })
      : writeDmsFile({ columns: COLUMNS, rows: load, ...layout }),
    change: writeDmsFile({ columns: [OP_COLUMN, ...COLUMNS], rows: changeRows(random), ...layout }),
  };
}

/** The same with data pages of version 2 and bloom-free footers, as newer writers have them. */
export function filesOfPagesV2(random: SeededRandom): TableFiles {
  const bytesOf = (columns: readonly DmsColumn[], rows: readonly (readonly DmsValue[])[]): Uint8Array => {
    const typed = columns.map((column): Column => ({ name: column.name, type: columnType(schemaElement(column)) }));
    const values = columns.map(({ type }, i) =>
      rows.map((row) => {
        const value = row[i] ?? null;
        return value === null ? null : physicalValue(type, value);
      }),
    );
    return lakeBytes(typed, [values]);
  };
  return {
    made: 'pages v2',
    load: bytesOf(COLUMNS, loadRows(random)),
    change: bytesOf([OP_COLUMN, ...COLUMNS], changeRows(random)),
  };
}

/** Files that DuckDB wrote. */
export async function duckDbFiles(random: SeededRandom, duckDb: DuckDb): Promise<TableFiles> {
  const dms = dmsFiles(random);
  const codec = random.pick(['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw']);
  const version = random.pick(['V1', 'V2']);
  const copy = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const [from, to] = [await duckDb.save(bytes), duckDb.path()];
    await duckDb.query(
      `COPY (FROM '${from}') TO '${to}' (FORMAT parquet, CODEC ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048)`,
    );
    return readFile(to);
  };
  return { made: `DuckDB ${version}, ${codec}`, load: await copy(dms.load), change: await copy(dms.change) };
}

function loadRows(random: SeededRandom): DmsValue[][] {
  return Array.from({ length: LOAD_ROWS }, (_, i) => row(random, i));
}

function changeRows(random: SeededRandom): DmsValue[][] {
  return Array.from({ length: CHANGE_ROWS }, () => [
    random.pick(['I', 'U', 'U', 'D']),
    ...row(random, random.integer(0, LOAD_ROWS + 50)),
  ]);
}

function row(random: SeededRandom, id: number): DmsValue[] {
  const orNull = (value: DmsValue): DmsValue => (random.chance(0.1) ? null : value);
  return [
    id,
    orNull(`item ${random.integer(0, 40)} ${'x'.repeat(random.integer(0, 20))}`),
    `2026-03-0${random.integer(1, 3)}`,
    orNull(random.bits(60)),
    orNull(BigInt(random.integer(-1_000_000, 1_000_000))),
    orNull(1_700_000_000_000_000n + random.bits(40)),
    orNull(random.integer(0, 30_000)),
    orNull(random.next() * 1000),
    orNull(random.bits(63)),
    orNull(random.chance(0.5)),
    orNull(Uint8Array.from({ length: random.integer(0, 12) }, () => random.integer(0, 255))),
  ];
}
