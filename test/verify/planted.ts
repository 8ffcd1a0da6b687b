import { partitionTexts } from '../../lib/lake/partition.ts';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { VerifyOptions, Verification } from '../../lib/verify/verify-table.ts';
import { verifyTable } from '../../lib/verify/verify-table.ts';
import type { LabTable } from '../table/table-lab.ts';
import { DAY, ID, ITEM } from '../table/table-lab.ts';

export function verified(table: LabTable, options: VerifyOptions = {}): Promise<Verification> {
  const [schema = '', name = ''] = table.name.split('/');
  return verifyTable(table.path, { schema, table: name }, options, table.lab.ports);
}

/** A row of a lake file: `Op`, then its columns. */
export type StoredRow = readonly DmsValue[];

/** Puts other rows in the place of a lake file, by its number in the order of keys. */
export function plant(table: LabTable, file: number, rows: readonly StoredRow[], columns = [ID, ITEM, DAY]): void {
  plantFile(table, lakeKey(table, table.lakeFiles()[file] ?? ''), rows, columns);
}

/** Puts a file of these rows into a folder of the lake. */
export function plantIn(table: LabTable, folder: string, rows: readonly StoredRow[], columns = [ID, ITEM, DAY]): void {
  plantFile(table, lakeKey(table, `${folder}g1-v99999999-000000000abc.parquet`), rows, columns);
}

function plantFile(table: LabTable, key: string, rows: readonly StoredRow[], columns: readonly DmsColumn[]): void {
  const named = partitionTexts(key);
  const stored = columns.filter(({ name }) => !named.has(name));
  table.lab.lake.put(key, writeDmsFile({ columns: [OP_COLUMN, ...stored], rows }));
}

function lakeKey(table: LabTable, file: string): string {
  return `${table.lab.ports.config.lakePrefix}${table.name}/${file}`;
}

/** What differs, without what does not. */
export function differences({ state, rows }: Verification): unknown {
  if (!rows) return { state };
  const { missing, unexpected, different, twice, misplaced } = rows;
  const found = Object.entries({ missing, unexpected, different, twice, misplaced });
  return { state, ...Object.fromEntries(found.filter(([, { count }]) => count > 0)) };
}
