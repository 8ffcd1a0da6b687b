/** A table that the hourly solution has kept so far: its row, its lake, and the raw files that are still there. */
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { Account } from './account.ts';
import { dmsColumns, dmsValue } from './columns.ts';
import type { Row } from './row.ts';
import { fold } from './row.ts';
import type { HourlySpec } from './scenario.ts';
import type { SourceTable } from './source-table.ts';

/** @returns the keys of the lake files */
export function leaveHourlyTable(
  table: SourceTable,
  { load, changes, doubled, isLoadThere }: HourlySpec,
  account: Account,
): string[] {
  const loaded = table.putPiece(0, 1, load);
  const merged = changes.map((rows, i) => {
    const name = `20260201-${100_000_000 + i * 1000}.parquet`;
    return table.change(name, 2 + i, rows, undefined);
  });
  const last = merged.at(-1);
  const rows = fold(
    [],
    [loaded, ...merged].map((version) => version.rows),
    table.key,
  );
  const twice = new Set(doubled ? rows.slice(0, 1).map(({ id }) => id) : []);
  table.model.hourly = {
    rows: rows.flatMap((row) => (twice.has(row.id) ? [row, row] : [row])),
    files: new Set([loaded, ...merged]),
    doubled: twice,
    lastChange: last?.name,
  };
  // Before Tidemark came: nobody is told.
  if (!isLoadThere) {
    account.raw.remove(table.rawFolder + loaded.name);
    table.model.remove(loaded.name, false, 0);
    table.model.currentLoad.clear();
  }
  account.tables.edit(table.path, {
    bucket: 'raw-bucket',
    prefix: '',
    folder: table.name,
    PrimaryKey: table.key === 'none' ? 'null' : table.key,
    PartitionKey: table.isPartitioned ? 'day' : 'null',
    ActiveFlag: 'true',
    LastFullLoadDate: new Date(loaded.lastModified).toISOString().slice(0, 19).replace('T', ' '),
    LastIncrementalFile: table.path + (last?.name ?? '0.parquet'),
  });
  account.surroundings.counters.add('hourly lakes taken over');
  return putLake(table, table.model.hourly.rows, account);
}

function putLake(table: SourceTable, rows: readonly Row[], account: Account): string[] {
  const columns = [OP_COLUMN, ...dmsColumns(table.columns, { kind: 'string' })];
  const own = table.isPartitioned ? columns.filter(({ name }) => name !== 'day') : columns;
  const byFolder = new Map<string, Row[]>();
  for (const row of rows) {
    const folder = table.isPartitioned ? `day=${row.day ?? '__HIVE_DEFAULT_PARTITION__'}/` : '';
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), row]);
  }
  return [...byFolder].map(([folder, inFolder]) => {
    const key = `${table.lakeFolder}${folder}part-00000-5f1d3b2a.snappy.parquet`;
    const values = inFolder.map((row) => own.map((column) => (column === OP_COLUMN ? row.op : dmsValue(row, column))));
    account.lake.put(key, writeDmsFile({ columns: own, rows: values, codec: 'SNAPPY' }));
    return key;
  });
}
