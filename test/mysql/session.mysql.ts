import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { connectTo, openSession, queryTexts } from '../../lib/mysql/mysql-server.ts';
import { testServer } from './lab.ts';

it('tells the next query that the connection was lost while none was under way', async () => {
  const { connection, streaming } = await openSession(testServer());
  const lost = new Promise((done) => streaming.once('end', done));
  const other = await connectTo(testServer());
  try {
    const [[id] = []] = await queryTexts(connection, 'SELECT connection_id()');
    await other.query(`KILL ${id}`);
    await lost;
    await sleep(SOCKET_CLOSES_MS);
    await expect(connection.query('SELECT 1')).rejects.toThrow();
  } finally {
    await other.end();
  }
});

const SOCKET_CLOSES_MS = 100;
