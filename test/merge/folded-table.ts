import type { DuckDb } from '../parquet/duckdb.ts';
import { list, literal, quoted, readBack, written } from '../parquet/sql-text.ts';

/** Name → DuckDB's type. */
type Columns = Map<string, string>;

/** What SQL alone makes of the files of a table: the last row of each key, unless it is a delete. */
export class FoldedTable {
  private states = 0;

  constructor(
    private readonly duckdb: DuckDb,
    private readonly primaryKey: readonly string[],
  ) {}

  /**
   * Folds files, from the first to the last, into a state that can be compared with a lake later.
   * @param inserted whether rows whose file says no operation are inserts of a full load; else they stay without one
   */
  async fold(files: readonly string[], inserted: boolean): Promise<Folded> {
    const table = `folded_${++this.states}_${this.primaryKey.join('_')}`;
    const order = files.map((file, i) => `WHEN ${literal(file)} THEN ${i}`).join(' ');
    const key = this.primaryKey.map(quoted).join(', ');
    const raw = `read_parquet(${list(files)}, union_by_name = true, hive_partitioning = false, filename = '_file', file_row_number = true)`;
    const hasOp = (await columnsOf(this.duckdb, raw)).has('Op');
    const said = hasOp ? 'Op' : 'NULL::VARCHAR';
    const op = inserted ? `coalesce(${said}, 'I')` : said;
    await this.duckdb.query(
      `CREATE OR REPLACE TEMP TABLE ${table} AS
        SELECT * EXCLUDE (_op, _last, _file, file_row_number) REPLACE (_op AS Op) FROM (
          SELECT *, ${hasOp ? '' : 'NULL::VARCHAR AS Op, '} ${op} AS _op, row_number() OVER (PARTITION BY ${key}
            ORDER BY CASE _file ${order} END DESC, file_row_number DESC) AS _last FROM ${raw})
        WHERE _last = 1 AND _op IS DISTINCT FROM 'D'`,
    );
    return new Folded(this.duckdb, table, await columnsOf(this.duckdb, table));
  }
}

/** A state of a table. */
export class Folded {
  private sum: string | undefined;

  constructor(
    private readonly duckdb: DuckDb,
    private readonly table: string,
    private readonly columns: Columns,
  ) {}

  /** @returns in words how these files differ from this state, column by column and value by value */
  async differences(lakeFiles: readonly string[]): Promise<string[]> {
    const actual = await columnsOf(this.duckdb, lakeOf(lakeFiles));
    // Op is there from the first change on.
    const lake = actual.has('Op') ? lakeOf(lakeFiles) : `(SELECT NULL::VARCHAR AS Op, * FROM ${lakeOf(lakeFiles)})`;
    const sorted = (columns: Columns): string[] => [...columns].map(([name, type]) => `${name} ${type}`).sort();
    const [found, wanted] = [sorted(actual.set('Op', 'VARCHAR')), sorted(this.columns)];
    if (String(found) !== String(wanted)) return [`columns are ${String(found)} instead of ${String(wanted)}`];
    // The sum of the rows' hashes tells in a fraction of the time that all is well.
    this.sum ??= await this.sumOf(this.table);
    if ((await this.sumOf(lake)) === this.sum) return [];
    const differences: string[] = [];
    for (const [label, left, right] of [
      ['missing from the lake', this.table, lake],
      ['wrongly in the lake', lake, this.table],
    ] as const) {
      const rows = await this.duckdb.query(`(${this.exactRows(left)}) EXCEPT ALL (${this.exactRows(right)}) LIMIT 2`);
      const names = [...this.columns.keys()];
      for (const row of rows)
        differences.push(`${label}: ${names.map((name, i) => `${name}=${row[i] ?? 'null'}`).join(' ')}`);
    }
    return differences;
  }

  private async sumOf(from: string): Promise<string> {
    return String(await this.duckdb.query(`SELECT count(*), sum(hash(r)::HUGEINT) FROM (${this.exactRows(from)}) r`));
  }

  private exactRows(from: string): string {
    const columns = [...this.columns].map(([name, type]) => `${exactForm(quoted(name), type)} AS ${quoted(name)}`);
    return `SELECT ${columns.join(', ')} FROM ${from}`;
  }

  /**
   * Filters that find other rows in the files than are there, which wrong bounds and bloom filters would hide: for the
   * ends of columns, for some of their values and for null.
   * @param values how many values of a column to try; none: leave it out
   * @param seed of the choice of values
   * @param except filters, as SQL, that are not tried
   */
  async wrongFilters(
    lakeFiles: readonly string[],
    { values, seed, except }: { values: (name: string, place: number) => number; seed: number; except: RegExp },
  ): Promise<string[]> {
    const columns = [...this.columns]
      .map(([name, type], i) => ({ name, type, count: values(name, i) }))
      .filter(({ count }) => count > 0);
    const chosen = columns.map(({ name, type, count }) => {
      const column = quoted(name);
      return `list_concat([min(${column}), max(${column})],
        arg_min(${column}, hash(${column}::VARCHAR || ${seed}), ${count})).list_transform(lambda v: ${written('v', type)})`;
    });
    const [lists = []] = await this.duckdb.query(`SELECT ${chosen.join(', ')} FROM ${this.table}`);
    const filters = columns.flatMap(({ name, type }, i) => {
      const texts = JSON.parse(lists[i] ?? '[]') as (string | null)[];
      const equal = [...new Set(texts)].flatMap((text) =>
        text === null || except.test(`= ${readBack(text, type)}`) ? [] : [`${quoted(name)} = ${readBack(text, type)}`],
      );
      return [...equal, `${quoted(name)} IS NULL`, `${quoted(name)} IS NOT NULL`];
    });
    const counts = (from: string): string =>
      `SELECT ${filters.map((filter) => `(SELECT count(*) FROM ${from} WHERE ${filter})`).join(', ')}`;
    const [found = []] = await this.duckdb.query(counts(lakeOf(lakeFiles)));
    const counted = filters.map((filter) => `count(*) FILTER (${filter})`);
    const [present = []] = await this.duckdb.query(`SELECT ${counted.join(', ')} FROM ${this.table}`);
    return filters.flatMap((filter, i) =>
      found[i] === present[i] ? [] : [`WHERE ${filter} finds ${found[i] ?? ''} rows of ${present[i] ?? ''}`],
    );
  }
}

function lakeOf(files: readonly string[]): string {
  return `read_parquet(${list(files)}, union_by_name = true, hive_partitioning = false)`;
}

async function columnsOf(duckdb: DuckDb, relation: string): Promise<Columns> {
  const rows = await duckdb.query(`DESCRIBE SELECT * FROM ${relation}`);
  return new Map(rows.map(([name, type]): [string, string] => [name ?? '', type ?? '']));
}

/** Text that tells any two values apart: floats by their bits. */
function exactForm(column: string, type: string): string {
  if (type === 'FLOAT' || type === 'DOUBLE') return `${column}::BIT::VARCHAR`;
  if (type === 'BLOB') return `hex(${column})`;
  if (type.startsWith('TIME')) return `epoch_us(${column})::VARCHAR`;
  return `${column}::VARCHAR`;
}
