/** `tidemark forget`, on folders and on a stack. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ForgetIo, ForgetOptions } from '../../lib/cli/forget.ts';
import { runForget } from '../../lib/cli/forget.ts';
import { runActivate } from '../../lib/cli/activate.ts';
import { runTables } from '../../lib/cli/tables.ts';
import { openPlace } from '../../lib/place/place.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { configureTable } from '../../lib/table/configure.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { LabStack } from '../place/lab-stack.ts';
import { loadBytes } from '../table/table-lab.ts';
import { recorded, tidemark } from './terminal.ts';

describe('on folders', () => {
  let raw: string;
  let lake: string;
  beforeEach(async () => {
    ({ raw, lake } = await rawAndLake());
  });

  async function set(table: string, settings: TableSettings): Promise<void> {
    const { ports } = await openPlace({ raw, lake }, { err: () => undefined });
    await configureTable(table, settings, ports);
  }

  /** A table that was merged, and rests; its raw file is gone. */
  async function mergedTable(): Promise<void> {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'apple' }]);
    await runActivate('sales/orders', { raw, lake, primaryKey: 'id' }, recorded().io);
    await rm(join(raw, 'sales/orders/LOAD00000001.parquet'));
    await set('sales/orders', { active: false });
  }

  async function forget(table: string, options: ForgetOptions = {}, more: Partial<ForgetIo> = {}) {
    const { out, err, io } = recorded();
    const exitCode = await runForget(table, { raw, lake, ...options }, { ...io, ...more });
    return { exitCode, out, err: err.join('\n') };
  }

  async function known(): Promise<string[]> {
    const { out, io } = recorded();
    await runTables([], { raw, lake, json: true }, io);
    return out.map((line) => (JSON.parse(line) as { table: string }).table);
  }

  it('removes the row of a table that was mistyped, and lists it no more', async () => {
    await set('sales/ordres', { primaryKey: ['id'], active: true });
    expect(await forget('sales/ordres', { yes: true })).toEqual({
      exitCode: 0,
      out: ['sales/ordres: its row is removed. It has no lake files.'],
      err: '',
    });
    expect(await known()).toEqual([]);
    expect(await forget('sales/ordres', { yes: true })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('sales/ordres is not known'),
    });
  });

  it('leaves lake files where they are, and says where', async () => {
    await mergedTable();
    const { exitCode, out } = await forget('sales/orders', { yes: true });
    expect([exitCode, out]).toEqual([
      0,
      ['sales/orders: its row is removed. Its lake files stay, in sales/orders/ of the lake.'],
    ]);
    expect(await lakeRows(lake, 'sales/orders')).toEqual([{ id: 1, item: 'apple' }]);
  });

  it('says with --dry-run what it would do, and with --json what stays', async () => {
    await mergedTable();
    expect((await forget('sales/orders', { dryRun: true })).out).toEqual([
      'sales/orders: its row would be removed. Its lake files stay, in sales/orders/ of the lake.',
    ]);
    const planned = await forget('sales/orders', { dryRun: true, json: true });
    const said = { table: 'sales/orders', lake: 'sales/orders/' };
    expect(JSON.parse(planned.out[0]!)).toEqual({ ...said, dryRun: true });
    expect(await known()).toEqual(['sales/orders']);
    expect(JSON.parse((await forget('sales/orders', { yes: true, json: true })).out[0]!)).toEqual(said);
    expect(await known()).toEqual([]);
  });

  it('asks, and does nothing at a no, or where nobody can be asked', async () => {
    await set('sales/ordres', {});
    const asked: string[] = [];
    const answer = (isYes: boolean) => (question: string) => {
      asked.push(question);
      return Promise.resolve(isYes);
    };
    expect(await forget('sales/ordres', {}, { confirm: answer(false) })).toMatchObject({
      exitCode: 1,
      err: 'Nothing was done.',
    });
    expect(await forget('sales/ordres')).toMatchObject({ exitCode: 1, err: expect.stringContaining('Give --yes') });
    expect(await known()).toEqual(['sales/ordres']);
    expect((await forget('sales/ordres', {}, { confirm: answer(true) })).exitCode).toBe(0);
    expect(asked).toEqual(
      Array(2).fill(expect.stringMatching(/^The row of sales\/ordres is removed at .*Do it now\?$/)),
    );
  });

  it('refuses where raw files are, with the command that is meant', async () => {
    await putDmsFile(raw, 'sales/orders/LOAD00000001.parquet', [{ id: 1, item: 'apple' }]);
    await set('sales/orders', { primaryKey: ['id'] });
    const { exitCode, err } = await forget('sales/orders', { yes: true });
    expect(exitCode).toBe(1);
    expect(err).toMatch(
      /^tidemark forget: It has raw files: .*\n {2}What to do: To have it rest: `npx tidemark deactivate sales\/orders --raw /,
    );
    expect(await known()).toEqual(['sales/orders']);
  });

  it('is a command of its own process', async () => {
    await set('sales/ordres', {});
    const { exitCode, stdout } = await tidemark(['forget', 'sales/ordres', '--raw', raw, '--lake', lake, '-y']);
    expect([exitCode, stdout]).toEqual([0, 'sales/ordres: its row is removed. It has no lake files.\n']);
  });
});

describe('on a stack', () => {
  let dynamoDb: DynamoDb;
  beforeAll(async () => {
    dynamoDb = await startDynamoDb();
  });
  afterAll(() => dynamoDb.stop());

  it('removes the row, and refuses where raw files are', async () => {
    const stack = new LabStack(dynamoDb);
    await stack.configure('sales/ordres', { primaryKey: ['id'], active: true });
    await stack.configure('sales/orders', { primaryKey: ['id'] });
    stack.raw.put('dms/sales/orders/LOAD00000001.parquet', loadBytes([[1, 'apple']]));
    const { out, err, io } = recorded();
    const options = { stage: 'dev', yes: true };
    expect(await runForget('sales/ordres', options, { ...stack.io, ...io })).toBe(0);
    expect(await runForget('sales/orders', options, { ...stack.io, ...io })).toBe(1);
    expect(out).toEqual(['sales/ordres: its row is removed. It has no lake files.']);
    expect(err.join()).toContain('`npx tidemark deactivate sales/orders --stage dev`');
    const rows = await Promise.all(
      ['ordres', 'orders'].map((table) => stack.ports.tables.get(`raw-bucket/dms/sales/${table}/`)),
    );
    expect(rows).toEqual([undefined, expect.objectContaining({ PrimaryKey: 'id' })]);
  });
});
