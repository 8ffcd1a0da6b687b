/** `tidemark replay` on folders; `on-a-stack.test.ts` has it on a deployed stack. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Interrupted } from '../../lib/cli/confirm.ts';
import type { ReplayIo, ReplayOptions } from '../../lib/cli/replay.ts';
import { replayAt, replayRequest, runReplay } from '../../lib/cli/replay.ts';
import { openPlace } from '../../lib/place/place.ts';
import { WrongUsage } from '../../lib/local/wrong-usage.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { configureTable } from '../../lib/table/configure.ts';
import type { Order } from '../local/dms-folder.ts';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { tidemark } from './terminal.ts';

const TABLE = 'sales/orders';
const FILES = ['20260301-100000000.parquet', '20260301-110000000.parquet', '20260301-120000000.parquet'] as const;

describe('tidemark replay on folders', () => {
  let raw: string;
  let lake: string;

  beforeEach(async () => {
    ({ raw, lake } = await rawAndLake());
    await put('LOAD00000001.parquet', [
      { id: 1, item: 'apple' },
      { id: 2, item: 'pear' },
    ]);
    await put(FILES[0], [{ Op: 'U', id: 1, item: 'first' }]);
    await put(FILES[1], [{ Op: 'U', id: 1, item: 'second' }]);
    await put(FILES[2], [{ Op: 'I', id: 3, item: 'third' }]);
  });

  const ROWS = [
    { id: 1, item: 'second' },
    { id: 2, item: 'pear' },
    { id: 3, item: 'third' },
  ];

  function put(file: string, rows: Order[]): Promise<void> {
    return putDmsFile(raw, `${TABLE}/${file}`, rows);
  }

  async function merged(settings: TableSettings = { primaryKey: ['id'] }): Promise<void> {
    const place = await openPlace({ raw, lake }, { err: () => undefined });
    await configureTable(TABLE, { active: true, ...settings }, place.ports);
    await place.bringUpToDate({ table: `raw/${TABLE}/`, cause: 'test' });
  }

  async function item() {
    const { ports } = await openPlace({ raw, lake }, { err: () => undefined });
    return ports.tables.get(`raw/${TABLE}/`);
  }

  async function replay(options: ReplayOptions, io: Partial<ReplayIo> = {}) {
    const [out, err]: [string[], string[]] = [[], []];
    const exitCode = await runReplay(
      TABLE,
      { raw, lake, ...options },
      { out: (line) => out.push(line), err: (line) => err.push(line), ...io },
    );
    return { exitCode, out: out.join('\n'), err: err.join('\n') };
  }

  it('--all builds a table anew of which a damaged lake file was moved away, as the reason of its block says', async () => {
    await merged();
    const folder = join(lake, TABLE);
    const [file] = (await readdir(folder)).filter((name) => name.endsWith('.parquet'));
    await writeFile(join(folder, file!), 'damaged');
    await put('20260301-130000000.parquet', [{ Op: 'U', id: 1, item: 'fourth' }]);
    const { exitCode, err } = await replay({ all: true, yes: true });
    expect([exitCode, err]).toEqual([
      2,
      expect.stringMatching(
        /Move it out of .*: `npx tidemark replay sales\/orders --all --raw \S+ --lake \S+`\. If another/,
      ),
    ]);
    await rm(join(folder, file!));
    expect((await replay({ all: true, yes: true })).exitCode).toBe(0);
    expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'fourth' }, ...ROWS.slice(1)]);
  });

  it('says with --dry-run which files, rows and bytes, and changes nothing', async () => {
    await merged();
    const before = await item();
    const { exitCode, out } = await replay({ from: FILES[1], dryRun: true });
    expect([exitCode, out]).toEqual([
      0,
      expect.stringMatching(/^sales\/orders: 2 change files to be merged again, 2 rows, [\d.]+ (B|KiB) \(dry run\)$/),
    ]);
    const { out: json } = await replay({ all: true, dryRun: true, json: true });
    expect(JSON.parse(json)).toMatchObject({ loadFiles: 1, changeFiles: 3, rows: 5, unreadable: 0, dryRun: true });
    expect(await item()).toEqual(before);
  });

  it('merges change files from one on again, and tells how far it is', async () => {
    await merged();
    const { exitCode, out, err } = await replay({ from: FILES[0], yes: true });
    expect([exitCode, out]).toEqual([0, 'sales/orders: 3 files merged again; it is up to date.']);
    expect(err).toContain('3 of 3 files merged again');
    expect(await lakeRows(lake, TABLE)).toEqual(ROWS);
    expect(await item()).toMatchObject({ ChangeFiles: 3, Generation: 1 });
  });

  it('builds the table anew with --all, also once a wrong key was corrected', async () => {
    await merged({ primaryKey: [] });
    const place = await openPlace({ raw, lake }, { err: () => undefined });
    await configureTable(TABLE, { primaryKey: ['id'] }, place.ports);
    const { exitCode, out } = await replay({ all: true, yes: true, json: true });
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ table: TABLE, loadFiles: 1, changeFiles: 3, state: 'active' });
    expect(await lakeRows(lake, TABLE)).toEqual(ROWS);
  });

  it('asks first, and does nothing if the answer is no, is Ctrl-C, or nobody can be asked', async () => {
    await merged();
    const before = await item();
    const asked: string[] = [];
    const confirm = (question: string): Promise<boolean> => {
      asked.push(question);
      return Promise.resolve(false);
    };
    expect(await replay({ all: true }, { confirm })).toMatchObject({ exitCode: 1, err: 'Nothing was done.' });
    expect(asked.join()).toContain('readers may miss rows');
    const interrupted = await replay({ all: true }, { confirm: () => Promise.reject(new Interrupted()) });
    expect(interrupted).toMatchObject({ exitCode: 130, err: 'Nothing was done.' });
    expect(await replay({ from: FILES[0] })).toMatchObject({ exitCode: 1, err: expect.stringContaining('--yes') });
    expect(await item()).toEqual(before);
  });

  it('goes on, and ends, when one that was stopped had set files back', async () => {
    await merged();
    const place = await openPlace({ raw, lake }, { err: () => undefined });
    const stopped = { ...place, bringUpToDate: () => Promise.reject(new Error('killed')) };
    const io = { out: () => undefined, err: () => undefined };
    const request = replayRequest({ from: FILES[0] });
    await expect(replayAt(stopped, TABLE, request, { yes: true }, io)).rejects.toThrow('killed');
    expect(await item()).toMatchObject({ Replay: { changeFiles: 3 } });
    await put('20260301-130000000.parquet', [{ Op: 'I', id: 4, item: 'fourth' }]);
    expect((await replay({ from: FILES[1], dryRun: true })).out).toMatch(/2 change files to be merged again/);
    const { exitCode, out, err } = await replay({ from: FILES[0], yes: true });
    expect([exitCode, out]).toEqual([0, 'sales/orders: 3 files merged again; it is up to date.']);
    expect(err).toContain('3 of 3 files merged again');
    expect(await item()).toMatchObject({ ChangeFiles: 4 });
    expect(await item()).not.toHaveProperty('Replay');
    expect((await replay({ from: '20260301-140000000.parquet', yes: true })).exitCode).toBe(1);
    expect((await replay({ from: '2026-03-02', yes: true })).out).toBe(
      'sales/orders: nothing had to be set back; it is up to date.',
    );
  });

  it('is refused with 1 and what to do: files that are gone, tables without a key, unknown or inactive ones', async () => {
    await merged({ primaryKey: [] });
    const noKey = await replay({ from: FILES[0], yes: true });
    expect([noKey.exitCode, noKey.err]).toEqual([
      1,
      expect.stringMatching(
        /double their rows[^]*What to do: Build the whole table anew: `npx tidemark replay sales\/orders --all --raw /,
      ),
    ]);
    await rm(join(raw, TABLE, FILES[0]));
    const gone = await replay({ all: true, yes: true });
    expect([gone.exitCode, gone.err]).toEqual([1, expect.stringContaining('2 of 3 change files')]);
    const place = await openPlace({ raw, lake }, { err: () => undefined });
    await configureTable(TABLE, { active: false }, place.ports);
    expect(await replay({ all: true, yes: true })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('tidemark activate'),
    });
  });

  it('ends with 2 when a file blocks the table', async () => {
    await merged();
    await writeFile(join(raw, TABLE, FILES[2]), 'not Parquet');
    const { exitCode, err } = await replay({ from: FILES[0], yes: true });
    expect([exitCode, err]).toEqual([2, expect.stringContaining(`blocked by ${FILES[2]}`)]);
  });

  it('is a command of its own process', async () => {
    await merged();
    const args = ['replay', TABLE, '--from', '2026-03-01T11:00Z', '--raw', raw, '--lake', lake, '--yes'];
    const { exitCode, stdout } = await tidemark(args);
    expect([exitCode, stdout]).toEqual([0, 'sales/orders: 2 files merged again; it is up to date.\n']);
  });
});

describe('what --from is', () => {
  it.each([
    ['20260301-100000000.parquet', { kind: 'from file', file: '20260301-100000000.parquet' }],
    ['2026-03-01/20260301-100000000.parquet', { kind: 'from file', file: '2026-03-01/20260301-100000000.parquet' }],
    ['2026-03-01', { kind: 'from time', order: '20260301000000000' }],
    ['2026-03', { kind: 'from time', order: '20260301000000000' }],
    ['2026-03-01 10:15', { kind: 'from time', order: '20260301101500000' }],
    ['2026-03-01t10:15z', { kind: 'from time', order: '20260301101500000' }],
    ['2026-03-01T10:15', { kind: 'from time', order: '20260301101500000' }],
    ['2026-03-01T10:15:00.5Z', { kind: 'from time', order: '20260301101500500' }],
    ['2026-03-01T10:15:00+0200', { kind: 'from time', order: '20260301081500000' }],
    ['2026-03-01T10:15:00+02:00', { kind: 'from time', order: '20260301081500000' }],
  ])('%s', (from, request) => {
    expect(replayRequest({ from })).toEqual(request);
  });

  it.each([
    [{}],
    [{ from: '2026-03-01', all: true }],
    [{ from: '2026-13-45T99:00' }],
    [{ from: '2026-02-30' }],
    [{ from: '2026-03-01 10:15 PM' }],
  ])('is wrong usage: %j', (options) => {
    expect(() => replayRequest(options)).toThrow(WrongUsage);
  });

  it('is UTC wherever the terminal is', () => {
    const before = process.env.TZ;
    process.env.TZ = 'Asia/Tokyo';
    try {
      expect(replayRequest({ from: '2026-03-01 10:15' })).toEqual({ kind: 'from time', order: '20260301101500000' });
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});
