import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectTo } from '../../lib/mysql/mysql-server.ts';
import { createSampleSchema } from '../../lib/mysql/sample-sql.ts';
import {
  createSampleDatabase,
  runSampleScript,
  SAMPLE_SCRIPT,
  type SampleDatabase,
} from '../../lib/sample/sample-database.ts';
import { fullLoadFiles } from '../../lib/sample/sample-files.ts';
import { DuckDb } from '../parquet/duckdb.ts';
import { MysqlLab, testServer } from './lab.ts';

const MAIN = resolve(import.meta.dirname, '../../lib/cli/main.ts');
const run = promisify(execFile);

describe('the sample database on a server', () => {
  let lab: MysqlLab;
  let duckDb: DuckDb;
  beforeEach(async () => {
    lab = await MysqlLab.open('sample', {});
    await lab.sql('DROP DATABASE sample');
    await createSampleSchema(lab.connection, 'sample');
    duckDb = await DuckDb.open();
  });
  afterEach(async () => {
    await duckDb.close();
    await lab.close();
  });

  /** What the full load of a table is: its columns and types, and the rows of those that have no chance in them. */
  const loaded = async (table: string) => {
    const from = lab.rawTable(table, 'LOAD00000001.parquet');
    return {
      columns: await duckDb.query(`DESCRIBE FROM ${from}`),
      rows: await duckDb.query(`FROM ${from} ORDER BY id`),
    };
  };
  const written = async (database: SampleDatabase, table: string) => {
    const file = fullLoadFiles(database).find(({ key }) => key.includes(`/${table}/`));
    const path = await duckDb.save(file?.bytes ?? new Uint8Array());
    return {
      columns: await duckDb.query(`DESCRIBE FROM '${path}'`),
      rows: await duckDb.query(`FROM '${path}' ORDER BY id`),
    };
  };

  it('has a full load equal to the files that the demo without a server writes', async () => {
    await lab.replicate();
    const database = createSampleDatabase();
    expect(await loaded('store')).toEqual(await written(database, 'store'));
    expect(await loaded('product')).toEqual(await written(database, 'product'));
    const [fromServer, fromFile] = [await loaded('productorder'), await written(database, 'productorder')];
    expect(fromServer.columns).toEqual(fromFile.columns);
    const idAndDay = ([, id, , , , , day]: (string | null)[]) => [id, day];
    expect(fromServer.rows.map(idAndDay)).toEqual(fromFile.rows.map(idAndDay));
  });

  it('has orders of its own products and stores, within the bounds of loadorders', async () => {
    await lab.replicate();
    expect(
      await duckDb.query(
        `SELECT min(productid), max(productid), min(storeid), max(storeid), min(qty), max(qty), min(soldprice) >= 0,
          max(soldprice) <= 100 FROM ${lab.rawTable('productorder', '*')}`,
      ),
    ).toEqual([['1001', '1025', '1001', '1008', '1', '10', 'true', 'true']]);
  });

  it('is after its script as the demo without a server says', async () => {
    await lab.sql(...SAMPLE_SCRIPT);
    await lab.replicate();
    const { after } = runSampleScript(createSampleDatabase(), new Date());
    for (const table of ['store', 'product']) {
      expect((await loaded(table)).rows).toEqual((await written(after, table)).rows);
    }
    expect((await loaded('productorder')).rows).toHaveLength(9770);
  });
});

describe('tidemark demo --mysql', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-mysql-demo-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const { user, password, host, port } = testServer();
  const url = `mysql://${user}:${password}@${host}:${port}`;
  const demo = (...args: string[]) =>
    run(process.execPath, ['--import', 'tsx', MAIN, 'demo', '--mysql', ...args], {
      env: { ...process.env, TMPDIR: folder },
    });

  it('starts a server, replicates the sample database and all types, and finds the lake equal to the database', async () => {
    const { stdout } = await demo();
    expect(stdout).toMatch(/^Server: .* on 127\.0\.0\.1:\d+, for this demo$/m);
    expect(stdout).toMatch(/^ +[\d.]+ s {2}sampledb\/productorder\/LOAD00000001.parquet: 8,425 inserted$/m);
    expect(stdout).toMatch(/^ +[\d.]+ s {2}sampledb\/product\/\d{8}-\d{9}.parquet: 1 updated, 1 deleted$/m);
    expect(stdout).toMatch(
      /sampledb\/store +9 +0 +0\n.*product +24 +0 +0\n.*productorder +9,770 +0 +0\n.*alltypes +\d+ +0 +0\n/,
    );
    expect(stdout).toContain('No differences.');
    expect((await readdir(folder)).filter((name) => name.startsWith('tidemark-'))).toEqual([]);
  }, 120_000);

  it('uses a server that is there, and leaves nothing behind on it', async () => {
    const { stdout, stderr } = await demo(url, '--json', '--keep', join(folder, 'kept'));
    expect(stderr).toContain('No differences.');
    const { tables } = JSON.parse(stdout) as { tables: object[] };
    expect(tables).toHaveLength(4);
    for (const table of tables) expect(table).toMatchObject({ onlyInDatabase: 0, onlyInLake: 0 });
    expect(tables).toContainEqual({ table: 'sampledb/productorder', equal: 9770, onlyInDatabase: 0, onlyInLake: 0 });
    expect((await readdir(join(folder, 'kept'))).sort()).toEqual(['lake', 'raw', 'replicated.json', 'tables.json']);
    const connection = await connectTo(testServer());
    expect((await connection.query("SHOW DATABASES LIKE 'sampledb'"))[0]).toEqual([]);
    await connection.end();
  }, 120_000);

  it.each(['Server: ', 'Full load of', 'LOAD00000001.parquet', 'It is started again'])(
    'stops the server and cleans up when it is interrupted after %j',
    async (text) => {
      const running = demo();
      await new Promise<void>((done) => {
        running.child.stdout?.on('data', (chunk: string) => {
          if (chunk.includes(text)) done();
        });
      });
      running.child.kill('SIGINT');
      await expect(running).rejects.toMatchObject({ code: 130 });
      expect((await readdir(folder)).filter((name) => name.startsWith('tidemark-'))).toEqual([]);
    },
    120_000,
  );

  it('stops the server and cleans up when the terminal is closed', async () => {
    const running = demo();
    await once(running.child.stdout!, 'data');
    running.child.kill('SIGHUP');
    await expect(running).rejects.toMatchObject({ code: 130 });
    expect((await readdir(folder)).filter((name) => name.startsWith('tidemark-'))).toEqual([]);
  }, 120_000);

  it('has the server stopped and all removed when a reader of what it says has seen enough', async () => {
    const running = demo();
    await once(running.child.stdout!, 'data');
    running.child.stdout!.destroy();
    await running;
    let left: string[];
    do {
      await sleep(100);
      left = (await readdir(folder)).filter((name) => name.startsWith('tidemark-'));
    } while (left.length > 0);
    expect(left).toEqual([]);
  }, 120_000);

  it.each([
    [
      'a server that is not there',
      'mysql://nobody:x@127.0.0.1:1',
      'no connection to 127.0.0.1:1: connect ECONNREFUSED',
    ],
    ['an address of another kind', 'postgres://localhost', 'give the server as mysql://user:password@host:port'],
    ['a database of its own', `${url}/orders`, 'leave out the database, /orders'],
  ])('does not run with %s', async (_, given, message) => {
    await expect(demo(given)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });

  it('does not touch a database sampledb that is there', async () => {
    const connection = await connectTo(testServer());
    await connection.query('CREATE DATABASE sampledb');
    try {
      await expect(demo(url)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the server has a database sampledb. Drop it, or give another server.'),
      });
      expect((await connection.query("SHOW DATABASES LIKE 'sampledb'"))[0]).toHaveLength(1);
    } finally {
      await connection.query('DROP DATABASE sampledb');
      await connection.end();
    }
  });
});
