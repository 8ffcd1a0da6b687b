/**
 * The stand-in for DMS, and the demo, on a real MariaDB or MySQL server: one started for the tests, or one given.
 *
 *     npm run test:mysql
 *     npm run test:mysql -- --url mysql://root:secret@127.0.0.1:3306
 *     npm run test:mysql -- --seed 1 --streams 100 -- test/mysql/streams.mysql.ts
 *
 * Exit code 0 if all came out right; 1 if not, or if there is no server.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { findServer, OwnServer } from '../../lib/mysql/own-server.ts';
import { SYSTEM_RANDOM } from '../../lib/system.ts';

const { values, positionals } = parseArgs({
  options: {
    url: { type: 'string' },
    /** Of the first random stream. */
    seed: { type: 'string', default: '1' },
    /** How many random streams. */
    streams: { type: 'string', default: '4' },
  },
  allowPositionals: true,
});
const programs = findServer(process.env['PATH'] ?? '');
if (values.url === undefined && !programs) {
  process.stderr.write(
    'There is no MariaDB or MySQL server on this machine. Install one (on Debian: apt-get install mariadb-server), or ' +
      'give one that runs: npm run test:mysql -- --url mysql://user:password@host:port\n',
  );
  process.exit(1);
}
const own = values.url === undefined && programs ? await OwnServer.start(programs, SYSTEM_RANDOM) : undefined;
const { user, password, host, port } = own?.address ?? { user: '', password: '', host: '', port: 0 };
const jest = spawn(
  process.execPath,
  [
    ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
    // Some tests change the server's own settings for a moment.
    ...['--runInBand', '--testMatch', '**/test/mysql/*.mysql.ts', '--', ...positionals],
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      TIDEMARK_TEST_MYSQL_URL: values.url ?? `mysql://${user}:${password}@${host}:${port}`,
      TIDEMARK_TEST_MYSQL_SEED: values.seed,
      TIDEMARK_TEST_MYSQL_STREAMS: values.streams,
    },
  },
);
// Ctrl-C reaches the tests by themselves; the server is stopped after them.
process.on('SIGINT', () => undefined);
const [code] = (await once(jest, 'close')) as [number | null];
await own?.stop();
process.exitCode = code ?? 1;
