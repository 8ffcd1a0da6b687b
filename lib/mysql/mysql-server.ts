import { type Connection as StreamingConnection, createConnection } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { WrongUsage } from '../local/wrong-usage.ts';

/** A MySQL or MariaDB server that listens on TCP, and who asks it. */
export interface MysqlServer {
  host: string;
  port: number;
  user: string;
  password: string;
}

/**
 * @param url `mysql://user:password@host:port`, special characters of user and password percent-encoded
 * @throws WrongUsage if it is not of that form
 */
export function parseMysqlUrl(url: string): MysqlServer {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || parsed.protocol !== 'mysql:' || parsed.hostname === '' || parsed.username === '') {
    throw new WrongUsage('--mysql: give the server as mysql://user:password@host:port.');
  }
  if (parsed.pathname.length > 1) {
    throw new WrongUsage(`--mysql: leave out the database, ${parsed.pathname}: the demo makes one of its own.`);
  }
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
  };
}

/** A session in UTC and UTF-8, in which a timestamp's text is what DMS replicates: the time in UTC. */
export async function connectTo(server: MysqlServer): Promise<Connection> {
  return (await openSession(server)).connection;
}

/** The same session twice: `streaming` gives rows as they arrive. */
export async function openSession(
  server: MysqlServer,
): Promise<{ connection: Connection; streaming: StreamingConnection }> {
  const streaming = createConnection({ ...server, charset: 'utf8mb4' });
  // Of a connection that is lost the query is told that waits, or the next one.
  streaming.on('error', () => undefined);
  const connection = streaming.promise();
  await connection.connect();
  await connection.query(`SET time_zone = '+00:00'`);
  return { connection, streaming };
}

/** Rows as the text that the server sends: no number or date of JavaScript's in between. */
export async function queryTexts(
  connection: Connection,
  sql: string,
  values: readonly string[] = [],
): Promise<(string | null)[][]> {
  const [rows] = await connection.query({
    sql,
    values: [...values],
    rowsAsArray: true,
    typeCast: (field) => field.string('utf8'),
  });
  return rows as (string | null)[][];
}

/** An identifier in SQL. */
export function quotedName(...parts: readonly string[]): string {
  return parts.map((part) => `\`${part.replaceAll('`', '``')}\``).join('.');
}
