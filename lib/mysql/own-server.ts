import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RandomSource } from '../ports/clock.ts';
import { connectTo, type MysqlServer } from './mysql-server.ts';

/** What is needed to make a server, found on this machine. */
export interface ServerPrograms {
  server: string;
  /** MariaDB's; MySQL's server makes its system tables itself. */
  installDb: string | undefined;
}

/** @returns undefined if there is no MariaDB or MySQL server on PATH or where systems put servers */
export function findServer(path: string): ServerPrograms | undefined {
  const folders = [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/libexec'];
  const find = (...names: string[]) =>
    names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => isProgram(file));
  const installDb = find('mariadb-install-db', 'mysql_install_db');
  const mariadb = find('mariadbd');
  if (mariadb !== undefined && installDb !== undefined) return { server: mariadb, installDb };
  const mysql = find('mysqld');
  return mysql === undefined ? undefined : { server: mysql, installDb };
}

/**
 * A server of its own for a while: in a temporary folder, on a free port of 127.0.0.1, with a user and a password of its
 * own, and a binlog that tells whole rows. It needs no privileges. Fast rather than durable: it does not wait for disks.
 */
export class OwnServer {
  readonly address: MysqlServer;
  readonly #processes: ServerProcesses;
  readonly #folder: string;

  private constructor(address: MysqlServer, processes: ServerProcesses, folder: string) {
    this.address = address;
    this.#processes = processes;
    this.#folder = folder;
  }

  /** @throws Error if the server does not start; its message ends with what the server had to say */
  static async start(programs: ServerPrograms, random: RandomSource): Promise<OwnServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-mysql-'));
    const address = { host: '127.0.0.1', port: await freePort(), user: 'tidemark', password: random.id() };
    try {
      await initialise(programs, folder);
      return new OwnServer(address, await launch(programs, folder, address), folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Stops it and removes what it held. */
  async stop(): Promise<void> {
    await end(this.#processes);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function initialise({ server, installDb }: ServerPrograms, folder: string): Promise<void> {
  const data = `--datadir=${join(folder, 'data')}`;
  const run = promisify(execFile);
  if (installDb === undefined) await run(server, ['--no-defaults', '--initialize-insecure', data, ...asRoot()]);
  else
    await run(installDb, [
      '--no-defaults',
      data,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      ...asRoot(),
    ]);
}

/** A server refuses to run as root unless it is told so. */
function asRoot(): string[] {
  return userInfo().uid === 0 ? ['--user=root'] : [];
}

interface ServerProcesses {
  server: ChildProcess;
  /** Ends the server and removes its folder when this process is gone, however it went. */
  guard: ChildProcess;
}

async function launch({ server }: ServerPrograms, folder: string, address: MysqlServer): Promise<ServerProcesses> {
  const firstSql = join(folder, 'first.sql');
  await writeFile(firstSql, firstStatements(address).join('\n'), { mode: 0o600 });
  await mkdir(join(folder, 'tmp'));
  const log = join(folder, 'log');
  const output = await open(log, 'a');
  const child = spawn(
    server,
    [
      '--no-defaults',
      `--datadir=${join(folder, 'data')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      `--socket=${join(folder, 's')}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${address.port}`,
      '--skip-name-resolve',
      `--init-file=${firstSql}`,
      '--server-id=1',
      '--log-bin=binlog',
      '--binlog-format=ROW',
      '--binlog-row-image=FULL',
      '--binlog-row-metadata=FULL',
      '--sync-binlog=0',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=32M',
      '--character-set-server=utf8mb4',
      ...asRoot(),
    ],
    // A group of its own: Ctrl-C is for the command, which stops the server in good order.
    { stdio: ['ignore', output.fd, output.fd], detached: true },
  );
  const processes = { server: child, guard: guardOf(child, folder) };
  try {
    await untilReady(address, child);
    return processes;
  } catch (cause) {
    await end(processes);
    const said = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-5).join('\n  ');
    throw new Error(`${server} did not start. It said:\n  ${said}`, { cause });
  } finally {
    await output.close();
  }
}

function firstStatements({ user, password }: MysqlServer): string[] {
  return [
    `DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`,
    `CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${user}'@'127.0.0.1' WITH GRANT OPTION;`,
  ];
}

/** Waits for the end of its input, which comes with the end of this process, and then for the end of the server. */
function guardOf({ pid }: ChildProcess, folder: string): ChildProcess {
  const wait = `for i in $(seq ${STOP_MS_MAX / 1000}); do kill -0 "$0" 2>/dev/null || break; sleep 1; done`;
  const script = `cat >/dev/null; kill "$0"; ${wait}; rm -rf "$1"`;
  return spawn('/bin/sh', ['-c', script, String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

async function untilReady(address: MysqlServer, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    try {
      await (await connectTo(address)).end();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(50);
  }
}

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

async function end({ server, guard }: ServerProcesses): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const ended = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    const timer = setTimeout(() => server.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  }
  guard.kill('SIGKILL');
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
