import type { TextRow } from './lake-texts.ts';

/** How two tables of rows agree; the rows are counted, each as often as it is there. */
export interface RowComparison {
  equal: number;
  /** Rows of the database that the lake has not, and rows of the lake that the database has not: as text. */
  onlyInDatabase: string[];
  onlyInLake: string[];
}

/** Columns that only the lake has do not count: `Op`, and what was dropped at the source. */
export function compareRows(database: readonly TextRow[], lake: readonly TextRow[]): RowComparison {
  const columns = [...(database[0]?.keys() ?? [])];
  const lineOf = (row: TextRow) => JSON.stringify(columns.map((column) => row.get(column) ?? null));
  if (columns.length === 0) return { equal: 0, onlyInDatabase: [], onlyInLake: lake.map(lineOf) };
  const unmatched = new Map<string, number>();
  for (const row of lake) {
    const line = lineOf(row);
    unmatched.set(line, (unmatched.get(line) ?? 0) + 1);
  }
  const onlyInDatabase: string[] = [];
  for (const row of database) {
    const line = lineOf(row);
    const count = unmatched.get(line) ?? 0;
    if (count === 0) onlyInDatabase.push(line);
    else unmatched.set(line, count - 1);
  }
  const onlyInLake = [...unmatched].flatMap(([line, count]) => Array.from({ length: count }, () => line));
  return { equal: database.length - onlyInDatabase.length, onlyInDatabase, onlyInLake };
}
