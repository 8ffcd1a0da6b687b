import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runLocal } from '../../lib/local/run.ts';
import { type DmsColumn, type DmsValue, OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { readLakeTable } from '../../lib/sample/lake-table.ts';
import { placeRawFile } from '../../lib/sample/sample-files.ts';

const COLUMNS: DmsColumn[] = [
  OP_COLUMN,
  { name: 'id', type: { kind: 'int32' } },
  { name: 'note', type: { kind: 'string' } },
];

describe('tidemark local --once', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-scale-'));
    await mkdir(join(folder, 'raw'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const place = (key: string, rows: DmsValue[][]) =>
    placeRawFile(join(folder, 'raw'), { key, bytes: writeDmsFile({ columns: COLUMNS, rows }) });

  async function merge(tables: readonly string[]): Promise<{ exitCode: number; said: string[] }> {
    const settings = Object.fromEntries(tables.map((name) => [name, { primaryKey: ['id'], active: true }]));
    const said: string[] = [];
    await writeFile(join(folder, 'tables.json'), JSON.stringify(settings));
    const exitCode = await runLocal(
      { raw: join(folder, 'raw'), lake: join(folder, 'lake'), tables: join(folder, 'tables.json'), once: true },
      { out: () => undefined, err: (line) => said.push(line) },
    );
    return { exitCode, said };
  }

  const lakeRows = async (table: string) =>
    (await readLakeTable(join(folder, 'lake', table))).rows
      .map(({ Op, id, note }) => [Op, id, note])
      .sort(([, left], [, right]) => Number(left) - Number(right));

  it('merges 2,500 change files of one table whole', async () => {
    const expected = new Map<number, unknown[]>();
    for (let file = 0; file < 2_500; file++) {
      const inserted: DmsValue[] = ['I', file, `inserted by ${file}`];
      const updated: DmsValue[] = ['U', Math.floor(file / 2), `updated by ${file}`];
      const deleted: DmsValue[] = ['D', Math.floor(file / 3), null];
      const rows = file % 10 === 0 ? [inserted, updated, deleted] : [inserted, updated];
      for (const row of rows) {
        if (row[0] === 'D') expected.delete(Number(row[1]));
        else expected.set(Number(row[1]), row);
      }
      const time = new Date(Date.UTC(2025, 10, 22, 0, 0, file * 20)).toISOString().replace(/[-:.Z]/g, '');
      await place(`shop/orders/${time.replace('T', '-')}.parquet`, rows);
    }
    expect(await merge(['shop/orders'])).toEqual({ exitCode: 0, said: ['1 table up to date.'] });
    expect(await lakeRows('shop/orders')).toEqual([...expected.values()].sort(([, a], [, b]) => Number(a) - Number(b)));
  }, 180_000);

  it('merges 1,200 tables whole', async () => {
    const tables = Array.from({ length: 1_200 }, (_, index) => `shop_${index % 3}/table_${index}`);
    for (const table of tables) {
      await place(`${table}/LOAD00000001.parquet`, [
        ['I', 1, table],
        ['I', 2, table],
      ]);
      await place(`${table}/20251122-095713044.parquet`, [
        ['D', 1, null],
        ['I', 3, table],
      ]);
    }
    expect(await merge(tables)).toEqual({ exitCode: 0, said: ['1,200 tables up to date.'] });
    for (const table of tables) {
      expect(await lakeRows(table)).toEqual([
        ['I', 2, table],
        ['I', 3, table],
      ]);
    }
  }, 180_000);
});
