import type { Connection } from 'mysql2/promise';
import { WrongUsage } from '../local/wrong-usage.ts';
import { queryTexts } from './mysql-server.ts';

/** A server variable, and what must be in it for its binlog to tell whole rows. */
interface Setting {
  variable: string;
  wanted: string;
  /** Whether a server that has no such variable is as it must be. */
  optional: boolean;
}

const SETTINGS: readonly Setting[] = [
  { variable: 'binlog_format', wanted: 'ROW', optional: false },
  { variable: 'binlog_row_image', wanted: 'FULL', optional: false },
  // Names and types as they were at the time of each change, so that ALTER TABLE can be followed.
  { variable: 'binlog_row_metadata', wanted: 'FULL', optional: false },
  { variable: 'binlog_transaction_compression', wanted: 'OFF', optional: true },
  { variable: 'binlog_row_value_options', wanted: '', optional: true },
];

/** By names that MySQL and MariaDB have for it. */
const PRIVILEGES: readonly (readonly string[])[] = [
  ['RELOAD'],
  ['REPLICATION SLAVE', 'REPLICATION REPLICA'],
  ['REPLICATION CLIENT', 'BINLOG MONITOR'],
];

/**
 * Whether a server can be replicated from: its binlog, and what the user may do.
 * @throws WrongUsage that says what to set or to grant
 */
export async function checkServer(connection: Connection): Promise<void> {
  const variables = new Map(
    (await queryTexts(connection, `SHOW GLOBAL VARIABLES WHERE Variable_name LIKE '%bin%'`)).map(([name, value]) => [
      name ?? '',
      value ?? '',
    ]),
  );
  if (variables.get('log_bin') !== 'ON') {
    throw new WrongUsage('the server writes no binlog. Start it with --log-bin --server-id=1.');
  }
  const missing = SETTINGS.filter(({ variable, optional }) => !optional && !variables.has(variable));
  if (missing.length > 0) {
    const names = missing.map(({ variable }) => variable).join(', ');
    throw new WrongUsage(`the server has no ${names}. MySQL 8.0 or MariaDB 10.5 is needed, or newer.`);
  }
  const wrong = SETTINGS.filter(
    ({ variable, wanted }) => (variables.get(variable)?.toUpperCase() ?? wanted) !== wanted,
  );
  if (wrong.length > 0) {
    const found = wrong.map(({ variable }) => `${variable} is ${variables.get(variable) ?? ''}`).join(', ');
    const sql = wrong.map(({ variable, wanted }) => `SET GLOBAL ${variable} = '${wanted}';`).join(' ');
    throw new WrongUsage(`the binlog does not tell all that is needed: ${found}. Run ${sql} and connect again.`);
  }
  await checkPrivileges(connection);
}

async function checkPrivileges(connection: Connection): Promise<void> {
  const grants = (await queryTexts(connection, 'SHOW GRANTS')).map(([grant]) => grant ?? '');
  const everywhere = grants.filter((grant) => / ON \*\.\* TO /.test(grant)).join('\n');
  if (/\bALL PRIVILEGES\b/.test(everywhere)) return;
  const missing = PRIVILEGES.filter((names) => !names.some((name) => everywhere.includes(name)));
  if (missing.length === 0) return;
  const [user] = (await queryTexts(connection, 'SELECT current_user()'))[0] ?? [];
  const names = missing.map(([name]) => name).join(', ');
  throw new WrongUsage(`the user ${user ?? ''} may not read the binlog. Run GRANT ${names} ON *.* TO that user.`);
}
