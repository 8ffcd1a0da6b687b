/** `tidemark history` on folders. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { runHistory, type HistoryOptions } from '../../lib/cli/history.ts';
import { runLocal } from '../../lib/local/run.ts';
import type { Measures } from '../../lib/ports/metrics.ts';
import type { HistoryEntry } from '../../lib/table/history-entry.ts';
import { putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';

let root: string;
let raw: string;
let lake: string;
const TABLE = 'sales/orders';
const measured: Measures[] = [];

beforeEach(async () => {
  ({ root, raw, lake } = await rawAndLake());
});

async function merge(): Promise<void> {
  const tables = join(root, 'tables.json');
  await writeFile(tables, JSON.stringify({ [TABLE]: { primaryKey: ['id'], active: true } }));
  const metrics = { add: (measures: Measures) => void measured.push(measures) };
  await runLocal({ raw, lake, tables, once: true }, { out: () => undefined, err: () => undefined, metrics });
}

async function history(options: HistoryOptions = {}, table = TABLE) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const exitCode = await runHistory(table, { raw, lake, ...options }, io);
  return { exitCode, out, err };
}

const entries = async (options: HistoryOptions = {}) =>
  (await history({ ...options, json: true })).out.map((line) => JSON.parse(line) as HistoryEntry);

/** A load, a change, and a file that is none. */
async function threeMerges(): Promise<void> {
  await putDmsFile(raw, `${TABLE}/LOAD00000001.parquet`, [{ id: 1, item: 'apple' }]);
  await merge();
  await putDmsFile(raw, `${TABLE}/20260301-101500123.parquet`, [{ Op: 'U', id: 1, item: 'pear' }]);
  await merge();
  await writeFile(join(raw, TABLE, '20260301-111500123.parquet'), 'no Parquet');
  await merge();
}

describe('tidemark history', () => {
  it('says what was done to a table, newest first', async () => {
    await threeMerges();
    const { exitCode, out, err } = await history();
    expect([exitCode, err]).toEqual([0, []]);
    const cells = out.map((line) => line.split(/ {2,}/));
    expect(cells.map((row) => row.slice(0, 5))).toEqual([
      ['TIME', 'FILES', 'INSERTED', 'UPDATED', 'DELETED'],
      [expect.stringMatching(/^2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d$/), '-', '-', '-', '-'],
      [expect.any(String), '1', '0', '1', '0'],
      [expect.any(String), '1', '1', '0', '0'],
    ]);
    expect(cells[1]!.at(-1)).toMatch(/^blocked by 20260301-111500123\.parquet: /);
    expect(cells[2]!.slice(-3)).toEqual([
      expect.stringMatching(/^\d.* m?s$/),
      expect.stringMatching(/^\d+(\.\d)? m?s, \d+(\.\d)? m?s$/),
      '1 change file',
    ]);
    expect(cells[3]!.at(-1)).toBe('1 load file');
  });

  it('writes one line of JSON per entry', async () => {
    await threeMerges();
    expect(await entries()).toMatchObject([
      { blocked: { file: '20260301-111500123.parquet', reason: expect.any(String) } },
      { report: { table: TABLE, rowsUpdated: 1, freshFiles: 1, freshnessP50Ms: expect.any(Number) } },
      { report: { table: TABLE, rowsInserted: 1 }, requestId: expect.any(String) },
    ]);
  });

  it('says no more than it is asked for', async () => {
    await threeMerges();
    const all = await entries();
    expect(await entries({ limit: '2' })).toEqual(all.slice(0, 2));
    expect(await entries({ since: all[1]!.at })).toEqual(all.slice(0, 2));
    expect(await entries({ since: all[1]!.at.replace('Z', '') })).toEqual(all.slice(0, 2));
    expect(await entries({ since: '2020-01-01' })).toEqual(all);
    const { exitCode, out, err } = await history({ since: '2999-01-01' });
    expect([exitCode, out]).toEqual([0, []]);
    expect(err).toEqual([expect.stringMatching(/^Nothing is known to have been done to sales\/orders .* since then/)]);
  });

  it.each([
    [{ limit: '0' }, '--limit'],
    [{ limit: 'all' }, '--limit'],
    [{ since: 'yesterday' }, '--since'],
    [{ since: '2026-02-30T99:00' }, '--since'],
    [{ stage: 'dev' }, 'not both'],
  ])('ends with 1 for wrong usage, and says what was meant: %j', async (options, named) => {
    const { exitCode, err } = await history(options);
    expect(exitCode).toBe(1);
    expect(err.join('\n')).toContain(named);
    expect(err.join('\n')).toMatch(/See: npx tidemark history --help$/);
  });

  it('refuses what is no table', async () => {
    expect(await history({}, 'orders')).toMatchObject({ exitCode: 1, err: [expect.stringContaining('no table')] });
  });
});

it('who runs the merges on folders is told each file’s freshness as it happens', async () => {
  measured.length = 0;
  await putDmsFile(raw, `${TABLE}/LOAD00000001.parquet`, [{ id: 1, item: 'apple' }]);
  await merge();
  expect(measured.flatMap(({ Freshness }) => Freshness ?? [])).toEqual([expect.any(Number)]);
});
