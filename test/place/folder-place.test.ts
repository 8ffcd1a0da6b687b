/** Folders as a place: the process that asks is the one that merges. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Place, PlaceOptions } from '../../lib/place/place.ts';
import { openPlace } from '../../lib/place/place.ts';
import { configureTable } from '../../lib/table/configure.ts';
import type { MergeReport } from '../../lib/table/report.ts';
import type { TableRow } from '../../lib/table/row.ts';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';

const PATH = 'raw/sales/orders/';
let root: string;
let raw: string;
let lake: string;
let reports: MergeReport[];

beforeEach(async () => {
  ({ root, raw, lake } = await rawAndLake());
  reports = [];
});

const open = (options: PlaceOptions = { raw, lake }): Promise<Place> =>
  openPlace(options, { err: () => undefined, onReport: (report) => reports.push(report) });

async function activeTable(): Promise<Place> {
  await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'apple' }]);
  const place = await open();
  await configureTable('sales/orders', { primaryKey: ['id'], active: true }, place.ports);
  return place;
}

describe('a place is either folders or a stack', () => {
  it.each<[string, PlaceOptions, string]>([
    ['nothing', {}, 'Give --raw and --lake (folders), or --stage'],
    ['half of the folders', { raw: 'r' }, 'Give --raw and --lake'],
    ['both', { raw: 'r', lake: 'l', stage: 'dev' }, 'not both'],
    ['a region without a stage', { region: 'eu-west-1' }, '--stage is missing'],
  ])('%s is wrong usage', async (_, options, message) => {
    await expect(open(options)).rejects.toMatchObject({
      name: 'WrongUsage',
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, (file: string) => PlaceOptions]>([
    ['the lake', (file) => ({ raw, lake: file })],
    ['a folder above the lake', (file) => ({ raw, lake: join(file, 'lake') })],
    ['the state', (file) => ({ raw, lake, state: file })],
  ])('a file for %s is wrong usage, also where nothing is written', async (_, options) => {
    const file = join(root, 'file');
    await writeFile(file, '');
    await expect(open(options(file))).rejects.toMatchObject({
      name: 'WrongUsage',
      message: expect.stringContaining('is not a folder'),
    });
  });

  it.each<[string, (missing: string) => PlaceOptions]>([
    ['--raw', (missing) => ({ raw: missing, lake })],
    ['--lake', (missing) => ({ raw, lake: missing })],
    ['--state', (missing) => ({ raw, lake, state: missing })],
  ])('a folder that is not there is wrong usage, since its name may be mistyped: %s', async (option, options) => {
    const missing = join(root, 'lkae');
    await expect(open(options(missing))).rejects.toMatchObject({
      name: 'WrongUsage',
      message: expect.stringContaining(`${option}: there is no folder ${missing}.`),
    });
  });

  it('opening folders makes nothing there', async () => {
    await open();
    expect(await readdir(root, { recursive: true })).toEqual(['lake', 'raw']);
  });
});

describe('bringing a table of folders up to date', () => {
  it('merges it in this process, and tells of what was merged and of its row', async () => {
    const place = await activeTable();
    const rows: TableRow[] = [];
    expect(await place.bringUpToDate({ table: PATH, cause: 'test' }, (row) => rows.push(row))).toEqual({
      state: 'active',
    });
    expect(await lakeRows(lake, 'sales/orders')).toEqual([{ id: 1, item: 'apple' }]);
    expect(reports).toMatchObject([{ table: 'sales/orders', loadFiles: 1 }]);
    expect(rows.map(({ path, progress }) => [path, progress.loadFiles.size])).toEqual([[PATH, 1]]);
  });

  it('tells what a compaction did', async () => {
    const place = await activeTable();
    const compact = { purge: true, join: false };
    const brought = await place.bringUpToDate({ table: PATH, cause: 'test', compact });
    expect(brought).toMatchObject({ state: 'active', compacted: { filesLaidOut: 0 } });
  });

  it('tells that it is inactive, or by what it is blocked and what to do', async () => {
    const place = await activeTable();
    await configureTable('sales/orders', { active: false }, place.ports);
    expect(await place.bringUpToDate({ table: PATH, cause: '1' })).toEqual({ state: 'inactive' });
    await configureTable('sales/orders', { active: true }, place.ports);
    await writeFile(join(raw, 'sales/orders/20260301-101500123.parquet'), 'no Parquet');
    expect(await place.bringUpToDate({ table: PATH, cause: '2' })).toEqual({
      state: 'blocked',
      blocked: { file: '20260301-101500123.parquet', reason: expect.any(String), next: expect.any(String) },
    });
  });
});
