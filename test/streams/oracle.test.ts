import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DmsColumn, type DmsValue, OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { Oracle } from './oracle.ts';

const ID: DmsColumn = { name: 'id', type: { kind: 'int64' } };
const NAME: DmsColumn = { name: 'name', type: { kind: 'string' } };
const RATE: DmsColumn = { name: 'rate', type: { kind: 'double' } };
const PRICE: DmsColumn = { name: 'price', type: { kind: 'decimal', precision: 38, scale: 4 } };
const COLUMNS = [OP_COLUMN, ID, NAME, RATE, PRICE];

const HIGH = 10n ** 38n - 1n;

/** Load rows 1–4 without Op; then 2 is updated, 3 deleted by its key alone, 4 deleted and inserted, 5 updated unseen. */
const RAW = {
  'LOAD00000001.parquet': {
    columns: [ID, NAME, RATE, PRICE],
    rows: [1n, 2n, 3n, 4n].map((id): DmsValue[] => [id, 'loaded', -0, HIGH]),
  },
  '20251122-095713044.parquet': {
    columns: COLUMNS,
    rows: [
      ['I', 4n, 'again', 1, 0n],
      ['U', 2n, 'updated', NaN, 1n],
      ['D', 3n, null, null, null],
      ['D', 4n, null, null, null],
    ] as DmsValue[][],
  },
  '20251122-095714000.parquet': {
    columns: COLUMNS,
    rows: [
      ['I', 4n, 'back', 2, 2n],
      ['U', 5n, 'unseen', null, null],
    ] as DmsValue[][],
  },
};

const RIGHT: DmsValue[][] = [
  ['I', 1n, 'loaded', -0, HIGH],
  ['U', 2n, 'updated', NaN, 1n],
  ['I', 4n, 'back', 2, 2n],
  ['U', 5n, 'unseen', null, null],
];

describe('the oracle', () => {
  let folder: string;
  let oracle: Oracle;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-oracle-'));
    oracle = await Oracle.create();
    for (const [name, file] of Object.entries(RAW)) await writeFile(join(folder, name), writeDmsFile(file));
  });
  afterAll(async () => {
    oracle.close();
    await rm(folder, { recursive: true });
  });

  /** @param lake by path below the lake's folder, each file's columns and rows */
  async function differences(
    lake: Record<string, { columns?: DmsColumn[]; rows: DmsValue[][] }>,
    keys: { primaryKey?: string[]; partitionKey?: string[] } = {},
    rowsPerRowGroup = 1,
  ): Promise<string[]> {
    await rm(join(folder, 'lake'), { recursive: true, force: true });
    const lakeFiles = Object.keys(lake).map((path) => join(folder, 'lake', path));
    for (const [path, { columns = COLUMNS, rows }] of Object.entries(lake)) {
      await mkdir(dirname(join(folder, 'lake', path)), { recursive: true });
      // A row group for each row: like DMS, this writer leaves NaN out of the bounds of a group, which can hide it.
      await writeFile(join(folder, 'lake', path), writeDmsFile({ columns, rows, rowsPerRowGroup }));
    }
    const rawFiles = Object.keys(RAW).map((name) => join(folder, name));
    return oracle.differences({
      name: 'shop/orders',
      primaryKey: ['id'],
      partitionKey: [],
      ...keys,
      rawFiles,
      lakeFiles,
    });
  }

  it('is content with the last row of every key, deletes left out', async () => {
    expect(
      await differences({ 'a.parquet': { rows: RIGHT.slice(0, 2) }, 'b.parquet': { rows: RIGHT.slice(2) } }),
    ).toEqual([]);
  });

  it('is content with all inserted rows of a table without a key', async () => {
    const rows: DmsValue[][] = [
      ...[1n, 2n, 3n, 4n].map((id): DmsValue[] => ['I', id, 'loaded', -0, HIGH]),
      ['I', 4n, 'again', 1, 0n],
      ['I', 4n, 'back', 2, 2n],
    ];
    expect(await differences({ 'a.parquet': { rows } }, { primaryKey: [] })).toEqual([]);
    expect(await differences({ 'a.parquet': { rows: rows.slice(1) } }, { primaryKey: [] })).toHaveLength(1);
  });

  it('is content with partition values in folder names, escaped, an empty text as null', async () => {
    const columns = [OP_COLUMN, ID, RATE, PRICE];
    const rows = (name: string) => RIGHT.filter((row) => row[2] === name).map((row) => row.toSpliced(2, 1));
    const lake = Object.fromEntries(
      ['loaded', 'updated', 'back', 'unseen'].map((name) => [`name=${name}/a.parquet`, { columns, rows: rows(name) }]),
    );
    expect(await differences(lake, { partitionKey: ['name'] })).toEqual([]);
    const { 'name=back/a.parquet': moved, ...others } = lake;
    const misplaced = { ...others, 'name=b%61ck%2F/a.parquet': moved! };
    expect(await differences(misplaced, { partitionKey: ['name'] })).toHaveLength(2);
  });

  it.each<[string, DmsValue[][]]>([
    ['a row too few', RIGHT.slice(1)],
    ['a row twice', [...RIGHT, RIGHT[0]!]],
    ['a deleted row', [...RIGHT, ['I', 3n, 'loaded', -0, HIGH]]],
    ['0 instead of −0', [['I', 1n, 'loaded', 0, HIGH], ...RIGHT.slice(1)]],
    ['the last of 38 digits', [['I', 1n, 'loaded', -0, HIGH - 1n], ...RIGHT.slice(1)]],
    ['null instead of NaN', RIGHT.map((row) => (Number.isNaN(row[3]) ? row.with(3, null) : row))],
    ['an earlier row of a key', RIGHT.map((row) => (row[1] === 4n ? ['I', 4n, 'again', 1, 0n] : row))],
    ['another Op', RIGHT.map((row) => (row[1] === 5n ? row.with(0, 'I') : row))],
  ])('notices %s', async (_, rows) => {
    expect(await differences({ 'a.parquet': { rows } })).not.toEqual([]);
  });

  it('notices a column of another type, or declared differently in two files, or required', async () => {
    const narrow = COLUMNS.with(1, { name: 'id', type: { kind: 'int32' } });
    const narrowRows = RIGHT.map((row) => row.with(1, Number(row[1])));
    expect(await differences({ 'a.parquet': { columns: narrow, rows: narrowRows } })).toEqual([
      'column id is INTEGER instead of BIGINT',
    ]);
    expect(
      await differences({
        'a.parquet': { rows: RIGHT.slice(0, 2) },
        'b.parquet': { columns: narrow, rows: narrowRows.slice(2) },
      }),
    ).toEqual([expect.stringMatching(/^files declare column id as /)]);
    const required = COLUMNS.with(1, { ...ID, required: true });
    expect(await differences({ 'a.parquet': { columns: required, rows: RIGHT } })).toHaveLength(1);
  });

  it('notices bounds in a footer that hide rows from a filter', async () => {
    const found: string[] = [];
    // It tries one column at a time.
    for (let turn = 0; turn < COLUMNS.length; turn++)
      found.push(...(await differences({ 'a.parquet': { rows: RIGHT } }, {}, 10)));
    expect(found).toEqual([`WHERE "rate" = 'nan'::DOUBLE finds 0 rows of 1`]);
  });

  it('notices that the lake is missing', async () => {
    expect(await differences({})).toEqual(['no lake files, but 4 rows expected']);
  });
});
