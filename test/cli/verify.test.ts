import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { VerifyCommandOptions } from '../../lib/cli/verify.ts';
import { runVerify } from '../../lib/cli/verify.ts';
import { runLocal } from '../../lib/local/run.ts';
import type { Verification } from '../../lib/verify/verify-table.ts';
import { putDmsFile, type Order } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { tidemark } from './terminal.ts';

describe('tidemark verify, on folders', () => {
  let root: string;
  let raw: string;
  let lake: string;

  beforeEach(async () => {
    ({ root, raw, lake } = await rawAndLake());
    const rows = Array.from({ length: 100 }, (_, id): Order => ({ id, item: `item ${id}` }));
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', rows);
    await merge();
    await putDmsFile(raw, 'sales/orders/20260301-101500123.parquet', [
      { Op: 'U', id: 7, item: 'changed' },
      { Op: 'D', id: 8, item: null },
    ]);
    await merge();
  });

  async function merge(): Promise<void> {
    const tables = join(root, 'tables.json');
    await writeFile(tables, JSON.stringify({ 'sales/orders': { primaryKey: ['id'], active: true } }));
    await runLocal({ raw, lake, tables, once: true }, { out: () => undefined, err: () => undefined });
  }

  /** Has DuckDB write the lake file anew, from a query of its rows. */
  async function rewrite(query: string): Promise<void> {
    const folder = join(lake, 'sales/orders');
    const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.parquet'));
    const path = join(folder, name);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(
      `COPY (${query.replace('lake', `read_parquet('${path}')`)}) TO '${path}.tmp' (FORMAT parquet)`,
    );
    connection.closeSync();
    await rename(`${path}.tmp`, path);
  }

  async function verify(options: VerifyCommandOptions = {}, table = 'sales/orders') {
    const out: string[] = [];
    const err: string[] = [];
    const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
    const exitCode = await runVerify(table, { raw, lake, ...options }, io);
    return { exitCode, out, err };
  }

  it('ends with 0 and says so if the lake is equal to the raw files', async () => {
    expect(await verify()).toEqual({
      exitCode: 0,
      out: ['sales/orders: the lake is equal to the raw files', '  99 rows in 2 raw files, 99 in the lake, 99 equal'],
      err: [],
    });
  });

  it('ends with 0 if another writer has written the same rows', async () => {
    await rewrite('SELECT * FROM lake ORDER BY item DESC');
    expect(await verify()).toMatchObject({ exitCode: 0 });
  });

  it('ends with 2 and names counts and keys of each difference', async () => {
    await rewrite(`SELECT * FROM (
        SELECT * REPLACE (CASE WHEN id IN (20, 30) THEN NULL ELSE item END AS item) FROM lake WHERE id NOT BETWEEN 90 AND 95)
      UNION ALL VALUES ('I', 8, 'item 8'), ('I', 5, 'item 5')`);
    expect(await verify()).toEqual({
      exitCode: 2,
      out: [
        'sales/orders: the lake DIFFERS from the raw files',
        '  99 rows in 2 raw files, 95 in the lake, 90 equal',
        '  6 rows missing from the lake: id=90 to id=95',
        '  1 row in the lake and should not be: id=8',
        '  2 rows with other values, in item: id=20 to id=30',
        '  1 row in the lake more than once: id=5',
      ],
      err: [],
    });
  });

  it('gives the same facts as JSON', async () => {
    await rewrite('SELECT * FROM lake WHERE id <> 4');
    const { exitCode, out } = await verify({ json: true });
    expect(exitCode).toBe(2);
    expect(out).toHaveLength(1);
    const result = JSON.parse(out[0] ?? '') as Verification;
    expect(result).toMatchObject({
      table: 'sales/orders',
      state: 'differs',
      files: { merged: 2, waiting: 0 },
      rows: { expected: 99, inLake: 98, equal: 98, missing: { count: 1, smallest: { id: '4' }, largest: { id: '4' } } },
    });
  });

  it('counts files that wait, which do not differ', async () => {
    await putDmsFile(raw, 'sales/orders/20260301-111500123.parquet', [{ Op: 'I', id: 500, item: null }]);
    const { exitCode, out } = await verify();
    expect(exitCode).toBe(0);
    expect(out).toContain('  1 file is not merged yet.');
  });

  it('ends with 1 if merged raw files are gone', async () => {
    await rm(join(raw, 'sales/orders/LOAD00000001.parquet'));
    const { exitCode, out } = await verify();
    expect(exitCode).toBe(1);
    expect(out.slice(0, 2)).toEqual([
      'sales/orders: cannot be verified',
      '  1 of its merged raw files are gone or were replaced: LOAD00000001.parquet. What they held cannot be told from the others.',
    ]);
  });

  it.each<[string, VerifyCommandOptions, string, string]>([
    ['an unknown table', {}, 'sales/unknown', 'sales/unknown is not known'],
    ['no table name', {}, 'orders', 'is no table'],
    ['no number of keys', { keysAtOnce: 'many' }, 'sales/orders', '--keys-at-once is many'],
    ['a number of keys that is none', { keysAtOnce: '0' }, 'sales/orders', '--keys-at-once is 0'],
  ])('ends with 1 for %s', async (_, options, table, message) => {
    const { exitCode, err } = await verify(options, table);
    expect(exitCode).toBe(1);
    expect(err.join()).toContain(message);
  });

  it('writes nothing into the folders', async () => {
    const before = await readdir(root, { recursive: true });
    await verify();
    expect(await readdir(root, { recursive: true })).toEqual(before);
  });

  it('shows no progress of short runs', async () => {
    const terminal = new PassThrough();
    await runVerify('sales/orders', { raw, lake }, { out: () => undefined, err: () => undefined, terminal });
    expect(terminal.read()).toBeNull();
  });

  it('is a command', async () => {
    const { exitCode, stdout } = await tidemark(['verify', 'sales/orders', '--raw', raw, '--lake', lake]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('the lake is equal to the raw files');
  });
});
