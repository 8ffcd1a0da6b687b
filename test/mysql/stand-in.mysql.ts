import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parquetMetadata } from 'hyparquet';
import { ALL_TYPES, createAllTypes, edge, EDGE_ROWS, insertTyped } from '../../lib/mysql/all-types.ts';
import { DmsStandIn } from '../../lib/mysql/dms-stand-in.ts';
import { readPosition } from '../../lib/mysql/position-file.ts';
import { SYSTEM_CLOCK } from '../../lib/system.ts';
import { DuckDb } from '../parquet/duckdb.ts';
import { MysqlLab } from './lab.ts';

const KEYS = { item: { primaryKey: ['id'], onTruncate: 'empty' } } as const;

describe('the stand-in for DMS', () => {
  let lab: MysqlLab;
  let duckDb: DuckDb;
  beforeEach(async () => {
    lab = await MysqlLab.open('standin', KEYS);
    duckDb = await DuckDb.open();
    await lab.sql('CREATE TABLE item (id int PRIMARY KEY, name varchar(20), price decimal(10,2))');
  });
  afterEach(async () => {
    await duckDb.close();
    await lab.close();
  });

  const changes = () =>
    duckDb.query(
      `SELECT * EXCLUDE filename FROM ${lab.rawTable('item', '2*.parquet').replace(')', ', filename = true)')} ORDER BY filename`,
    );
  const expectLakeToFollow = async (): Promise<void> => {
    expect(await lab.merge()).toEqual([]);
    expect(await lab.differences()).toEqual([]);
  };

  it('writes the full load with Op = I first, in files numbered in hexadecimal and cut by size', async () => {
    await lab.sql(`INSERT INTO item SELECT seq, repeat('x', 20), seq / 100 FROM seq_1_to_1000`);
    await lab.replicate({ fileBytesMax: 2_000 });
    const files = await lab.rawFiles('item');
    expect(files.slice(0, 2)).toEqual(['LOAD00000001.parquet', 'LOAD00000002.parquet']);
    expect(files).toContain('LOAD0000000A.parquet');
    expect((await duckDb.query(`DESCRIBE FROM ${lab.rawTable('item', 'LOAD*')}`)).map(([name]) => name)).toEqual([
      'Op',
      'id',
      'name',
      'price',
    ]);
    expect(
      await duckDb.query(`SELECT Op, count(*), sum(price) FROM ${lab.rawTable('item', 'LOAD*')} GROUP BY Op`),
    ).toEqual([['I', '1000', '5005.00']]);
    await expectLakeToFollow();
  });

  it('writes row groups of at most 10,000 rows, by AWS', async () => {
    await lab.sql(`INSERT INTO item SELECT seq, 'x', 1 FROM seq_1_to_25000`);
    await lab.replicate();
    await lab.sql('UPDATE item SET price = 2');
    await lab.replicate({ intervalMs: 60_000 });
    const files = await lab.rawFiles('item');
    expect(files).toHaveLength(2);
    for (const name of files) {
      const bytes = await readFile(join(lab.raw, lab.schema, 'item', name));
      const { row_groups, created_by } = parquetMetadata(new Uint8Array(bytes).buffer);
      expect(row_groups.map(({ num_rows }) => num_rows)).toEqual([10_000n, 10_000n, 5_000n]);
      expect(created_by).toBe('AWS');
    }
    await expectLakeToFollow();
  });

  it('writes no file for a table that is empty', async () => {
    await lab.replicate();
    expect(await lab.rawFiles('item')).toEqual([]);
  });

  it('writes an update with the row after it and a delete with the row before it, in the order of the binlog', async () => {
    await lab.sql("INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 2)");
    await lab.replicate();
    await lab.sql(
      "UPDATE item SET name = 'a2', price = 1.5 WHERE id = 1",
      'DELETE FROM item WHERE id = 2',
      "INSERT INTO item VALUES (2, 'b2', NULL)",
      "REPLACE INTO item VALUES (1, 'a3', 3)",
    );
    await lab.replicate();
    expect((await changes()).slice(0, 3)).toEqual([
      ['U', '1', 'a2', '1.50'],
      ['D', '2', 'b', '2.00'],
      ['I', '2', 'b2', null],
    ]);
    expect((await changes()).at(-1)?.slice(1)).toEqual(['1', 'a3', '3.00']);
    await expectLakeToFollow();
  });

  it('writes what is committed, nothing that was rolled back, nothing of other schemas', async () => {
    await lab.sql('DROP DATABASE IF EXISTS standin_other', 'CREATE DATABASE standin_other');
    await lab.sql('CREATE TABLE standin_other.item (id int)');
    await lab.replicate();
    await lab.sql('START TRANSACTION', "INSERT INTO item VALUES (1, 'no', 1)", 'ROLLBACK');
    await lab.sql(
      'START TRANSACTION',
      "INSERT INTO item VALUES (2, 'yes', 2)",
      'INSERT INTO standin_other.item VALUES (3)',
    );
    await lab.sql('SAVEPOINT s', "INSERT INTO item VALUES (4, 'no', 4)", 'ROLLBACK TO s', 'COMMIT');
    await lab.replicate();
    await lab.sql('DROP DATABASE standin_other');
    expect(await changes()).toEqual([['I', '2', 'yes', '2.00']]);
  });

  it('follows a binlog over rotations, and goes on after a restart where it was', async () => {
    await lab.sql("INSERT INTO item VALUES (0, 'loaded', 0)");
    await lab.replicate();
    for (let id = 1; id <= 5; id++) {
      await lab.sql(`INSERT INTO item VALUES (${id}, 'x', ${id})`, 'FLUSH BINARY LOGS');
      if (id % 2 === 0) await lab.replicate();
    }
    await lab.replicate();
    expect((await changes()).map(([, id]) => id)).toEqual(['1', '2', '3', '4', '5']);
    await expectLakeToFollow();
  });

  it('names every change file later than the one before, also where the clock stands still or is set back', async () => {
    await lab.replicate();
    let now = SYSTEM_CLOCK.now();
    const clock = { now: () => now };
    for (let id = 0; id < 4; id++) {
      await lab.sql(`INSERT INTO item VALUES (${id}, 'x', 1)`);
      await lab.replicate({ clock });
      if (id === 1) now -= 3_600_000;
    }
    expect(await lab.rawFiles('item')).toHaveLength(4);
    expect((await changes()).map(([, id]) => id)).toEqual(['0', '1', '2', '3']);
  });

  it('writes a file of the new columns after ALTER TABLE, also where it reads the change much later', async () => {
    await lab.sql("INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 2)");
    await lab.replicate();
    await lab.sql(
      'UPDATE item SET price = 1.25 WHERE id = 1',
      'ALTER TABLE item ADD COLUMN note text FIRST',
      "UPDATE item SET note = 'new' WHERE id = 1",
      'ALTER TABLE item MODIFY price decimal(14,4), MODIFY id bigint',
      "INSERT INTO item VALUES ('wide', 9007199254740993, 'c', 1234567890.1234)",
      'ALTER TABLE item DROP COLUMN name',
      "UPDATE item SET note = 'last' WHERE id = 2",
    );
    await lab.replicate();
    const files = (await lab.rawFiles('item')).filter((name) => name.startsWith('2'));
    const columns = await Promise.all(
      files.map(async (name) =>
        (await duckDb.query(`DESCRIBE FROM ${lab.rawTable('item', name)}`)).map(
          ([column, type]) => `${column ?? ''} ${type ?? ''}`,
        ),
      ),
    );
    expect(columns).toEqual([
      ['Op VARCHAR', 'id INTEGER', 'name VARCHAR', 'price DECIMAL(10,2)'],
      ['Op VARCHAR', 'note VARCHAR', 'id INTEGER', 'name VARCHAR', 'price DECIMAL(10,2)'],
      ['Op VARCHAR', 'note VARCHAR', 'id BIGINT', 'name VARCHAR', 'price DECIMAL(14,4)'],
      ['Op VARCHAR', 'note VARCHAR', 'id BIGINT', 'price DECIMAL(14,4)'],
    ]);
    await expectLakeToFollow();
  });

  it.each(['TRUNCATE TABLE item', 'TRUNCATE standin.`item`', 'DROP TABLE item'])(
    'deletes the raw files of the table after %s',
    async (statement) => {
      await lab.sql("INSERT INTO item VALUES (1, 'a', 1)");
      await lab.replicate();
      await lab.sql("INSERT INTO item VALUES (2, 'b', 2)", statement);
      await lab.replicate();
      expect(await lab.rawFiles('item')).toEqual([]);
    },
  );

  it('has the lake emptied after a TRUNCATE where the table asks for that, and goes on', async () => {
    await lab.sql("INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 2)");
    await lab.replicate();
    await expectLakeToFollow();
    await lab.sql('TRUNCATE TABLE item');
    await lab.replicate();
    await expectLakeToFollow();
    await lab.sql("INSERT INTO item VALUES (2, 'again', 2)");
    await lab.replicate();
    await expectLakeToFollow();
  });

  it('begins an unfinished full load anew', async () => {
    await lab.sql("INSERT INTO item VALUES (1, 'a', 1)", 'CREATE TABLE zoo (id int, at point)');
    await expect(lab.startStandIn()).rejects.toThrow('column at is point');
    expect(await lab.rawFiles('item')).toEqual(['LOAD00000001.parquet']);
    expect(await readPosition(lab.standInSettings().positionFile)).toBeUndefined();
    await lab.sql('DROP TABLE zoo', 'DELETE FROM item', "INSERT INTO item VALUES (2, 'b', 2)");
    await lab.replicate();
    expect(await lab.rawFiles('item')).toEqual(['LOAD00000001.parquet']);
    await expectLakeToFollow();
  });

  it('takes a full load of one moment, and all changes after it, while the database goes on', async () => {
    await lab.sql(`INSERT INTO item SELECT seq, 'x', 0 FROM seq_1_to_2000`);
    let going = true;
    const work = (async () => {
      for (let i = 0; going; i++) {
        await lab.sql(
          `UPDATE item SET price = ${i} WHERE id = ${1 + (i % 2000)}`,
          `DELETE FROM item WHERE id = ${2000 - i}`,
        );
      }
    })();
    const standIn = await lab.startStandIn({ fileBytesMax: 10_000 });
    going = false;
    await work;
    await standIn.caughtUp();
    await standIn.stop();
    await expectLakeToFollow();
  });

  it('begins the full load anew where a table is altered meanwhile', async () => {
    await lab.sql(`INSERT INTO item SELECT seq, 'x', 0 FROM seq_1_to_2000`);
    await lab.sql('CREATE TABLE jar (id int PRIMARY KEY)', 'INSERT INTO jar VALUES (1)');
    const altered: Promise<void>[] = [];
    await lab.replicate({
      fileBytesMax: 500,
      onFile: (key) => {
        if (!key.endsWith('item/LOAD00000001.parquet')) return;
        altered.push(altered.length === 0 ? lab.sql('ALTER TABLE jar MODIFY id bigint') : Promise.resolve());
      },
    });
    await Promise.all(altered);
    expect(altered.length).toBeGreaterThan(1);
    expect(await lab.rawFiles('jar')).toEqual(['LOAD00000001.parquet']);
    await expectLakeToFollow();
  });

  it('keeps its memory bounded by writing a large transaction in pieces', async () => {
    await lab.replicate();
    await lab.sql(`INSERT INTO item SELECT seq, repeat('y', 20), 1 FROM seq_1_to_20000`);
    await lab.replicate({ fileBytesMax: 100_000, intervalMs: 60_000 });
    expect((await lab.rawFiles('item')).length).toBeGreaterThan(5);
    await expectLakeToFollow();
  });

  it('says when the binlog from where it stopped on is gone', async () => {
    await lab.replicate();
    await lab.sql("INSERT INTO item VALUES (1, 'a', 1)", 'RESET MASTER');
    const standIn = await lab.startStandIn();
    await expect(standIn.failed).rejects.toThrow('the binlog cannot be read on');
    await standIn.stop().catch(() => undefined);
  });

  it('ends when the connection is lost in the middle of a full load', async () => {
    await lab.sql(`INSERT INTO item SELECT seq, repeat('x', 20), 1 FROM seq_1_to_100000`);
    const { host, port } = lab.server;
    const sockets: Socket[] = [];
    const proxy = createServer((client) => {
      const server = connect(port, host);
      for (const socket of [client, server]) socket.on('error', () => undefined);
      sockets.push(client, server);
      client.pipe(server).pipe(client);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const { port: proxied } = proxy.address() as AddressInfo;
      const server = { ...lab.server, host: '127.0.0.1', port: proxied };
      const cut = () => {
        for (const socket of sockets) socket.destroy();
      };
      const loading = lab.startStandIn({ server, fileBytesMax: 2_000, onFile: cut });
      await expect(loading).rejects.toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
    } finally {
      proxy.close();
    }
  });

  it('says which column DMS has no type for', async () => {
    await lab.sql('ALTER TABLE item ADD COLUMN large decimal(50,2)');
    await expect(
      DmsStandIn.start({ ...lab.standInSettings(), clock: SYSTEM_CLOCK, random: { id: () => 'ab' } }),
    ).rejects.toThrow('column large is decimal(50,2), but NUMERIC of DMS has 38 digits at most');
  });
});

describe('values of every type', () => {
  let lab: MysqlLab;
  let duckDb: DuckDb;
  beforeEach(async () => {
    lab = await MysqlLab.open('types', { loaded: { primaryKey: ['id'] }, changed: { primaryKey: ['id'] } });
    duckDb = await DuckDb.open();
    for (const table of ['loaded', 'changed']) await createAllTypes(lab.connection, table);
  });
  afterEach(async () => {
    await duckDb.close();
    await lab.close();
  });

  const insertEdges = async (table: string): Promise<void> => {
    for (let n = 0; n < EDGE_ROWS; n++) await lab.sql(insertTyped(table, n, (column) => edge(column, n)));
    await lab.sql(insertTyped(table, EDGE_ROWS, () => 'NULL'));
  };

  it.each(['+00:00', '+09:30', '-11:00'])(
    'are the same in a full load and in changes, and in the lake as in the database, with a server at %s',
    async (zone) => {
      await lab.sql(`SET GLOBAL time_zone = '${zone}'`);
      try {
        await insertEdges('loaded');
        await lab.replicate();
        await insertEdges('changed');
        await lab.replicate();
      } finally {
        await lab.sql("SET GLOBAL time_zone = 'SYSTEM'");
      }
      const load = lab.rawTable('loaded', 'LOAD*.parquet');
      const change = lab.rawTable('changed', '2*.parquet');
      expect(await duckDb.query(`DESCRIBE FROM ${load}`)).toEqual(await duckDb.query(`DESCRIBE FROM ${change}`));
      expect(await duckDb.query(`FROM ${load} EXCEPT ALL FROM ${change}`)).toEqual([]);
      expect(await duckDb.query(`SELECT count(*) FROM ${change}`)).toEqual([[String(EDGE_ROWS + 1)]]);
      expect(await lab.merge()).toEqual([]);
      expect(await lab.differences()).toEqual([]);
    },
  );

  it('have the types of DMS in the files', async () => {
    await insertEdges('loaded');
    await lab.replicate();
    const described = await duckDb.query(`DESCRIBE FROM ${lab.rawTable('loaded', 'LOAD*.parquet')}`);
    expect(Object.fromEntries(described)).toMatchObject({
      c_tinyint: 'TINYINT',
      c_utinyint: 'UTINYINT',
      c_boolean: 'TINYINT',
      c_smallint: 'SMALLINT',
      c_usmallint: 'USMALLINT',
      c_mediumint: 'INTEGER',
      c_umediumint: 'UINTEGER',
      c_int: 'INTEGER',
      c_uint: 'UINTEGER',
      c_bigint: 'BIGINT',
      c_ubigint: 'UBIGINT',
      c_decimal: 'DECIMAL(10,2)',
      c_decimal38: 'DECIMAL(38,10)',
      c_float: 'FLOAT',
      c_double: 'DOUBLE',
      c_bit: 'BOOLEAN',
      c_bit20: 'BLOB',
      c_date: 'DATE',
      c_datetime6: 'TIMESTAMP',
      c_timestamp6: 'TIMESTAMP',
      c_time6: 'VARCHAR',
      c_year: 'SMALLINT',
      c_varchar: 'VARCHAR',
      c_binary: 'BLOB',
      c_blob: 'BLOB',
      c_enum: 'VARCHAR',
      c_set: 'VARCHAR',
      c_json: 'VARCHAR',
    });
    expect(described).toHaveLength(ALL_TYPES.length + 2);
  });

  it('have milliseconds with ParquetTimestampInMillisecond', async () => {
    await insertEdges('loaded');
    await lab.replicate({ timestamps: 'millis' });
    const load = lab.rawTable('loaded', 'LOAD*.parquet');
    expect(await duckDb.query(`SELECT c_datetime3, c_datetime6 FROM ${load} WHERE id = 0`)).toEqual([
      ['2026-03-29 02:30:00.123', '9999-12-31 23:59:59.999'],
    ]);
    expect(
      await duckDb.query(
        `SELECT DISTINCT converted_type FROM parquet_schema('${join(lab.raw, 'types', 'loaded', 'LOAD00000001.parquet')}')
         WHERE name IN ('c_datetime', 'c_timestamp6')`,
      ),
    ).toEqual([['TIMESTAMP_MILLIS']]);
  });
});
