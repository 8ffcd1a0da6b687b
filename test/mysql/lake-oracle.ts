import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { folderPorts } from '../../lib/local/connect.ts';
import { compareRows } from '../../lib/mysql/compare-rows.ts';
import { lakeTexts, type TextRow } from '../../lib/mysql/lake-texts.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { list, quoted } from '../parquet/sql-text.ts';

/** Holds a lake against rows of a database, read by Tidemark's own reader and, independently, by DuckDB. */
export class LakeOracle {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(): Promise<LakeOracle> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', enable_external_file_cache: 'false' });
    return new LakeOracle(await instance.connect());
  }

  close(): void {
    this.#connection.closeSync();
  }

  /** @param name `<schema>/<table>` */
  async differences(database: readonly TextRow[], lake: string, name: string): Promise<string[]> {
    const { onlyInDatabase, onlyInLake } = compareRows(database, await lakeTexts(storeOf(lake), `${name}/`));
    const short = (line: string) => line.slice(0, 2_000);
    return [
      ...onlyInDatabase.map((line) => `only in the database: ${short(line)}`),
      ...onlyInLake.map((line) => `only in the lake: ${short(line)}`),
      ...(await this.#duckDbDifferences(database, join(lake, name))),
    ];
  }

  /** The texts are read by DuckDB as the types that it finds in the lake. */
  async #duckDbDifferences(database: readonly TextRow[], folder: string): Promise<string[]> {
    const files = await parquetFiles(folder);
    if (files.length === 0) return database.length === 0 ? [] : ['DuckDB: there are no lake files'];
    const lake = `read_parquet(${list(files)}, union_by_name = true, hive_partitioning = true)`;
    const types = new Map(
      (await this.#texts(`DESCRIBE FROM ${lake}`)).map(([column, type]) => [column ?? '', type ?? '']),
    );
    const columns = [...(database[0]?.keys() ?? [])];
    if (columns.length === 0) {
      const [[rows] = []] = await this.#texts(`SELECT count(*) FROM ${lake}`);
      return rows === '0' ? [] : [`DuckDB: ${rows ?? ''} rows in the lake, none in the database`];
    }
    await this.#fill(columns, database, types);
    // A column of which no change has come yet is not in the lake: null in all of its rows.
    const actual = columns.map((column) => lakeExpression(column, types.get(column))).join(', ');
    const expected = columns.map((column) => expectedExpression(column, types.get(column))).join(', ');
    const [inLake, inDatabase] = [`SELECT ${actual} FROM ${lake}`, `SELECT ${expected} FROM expected`];
    const [[missing, extra] = []] = await this.#texts(
      `SELECT (SELECT count(*) FROM (${inDatabase} EXCEPT ALL ${inLake})),
              (SELECT count(*) FROM (${inLake} EXCEPT ALL ${inDatabase}))`,
    );
    return missing === '0' && extra === '0'
      ? []
      : [`DuckDB: ${missing ?? ''} rows only in the database, ${extra ?? ''} only in the lake`];
  }

  async #texts(sql: string): Promise<(string | null)[][]> {
    const rows = (await this.#connection.runAndReadAll(sql)).getRowsJson();
    return rows.map((row) => row.map((value) => (typeof value === 'string' ? value : null)));
  }

  async #fill(columns: readonly string[], rows: readonly TextRow[], types: ReadonlyMap<string, string>): Promise<void> {
    const declared = columns.map((column) => `${quoted(column)} VARCHAR`).join(', ');
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE expected (${declared})`);
    const appender = await this.#connection.createAppender('expected');
    for (const row of rows) {
      for (const column of columns) {
        const text = row.get(column) ?? null;
        if (text === null) appender.appendNull();
        else appender.appendVarchar(types.get(column) === 'VARCHAR' ? Buffer.from(text).toString('hex') : text);
      }
      appender.endRow();
    }
    appender.closeSync();
  }
}

/** Text as its bytes: DuckDB's own text ends at a NUL where it is handed over. */
function lakeExpression(column: string, type: string | undefined): string {
  if (type === undefined) return 'NULL';
  return type === 'VARCHAR' ? `lower(hex(encode(${quoted(column)})))` : quoted(column);
}

function expectedExpression(column: string, type: string | undefined): string {
  if (type === undefined || type === 'VARCHAR') return quoted(column);
  return type === 'BLOB' ? `unhex(${quoted(column)})` : `CAST(${quoted(column)} AS ${type})`;
}

async function parquetFiles(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true }).catch(() => []);
  return paths.filter((path) => /(?:^|\/)[^._/][^/]*\.parquet$/.test(path)).map((path) => join(folder, path));
}

function storeOf(lake: string) {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const folders = { raw: lake, lake, state: join(lake, '_tidemark') };
  return folderPorts(folders, { clock: SYSTEM_CLOCK, random: SYSTEM_RANDOM, log: quiet, threads: OWN_THREAD }).lake;
}
