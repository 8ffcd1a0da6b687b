import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const MAIN = resolve(import.meta.dirname, '../../lib/cli/main.ts');
const run = promisify(execFile);

describe('tidemark demo', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-demo-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const demo = (...args: string[]) =>
    run(process.execPath, ['--import', 'tsx', MAIN, 'demo', ...args], { env: { ...process.env, TMPDIR: folder } });

  const started = (...args: string[]) =>
    spawn(process.execPath, ['--import', 'tsx', MAIN, 'demo', ...args], { env: { ...process.env, TMPDIR: folder } });

  it('shows the lake before and after, and how long each file took, and leaves nothing behind', async () => {
    const { stdout } = await demo();
    expect(stdout).toMatch(/^ +[\d.]+ s {2}sampledb\/productorder\/LOAD00000001.parquet: 8,425 inserted$/m);
    expect(stdout).toMatch(/^ +[\d.]+ s {2}sampledb\/product\/\d{8}-\d{9}.parquet: 1 updated, 1 deleted$/m);
    const [, before = '', after = ''] = stdout.split('The lake after');
    expect(before).toMatch(/store +8 rows.*\n.*product +25 rows.*\n.*productorder +8,425 rows in 5 files/);
    expect(before).toMatch(/product 1001 I \| 1001 \| 55” 4K/);
    expect(before).toMatch(/store 1009 +\(not there\)/);
    expect(after).toMatch(/store +9 rows.*\n.*product +24 rows.*\n.*productorder +9,770 rows in 6 files/);
    expect(after).toMatch(/product 1001 U \| 1001 \| Sample Product \| Sample Dept \| Sample Category/);
    expect(after).toMatch(/product 1002 +\(not there\)/);
    expect(after).toMatch(/store 1009 +I \| 1009 \| 125 Technology Dr\. \| Irvine/);
    expect(stdout).toContain('The lake holds exactly what the script gives: 9 stores, 24 products, 9,770 orders.');
    expect(stdout).toMatch(/Largest memory: \d+ MB\./);
    expect(await demoFolders()).toEqual([]);
  });

  it('writes with --json one document at the end, and all else to stderr', async () => {
    const { stdout, stderr } = await demo('--json', '--keep', join(folder, 'kept'));
    expect(JSON.parse(stdout)).toEqual({
      tables: [
        { table: 'sampledb/store', rows: 9, files: 1 },
        { table: 'sampledb/product', rows: 24, files: 1 },
        { table: 'sampledb/productorder', rows: 9770, files: 6 },
      ],
      wrong: [],
    });
    expect(stderr).toContain('The lake holds exactly what the script gives');
    expect(stderr).toContain('Kept: ');
  });

  it('keeps the raw files and the lake where it is told to', async () => {
    const { stdout } = await demo('--keep', join(folder, 'kept'));
    expect(stdout).toContain(`Kept: ${join(folder, 'kept')}`);
    expect((await readdir(join(folder, 'kept'))).sort()).toEqual(['lake', 'raw', 'tables.json']);
    expect((await readdir(join(folder, 'kept/lake/_tidemark'))).sort()).toEqual(['history', 'tables']);
  });

  it('does not touch a folder that holds something', async () => {
    await writeFile(join(folder, 'mine.txt'), 'mine');
    await expect(demo('--keep', folder)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${folder} is not empty. Give another folder.`),
    });
    expect(await readdir(folder)).toContain('mine.txt');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing behind when it is ended by %s', async (signal) => {
    const child = started('--no-ui');
    await once(child.stdout, 'data');
    expect(await demoFolders()).toHaveLength(1);
    child.kill(signal);
    await once(child, 'close');
    expect(child.exitCode).toBe(128 + constants.signals[signal]);
    expect(await demoFolders()).toEqual([]);
  });

  it('leaves nothing behind when the terminal is closed while a page shows it', async () => {
    const child = started('--ui', '0');
    await once(child.stdout, 'data');
    child.kill('SIGHUP');
    await once(child, 'close');
    expect(await demoFolders()).toEqual([]);
  });

  it('leaves nothing behind when a reader of what it says has seen enough', async () => {
    const child = started('--no-ui');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child, 'exit');
    expect(await demoFolders()).toEqual([]);
  });

  it('goes on with changes until Ctrl-C where a page shows them, and ends with the right lake', async () => {
    const child = started('--ui', '0');
    let stdout = '';
    const said = async (pattern: RegExp): Promise<string> => {
      while (!pattern.test(stdout)) await once(child.stdout, 'data');
      return pattern.exec(stdout)?.[1] ?? '';
    };
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const url = await said(/Page: (\S+)/);
    await said(/Changes go on[^]*\d s {2}sampledb\/product/);
    const { tables } = (await (await fetch(`${url}api/tables`)).json()) as {
      tables: { table: string; state: string }[];
    };
    expect(tables.map(({ table, state }) => `${table} ${state}`)).toEqual(
      expect.arrayContaining(['sampledb/product active', 'sampledb/store active', 'sampledb/productorder active']),
    );
    child.kill('SIGINT');
    await once(child, 'close');
    expect(stdout).toContain('The lake holds exactly what the changes give.');
    expect(child.exitCode).toBe(0);
    expect(await demoFolders()).toEqual([]);
  });

  it('measures how fresh the lake is, and makes sure that it is right', async () => {
    const { stdout } = await demo('--freshness', '--files', '30', '--rate', '20', '--tables', '3');
    expect(stdout).toContain('3 tables of 5,000 rows are loaded.');
    expect(stdout).toMatch(
      /^30 of 30 files merged, .*: p50 \d+\.\d\d s, p90 \d+\.\d\d s, p99 \d+\.\d\d s, max \d+\.\d\d s$/m,
    );
    expect(stdout).toContain('The lake of every table is equal to its raw files.');
    expect(await demoFolders()).toEqual([]);
  });

  it('gives the figures of freshness as JSON, too', async () => {
    const { stdout } = await demo('--json', '--freshness', '--files', '5', '--rate', '20', '--tables', '2');
    const seconds = expect.any(Number) as unknown;
    expect(JSON.parse(stdout)).toEqual({
      merged: 5,
      written: 5,
      seconds: { p50: seconds, p90: seconds, p99: seconds, max: seconds },
      wrong: [],
      load: expect.any(Number) as unknown,
    });
  });

  it.each([
    ['--files is many', ['--freshness', '--files', 'many']],
    ['--rate is 0', ['--freshness', '--rate', '0']],
    ['--ui is 99999', ['--ui', '99999']],
    ['--freshness measures with files of its own, --mysql replicates', ['--mysql', '--freshness']],
    ['--freshness shows no page', ['--ui', '--freshness']],
    ['--files is for --freshness. Give both, or none.', ['--files', '3']],
    ['--rate is for --freshness', ['--mysql', '--rate', '3']],
    ['--tables is for --freshness', ['--tables', '3', '--no-ui']],
  ])('says what is wrong where %s', async (message, args) => {
    await expect(demo(...args)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });

  it('says with what it ends when it is interrupted', async () => {
    expect((await demo('--help')).stdout).toMatch(/130 interrupted by Ctrl-C/);
  });

  /** What it made beside the loader's own cache. */
  const demoFolders = async () => (await readdir(folder)).filter((name) => name.startsWith('tidemark-demo-'));
});
