import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { list, literal, quoted, readBack, written } from '../parquet/sql-text.ts';

/** A table as raw files and as lake. */
export interface TableFiles {
  /** `<schema>/<table>` */
  name: string;
  primaryKey: readonly string[];
  partitionKey: readonly string[];
  /** Paths of the raw files that make up the table, in any order. */
  rawFiles: readonly string[];
  /** Paths of its lake files, in any order. */
  lakeFiles: readonly string[];
}

/**
 * What SQL makes of a table's raw files, held against its lake: DuckDB reads both, nothing of Tidemark's own takes part.
 *
 * Expected are the rows of the load files, then those of the change files by the time in their names and their place in
 * the file: with a primary key the last row of each key (null is a value like any other) unless its Op is D, without one
 * all the rows that are I. Op is I where a file has none; a column that a file has not is null in its rows.
 */
export class Oracle {
  readonly #connection: DuckDBConnection;
  #turn = 0;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async create(): Promise<Oracle> {
    // Its cache of files' bytes takes a file changed within the second, of the same size, for the one it knows.
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', enable_external_file_cache: 'false' });
    return new Oracle(await instance.connect());
  }

  close(): void {
    this.#connection.closeSync();
  }

  /** @returns in words how the lake differs from what it should hold; empty if it does not. */
  async differences(table: TableFiles): Promise<string[]> {
    if (table.rawFiles.length === 0) return table.lakeFiles.length === 0 ? [] : ['a lake without raw files'];
    const expected = await this.#createExpected(table);
    if (table.lakeFiles.length === 0) {
      const [[rows] = []] = await this.#rows('SELECT count(*) FROM expected');
      return rows === '0' ? [] : [`no lake files, but ${rows ?? ''} rows expected`];
    }
    await this.#run(`CREATE OR REPLACE TEMP TABLE lake AS FROM ${readLake(table)}`);
    const actual = await this.#columns('lake');
    const differences = [
      ...columnDifferences(expected, actual, table.partitionKey),
      ...(await this.#fileDifferences(table)),
      ...(await this.#rowDifferences(expected, actual, table.partitionKey)),
    ];
    return differences.length > 0 ? differences : this.#filterDifferences(expected, table);
  }

  /** How many keys the lake holds more than once. */
  async keysTwice({ lakeFiles, primaryKey }: TableFiles): Promise<number> {
    if (lakeFiles.length === 0) return 0;
    const keys = primaryKey.map(quoted).join(', ');
    const [[twice] = []] = await this.#rows(
      `SELECT count(*) FROM (SELECT ${keys} FROM read_parquet(${list(lakeFiles)}, union_by_name = true,
        hive_partitioning = false) GROUP BY ALL HAVING count(*) > 1)`,
    );
    return Number(twice);
  }

  async #createExpected({ rawFiles, primaryKey }: TableFiles): Promise<Columns> {
    await this.#run(
      `CREATE OR REPLACE TEMP TABLE raw AS SELECT *,
          regexp_extract(_file, '[0-9]{8}-[0-9]{9,}[.]parquet$') AS _change, parse_filename(_file) AS _name
        FROM read_parquet(${list(rawFiles)}, union_by_name = true, filename = '_file', file_row_number = true,
          hive_partitioning = false)`,
    );
    const op = (await this.#columns('raw')).has('Op') ? `coalesce(Op, 'I')` : `'I'`;
    const last = `row_number() OVER (PARTITION BY ${primaryKey.map(quoted).join(', ')}
      ORDER BY _change DESC, _name DESC, file_row_number DESC)`;
    await this.#run(
      `CREATE OR REPLACE TEMP TABLE expected AS
        SELECT _op AS Op, * EXCLUDE (${op === `'I'` ? '' : 'Op, '}_op, _last, _file, _change, _name, file_row_number)
        FROM (SELECT *, ${op} AS _op, ${primaryKey.length > 0 ? last : '1'} AS _last FROM raw)
        WHERE _last = 1 AND ${primaryKey.length > 0 ? `_op <> 'D'` : `_op = 'I'`}`,
    );
    return this.#columns('expected');
  }

  /** Every file declares a column alike and OPTIONAL, and keeps none that its folder names. */
  async #fileDifferences({ lakeFiles, partitionKey }: TableFiles): Promise<string[]> {
    const wrong = await this.#rows(
      `SELECT name, string_agg(DISTINCT declared, ' / ') FROM (
          SELECT name, concat_ws(' ', type, type_length, repetition_type, converted_type, logical_type, scale, precision)
            AS declared, repetition_type
          FROM parquet_schema(${list(lakeFiles)}) WHERE type IS NOT NULL)
        GROUP BY name HAVING count(DISTINCT declared) > 1 OR bool_or(repetition_type <> 'OPTIONAL')
          OR name IN (${['', ...partitionKey].map(literal).join(', ')})`,
    );
    return wrong.map(([name, declared]) => `files declare column ${name ?? ''} as ${declared ?? ''}`);
  }

  async #rowDifferences(expected: Columns, actual: Columns, partitionKey: readonly string[]): Promise<string[]> {
    const names = [...new Set([...expected.keys(), ...actual.keys()])];
    const select = (from: string, columns: Columns) =>
      `SELECT ${names.map((name) => `${exactForm(name, columns, expected, partitionKey)} AS ${quoted(name)}`).join(', ')} FROM ${from}`;
    await this.#run(`CREATE OR REPLACE TEMP VIEW expected_rows AS ${select('expected', expected)}`);
    await this.#run(`CREATE OR REPLACE TEMP VIEW actual_rows AS ${select('lake', actual)}`);
    const differences: string[] = [];
    // The sum of the rows' hashes tells in a fraction of the time that all is well.
    const sum = (rows: string) => `(SELECT ROW(count(*), sum(hash(r)::HUGEINT)) FROM ${rows} r)`;
    const [[same] = []] = await this.#rows(`SELECT ${sum('expected_rows')} IS NOT DISTINCT FROM ${sum('actual_rows')}`);
    if (same === 'true') return [];
    for (const [label, left, right] of [
      ['missing from the lake', 'expected_rows', 'actual_rows'],
      ['wrongly in the lake', 'actual_rows', 'expected_rows'],
    ] as const) {
      const rows = await this.#rows(`SELECT * FROM (FROM ${left} EXCEPT ALL FROM ${right}) ORDER BY ALL`);
      const examples = rows
        .slice(0, 3)
        .map((row) => `\n      ${names.map((name, i) => `${name}=${JSON.stringify(row[i])}`).join(' ')}`);
      if (rows.length > 0) differences.push(`${rows.length} rows ${label}:${examples.join('')}`);
    }
    return differences;
  }

  /**
   * A filter on a value finds as many rows in the lake as are there: wrong bounds in footers would hide some. Tried with
   * the ends of one column, another each time.
   */
  async #filterDifferences(expected: Columns, table: TableFiles): Promise<string[]> {
    const columns = [...expected].filter(([name]) => !table.partitionKey.includes(name));
    const [name, type] = columns[this.#turn++ % columns.length] ?? ['Op', 'VARCHAR'];
    const ends = ['min', 'max'].map((end) => written(`${end}(${quoted(name)})`, type));
    const [values = []] = await this.#rows(`SELECT ${ends.join(', ')} FROM expected`);
    const filters = values.flatMap((value) => (value === null ? [] : [`${quoted(name)} = ${readBack(value, type)}`]));
    const differences: string[] = [];
    for (const filter of new Set(filters)) {
      const [[inLake, inTable] = []] = await this.#rows(
        `SELECT (SELECT count(*) FROM ${readLake(table)} WHERE ${filter}), (SELECT count(*) FROM expected WHERE ${filter})`,
      );
      if (inLake !== inTable) differences.push(`WHERE ${filter} finds ${inLake ?? ''} rows of ${inTable ?? ''}`);
    }
    return differences;
  }

  async #columns(relation: string): Promise<Columns> {
    return new Map((await this.#rows(`DESCRIBE ${relation}`)).map(([name, type]) => [name ?? '', String(type)]));
  }

  async #run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Values as text. */
  async #rows(sql: string): Promise<(string | null)[][]> {
    const rows = (await this.#connection.runAndReadAll(sql)).getRowsJson();
    return rows.map((row) =>
      row.map((value) => (value === null || typeof value === 'string' ? value : JSON.stringify(value))),
    );
  }
}

function readLake({ lakeFiles, partitionKey }: TableFiles): string {
  return `read_parquet(${list(lakeFiles)}, union_by_name = true,
    hive_partitioning = ${String(partitionKey.length > 0)}, hive_types_autocast = false)`;
}

/** Name → DuckDB's type. */
type Columns = Map<string, string>;

/** A lake has the columns of its raw files, in the widest type that one of them has; partition values are text. */
function columnDifferences(expected: Columns, actual: Columns, partitionKey: readonly string[]): string[] {
  const differences: string[] = [];
  for (const [name, type] of expected) {
    const wanted = partitionKey.includes(name) ? 'VARCHAR' : type;
    const found = actual.get(name);
    if (found !== undefined && found !== wanted) differences.push(`column ${name} is ${found} instead of ${wanted}`);
  }
  return differences;
}

/**
 * A column as text that tells any two values apart: floats by their bits, instants by their microseconds. A column that
 * one side lacks is null there. A partition's text is the folder's, where an empty text is null.
 */
function exactForm(name: string, columns: Columns, expected: Columns, partitionKey: readonly string[]): string {
  if (!columns.has(name)) return 'NULL::VARCHAR';
  const column = quoted(name);
  if (partitionKey.includes(name)) return `nullif(${column}::VARCHAR, '')`;
  const type = expected.get(name) ?? columns.get(name) ?? '';
  const value = `CAST(${column} AS ${type})`;
  if (type === 'FLOAT' || type === 'DOUBLE')
    return `CASE WHEN isnan(${value}) THEN 'NaN' ELSE ${value}::BIT::VARCHAR END`;
  if (type === 'BLOB') return `hex(${value})`;
  if (type.startsWith('TIME')) return `epoch_us(${value})::VARCHAR`;
  return `${value}::VARCHAR`;
}
