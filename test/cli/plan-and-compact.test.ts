import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { runCompact, type CompactOptions } from '../../lib/cli/compact.ts';
import { runPlan, type PlanOptions } from '../../lib/cli/plan.ts';
import { runLocal } from '../../lib/local/run.ts';
import { lakeRows, putDmsFile, type Order } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { tidemark } from './terminal.ts';

/** Files grow, however many of their bytes are no longer in use, unless they are compacted. */
const LIMITS = { ...DEFAULT_LIMITS, deadBytesShare: 1 };
const SECRET = 'a secret that is to go';

/** Every file and folder below, with when it was changed. */
async function stateOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
  const states = await Promise.all(
    paths.map(async (path) => `${path} ${(await stat(path, { bigint: true })).mtimeNs}`),
  );
  return states.sort();
}

describe('on folders', () => {
  let root: string;
  let raw: string;
  let lake: string;

  beforeEach(async () => {
    ({ root, raw, lake } = await rawAndLake());
  });

  async function merge(settings: object = { primaryKey: ['id'], active: true }): Promise<void> {
    const tables = join(root, 'tables.json');
    await writeFile(tables, JSON.stringify({ 'sales/orders': settings }));
    const io = { out: () => undefined, err: () => undefined, limits: LIMITS };
    await runLocal({ raw, lake, tables, once: true }, io);
  }

  async function load(count = 100): Promise<void> {
    const rows = Array.from({ length: count }, (_, id): Order => ({ id, item: `item ${id}` }));
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', rows);
  }

  async function wear(): Promise<void> {
    await load();
    await merge();
    await putDmsFile(raw, 'sales/orders/20260301-101500123.parquet', [{ Op: 'I', id: 500, item: SECRET }]);
    await merge();
    await putDmsFile(raw, 'sales/orders/20260301-111500123.parquet', [{ Op: 'D', id: 500, item: null }]);
    await merge();
  }

  async function isInLake(text: string): Promise<boolean> {
    const names = await readdir(join(lake, 'sales/orders'));
    const files = await Promise.all(names.map((name) => readFile(join(lake, 'sales/orders', name))));
    return files.some((bytes) => bytes.includes(text));
  }

  function console() {
    const out: string[] = [];
    const err: string[] = [];
    return { out, err, io: { out: (line: string) => out.push(line), err: (line: string) => err.push(line) } };
  }

  describe('tidemark plan', () => {
    async function plan(table: string, more: Partial<PlanOptions> = {}) {
      const { out, err, io } = console();
      return { exitCode: await runPlan(table, { raw, lake, ...more }, io), out: out.join('\n'), err: err.join('\n') };
    }

    it('says what the next merge would do, as text and as JSON, and touches nothing', async () => {
      await load();
      await merge();
      await putDmsFile(raw, 'sales/orders/20260301-101500123.parquet', [
        { Op: 'U', id: 1, item: 'changed' },
        { Op: 'I', id: 500, item: 'new' },
      ]);
      const before = await stateOf(root);
      const { exitCode, out, err } = await plan('sales/orders');
      expect([exitCode, err]).toEqual([0, '']);
      expect(out).toMatch(/^sales\/orders: to be merged, changes\n/);
      expect(out).toContain('20260301-101500123.parquet  2 rows');
      expect(out).toContain('1 inserted, 1 updated, 0 deleted');
      expect(out).toContain('1 of 1 lake file opened');
      expect(out).toMatch(/ {4}groups replaced {2}1: 0\n/);
      const json = JSON.parse((await plan('sales/orders', { json: true })).out) as object;
      expect(json).toMatchObject({ state: 'to be merged', plan: { rows: { inserted: 1, updated: 1 } } });
      expect(await stateOf(root)).toEqual(before);
    });

    it('makes no folder, and registers no table', async () => {
      await load();
      const before = await stateOf(root);
      const tables = join(root, 'tables.json');
      await writeFile(tables, '{"sales/orders": {"primaryKey": ["id"], "active": true}}');
      expect((await plan('sales/orders')).out).toContain('not registered');
      expect((await plan('sales/orders', { tables })).out).toContain('to be merged, a full load');
      expect((await stateOf(root)).filter((path) => !path.includes('tables.json'))).toEqual(before);
    });

    it('ends with 2 and says why and what to do if the table is blocked', async () => {
      await load();
      await merge();
      await writeFile(join(raw, 'sales/orders/20260301-101500123.parquet'), 'no Parquet');
      const { exitCode, out } = await plan('sales/orders');
      expect(exitCode).toBe(2);
      expect(out).toMatch(/^sales\/orders: blocked\n {2}20260301-101500123.parquet: .*\n {2}What to do: /);
    });

    it.each(['orders', 'sales/orders/more', 'sales/', 'awsdms_x/y'])(
      'ends with 1 for what is no table: %s',
      async (name) => {
        const { exitCode, err } = await plan(name);
        expect(exitCode).toBe(1);
        expect(err).toContain("is no table's name");
      },
    );
  });

  describe('tidemark compact', () => {
    async function compact(more: Partial<CompactOptions> = {}, confirm?: () => Promise<boolean>) {
      const { out, err, io } = console();
      const exitCode = await runCompact('sales/orders', { raw, lake, ...more }, { ...io, confirm, limits: LIMITS });
      return { exitCode, out: out.join('\n'), err: err.join('\n') };
    }

    it('purges what was deleted, says how much smaller the files are, and has nothing to do afterwards', async () => {
      await wear();
      expect(await isInLake(SECRET)).toBe(true);
      const rows = await lakeRows(lake, 'sales/orders');
      const { exitCode, out, err } = await compact({ purge: true });
      expect([exitCode, err]).toEqual([0, '']);
      expect(out).toMatch(/^sales\/orders: 1 file laid out anew: [\d.]+ KiB before, [\d.]+ KiB after$/);
      expect(await isInLake(SECRET)).toBe(false);
      expect(await lakeRows(lake, 'sales/orders')).toEqual(rows);
      expect(await compact({ purge: true })).toMatchObject({
        exitCode: 0,
        out: 'sales/orders: all files are in shape.',
      });
    });

    it('merges first, and writes what it did as JSON lines', async () => {
      await wear();
      await putDmsFile(raw, 'sales/orders/20260301-121500123.parquet', [{ Op: 'D', id: 1, item: null }]);
      const { exitCode, out } = await compact({ json: true });
      expect(exitCode).toBe(0);
      const [merged, compacted] = out.split('\n').map((line) => JSON.parse(line) as object);
      expect(merged).toMatchObject({ table: 'sales/orders', rowsDeleted: 1 });
      expect(compacted).toMatchObject({ table: 'sales/orders', filesLaidOut: 1 });
    });

    it('refuses a table that is unknown, inactive or blocked, and says why', async () => {
      await load();
      expect(await compact()).toMatchObject({ exitCode: 1, err: expect.stringContaining('sales/orders is not known') });
      await merge({ active: false });
      expect(await compact()).toEqual({
        exitCode: 1,
        out: '',
        err: `sales/orders is inactive, so nothing is merged. To have it merged: \`npx tidemark activate sales/orders --raw ${raw} --lake ${lake}\``,
      });
      await merge();
      await writeFile(join(raw, 'sales/orders/20260301-101500123.parquet'), 'no Parquet');
      expect(await compact()).toEqual({
        exitCode: 2,
        out: '',
        err: expect.stringMatching(/^sales\/orders is blocked by 20260301-101500123\.parquet: .*\n {2}What to do: .*$/),
      });
    });

    it('joins only if it was told yes, since readers may find rows twice', async () => {
      await load();
      await merge();
      const warning = 'readers may find rows twice, or miss them';
      const refused = await compact({ join: true });
      expect(refused).toMatchObject({ exitCode: 1, err: expect.stringContaining(warning) });
      expect(refused.err).toContain('--yes');
      const no = await compact({ join: true }, () => Promise.resolve(false));
      expect(no).toMatchObject({ exitCode: 1, err: 'Nothing was done.' });
      expect((await compact({ join: true }, () => Promise.resolve(true))).exitCode).toBe(0);
      expect((await compact({ join: true, yes: true })).exitCode).toBe(0);
    });
  });

  it('both are commands', async () => {
    await wear();
    const folders = ['--raw', raw, '--lake', lake];
    expect(await tidemark(['plan', 'sales/orders', ...folders])).toEqual({
      exitCode: 0,
      stdout: 'sales/orders: up to date\n',
      stderr: '',
    });
    expect(await tidemark(['compact', 'sales/orders', ...folders, '--join'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/Give --yes[^]*See: npx tidemark compact --help/),
    });
    expect(await tidemark(['compact', 'sales/orders', ...folders, '--purge', '--join', '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('1 file laid out anew'),
      stderr: '',
    });
  });
});
