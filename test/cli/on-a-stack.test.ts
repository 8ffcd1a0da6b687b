/**
 * The commands on a deployed stack, as a person calls them with `--stage dev`: found by CloudFormation's outputs, with the real
 * SDK clients, on the test cloud and dynalite. The functions run while a command waits.
 */
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { NodeHttpHandler as HttpHandler } from '@smithy/node-http-handler';
import { HttpResponse } from '@smithy/protocol-http';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runActivate } from '../../lib/cli/activate.ts';
import { runCompact } from '../../lib/cli/compact.ts';
import { runHistory } from '../../lib/cli/history.ts';
import { runPlan } from '../../lib/cli/plan.ts';
import { runRedrive } from '../../lib/cli/redrive.ts';
import { runReplay } from '../../lib/cli/replay.ts';
import { screenOn } from '../../lib/cli/screen.ts';
import { runSkip } from '../../lib/cli/skip.ts';
import { runTables } from '../../lib/cli/tables.ts';
import { runVerify } from '../../lib/cli/verify.ts';
import type { DynamoDb } from '../cloud/dynamodb.ts';
import { startDynamoDb } from '../cloud/dynamodb.ts';
import { LabStack } from '../place/lab-stack.ts';
import { changeBytes, loadBytes, readParquet } from '../table/table-lab.ts';
import { recorded } from './terminal.ts';

const BAD = '20260301-100000000.parquet';
const GOOD = '20260301-110000000.parquet';
const DEV = { stage: 'dev' };

let dynamoDb: DynamoDb;
let stack: LabStack;
let table: string;
let tables = 0;
beforeAll(async () => {
  dynamoDb = await startDynamoDb();
});
afterAll(() => dynamoDb.stop());
beforeEach(() => {
  stack = new LabStack(dynamoDb);
  table = `sales/orders_${++tables}`;
});

const put = (file: string, bytes: Uint8Array) => stack.raw.put(`dms/${table}/${file}`, bytes);

type Io = LabStack['io'] & ReturnType<typeof recorded>['io'];

/** Runs a command there. */
async function at(run: (io: Io) => Promise<number>) {
  const { out, err, io } = recorded();
  const exitCode = await run({ ...stack.io, ...io });
  return { exitCode, out, err: err.join('\n') };
}

/** What a reader of the lake's folder finds: `1 apple`. */
async function lakeRows(): Promise<string[]> {
  const rows: string[] = [];
  for await (const { key, eTag, size } of stack.ports.lake.list(`${table}/`))
    for (const { id, item } of await readParquet(await stack.ports.lake.read(key, eTag, 0, size)))
      rows.push([id, item].map(String).join(' '));
  return rows.sort();
}

/** A table that is merged. */
async function merged(): Promise<void> {
  put('LOAD00000001.parquet', loadBytes([[1, 'apple'], [2, 'pear']])); // prettier-ignore
  const { exitCode } = await at((io) => runActivate(table, { ...DEV, primaryKey: 'id' }, io));
  expect(exitCode).toBe(0);
}

/** A table that a bad file blocks, with a good one behind it. */
async function blocked(): Promise<void> {
  await merged();
  put(BAD, Buffer.from('no Parquet'));
  put(GOOD, changeBytes([['U', 1, 'fig']]));
  const { exitCode } = await at((io) => runActivate(table, DEV, io));
  expect(exitCode).toBe(2);
}

describe('tidemark skip on a stack', () => {
  it('has the table go on without the file, and takes that back', async () => {
    await blocked();
    expect(await at((io) => runSkip(table, BAD, DEV, io))).toEqual({
      exitCode: 0,
      out: [`${table}: ${BAD} is skipped.`],
      err: '',
    });
    expect(await lakeRows()).toEqual(['1 fig', '2 pear']);
    const { exitCode, err } = await at((io) => runSkip(table, BAD, { ...DEV, undo: true }, io));
    expect(exitCode).toBe(2);
    expect(err).toContain(`\`npx tidemark skip ${table} ${BAD} --stage dev\``);
  });

  it('is refused for a file that is not there, with the name that was meant', async () => {
    await blocked();
    const { exitCode, err } = await at((io) => runSkip(table, '20260301-10000000.parquet', DEV, io));
    expect([exitCode, err]).toEqual([
      1,
      expect.stringContaining(`Did you mean \`npx tidemark skip ${table} ${BAD} --stage dev\`?`),
    ]);
  });
});

describe('tidemark replay on a stack', () => {
  beforeEach(async () => {
    await merged();
    put(BAD, changeBytes([['U', 1, 'kiwi']]));
    put(GOOD, changeBytes([['I', 3, 'plum']]));
    await at((io) => runActivate(table, DEV, io));
  });

  it('merges change files again on top of what the lake holds', async () => {
    const { exitCode, out } = await at((io) => runReplay(table, { ...DEV, from: BAD, yes: true }, io));
    expect([exitCode, out]).toEqual([0, [`${table}: 2 files merged again; it is up to date.`]]);
    expect(await lakeRows()).toEqual(['1 kiwi', '2 pear', '3 plum']);
  });

  it('builds the table anew', async () => {
    const { exitCode, out } = await at((io) => runReplay(table, { ...DEV, all: true, yes: true, json: true }, io));
    expect([exitCode, JSON.parse(out[0]!)]).toMatchObject([0, { loadFiles: 1, changeFiles: 2, state: 'active' }]);
    expect(await stack.ports.tables.get(`raw-bucket/dms/${table}/`)).toMatchObject({ Generation: 2 });
    expect(await lakeRows()).toEqual(['1 kiwi', '2 pear', '3 plum']);
  });

  it('says with --dry-run how much that would be', async () => {
    const { out } = await at((io) => runReplay(table, { ...DEV, all: true, dryRun: true }, io));
    expect(out).toEqual([
      expect.stringMatching(/: 1 load file and 2 change files to be merged again, 4 rows, .* \(dry run\)$/),
    ]);
    expect(await stack.ports.tables.get(`raw-bucket/dms/${table}/`)).toMatchObject({ Generation: 1 });
  });
});

describe('tidemark verify on a stack', () => {
  it('says that the lake is as the raw files come to, and in what it is not', async () => {
    await merged();
    expect(await at((io) => runVerify(table, DEV, io))).toMatchObject({
      exitCode: 0,
      out: expect.arrayContaining([expect.stringContaining(`${table}: the lake is equal to`)]),
    });
    for await (const { key } of stack.ports.lake.list(`${table}/`)) stack.lake.put(key, loadBytes([[1, 'quince']]));
    const { exitCode, out } = await at((io) => runVerify(table, { ...DEV, json: true }, io));
    expect([exitCode, JSON.parse(out[0]!)]).toMatchObject([2, { state: 'differs' }]);
  });
});

describe('tidemark compact on a stack', () => {
  it('has merge lay the files out anew, and says that it is asked for', async () => {
    await merged();
    put(GOOD, changeBytes([['D', 2]]));
    await at((io) => runActivate(table, DEV, io));
    const bytes = async (): Promise<string> => {
      let text = '';
      for await (const { key, eTag, size } of stack.ports.lake.list(`${table}/`))
        text += Buffer.from(await stack.ports.lake.read(key, eTag, 0, size)).toString('latin1');
      return text;
    };
    expect(await bytes()).toContain('pear');
    const { exitCode, out, err } = await at((io) => runCompact(table, { ...DEV, purge: true }, io));
    expect([exitCode, out, err]).toEqual([
      0,
      [`${table}: up to its raw files. merge lays its files out now, and logs "table compacted" when it is done.`],
      '',
    ]);
    expect(await bytes()).not.toContain('pear');
    expect(await lakeRows()).toEqual(['1 apple']);
  });

  it('says so as JSON', async () => {
    await merged();
    const { exitCode, out } = await at((io) => runCompact(table, { ...DEV, json: true }, io));
    expect([exitCode, out.map((line) => JSON.parse(line) as object)]).toEqual([0, [{ table, requested: true }]]);
  });

  it('ends with 2 where the table is blocked, and with 1 where it is inactive', async () => {
    await blocked();
    expect(await at((io) => runCompact(table, DEV, io))).toMatchObject({
      exitCode: 2,
      out: [],
      err: expect.stringContaining(`${table} is blocked by ${BAD}: `),
    });
    await stack.configure(table, { active: false });
    expect(await at((io) => runCompact(table, DEV, io))).toMatchObject({
      exitCode: 1,
      out: [],
      err: `${table} is inactive, so nothing is merged. To have it merged: \`npx tidemark activate ${table} --stage dev\``,
    });
  });
});

describe('tidemark plan, history and redrive on a stack', () => {
  it('say what is to be done, what was done, and what was moved', async () => {
    await blocked();
    const plan = await at((io) => runPlan(table, DEV, io));
    expect([plan.exitCode, plan.out[0]]).toEqual([2, `${table}: blocked`]);
    const history = await at((io) => runHistory(table, { ...DEV, json: true }, io));
    expect(history.out.map((line) => JSON.parse(line) as object)).toMatchObject([
      { blocked: { file: BAD } },
      { report: { loadFiles: 1 } },
    ]);
    expect(await at((io) => runRedrive(DEV, io))).toMatchObject({
      exitCode: 0,
      out: ['arrivals-dead-letters: no dead letters', 'wake-ups-dead-letters.fifo: no dead letters'],
    });
  });
});

describe('tidemark tables --watch on a stack', () => {
  /** What DynamoDB answers, if not what it should. */
  let failure: 'network' | 'access denied' | undefined;
  beforeEach(() => {
    failure = undefined;
    const http = new HttpHandler();
    const requestHandler = {
      handle: (...request: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> => {
        if (failure === 'network') return Promise.reject(new Error('the network is away'));
        return failure === 'access denied' ? Promise.resolve({ response: denied() }) : http.handle(...request);
      },
    };
    stack.clients.dynamoDb = dynamoDb.connect({ requestHandler });
  });

  function denied(): HttpResponse {
    const body = { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'not authorized: dynamodb:Scan' };
    const headers = { 'content-type': 'application/x-amz-json-1.0' };
    return new HttpResponse({ statusCode: 400, headers, body: Readable.from([JSON.stringify(body)]) });
  }

  it('shows blocked tables with the command for the stack, goes on when the network was away, and ends when access is denied', async () => {
    await blocked();
    const terminal = Object.assign(new PassThrough(), { columns: 120, rows: 40 });
    const { err, io } = recorded();
    let drawn = '';
    const shown = async (text: string): Promise<void> => {
      while (!drawn.includes(text)) {
        await sleep(20);
        const frame =
          String(terminal.read() ?? '')
            .split('\u001b[1;1H')
            .at(-1) ?? '';
        if (frame !== '') drawn = stripVTControlCharacters(frame).replaceAll(/\s+/g, ' ');
      }
    };
    const options = { ...DEV, watch: true, interval: '1', only: 'blocked' };
    const watching = runTables([table], options, { ...stack.io, ...io, screen: screenOn(terminal) });
    await shown(`\`npx tidemark skip ${table} ${BAD} --stage dev\``);
    expect(drawn).toMatch(
      /^stack tidemark-dev, eu-central-1, 2\S+Z, every 1 s; Ctrl-C ends it 1 table: 1 blocked TABLE/,
    );
    failure = 'network';
    await shown('stack tidemark-dev, eu-central-1 could not be read: ');
    expect(drawn).toContain('the network is away');
    expect(drawn).toContain('1 table: 1 blocked');
    failure = undefined;
    await shown('every 1 s; Ctrl-C ends it 1 table');
    failure = 'access denied';
    expect(await watching).toBe(1);
    expect(err.join()).toMatch(
      /^tidemark tables: a request to AWS failed: AccessDeniedException: not authorized: dynamodb:Scan\nWhich permissions/,
    );
  });

  it('writes with --json a line for each table that changed', async () => {
    await blocked();
    const stop = new AbortController();
    const { out, io } = recorded();
    const seen = async (count: number): Promise<void> => {
      while (out.length < count) await sleep(20);
    };
    const options = { ...DEV, watch: true, interval: '1', json: true, lag: true };
    const watching = runTables([table], options, { ...stack.io, ...io, stop: stop.signal });
    await seen(1);
    await at((skipIo) => runSkip(table, BAD, DEV, skipIo));
    await seen(2);
    stop.abort();
    expect(await watching).toBe(0);
    expect(out.map((line) => JSON.parse(line) as object)).toMatchObject([
      { table, state: 'blocked', lag: { files: 2 } },
      { table, state: 'active', lastChangeFile: GOOD, lag: { files: 0 } },
    ]);
  });
});
