/** A deployed stack as a place: found by its outputs, watched by its rows. Real SDK clients, on the test cloud and dynalite. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { historyAt } from '../../lib/cli/history.ts';
import { openStackPlace } from '../../lib/place/stack-place.ts';
import type { TableRow } from '../../lib/table/row.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import { changeBytes, loadBytes } from '../table/table-lab.ts';
import { LabStack } from './lab-stack.ts';

let dynamoDb: DynamoDb;
let stack: LabStack;
let table: string;
let path: string;
let tables = 0;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
});
afterAll(() => dynamoDb.stop());
beforeEach(() => {
  stack = new LabStack(dynamoDb);
  table = `sales/orders_${++tables}`;
  path = `raw-bucket/dms/${table}/`;
});

const put = (file: string, bytes: Uint8Array) => stack.raw.put(`dms/${table}/${file}.parquet`, bytes);

async function activeTable(): Promise<void> {
  await stack.configure(table, { primaryKey: ['id'], active: true });
  put('LOAD00000001', loadBytes([[1, 'apple']]));
}

/** Of all the table's lake files, as text. */
async function lakeBytes(): Promise<string> {
  const { lake } = stack.ports;
  let text = '';
  for await (const { key, eTag, size } of lake.list(`${table}/`))
    text += Buffer.from(await lake.read(key, eTag, 0, size)).toString('latin1');
  return text;
}

describe('opening a stack', () => {
  it('takes buckets, prefixes, limits, table and queue from its outputs', async () => {
    const { name, ports } = await stack.open();
    expect(name).toBe('stack tidemark-dev, eu-central-1');
    expect(ports.config).toMatchObject({ rawBucket: 'raw-bucket', rawPrefix: 'dms/', lakeBucket: 'lake-bucket' });
    expect(ports.config.limits.filesPerMerge).toBe(7);
  });

  it('says which stack was looked for in which region, if there is none, and how to name another', async () => {
    const open = openStackPlace(
      { stage: 'prod' },
      { err: () => undefined, threads: OWN_THREAD, clients: stack.clients },
    );
    await expect(open).rejects.toThrow(/no stack tidemark-prod in eu-central-1.*--stage, --region, --profile/);
    await expect(open).rejects.toMatchObject({ name: 'WrongUsage' });
  });

  it('says that a stack of an older version is to be deployed again', async () => {
    stack.cloudFormation.stacks.set('tidemark-dev', { RawBucketName: 'raw-bucket' });
    await expect(stack.open()).rejects.toThrow(
      /has no output Settings.*npx sls deploy --stage dev --region eu-central-1/,
    );
  });
});

describe('bringing a table of a stack up to date', () => {
  it('wakes it, waits until its raw files are merged, and tells of every step', async () => {
    await activeTable();
    put('20260301-100000000', changeBytes([['I', 2, 'banana']]));
    const seen: (string | undefined)[] = [];
    const place = await stack.open();
    const onProgress = ({ progress }: TableRow) => seen.push(progress.lastChangeFile);
    expect(await place.bringUpToDate({ table: path, cause: 'test' }, onProgress)).toEqual({ state: 'active' });
    expect(seen.at(-1)).toBe('20260301-100000000.parquet');
    expect([stack.wakeUps.size, (await lakeBytes()).includes('banana')]).toEqual([0, true]);
  });

  it('takes a compaction along, for merge to do', async () => {
    const secret = 'a secret that is to go';
    await activeTable();
    put('20260301-100000000', changeBytes([['I', 2, secret]]));
    const place = await stack.open();
    await place.bringUpToDate({ table: path, cause: 'first' });
    put('20260301-110000000', changeBytes([['D', 2]]));
    await place.bringUpToDate({ table: path, cause: 'second' });
    expect((await lakeBytes()).includes(secret)).toBe(true);
    const compact = { purge: true, join: false };
    expect(await place.bringUpToDate({ table: path, cause: 'third', compact })).toEqual({ state: 'active' });
    expect((await lakeBytes()).includes(secret)).toBe(false);
  });

  it('tells that it is inactive', async () => {
    await stack.configure(table, { primaryKey: ['id'] });
    put('LOAD00000001', loadBytes([[1, 'apple']]));
    const place = await stack.open();
    expect(await place.bringUpToDate({ table: path, cause: 'test' })).toEqual({ state: 'inactive' });
  });

  it('tells by what it is blocked and what to do: at once, or after another look if it was before', async () => {
    await activeTable();
    put('20260301-100000000', Buffer.from('no Parquet'));
    const place = await stack.open();
    const blocked = { file: '20260301-100000000.parquet', reason: expect.any(String), next: expect.any(String) };
    const from = stack.clock.now();
    expect(await place.bringUpToDate({ table: path, cause: '1' })).toEqual({ state: 'blocked', blocked });
    expect(stack.clock.now() - from).toBeLessThan(2_000);
    expect(await place.bringUpToDate({ table: path, cause: '2' })).toEqual({ state: 'blocked', blocked });
    put('20260301-100000000', changeBytes([['I', 2, 'banana']]));
    expect(await place.bringUpToDate({ table: path, cause: '3' })).toEqual({ state: 'active' });
  });

  it('does not call it blocked by a file that was replaced, however long merge takes to look again', async () => {
    await activeTable();
    put('20260301-100000000', Buffer.from('no Parquet'));
    const place = await stack.open();
    await place.bringUpToDate({ table: path, cause: '1' });
    put('20260301-100000000', changeBytes([['I', 2, 'banana']]));
    stack.isRunning = false;
    const from = stack.clock.now();
    const wait = place.bringUpToDate({ table: path, cause: '2' });
    while (stack.clock.now() - from < 120_000) await new Promise(setImmediate);
    stack.isRunning = true;
    expect(await wait).toEqual({ state: 'active' });
  });

  it('gives up when nothing happens for twenty minutes', async () => {
    await activeTable();
    stack.isRunning = false;
    const place = await stack.open();
    const from = stack.clock.now();
    expect(await place.bringUpToDate({ table: path, cause: 'test' })).toEqual({ state: 'unfinished' });
    expect(stack.clock.now() - from).toBeLessThan(21 * 60_000);
  });
});

it('tells the history of a table, in the order of time', async () => {
  await activeTable();
  const place = await stack.open();
  await place.bringUpToDate({ table: path, cause: 'first' });
  put('20260301-100000000', changeBytes([['U', 1, 'pear']]));
  await place.bringUpToDate({ table: path, cause: 'second' });
  const out: string[] = [];
  const io = { out: (line: string) => void out.push(line), err: (line: string) => void out.push(line) };
  expect(await historyAt(place, table, { json: true, limit: '5' }, io)).toBe(0);
  expect(out.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { report: { rowsUpdated: 1 } },
    { report: { rowsInserted: 1 } },
  ]);
});
