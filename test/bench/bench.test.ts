import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { DuckDb } from '../parquet/duckdb.ts';
import { type CaseFigures, type FigureName } from './case-figures.ts';
import { rowDifference } from './compare-rows.ts';

const RUN = resolve(import.meta.dirname, 'run.ts');
/** One of each kind; with `hot-end-large` comes `hot-end`. */
const CASES = ['full-load', 'uuid', 'stream', 'hot-end-large'];

describe('the bench', () => {
  let exitCode: number | null;
  let cases: CaseFigures[];

  beforeAll(async () => {
    const args = ['--rows', '5000', '--iterations', '2', '--json', ...CASES.flatMap((name) => ['--case', name])];
    const child = spawn(process.execPath, ['--import', 'tsx', RUN, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise<number | null>((done) => child.on('close', done));
    const [, ...lines] = (await text(child.stdout)).trimEnd().split('\n');
    exitCode = await ended;
    cases = lines.map((line) => JSON.parse(line) as CaseFigures);
  }, 120_000);

  it('finds the rows of the lake equal to those of DuckDB in every case', () => {
    expect(cases.map((figures) => figures.case)).toEqual(['full-load', 'hot-end', 'uuid', 'stream', 'hot-end-large']);
    for (const { difference } of cases) expect(difference).toBeUndefined();
    expect(exitCode).toBe(0);
  });

  it('has a figure for every target, and says whether it is met', () => {
    for (const { figures, targets } of cases) {
      expect(targets.length).toBeGreaterThan(1);
      for (const { figure, met } of targets) {
        expect(figures[figure]).toBeGreaterThan(0);
        expect(typeof met).toBe('boolean');
      }
    }
  });

  it('tells time, bytes, row groups, calls and memory of every case', () => {
    const told: FigureName[] = [
      'ms',
      'ms with copy',
      'cold ms',
      'written MB',
      'groups written',
      'store calls',
      'peak MiB',
    ];
    for (const { figures, calls, profile } of cases) {
      for (const name of told) expect(figures[name]).toBeGreaterThan(0);
      expect(calls).toMatchObject({ 'raw.list': expect.any(Number), 'lake.write': expect.any(Number) });
      expect(Object.keys(profile)).not.toHaveLength(0);
    }
  });

  it('takes DuckDB’s time where a case is compared with it', () => {
    const timed = cases.filter(({ figures }) => figures['DuckDB ms'] !== undefined).map((figures) => figures.case);
    expect(timed).toEqual(['full-load', 'hot-end', 'uuid']);
  });
});

describe('rows that are compared', () => {
  let duckdb: DuckDb;
  const rows = (from: string, amount = '1.5') =>
    `SELECT 'I' AS Op, i AS id, 'c' AS customer, 1 AS quantity, DATE '2026-01-01' AS ordered_at, ${amount} AS amount, 'p' AS product FROM range(${from}) numbers(i)`;

  beforeAll(async () => {
    duckdb = await DuckDb.open();
  });

  afterAll(() => duckdb.close());

  async function fileOf(rows: string): Promise<string[]> {
    const path = duckdb.path();
    await duckdb.query(`COPY (${rows}) TO '${path}' (FORMAT parquet)`);
    return [path];
  }

  it('may come in any order, but each as often on both sides', async () => {
    const [upwards, downwards, twice, another] = await Promise.all([
      fileOf(rows('3')),
      fileOf(`${rows('3')} ORDER BY id DESC`),
      fileOf(`${rows('3')} UNION ALL ${rows('1')}`),
      fileOf(rows('1, 4')),
    ]);
    expect(await rowDifference(upwards, downwards)).toBeUndefined();
    expect(await rowDifference(upwards, twice)).toBe('0 rows are only here, 1 only there');
    expect(await rowDifference(upwards, another)).toBe('1 rows are only here, 1 only there');
  });

  it('have columns of the same types', async () => {
    const difference = await rowDifference(await fileOf(rows('1', '1')), await fileOf(rows('1', '1.0')));
    expect(difference).toContain('amount');
  });
});
