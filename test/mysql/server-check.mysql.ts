import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { connectTo } from '../../lib/mysql/mysql-server.ts';
import { checkServer } from '../../lib/mysql/server-check.ts';
import { testServer } from './lab.ts';

describe('checking a server', () => {
  let connection: Connection;
  beforeEach(async () => {
    connection = await connectTo(testServer());
  });
  afterEach(() => connection.end());

  it('finds nothing to say of the server of these tests', async () => {
    await expect(checkServer(connection)).resolves.toBeUndefined();
  });

  it.each([
    ['binlog_format', 'MIXED', "binlog_format is MIXED. Run SET GLOBAL binlog_format = 'ROW';"],
    ['binlog_row_image', 'MINIMAL', "binlog_row_image is MINIMAL. Run SET GLOBAL binlog_row_image = 'FULL';"],
    ['binlog_row_metadata', 'NO_LOG', "binlog_row_metadata is NO_LOG. Run SET GLOBAL binlog_row_metadata = 'FULL';"],
  ])('says what to set where %s is %s', async (variable, value, message) => {
    const [[before]] = (await connection.query(`SELECT @@GLOBAL.${variable} AS value`)) as unknown as [
      [{ value: string }],
    ];
    await connection.query(`SET GLOBAL ${variable} = '${value}'`);
    try {
      await expect(checkServer(connection)).rejects.toThrow(message);
    } finally {
      await connection.query(`SET GLOBAL ${variable} = '${before.value}'`);
    }
  });

  it('says what to grant to a user who may not read the binlog', async () => {
    await connection.query("CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'secret'");
    await connection.query("GRANT SELECT, RELOAD ON *.* TO reader@'127.0.0.1'");
    const reader = await connectTo({ ...testServer(), user: 'reader', password: 'secret' });
    try {
      await expect(checkServer(reader)).rejects.toThrow(
        'the user reader@127.0.0.1 may not read the binlog. Run GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO that user.',
      );
      await connection.query("GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO reader@'127.0.0.1'");
      await expect(checkServer(reader)).resolves.toBeUndefined();
    } finally {
      await reader.end();
      await connection.query("DROP USER reader@'127.0.0.1'");
    }
  });
});
