import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { runLocal } from '../../lib/local/run.ts';
import { databaseTexts } from '../../lib/mysql/database-texts.ts';
import { DmsStandIn, type StandInOptions } from '../../lib/mysql/dms-stand-in.ts';
import { connectTo, type MysqlServer, parseMysqlUrl, quotedName } from '../../lib/mysql/mysql-server.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { LakeOracle } from './lake-oracle.ts';

/** The server that `test/mysql/run.ts` started or was given. */
export function testServer(): MysqlServer {
  const url = process.env['TIDEMARK_TEST_MYSQL_URL'];
  if (url === undefined) throw new Error('Run these tests with: npm run test:mysql');
  return parseMysqlUrl(url);
}

/** What people set of a table, by `<table>`. */
export type TableKeys = Readonly<
  Record<string, { primaryKey: readonly string[]; partitionKey?: readonly string[]; onTruncate?: 'empty' }>
>;

/** A schema on the server, a folder it is replicated to, and a lake. */
export class MysqlLab {
  readonly server = testServer();
  readonly folder: string;
  readonly raw: string;
  readonly lake: string;
  readonly schema: string;
  readonly connection: Connection;
  readonly #oracle: LakeOracle;
  readonly #keys: TableKeys;
  readonly #running: DmsStandIn[] = [];

  private constructor(folder: string, schema: string, keys: TableKeys, connection: Connection, oracle: LakeOracle) {
    this.folder = folder;
    [this.raw, this.lake] = [join(folder, 'raw'), join(folder, 'lake')];
    this.schema = schema;
    this.connection = connection;
    this.#keys = keys;
    this.#oracle = oracle;
  }

  /** Makes the schema anew; it is the session's database. */
  static async open(schema: string, keys: TableKeys): Promise<MysqlLab> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'tidemark-mysql-test-')));
    const connection = await connectTo(testServer());
    await connection.query(`SET SESSION sql_mode = ''`);
    await connection.query(`DROP DATABASE IF EXISTS ${quotedName(schema)}`);
    await connection.query(`CREATE DATABASE ${quotedName(schema)} CHARACTER SET utf8mb4`);
    await connection.query(`USE ${quotedName(schema)}`);
    const lab = new MysqlLab(folder, schema, keys, connection, await LakeOracle.open());
    await mkdir(lab.raw);
    const tables = Object.entries(keys).map(([table, key]) => [`${schema}/${table}`, { ...key, active: true }]);
    await writeFile(lab.tablesFile, JSON.stringify(Object.fromEntries(tables)));
    return lab;
  }

  async close(): Promise<void> {
    for (const standIn of this.#running) await standIn.stop().catch(() => undefined);
    this.#oracle.close();
    await this.connection.query(`DROP DATABASE IF EXISTS ${quotedName(this.schema)}`);
    await this.connection.end();
    await rm(this.folder, { recursive: true });
  }

  get tablesFile(): string {
    return join(this.folder, 'tables.json');
  }

  async sql(...statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.connection.query(statement);
  }

  /** What a process is told, too: no functions. */
  standInSettings(): Pick<StandInOptions, 'server' | 'schema' | 'raw' | 'positionFile' | 'intervalMs'> {
    const { server, schema, raw } = this;
    return { server, schema, raw, positionFile: join(this.folder, 'replicated.json'), intervalMs: 50 };
  }

  async startStandIn(options: Partial<StandInOptions> = {}): Promise<DmsStandIn> {
    const standIn = await DmsStandIn.start({
      ...this.standInSettings(),
      clock: SYSTEM_CLOCK,
      random: SYSTEM_RANDOM,
      ...options,
    });
    this.#running.push(standIn);
    return standIn;
  }

  /** Starts a stand-in where the last one was, has it write all there is, and stops it. */
  async replicate(options: Partial<StandInOptions> = {}): Promise<void> {
    const standIn = await this.startStandIn(options);
    await standIn.caughtUp();
    await standIn.stop();
  }

  /** @returns what it had to say besides results, if it did not end well */
  async merge(): Promise<string[]> {
    const said: string[] = [];
    const exitCode = await runLocal(
      { raw: this.raw, lake: this.lake, tables: this.tablesFile, once: true, json: true },
      { out: () => undefined, err: (line) => said.push(line) },
    );
    return exitCode === 0 ? [] : [`tidemark local ended with ${exitCode}`, ...said];
  }

  /** How the lake differs from the database, as Tidemark's own reader and as DuckDB read it; empty if it does not. */
  async differences(): Promise<string[]> {
    const differences: string[] = [];
    for (const table of Object.keys(this.#keys)) {
      const database = await databaseTexts(this.connection, this.schema, table);
      const found = await this.#oracle.differences(database, this.lake, `${this.schema}/${table}`);
      differences.push(...found.map((difference) => `${table}: ${difference}`));
    }
    return differences;
  }

  /** Names of a table's raw files, in order. */
  async rawFiles(table: string): Promise<string[]> {
    const names = await readdir(join(this.raw, this.schema, table)).catch(() => []);
    return names.filter((name) => name.endsWith('.parquet')).sort();
  }

  /** For DuckDB: `read_parquet('…')` of a table's raw files that match. */
  rawTable(table: string, glob: string): string {
    return `read_parquet('${join(this.raw, this.schema, table, glob)}', union_by_name = true)`;
  }
}
