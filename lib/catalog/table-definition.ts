import { createHash } from 'node:crypto';
import type { Column } from '../parquet/column-type.ts';
import { typeName } from '../parquet/column-type.ts';
import type { CatalogColumn, CatalogName, CatalogTable } from '../ports/catalog.ts';
import { CatalogRefused } from '../ports/catalog.ts';
import { catalogNameText } from './catalog-name.ts';
import { hiveType } from './hive-type.ts';

/** What a table's lake looks like, as far as the catalog is told. */
export interface LakeSchema {
  /** The table's path in the controller table: whose it is. */
  path: string;
  name: CatalogName;
  /** `s3://<bucket>/<folder>/` */
  location: string;
  /** Inside the files. */
  columns: readonly Column[];
  /** With Hive types, in the order of the folders. */
  partitionColumns: readonly { name: string; type: string }[];
}

/** Names the table that an entry of the catalog belongs to: one without it is not Tidemark's. */
export const PATH_PARAMETER = 'tidemark.path';
/** When the lake was as the entry says, ISO 8601: what is older gives way. */
export const AS_OF_PARAMETER = 'tidemark.as-of';

/**
 * A table's entry in the catalog.
 * @param asOf when the lake was so, in ms since the epoch
 * @throws CatalogRefused if the catalog cannot hold such a table.
 */
export function tableDefinition(schema: LakeSchema, asOf: number): CatalogTable {
  const { path, name, location, partitionColumns } = schema;
  requireLength(name.database, `The name of the database`);
  requireLength(name.table, `The table's name in the catalog`);
  const columns = schema.columns.map((column) => ({ name: column.name.toLowerCase(), type: requireType(column) }));
  requireDistinct([...schema.columns, ...partitionColumns].map((column) => column.name));
  return {
    location,
    columns,
    partitionColumns: partitionColumns.map((column) => ({ name: column.name.toLowerCase(), type: column.type })),
    parameters: {
      // What Athena writes for such a table itself, and what Glue's crawlers and jobs go by.
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      has_encrypted_data: 'false',
      [PATH_PARAMETER]: path,
      [AS_OF_PARAMETER]: new Date(asOf).toISOString(),
    },
  };
}

/** A text that is another as soon as the table's entry is to be another. */
export function definitionDigest({ name, location, columns, partitionColumns }: LakeSchema): string {
  const types = columns.map((column) => [column.name, hiveType(column.type) ?? typeName(column.type)]);
  const partitionTypes = partitionColumns.map((column) => [column.name, column.type]);
  return digest([FORMAT, catalogNameText(name), location, types, partitionTypes]);
}

/** The same of the columns of a table, which its partitions repeat. */
export function columnsDigest({
  columns,
  partitionColumns,
}: Pick<CatalogTable, 'columns' | 'partitionColumns'>): string {
  const named = (column: CatalogColumn): string[] => [column.name, column.type];
  return digest([FORMAT, columns.map(named), partitionColumns.map(named)]);
}

/** Raised when entries are to look otherwise: all tables are then registered again. */
const FORMAT = 1;
const DIGEST_LENGTH = 16;

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, DIGEST_LENGTH);
}

/** Bytes; of databases, tables and columns (Athena user guide, "Name databases, tables, and columns"). */
const NAME_BYTES_MAX = 255;

function requireLength(name: string, what: string): void {
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return;
  throw new CatalogRefused(`${what} has more than ${NAME_BYTES_MAX} bytes: ${name}.`, {
    next: 'Athena takes no longer names: the table can be read by its folder only.',
  });
}

function requireType(column: Column): string {
  requireLength(column.name, 'The name of a column');
  const type = hiveType(column.type);
  if (type !== undefined) return type;
  throw new CatalogRefused(
    `The catalog has no type for the column ${column.name}, which is ${typeName(column.type)}.`,
    {
      next: 'Leave the column out in DMS, or change its type there, and reload the table.',
    },
  );
}

/** Engines know columns by name without regard to case. */
function requireDistinct(names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined)
      throw new CatalogRefused(
        `The catalog cannot tell the columns ${other} and ${name} apart: it knows lower case only.`,
        {
          next: 'Rename one of them in DMS (a transformation rule), and reload the table.',
        },
      );
    seen.set(name.toLowerCase(), name);
  }
}
