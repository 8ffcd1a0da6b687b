import { join } from 'node:path';
import type { DmsType, DmsValue } from './dms-column.ts';
import { type LakeRow, type LakeTable, readLakeTable } from './lake-table.ts';
import { SAMPLE_SCHEMA, type SampleDatabase, type SampleTableName } from './sample-database.ts';

/** The sample database in the lake, and the rows that its script is about. */
export interface DemoLake {
  tables: Record<SampleTableName, LakeTable>;
  examples: readonly { name: string; row: LakeRow | undefined }[];
}

/** @param lake folder of the lake */
export async function readDemoLake(lake: string): Promise<DemoLake> {
  const read = (table: SampleTableName) => readLakeTable(join(lake, SAMPLE_SCHEMA, table));
  const tables = {
    store: await read('store'),
    product: await read('product'),
    productorder: await read('productorder'),
  };
  const example = (table: SampleTableName, id: number) => ({
    name: `${table} ${id}`,
    row: tables[table].rows.find((row) => row['id'] === id),
  });
  return { tables, examples: [example('product', 1001), example('product', 1002), example('store', 1009)] };
}

/** @returns the tables whose rows in the lake are not exactly those of the database. */
export function wrongTables({ tables }: DemoLake, expected: SampleDatabase): SampleTableName[] {
  return (Object.keys(expected) as SampleTableName[]).filter((name) => {
    const { columns, rows } = expected[name];
    const wanted = rows.map((row) =>
      columns.map(({ type }, index) => expectedText(type, row[index] ?? null)).join('\n'),
    );
    const found = tables[name].rows.map((row) =>
      columns.map((column) => foundText(column.type, row[column.name])).join('\n'),
    );
    return wanted.sort().join('\n\n') !== found.sort().join('\n\n');
  });
}

const MS_PER_DAY = 86_400_000;

function expectedText(type: DmsType, value: DmsValue): string {
  return type.kind === 'date' ? new Date(Number(value) * MS_PER_DAY).toISOString().slice(0, 10) : String(value);
}

/** The reader gives decimals as numbers, exact for the few digits of a price, and dates as Date or as partition text. */
function foundText(type: DmsType, value: unknown): string {
  if (type.kind === 'decimal') return String(Math.round(Number(value) * 10 ** type.scale));
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
}
