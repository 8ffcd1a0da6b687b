import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSampleDatabase, runSampleScript } from '../../lib/sample/sample-database.ts';
import { changeFiles, fullLoadFiles, placeRawFile } from '../../lib/sample/sample-files.ts';

const NOW = new Date('2025-11-22T09:57:13.044Z');

describe('the sample database', () => {
  const before = createSampleDatabase();
  const { after, changes } = runSampleScript(before, NOW);
  let raw: string;
  let duckdb: DuckDBConnection;
  beforeAll(async () => {
    raw = await mkdtemp(join(tmpdir(), 'tidemark-sample-'));
    for (const file of [...fullLoadFiles(before), ...changeFiles(before, changes, NOW)]) await placeRawFile(raw, file);
    duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  });
  afterAll(async () => {
    duckdb.closeSync();
    await rm(raw, { recursive: true });
  });
  const query = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowsJson();
  const load = (table: string) => `'${raw}/sampledb/${table}/LOAD00000001.parquet'`;
  const change = (table: string) => `'${raw}/sampledb/${table}/20251122-095713044.parquet'`;

  it('starts with 8 stores, 25 products and 8,425 orders on five days', async () => {
    expect(await query(`SELECT min(id), max(id), count(DISTINCT id) FROM ${load('store')}`)).toEqual([
      [1001, 1008, '8'],
    ]);
    expect(await query(`SELECT min(id), max(id), count(DISTINCT id) FROM ${load('product')}`)).toEqual([
      [1001, 1025, '25'],
    ]);
    expect(
      await query(`SELECT create_dt, count(DISTINCT id) FROM ${load('productorder')} GROUP BY ALL ORDER BY ALL`),
    ).toEqual([
      ['2018-11-27', '1010'],
      ['2018-11-28', '723'],
      ['2018-12-03', '1196'],
      ['2018-12-10', '4250'],
      ['2018-12-13', '1246'],
    ]);
  });

  it('has orders of its own products and stores, within the bounds of loadorders', async () => {
    expect(
      await query(
        `SELECT min(productid), max(productid), min(storeid), max(storeid), min(qty), max(qty), min(soldprice) >= 0,
          max(soldprice) <= 100 FROM ${load('productorder')}`,
      ),
    ).toEqual([[1001, 1025, 1001, 1008, 1, 10, true, true]]);
  });

  it('has full-load files with Op = I, as includeOpForFullLoad asks for', async () => {
    for (const table of ['store', 'product', 'productorder']) {
      expect(await query(`SELECT DISTINCT Op FROM ${load(table)}`)).toEqual([['I']]);
      expect((await query(`DESCRIBE FROM ${load(table)}`))[0]?.[0]).toBe('Op');
    }
  });

  it('has names with letters beyond ASCII, commas and parentheses', async () => {
    const [[name]] = (await query(`SELECT name FROM ${load('product')} WHERE id = 1001`)) as [[string]];
    expect(name).toContain('55” 4K');
    expect(
      await query(`SELECT count(*) > 0 FROM ${load('product')} WHERE name LIKE '%,%' AND name LIKE '%(%)%'`),
    ).toEqual([[true]]);
  });

  it('has the changes of its script in a file for each table', async () => {
    expect(await query(`SELECT Op, id, name, dept, category FROM ${change('product')} ORDER BY id`)).toEqual([
      ['U', 1001, 'Sample Product', 'Sample Dept', 'Sample Category'],
      ['D', 1002, expect.any(String), 'Electronics', 'Television'],
    ]);
    expect(await query(`SELECT * FROM ${change('store')}`)).toEqual([
      ['I', 1009, '125 Technology Dr.', 'Irvine', 'CA', 'US', '92618'],
    ]);
    expect(
      await query(
        `SELECT Op, min(id), max(id), count(DISTINCT id), min(create_dt), max(create_dt) FROM ${change('productorder')} GROUP BY Op`,
      ),
    ).toEqual([['I', 8426, 9770, '1345', '2025-11-22', '2025-11-22']]);
  });

  it('holds 9 stores, 24 products and 9,770 orders after its script', () => {
    expect(Object.entries(after).map(([table, { rows }]) => [table, rows.length])).toEqual([
      ['store', 9],
      ['product', 24],
      ['productorder', 9770],
    ]);
  });

  it('is the same for the same seed', () => {
    expect(fullLoadFiles(createSampleDatabase(7))).toEqual(fullLoadFiles(createSampleDatabase(7)));
    expect(fullLoadFiles(createSampleDatabase(7))).not.toEqual(fullLoadFiles(createSampleDatabase(8)));
  });

  it('leaves nothing unfinished in the raw folder', async () => {
    const names = await readdir(join(raw, 'sampledb', 'product'));
    expect(names.sort()).toEqual(['20251122-095713044.parquet', 'LOAD00000001.parquet']);
  });
});
