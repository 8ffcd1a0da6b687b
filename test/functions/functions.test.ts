import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { objectCreatedEvent, testEvent } from '../cloud/s3-event.ts';
import type { TableLab } from '../table/table-lab.ts';
import { contextOf, functionsOnLab, sqsRecord } from './in-memory.ts';

const FIFTEEN_MINUTES_MS = 15 * 60_000;
let lab: TableLab;
let connections: () => number;
beforeEach(() => {
  ({ lab, connections } = functionsOnLab());
});

function wakeUps(): unknown[] {
  return lab.queue.receive().map(({ body }) => JSON.parse(body) as unknown);
}

function arrival(bucket: string, key: string): string {
  const object = { key, bytes: new Uint8Array(), eTag: 'e', lastModified: new Date(0), metadata: {} };
  return objectCreatedEvent(bucket, object, '001');
}

describe('route', () => {
  const route = async (bodies: Record<string, string>) => {
    const { handler } = await import('../../functions/route.ts');
    return handler({ Records: Object.entries(bodies).map(([id, body]) => sqsRecord(id, body)) }, contextOf(30_000));
  };

  it('sends a wake-up of its table for each raw file, its key decoded', async () => {
    const answer = await route({ a: arrival('raw-bucket', 'shop/my orders/LOAD00000001.parquet') });
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(wakeUps()).toEqual([
      {
        table: 'raw-bucket/shop/my orders/',
        key: 'shop/my orders/LOAD00000001.parquet',
        cause: 'raw-bucket/shop/my orders/LOAD00000001.parquet 001',
      },
    ]);
  });

  it('hands back the arrivals that it cannot read, and takes the others', async () => {
    const answer = await route({
      good: arrival('raw-bucket', 'shop/orders/LOAD00000001.parquet'),
      bad: 'not JSON',
      foreign: arrival('elsewhere', 'shop/orders/LOAD00000001.parquet'),
      test: testEvent('raw-bucket'),
    });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'bad' }, { itemIdentifier: 'foreign' }] });
    expect(wakeUps()).toHaveLength(1);
  });

  it('fails as a whole when nothing can be sent', async () => {
    lab.onCall = ({ store }) => (store === 'queue' ? 'reject' : 'none');
    await expect(route({ a: arrival('raw-bucket', 'shop/orders/LOAD00000001.parquet') })).rejects.toThrow('reject');
  });
});

describe('merge', () => {
  const merge = async (records: ReturnType<typeof sqsRecord>[], remainingMs = FIFTEEN_MINUTES_MS) => {
    const { handler } = await import('../../functions/merge.ts');
    return handler({ Records: records }, contextOf(remainingMs));
  };
  const wakeUp = (id: string, table: string) => sqsRecord(id, JSON.stringify({ table, cause: id }));

  it('brings the tables of a batch up to their raw files, and says what it did', async () => {
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    const said: unknown[] = [];
    lab.ports.log.info = (message, facts) => said.push([message, facts]);
    expect(await merge([wakeUp('a', table.path)])).toEqual({ batchItemFailures: [] });
    expect(await table.rows()).toEqual(['1 apple']);
    expect(said).toContainEqual(['table merged', expect.objectContaining({ path: table.path, rowsInserted: 1 })]);
  });

  it('hands back the wake-ups of the table that failed, and only these', async () => {
    const [bad, good] = [await lab.activeTable({}, 'shop/bad'), await lab.activeTable({}, 'shop/good')];
    for (const table of [bad, good]) table.load('LOAD00000001', [[1, 'apple']]);
    lab.onCall = ({ store, target }) => (store === 'lake' && target.startsWith('shop/bad/') ? 'reject' : 'none');
    const answer = await merge([wakeUp('a', bad.path), wakeUp('b', good.path), wakeUp('c', bad.path)]);
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(['a', 'c']);
    expect(await good.rows()).toEqual(['1 apple']);
  });

  it('acknowledges the wake-ups of a blocked table, says what blocks it, and counts it', async () => {
    const table = await lab.activeTable();
    table.put('LOAD00000001.parquet', Buffer.from('no Parquet file'));
    expect(await merge([wakeUp('a', table.path)])).toEqual({ batchItemFailures: [] });
    expect(lab.said).toContainEqual({
      message: 'table is blocked',
      facts: expect.objectContaining({ path: table.path, file: 'LOAD00000001.parquet', next: expect.any(String) }),
    });
    expect(lab.measured).toContainEqual({ measures: { BlockedTables: 1 } });
  });

  it('says that a table which is blocked or inactive is not compacted', async () => {
    const blocked = await lab.activeTable({}, 'shop/bad');
    blocked.put('LOAD00000001.parquet', Buffer.from('no Parquet file'));
    const inactive = await lab.activeTable({ active: false }, 'shop/idle');
    const compact = { purge: false, join: false };
    const asked = [blocked, inactive].map(({ path }) =>
      sqsRecord(path, JSON.stringify({ table: path, cause: 'c', compact })),
    );
    expect(await merge(asked)).toEqual({ batchItemFailures: [] });
    const refused = lab.said.filter(({ message }) => message === 'compacting a table is refused');
    expect(refused.map(({ facts }) => facts)).toEqual([
      { table: blocked.path, state: 'blocked' },
      { table: inactive.path, state: 'inactive' },
    ]);
  });

  it('keeps fifteen seconds of its time to end in good order', async () => {
    const table = await lab.activeTable();
    table.load('LOAD00000001', [[1, 'apple']]);
    await merge([wakeUp('a', table.path)], 15_000);
    expect(table.lakeFiles()).toEqual([]);
    expect(wakeUps()).toEqual([{ table: table.path, cause: expect.stringContaining('request-1') }]);
    await merge([wakeUp('a', table.path)], 15_001);
    expect(await table.rows()).toEqual(['1 apple']);
  });

  it('connects once, however often it is invoked', async () => {
    const table = await lab.activeTable();
    for (const id of ['a', 'b', 'c']) await merge([wakeUp(id, table.path)]);
    expect(connections()).toBe(1);
  });
});

describe('wake', () => {
  const PATH = 'raw-bucket/shop/orders/';
  type Row = Record<string, string>;
  const record = (SequenceNumber: string, before: Row | undefined, after: Row | undefined): DynamoDBRecord => ({
    eventID: SequenceNumber,
    eventName: 'MODIFY',
    dynamodb: { SequenceNumber, ...(before && { OldImage: image(before) }), ...(after && { NewImage: image(after) }) },
  });
  const image = (row: Row) =>
    Object.fromEntries(Object.entries({ path: PATH, ...row }).map(([name, value]) => [name, { S: value }]));
  const wake = async (...Records: DynamoDBRecord[]) => {
    const { handler } = await import('../../functions/wake.ts');
    return handler({ Records }, contextOf(60_000));
  };

  it('wakes the table of a row that a person edited', async () => {
    const answer = await wake(record('100', { ActiveFlag: 'false' }, { ActiveFlag: 'true' }));
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(wakeUps()).toEqual([{ table: PATH, cause: expect.stringContaining('100') }]);
  });

  it("wakes none for merge's own writes, for inactive tables and for rows that are gone", async () => {
    await wake(
      record('100', { ActiveFlag: 'true', WriteId: 'a' }, { ActiveFlag: 'true', WriteId: 'b', Generation: '1' }),
      record('101', { ActiveFlag: 'true' }, { ActiveFlag: 'false' }),
      record('102', { ActiveFlag: 'true' }, undefined),
    );
    expect(wakeUps()).toEqual([]);
  });

  it('hands back the first change that woke nobody though it should have, from which the stream goes on', async () => {
    let sent = 0;
    lab.onCall = ({ store }) => (store === 'queue' && ++sent === 2 ? 'reject' : 'none');
    const changes = ['100', '101', '102'].map((number) => record(number, undefined, { ActiveFlag: 'true' }));
    expect(await wake(...changes)).toEqual({ batchItemFailures: [{ itemIdentifier: '101' }] });
  });
});

describe('sweep', () => {
  it('wakes what it finds, once for each event of the schedule', async () => {
    const { handler } = await import('../../functions/sweep.ts');
    lab.table().load('LOAD00000001', [[1, 'apple']]);
    const event = { id: 'event-1', time: '2026-03-01T10:00:00Z' } as Parameters<typeof handler>[0];
    await handler(event, contextOf(FIFTEEN_MINUTES_MS));
    await handler(event, contextOf(FIFTEEN_MINUTES_MS));
    expect(wakeUps()).toEqual([{ table: 'raw-bucket/shop/orders/', cause: 'sweep event-1' }]);
  });

  it('says when the raw folder is empty', async () => {
    const { handler } = await import('../../functions/sweep.ts');
    await handler({ id: 'event-1' } as Parameters<typeof handler>[0], contextOf(FIFTEEN_MINUTES_MS));
    expect(lab.said).toMatchObject([{ message: expect.stringContaining('the raw folder holds no tables') }]);
  });
});
