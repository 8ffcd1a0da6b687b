import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { getBorderCharacters, table as columnsOf } from 'table';
import { countText } from '../count-text.ts';
import { messageOf } from '../errors.ts';
import { checkFolders } from '../local/folders.ts';
import { folderPorts } from '../local/connect.ts';
import { runLocal } from '../local/run.ts';
import { WrongUsage } from '../local/wrong-usage.ts';
import { ALL_TYPES, createAllTypes, edge, EDGE_ROWS, insertTyped, updateTyped } from '../mysql/all-types.ts';
import { compareRows, type RowComparison } from '../mysql/compare-rows.ts';
import { databaseTexts } from '../mysql/database-texts.ts';
import { DmsStandIn } from '../mysql/dms-stand-in.ts';
import { lakeTexts } from '../mysql/lake-texts.ts';
import { connectTo, type MysqlServer, parseMysqlUrl, queryTexts, quotedName } from '../mysql/mysql-server.ts';
import { findServer, OwnServer } from '../mysql/own-server.ts';
import { createSampleSchema } from '../mysql/sample-sql.ts';
import { checkServer } from '../mysql/server-check.ts';
import { demoFolders } from '../sample/demo-folders.ts';
import type { DemoIo } from '../sample/demo.ts';
import { SAMPLE_SCHEMA, SAMPLE_SCRIPT } from '../sample/sample-database.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../system.ts';
import type { MergeReport } from '../table/report.ts';
import { OWN_THREAD } from '../threads/own-thread.ts';
import { DemoFiles } from './demo-files.ts';

const TYPES = 'alltypes';

const TABLES = {
  [`${SAMPLE_SCHEMA}/store`]: { primaryKey: ['id'], active: true },
  [`${SAMPLE_SCHEMA}/product`]: { primaryKey: ['id'], active: true },
  [`${SAMPLE_SCHEMA}/productorder`]: { primaryKey: ['id'], partitionKey: ['create_dt'], active: true },
  [`${SAMPLE_SCHEMA}/${TYPES}`]: { primaryKey: ['id'], active: true },
};

export interface MysqlDemoIo extends DemoIo {
  /** Of a server that runs; undefined: one is started. */
  url: string | undefined;
  /** Ends it early: `run` rejects, once the server is stopped. */
  stop: AbortSignal;
}

/** Rows of a table, each with all its values. */
export interface TableComparison {
  table: string;
  equal: number;
  onlyInDatabase: number;
  onlyInLake: number;
}

export function differencesOf(compared: readonly TableComparison[]): number {
  return compared.reduce((sum, { onlyInDatabase, onlyInLake }) => sum + onlyInDatabase + onlyInLake, 0);
}

/** A real server replicated to a lake on this machine: the sample database, and a table of all types. */
export class MysqlDemo {
  readonly #folder: string;
  readonly #io: MysqlDemoIo;
  readonly #files: DemoFiles;
  /** The one that runs, or ran last. */
  #standIn: DmsStandIn | undefined;

  constructor(folder: string, io: MysqlDemoIo) {
    this.#folder = folder;
    this.#io = io;
    this.#files = new DemoFiles(io.print);
  }

  /**
   * @returns how the lake ended beside the database
   * @throws WrongUsage if there is no server that can be used
   */
  async run(): Promise<TableComparison[]> {
    const own = this.#io.url === undefined ? await startOwnServer() : undefined;
    try {
      const server = own?.address ?? parseMysqlUrl(this.#io.url ?? '');
      const connection = await connectTo(server).catch((cause: unknown) => {
        throw new WrongUsage(`--mysql: no connection to ${server.host}:${server.port}: ${reasonOf(cause)}`, { cause });
      });
      try {
        const [[version] = []] = await queryTexts(connection, 'SELECT version()');
        this.#io.print(`Server:    ${version ?? ''} on ${server.host}:${server.port}${own ? ', for this demo' : ''}`);
        return await this.#withSchema(connection, () => this.#replicate(server, connection));
      } finally {
        connection.destroy();
      }
    } finally {
      await own?.stop();
    }
  }

  async #withSchema(connection: Connection, work: () => Promise<TableComparison[]>): Promise<TableComparison[]> {
    await checkServer(connection);
    const found = await queryTexts(connection, 'SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?', [
      SAMPLE_SCHEMA,
    ]);
    if (found.length > 0) {
      throw new WrongUsage(`--mysql: the server has a database ${SAMPLE_SCHEMA}. Drop it, or give another server.`);
    }
    try {
      await createSampleSchema(connection, SAMPLE_SCHEMA);
      await createAllTypes(connection, TYPES);
      await insertEdges(connection, 0);
      return await work();
    } finally {
      await connection.query(`DROP DATABASE IF EXISTS ${quotedName(SAMPLE_SCHEMA)}`);
    }
  }

  async #replicate(server: MysqlServer, connection: Connection): Promise<TableComparison[]> {
    const { raw, lake, tables } = demoFolders(this.#folder);
    await mkdir(raw);
    await writeFile(tables, JSON.stringify(TABLES, null, 2));
    this.#io.print(`Raw files: ${raw}\nLake:      ${lake}\n`);
    const stop = new AbortController();
    const local = runLocal(
      { raw, lake, tables, json: true },
      {
        out: (line) => this.#files.merged(JSON.parse(line) as MergeReport),
        err: this.#io.note,
        stop: stop.signal,
        onlooker: this.#io.page,
      },
    );
    const ended = local.then((exitCode) => Promise.reject(new Error(`the merge ended early, with ${exitCode}`)));
    const over = new AbortController();
    const script = this.#runScript(server, connection, raw, AbortSignal.any([over.signal, this.#io.stop]));
    try {
      await Promise.race([script, ended]);
      return await this.#compare(connection, { raw, lake });
    } finally {
      over.abort();
      await this.#standIn?.stop().catch(ignore);
      // A full load that is under way needs the server.
      await script.catch(ignore);
      stop.abort();
      await local;
    }
  }

  /** @throws Error soon after it is to stop */
  async #runScript(server: MysqlServer, connection: Connection, raw: string, stop: AbortSignal): Promise<void> {
    const start = async (): Promise<DmsStandIn> => {
      const standIn = await DmsStandIn.start({
        server,
        schema: SAMPLE_SCHEMA,
        raw,
        positionFile: join(this.#folder, 'replicated.json'),
        intervalMs: 1_000,
        clock: SYSTEM_CLOCK,
        random: SYSTEM_RANDOM,
        onFile: (key) => this.#files.placed(key),
      });
      this.#standIn = standIn;
      if (stop.aborted) await standIn.stop();
      return standIn;
    };
    const sql = async (statement: string): Promise<void> => {
      stop.throwIfAborted();
      this.#io.print(`  ${statement};`);
      await connection.query(statement);
    };
    this.#io.print('Full load of the sample database, and of a table with a column of each type:');
    await (await this.#followed(await start(), () => Promise.resolve(), stop)).stop();

    this.#io.print('\nThe stand-in for DMS is stopped. The sample script begins:');
    const [before, after] = [SAMPLE_SCRIPT.slice(0, 2), SAMPLE_SCRIPT.slice(2)];
    for (const statement of before) await sql(statement);
    this.#io.print('It is started again, and goes on where it was, while the script does, too:');
    const standIn = await start();
    const work = async (): Promise<void> => {
      for (const statement of after) await sql(statement);
      this.#io.print(`  ${EDGE_ROWS} rows of all types inserted, updated and deleted;`);
      await changeEdges(connection);
    };
    await this.#followed(standIn, work, stop);
    await standIn.stop();
  }

  /** Until all that `work` changed is in the lake. */
  async #followed(standIn: DmsStandIn, work: () => Promise<void>, stop: AbortSignal): Promise<DmsStandIn> {
    const follow = async (): Promise<void> => {
      await work();
      await standIn.caughtUp();
      await this.#files.settled();
    };
    await Promise.race([follow(), standIn.failed, rejected(stop)]);
    return standIn;
  }

  async #compare(connection: Connection, folders: { raw: string; lake: string }): Promise<TableComparison[]> {
    const { lake } = folderPorts(await checkFolders(folders), {
      clock: SYSTEM_CLOCK,
      random: SYSTEM_RANDOM,
      log: { info: ignore, warn: ignore, error: ignore },
      threads: OWN_THREAD,
    });
    const compared: TableComparison[] = [];
    for (const name of Object.keys(TABLES)) {
      const [schema = '', table = ''] = name.split('/');
      const database = await databaseTexts(connection, schema, table);
      compared.push(comparisonOf(name, compareRows(database, await lakeTexts(lake, `${name}/`))));
    }
    this.#io.print('\nThe lake beside the database, every value of every row:');
    for (const line of comparisonLines(compared)) this.#io.print(line);
    this.#io.print(`Largest memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB.`);
    return compared;
  }
}

async function startOwnServer(): Promise<OwnServer> {
  const programs = findServer(process.env['PATH'] ?? '');
  if (programs) return OwnServer.start(programs, SYSTEM_RANDOM);
  throw new WrongUsage(
    '--mysql: there is no MariaDB or MySQL server on this machine. Install one (on Debian and Ubuntu: apt-get install ' +
      'mariadb-server; it need not run), or give one that runs: --mysql mysql://user:password@host:port',
  );
}

/** Where several addresses refuse, the message is empty. */
function reasonOf(cause: unknown): string {
  return messageOf(cause) || (cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown');
}

async function insertEdges(connection: Connection, firstId: number): Promise<void> {
  for (let n = 0; n < EDGE_ROWS; n++) {
    await connection.query(insertTyped(TYPES, firstId + n, (column) => edge(column, n)));
  }
  await connection.query(insertTyped(TYPES, firstId + EDGE_ROWS, () => 'NULL'));
}

/** Each edge once more, as an insert and as an update; some rows with nulls, some gone. */
async function changeEdges(connection: Connection): Promise<void> {
  const firstId = 100;
  await insertEdges(connection, firstId);
  for (let n = 0; n <= EDGE_ROWS; n++) {
    const update = updateTyped(TYPES, n, (column) => (n === 0 ? 'NULL' : edge(column, n + 1)));
    if (update !== undefined) await connection.query(update);
  }
  await connection.query(`DELETE FROM ${quotedName(TYPES)} WHERE id IN (1, ${firstId})`);
}

function comparisonOf(table: string, { equal, onlyInDatabase, onlyInLake }: RowComparison): TableComparison {
  return { table, equal, onlyInDatabase: onlyInDatabase.length, onlyInLake: onlyInLake.length };
}

function comparisonLines(compared: readonly TableComparison[]): string[] {
  const rows = compared.map(({ table, equal, onlyInDatabase, onlyInLake }) => [
    table,
    ...[equal, onlyInDatabase, onlyInLake].map(countText),
  ]);
  const text = columnsOf([['TABLE', 'ROWS EQUAL', 'ONLY IN THE DATABASE', 'ONLY IN THE LAKE'], ...rows], {
    border: getBorderCharacters('void'),
    columnDefault: { paddingLeft: 0, paddingRight: 2, alignment: 'right' },
    columns: [{ alignment: 'left' }],
    drawHorizontalLine: () => false,
  });
  const differences = differencesOf(compared);
  return [
    ...text.split('\n').flatMap((line) => line.trimEnd() || []),
    differences === 0
      ? `No differences. ${TYPES} has ${ALL_TYPES.length + 1} columns, of all types that DMS replicates from MySQL but spatial ones.`
      : `${countText(differences)} differences.`,
  ];
}

function rejected(stop: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stopped = (): void => reject(new Error('stopped'));
    if (stop.aborted) stopped();
    else stop.addEventListener('abort', stopped);
  });
}

function ignore(): void {
  // The merge's log is kept; that of reading the lake says nothing more.
}
