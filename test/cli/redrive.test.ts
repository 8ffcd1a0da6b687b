/** `tidemark redrive`: dead letters of a stack go back to their queues; on folders what is not settled is merged. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reportRedriven, runRedrive } from '../../lib/cli/redrive.ts';
import { configureTable } from '../../lib/table/configure.ts';
import { openPlace } from '../../lib/place/place.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { LabStack } from '../place/lab-stack.ts';
import { loadBytes } from '../table/table-lab.ts';

function terminal() {
  const [out, err]: [string[], string[]] = [[], []];
  return { out, err, io: { out: (line: string) => out.push(line), err: (line: string) => err.push(line) } };
}

describe('on folders', () => {
  let raw: string;
  let lake: string;

  beforeEach(async () => {
    ({ raw, lake } = await rawAndLake());
  });

  async function redrive(json = false) {
    const { out, err, io } = terminal();
    return { exitCode: await runRedrive({ raw, lake, json }, io), out, err };
  }

  async function activeTable(name: string): Promise<void> {
    await putDmsFile(raw, `${name}/LOAD00000001.parquet`, [{ id: 1, item: 'apple' }]);
    const { ports } = await openPlace({ raw, lake }, { err: () => undefined });
    await configureTable(name, { primaryKey: ['id'], active: true }, ports);
  }

  it('wakes the tables that are not settled, merges, and says that there are no dead letters', async () => {
    await activeTable('sales/orders');
    expect(await redrive()).toEqual({
      exitCode: 0,
      out: ['Folders have no dead letters: 1 table not settled, woken and merged.'],
      err: [],
    });
    expect(await lakeRows(lake, 'sales/orders')).toHaveLength(1);
    expect((await redrive()).out).toEqual(['Folders have no dead letters: no table waits.']);
  });

  it('ends with 2 if one of them is blocked, and says what to do', async () => {
    await activeTable('sales/orders');
    await writeFile(join(raw, 'sales/orders/20260301-101500123.parquet'), 'no Parquet');
    const { exitCode, out, err } = await redrive(true);
    expect(exitCode).toBe(2);
    expect(out.map((line) => JSON.parse(line) as object)).toMatchObject([{ table: 'sales/orders', state: 'blocked' }]);
    expect(err).toEqual([expect.stringMatching(/^sales\/orders is blocked by .*\n {2}What to do: /)]);
  });
});

describe('on a stack', () => {
  let dynamoDb: DynamoDb;
  beforeAll(async () => {
    dynamoDb = await startDynamoDb();
  });
  afterAll(() => dynamoDb.stop());

  it('moves the dead letters of both queues back, and the table they wake is merged', async () => {
    const stack = new LabStack(dynamoDb);
    await stack.configure('sales/orders', { primaryKey: ['id'], active: true });
    stack.raw.put('dms/sales/orders/LOAD00000001.parquet', loadBytes([[1, 'apple']]));
    const wakeUp = { table: 'raw-bucket/dms/sales/orders/', cause: 'lost in an outage' };
    await stack.ports.queue.send([wakeUp]);
    stack.killWakeUps();
    const { out, err, io } = terminal();
    const place = await stack.open();
    const redriven = await place.redrive();
    expect(reportRedriven(redriven, place, {}, io)).toBe(0);
    expect([out, err]).toEqual([
      ['arrivals-dead-letters: no dead letters', 'wake-ups-dead-letters.fifo: 1 of about 1 dead letters moved back'],
      [],
    ]);
    await stack.pass(1000);
    const item = await place.ports.tables.get(wakeUp.table);
    expect(item).toMatchObject({ LoadFiles: { 'LOAD00000001.parquet': expect.any(String) } });
  });
});
