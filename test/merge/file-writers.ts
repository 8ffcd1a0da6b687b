import { readFile } from 'node:fs/promises';
import type { SchemaElement } from 'hyparquet';
import type { BasicType } from 'hyparquet-writer';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { gzipSync } from 'node:zlib';
import type { DmsColumn, DmsValue, PhysicalValue } from '../../lib/sample/dms-column.ts';
import { physicalValue, schemaElement } from '../../lib/sample/dms-column.ts';
import type { DmsFile } from '../../lib/sample/dms-file.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { ThriftStruct } from '../../lib/parquet/thrift.ts';
import type { DuckDb } from '../parquet/duckdb.ts';
import { withFooter } from '../parquet/foreign-bytes.ts';
import type { FileRows } from './random-changes.ts';

/** Someone's way of writing Parquet. */
export interface FileWriter {
  /** Writers whose files declare types alike. */
  family: 'DuckDB' | 'DMS';
  label: string;
  /** Rows of a file of several row groups. */
  rows: number;
  write: (file: FileRows, duckdb: DuckDb) => Promise<Uint8Array>;
  /** Filters, as SQL, for which its own files mislead DuckDB. */
  misleads: RegExp;
}

const DUCKDB = [
  { codec: 'snappy', version: 'V1', rows: 4200 },
  { codec: 'zstd', version: 'V2' },
  { codec: 'gzip', version: 'V1', plain: true },
  { codec: 'uncompressed', version: 'V2', plain: true },
] as const;

/** Bounds need not tell of NaN (parquet.thrift, "ColumnOrder"). */
const NAN = /'nan'/;

const DMS: readonly Omit<DmsFile, 'columns' | 'rows'>[] = [
  { codec: 'UNCOMPRESSED', encoding: 'RLE_DICTIONARY', rowsPerPage: 97, rowsPerRowGroup: 400 },
  { codec: 'GZIP', encoding: 'PLAIN', rowsPerRowGroup: 350 },
  { codec: 'SNAPPY', encoding: 'PLAIN_DICTIONARY', rowsPerPage: 300, rowsPerRowGroup: 700 },
];

const HYPARQUET = [
  { codec: 'SNAPPY', pageSize: 400, rowGroupSize: 300 },
  { codec: 'GZIP', pageSize: 1500, rowGroupSize: 700, encoding: 'PLAIN' },
] as const;

export const FILE_WRITERS: readonly FileWriter[] = [
  ...DUCKDB.map((layout): FileWriter => ({
    family: 'DuckDB',
    label: `DuckDB, ${layout.codec}, ${layout.version}${'plain' in layout ? ', plain' : ''}`,
    // Its row groups have 2,048 rows at least.
    rows: 'rows' in layout ? layout.rows : 2200,
    write: (file, duckdb) => byDuckDb(file, duckdb, layout),
    // It looks for another value in bloom filters on bytes than the one that it is asked for (1.5).
    misleads: /^= unhex/,
  })),
  ...DMS.map((layout): FileWriter => ({
    family: 'DMS',
    label: `DMS, ${layout.codec ?? ''}, ${layout.encoding ?? ''}, pages of ${layout.rowsPerPage ?? 'all'} rows`,
    rows: 900,
    write: (file) => Promise.resolve(writeDmsFile({ ...layout, ...file })),
    misleads: NAN,
  })),
  ...HYPARQUET.map((layout): FileWriter => ({
    family: 'DMS',
    label: `hyparquet-writer, ${layout.codec}, pages of ${layout.pageSize} bytes${'encoding' in layout ? ', plain' : ''}, page indexes`,
    rows: 900,
    write: (file) => Promise.resolve(byHyparquet(file, layout)),
    misleads: NAN,
  })),
];

/** Change files that declare types as the family does. */
export async function writeChanges(family: FileWriter['family'], file: FileRows, duckdb: DuckDb): Promise<Uint8Array> {
  return family === 'DMS' ? writeDmsFile(file) : byDuckDb(file, duckdb, { codec: 'snappy', version: 'V1' });
}

async function byDuckDb(
  file: FileRows,
  duckdb: DuckDb,
  { codec, version, plain = false }: { codec: string; version: string; plain?: boolean },
): Promise<Uint8Array> {
  const source = await duckdb.save(writeDmsFile(file));
  const path = duckdb.path();
  const dictionary = plain ? ', DICTIONARY_SIZE_LIMIT 1' : '';
  await duckdb.query(
    `COPY (FROM '${source}') TO '${path}'
      (FORMAT parquet, CODEC ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048${dictionary})`,
  );
  return Uint8Array.from(await readFile(path));
}

/** Values as they are stored, without the types' annotations, which come into the footer afterwards. */
function byHyparquet(
  { columns, rows }: FileRows,
  layout: { codec: 'SNAPPY' | 'GZIP'; pageSize: number; rowGroupSize: number; encoding?: 'PLAIN' },
): Uint8Array {
  const { codec, pageSize, rowGroupSize, encoding } = layout;
  const root: SchemaElement = { name: 'schema', repetition_type: 'REQUIRED', num_children: columns.length };
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      schema: [root, ...columns.map(physicalElement)],
      columnData: columns.map((column, i) => ({
        name: column.name,
        data: rows.map((row) => storedValue(column, row[i] ?? null)),
        columnIndex: isOrderedAsStored(column),
        offsetIndex: true,
        statistics: isOrderedAsStored(column),
        ...(encoding && { encoding }),
      })),
      codec,
      compressors: { GZIP: (input) => gzipSync(input) },
      pageSize,
      rowGroupSize,
    }),
  );
  let annotated: ThriftStruct['field_2'];
  withFooter(writeDmsFile({ columns, rows: [] }), (footer) => (annotated = footer.field_2));
  return withFooter(bytes, (footer) => (footer.field_2 = annotated));
}

function storedValue({ type }: DmsColumn, value: DmsValue): PhysicalValue | null {
  if (value === null) return null;
  const stored = physicalValue(type, value);
  return typeof stored === 'bigint' ? BigInt.asIntN(64, stored) : stored;
}

function physicalElement(column: DmsColumn): SchemaElement {
  const { name, type, type_length, repetition_type } = schemaElement(column);
  return { name, type: type as BasicType as SchemaElement['type'], type_length, repetition_type } as SchemaElement;
}

/** Whether the order of the stored values is that of what they mean. */
function isOrderedAsStored({ type: { kind } }: DmsColumn): boolean {
  return kind !== 'decimal' && !kind.startsWith('u') && kind !== 'float' && kind !== 'double';
}
