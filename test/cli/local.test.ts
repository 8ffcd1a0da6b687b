import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { lakeRows, putDmsFile, type Order } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';

const MAIN = join(import.meta.dirname, '../../lib/cli/main.ts');

type Child = ChildProcessByStdio<null, Readable, Readable>;

interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

function start(...args: string[]): Child {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: Child, onStderr?: (text: string) => void): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr?.(stderr);
  });
  await once(child, 'close');
  return { exitCode: child.exitCode, stdout, stderr };
}

const tidemark = (...args: string[]): Promise<Ended> => ended(start(...args));

describe('tidemark', () => {
  it('explains itself', async () => {
    const { exitCode, stdout } = await tidemark('local', '--help');
    expect(exitCode).toBe(0);
    for (const option of ['--raw', '--lake', '--tables', '--state', '--once', '--json', '--ui'])
      expect(stdout).toContain(option);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('Exit code:');
  });

  it.each([
    ['an unknown command', ['lokal'], "unknown command 'lokal'"],
    ['an unknown option', ['local', '--raw', 'a', '--lake', 'b', '--onec'], "unknown option '--onec'"],
    [
      'a page of a run that ends',
      ['local', '--raw', 'a', '--lake', 'b', '--once', '--ui'],
      '--ui shows a run that goes on; --once ends it.',
    ],
    ['a page at no port', ['local', '--raw', 'a', '--lake', 'b', '--ui', 'http'], '--ui is http. Give a port'],
    ['no raw folder', ['local', '--lake', 'b'], "required option '--raw <folder>' not specified"],
    [
      'a raw folder that is not there',
      ['local', '--raw', '/none/raw', '--lake', '/none/lake'],
      'there is no folder /none/raw',
    ],
  ])('ends with 1 when given %s, saying what is wrong and where to read on', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await tidemark(...args);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
  });
});

describe('tidemark local', () => {
  let folders: string[];
  let raw: string;
  let lake: string;

  beforeEach(async () => {
    const folder = await rawAndLake();
    ({ raw, lake } = folder);
    const tables = join(folder.root, 'tables.json');
    await writeFile(tables, '{"sales/orders": {"primaryKey": ["id"], "active": true}}');
    folders = ['--raw', raw, '--lake', lake, '--tables', tables];
  });

  it('writes one JSON line per reconcile that changed a table to stdout, and everything else to stderr', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await putDmsFile(raw, 'sales/orders/20260301-101500123.parquet', [{ Op: 'I', id: 2, item: 'ink' }]);
    await putDmsFile(raw, 'sales/items/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    const { exitCode, stdout, stderr } = await tidemark('local', ...folders, '--once', '--json');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('1 table inactive');
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const report of reports) {
      expect(Object.keys(report)).toEqual(
        (
          'table loadFiles changeFiles lateFiles vanishedFiles rowsInserted rowsUpdated rowsDeleted rowsIgnored ' +
          'rowGroupsRewritten rowGroupsCopied bytesRead bytesWritten bytesCopied copyMs durationMs ' +
          'freshFiles freshnessP50Ms freshnessP99Ms freshnessMaxMs'
        ).split(' '),
      );
      expect(report.table).toBe('sales/orders');
    }
    const total = (name: string): number => reports.reduce((sum, report) => sum + Number(report[name]), 0);
    expect([total('loadFiles'), total('changeFiles'), total('rowsInserted')]).toEqual([1, 1, 2]);
    expect(await tidemark('local', ...folders, '--once', '--json')).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('ends with 2 when a table is blocked', async () => {
    await mkdir(join(raw, 'sales/orders'), { recursive: true });
    await writeFile(join(raw, 'sales/orders/LOAD00000001.parquet'), 'no Parquet');
    const { exitCode, stdout, stderr } = await tidemark('local', ...folders, '--once', '--json');
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('sales/orders is blocked by LOAD00000001.parquet: ');
    expect(stderr).toContain('What to do: ');
  });

  it('merges files as they arrive, until Ctrl-C', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    const child = start('local', ...folders);
    let stderrSoFar = '';
    const end = ended(child, (text) => (stderrSoFar = text));
    await expectRows([{ id: 1, item: 'pen' }]);
    await putDmsFile(raw, 'sales/orders/2026/03/01/20260301-101500123.parquet', [{ Op: 'I', id: 2, item: 'in+k ü' }]);
    await expectRows([
      { id: 1, item: 'pen' },
      { id: 2, item: 'in+k ü' },
    ]);
    await putDmsFile(raw, 'sales/new table/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await putDmsFile(raw, 'sales/orders/20260301-111500123.parquet', [{ Op: 'D', id: 1, item: null }]);
    await expectRows([{ id: 2, item: 'in+k ü' }]);
    while (!stderrSoFar.includes('inactive, so not merged: sales/new table')) await sleep(50);
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await end;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^sales\/orders: 1 load file.*1 row inserted/);
    expect(stderr).toContain(`Watching ${raw}`);
  });

  it('leaves nothing of its own in the folder of the state when it ends', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    const ends = await Promise.all([tidemark('local', ...folders, '--once'), tidemark('local', ...folders, '--once')]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const child = start('local', ...folders);
    let stderrSoFar = '';
    const end = ended(child, (text) => (stderrSoFar = text));
    // One signal alone: what is said of the first is a piece of text too, and a second would end the process at once.
    while (!stderrSoFar.includes('Watching')) await sleep(20);
    child.kill('SIGINT');
    expect((await end).exitCode).toBe(0);
    expect((await readdir(join(lake, '_tidemark'))).sort()).toEqual(['history', 'tables']);
  });

  it('killed at any moment and started again, loses nothing and does nothing twice', async () => {
    const expected = new Map<number, Order>();
    const load = Array.from({ length: 200 }, (_, id) => ({ id, item: `loaded ${id}` }));
    for (const row of load) expected.set(row.id, row);
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', load);
    for (let file = 0; file < 40; file++) {
      const ids = [file, 200 + file, 100 + 2 * file];
      const [updated, inserted, deleted] = ids.map((id) => ({ id, item: `changed by ${file}` })) as [
        Order,
        Order,
        Order,
      ];
      expected.set(updated.id, updated).set(inserted.id, inserted).delete(deleted.id);
      const rows: Order[] = [
        { Op: 'U', ...updated },
        { Op: 'I', ...inserted },
        { Op: 'D', ...deleted },
      ];
      await putDmsFile(raw, `sales/orders/20260301-1015${String(file).padStart(5, '0')}.parquet`, rows);
    }
    for (let delayMs = 250; delayMs < 900; delayMs += 65) {
      const child = start('local', ...folders, '--once');
      const end = ended(child);
      await sleep(delayMs);
      child.kill('SIGKILL');
      await end;
    }
    expect(await tidemark('local', ...folders, '--once')).toMatchObject({
      exitCode: 0,
      stderr: '1 table up to date.\n',
    });
    expect(await lakeRows(lake, 'sales/orders')).toEqual([...expected.values()].sort((a, b) => a.id - b.id));
  });

  /** Waits for the rows; what is there last is compared, so that a failure shows the difference. */
  async function expectRows(rows: Order[]): Promise<void> {
    let found: Order[] = [];
    for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 100) {
      found = await lakeRows(lake, 'sales/orders');
      if (JSON.stringify(found) === JSON.stringify(rows)) break;
      await sleep(100);
    }
    expect(found).toEqual(rows);
  }
});
