import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { FolderLock } from '../../lib/local/folder-lock.ts';
import { FolderObjectStore } from '../../lib/local/folder-object-store.ts';
import { FolderTableStore } from '../../lib/local/folder-table-store.ts';
import { identify, isRunning, OWN_IDENTITY } from '../../lib/local/process-identity.ts';
import { removeLeftovers, temporaryName } from '../../lib/local/temporary-file.ts';
import { piecesOf } from '../contracts/object-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Child = ChildProcessByStdio<null, Readable, null>;

const HOLDER = join(import.meta.dirname, 'lock-holder.ts');

describe('processes that share a folder', () => {
  let root: string;

  beforeEach(async () => {
    root = await temporaryFolder();
  });

  function spawned(role: 'hold' | 'write' | 'race', ...more: string[]): Child {
    const args = ['--import', 'tsx', HOLDER, role, root, ...more];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** Answers once the process is where its role says: it holds the lock, or has half a version written. */
  async function started(role: 'hold' | 'write'): Promise<Child> {
    const child = spawned(role);
    await once(child.stdout, 'data');
    return child;
  }

  async function exitCodeOf(child: Child): Promise<number | null> {
    await once(child, 'exit');
    return child.exitCode;
  }

  async function killed(child: Child): Promise<void> {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  const lockHere = (patienceMs?: number): FolderLock => new FolderLock(join(root, 'lock'), SYSTEM_RANDOM, patienceMs);
  const lakeHere = (): FolderObjectStore =>
    new FolderObjectStore(join(root, 'lake'), { lock: lockHere(), clock: SYSTEM_CLOCK, random: SYSTEM_RANDOM });

  it('wait for the one that holds the lock, and say who that is when it takes too long', async () => {
    const holder = await started('hold');
    let entered = false;
    await expect(lockHere(50).hold(() => (entered = true))).rejects.toThrow(`Process ${holder.pid} has held the lock`);
    expect(entered).toBe(false);
    await killed(holder);
  });

  it('break the lock of one that was killed', async () => {
    await killed(await started('hold'));
    expect(await readdir(join(root, 'lock'))).toHaveLength(1);
    expect(await lockHere().hold(() => 'entered')).toBe('entered');
    expect(existsSync(join(root, 'lock'))).toBe(false);
  });

  it('take a lock for free that was broken and not taken again', async () => {
    await mkdir(join(root, 'lock'));
    expect(await lockHere().hold(() => 'entered')).toBe('entered');
  });

  it('make the lock again when someone has cleared the folder away', async () => {
    const lock = lockHere();
    await lock.hold(() => undefined);
    await rm(root, { recursive: true });
    expect(await lock.hold(() => 'entered')).toBe('entered');
  });

  it('break it once, though many find it, and lose no update of any of them', async () => {
    await mkdir(join(root, 'lake'));
    await writeFile(join(root, 'lake/counter'), '0');
    const tables = new FolderTableStore(join(root, 'tables'), { lock: lockHere(), random: SYSTEM_RANDOM });
    await tables.create({ path: 'counter', count: 0 });
    await killed(await started('hold'));
    expect(await Promise.all([1, 2, 3].map(() => exitCodeOf(spawned('race', '40'))))).toEqual([0, 0, 0]);
    const { eTag, size } = (await lakeHere().head('counter'))!;
    expect(Buffer.from(await lakeHere().read('counter', eTag, 0, size)).toString()).toBe('120');
    expect(await tables.get('counter')).toEqual({ path: 'counter', count: 120 });
    expect(await readdir(join(root, 'lake'))).toEqual(['counter']);
    expect(existsSync(join(root, 'lock'))).toBe(false);
  });

  it('leave nothing behind that their locks were made of, once they have ended', async () => {
    await mkdir(join(root, 'lake'));
    await writeFile(join(root, 'lake/counter'), '0');
    const tables = new FolderTableStore(join(root, 'tables'), { lock: lockHere(), random: SYSTEM_RANDOM });
    await tables.create({ path: 'counter', count: 0 });
    expect(await Promise.all([1, 2].map(() => exitCodeOf(spawned('race', '10'))))).toEqual([0, 0]);
    const others = (await readdir(root)).filter((name) => !name.startsWith(`.tidemark-${OWN_IDENTITY}-`));
    expect(others.sort()).toEqual(['lake', 'tables']);
  });

  it('remove what one left half written when it was killed, and only that', async () => {
    const writer = await started('write');
    const [leftover] = await readdir(join(root, 'lake'));
    expect(leftover).toContain(`.tidemark-${writer.pid}-`);
    await removeLeftovers(root);
    expect(await readdir(join(root, 'lake'))).toEqual([leftover]);
    await killed(writer);
    const ours = temporaryName(OWN_IDENTITY, SYSTEM_RANDOM.id());
    await writeFile(join(root, 'lake', ours), 'still being written');
    await lakeHere().write('b', piecesOf(), 'absent');
    await removeLeftovers(root);
    expect(await readdir(join(root, 'lake'))).toEqual([ours, 'b']);
  });

  it('see an object only once it is whole', async () => {
    const writer = await started('write');
    expect(await lakeHere().head('a')).toBeUndefined();
    await killed(writer);
    expect(await lakeHere().head('a')).toBeUndefined();
    await lakeHere().write('a', piecesOf(Buffer.from('whole')), 'absent');
    expect(await lakeHere().head('a')).toMatchObject({ size: 5 });
  });

  it('do not take a process for one that had its pid before', async () => {
    const holder = await started('hold');
    const identity = identify(holder.pid!);
    expect(isRunning(identity)).toBe(true);
    expect(isRunning(OWN_IDENTITY)).toBe(true);
    const earlier = `${holder.pid}-1`;
    expect(isRunning(earlier)).toBe(false);
    await killed(holder);
    expect(isRunning(identity)).toBe(false);
    expect(() => isRunning('somebody')).toThrow('somebody names no process');
  });
});
