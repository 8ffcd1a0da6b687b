import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DmsColumn } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import { placeRawFile } from '../../lib/sample/sample-files.ts';
import { streamEvents, WATCHERS_MAX } from '../../lib/ui/event-stream.ts';
import { LiveView } from '../../lib/ui/live-view.ts';
import { PageOnlooker } from '../../lib/ui/page-onlooker.ts';
import type { NewestRows, Recent, TableView } from '../../lib/ui/view.ts';
import { putDmsFile } from '../local/dms-folder.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { TableLab } from '../table/table-lab.ts';
import { startWatchedRun, type WatchedRun } from './watched-run.ts';

const TABLES = {
  'sales/orders': { primaryKey: ['id'], active: true },
  'sales/all_types': { primaryKey: ['id'], partitionKey: ['day'], active: true },
};

let run: WatchedRun;
beforeAll(async () => {
  run = await startWatchedRun(await temporaryFolder(), TABLES);
});
afterAll(async () => {
  await run.stop();
});

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<IncomingMessage> {
  const { port } = new URL(run.url);
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await textOf(await ask(path))) as T;
}

/** Asks until the answer is as wanted. */
async function until<T>(path: string, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await json<T>(path);
    if (isWanted(answer)) return answer;
    await sleep(20);
  }
}

/** The table is not known before its first file is seen. */
function hasRows(answer: NewestRows | { error: string }): boolean {
  return 'rows' in answer && answer.rows.length > 0;
}

describe("the page's server", () => {
  it('is reached at 127.0.0.1 and at no other address', async () => {
    const { port } = new URL(run.url);
    expect((await ask('/')).statusCode).toBe(200);
    const elsewhere = connect(Number(port), '127.0.0.2');
    await expect(once(elsewhere, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each([
    ['a name that was made to resolve to this machine', { Host: 'evil.example' }, 421],
    ['the right address at another port', { Host: '127.0.0.1:1' }, 421],
    ['a page of elsewhere', { Origin: 'https://evil.example' }, 403],
    ['a page without an origin', { Origin: 'null' }, 403],
    ['an image or script in a page of elsewhere', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }, 403],
    ['a page at another port of this machine', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' }, 403],
  ])('refuses %s', async (_, headers: Record<string, string>, status) => {
    for (const path of ['/', '/api/tables', '/api/events', '/api/rows?table=sales/orders']) {
      const response = await ask(path, headers);
      expect(response.statusCode).toBe(status);
      expect(response.headers['access-control-allow-origin']).toBeUndefined();
      expect(JSON.parse(await textOf(response))).toEqual({ error: expect.any(String) });
    }
  });

  it('only reads, and answers to localhost, too', async () => {
    const { port } = new URL(run.url);
    const headers = { Host: `localhost:${port}`, Origin: `http://localhost:${port}`, 'Sec-Fetch-Site': 'same-origin' };
    expect((await ask('/api/tables', headers)).statusCode).toBe(200);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await ask('/api/tables', headers, method)).statusCode).toBe(405);
    for (const path of ['/', '/api/tables', '/api/events'])
      expect((await ask(path, headers, 'HEAD')).statusCode).toBe(200);
  });

  it.each(['/../package.json', '/%2e%2e/page.css', '/page/page.css', '/tsconfig.json', '//evil.example/', '/api', '*'])(
    'serves its own files and nothing else: %s is not found',
    async (path) => {
      expect((await ask(path)).statusCode).toBe(404);
    },
  );

  it('forbids browsers anything from elsewhere and anything inline, in each answer', async () => {
    for (const path of ['/', '/page.js', '/uplot.js', '/api/tables', '/api/events', '/nothing']) {
      const { headers } = await ask(path);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|http|\*/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    }
  });

  it('shows values of rows where they are asked for, and nowhere else', async () => {
    await putDmsFile(run.raw, 'sales/orders/20260301-101500123.parquet', [{ Op: 'I', id: 1, item: 'a secret' }]);
    const recent = await until<Recent>('/api/recent', ({ files }) => files.some(({ merge }) => merge));
    const { tables } = await json<{ tables: TableView[] }>('/api/tables');
    expect(recent).toEqual({
      files: [
        {
          id: expect.any(Number),
          table: 'sales/orders',
          file: '20260301-101500123.parquet',
          bytes: expect.any(Number),
          appearedAt: expect.any(Number),
          mergedAt: expect.any(Number),
          state: 'merged',
          merge: { files: 1, inserted: 1, updated: 0, deleted: 0, ignored: 0 },
        },
      ],
      freshness: [{ at: recent.files[0]?.mergedAt, seconds: expect.any(Number), table: 'sales/orders' }],
    });
    expect(tables.find(({ table }) => table === 'sales/orders')).toMatchObject({
      state: 'active',
      primaryKey: ['id'],
      lastChangeFile: '20260301-101500123.parquet',
      waiting: 0,
    });
    const rows = await json<NewestRows>('/api/rows?table=sales/orders');
    expect(rows.rows).toEqual([['I', '1', 'a secret']]);
    expect(JSON.stringify([recent, tables, run.lines])).not.toContain('secret');
  });

  it('tells why there are no rows to show', async () => {
    expect(await textOf(await ask('/api/rows?table=sales/none'))).toBe('{"error":"sales/none is not known here."}');
    const response = await ask('/api/rows?table=../etc');
    expect(response.statusCode).toBe(400);
    expect(await textOf(response)).toContain('no table');
  });

  it('shows exact values as text, at most 50 rows, the newest first, long ones cut', async () => {
    const columns: DmsColumn[] = [
      OP_COLUMN,
      { name: 'id', type: { kind: 'int64' } },
      { name: 'price', type: { kind: 'decimal', precision: 38, scale: 4 } },
      { name: 'at', type: { kind: 'timestampMicros' } },
      { name: 'born', type: { kind: 'date' } },
      { name: 'ratio', type: { kind: 'double' } },
      { name: 'hash', type: { kind: 'bytes' } },
      { name: 'note', type: { kind: 'string' } },
      { name: 'nothing', type: { kind: 'string' } },
      { name: 'day', type: { kind: 'string' } },
    ];
    const price = 1234567890123456789012345678n;
    const rows = Array.from({ length: 60 }, (_, i) => [
      'I',
      9_007_199_254_740_993n + BigInt(i),
      price,
      1_772_360_100_123_456n,
      -1,
      0.1,
      new Uint8Array([0, 255]),
      'Ä'.repeat(5_000),
      null,
      'a/b',
    ]);
    const bytes = writeDmsFile({ columns, rows });
    await placeRawFile(run.raw, { key: 'sales/all_types/LOAD00000001.parquet', bytes });
    const shown = await until<NewestRows>('/api/rows?table=sales/all_types', hasRows);
    expect(shown.rows).toHaveLength(50);
    expect(shown).toMatchObject({ rowsInFile: 60, moreColumns: 0, file: expect.stringContaining('day=a%2Fb/') });
    expect(shown.columns.map(({ name, type }) => `${name} ${type}`).slice(1, 4)).toEqual([
      'id int64',
      'price decimal(38,4)',
      'at timestamp(MICROS)',
    ]);
    expect(shown.rows[0]).toEqual([
      'I',
      '9007199254741052',
      '123456789012345678901234.5678',
      '2026-03-01 10:15:00.123456',
      '1969-12-31',
      '0.1',
      '0x00ff',
      `${'Ä'.repeat(119)}…`,
      null,
      'a/b',
    ]);
    expect(shown.rows[1]?.[1]).toBe('9007199254741051');
  });

  it('tells a watcher all there is and then what changes, and keeps nothing of those that go', async () => {
    const watchers: IncomingMessage[] = [];
    for (let i = 0; i < WATCHERS_MAX; i++) watchers.push(await ask('/api/events'));
    expect((await ask('/api/events')).statusCode).toBe(503);
    const [first] = watchers as [IncomingMessage];
    let told = '';
    first.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await putDmsFile(run.raw, 'sales/orders/20260301-101600123.parquet', [{ Op: 'I', id: 2, item: 'a secret' }]);
    while (!/event: update\ndata: .*101600123.*"state":"merged"/.test(told)) await sleep(20);
    expect(told).toMatch(/^retry: 1000\nevent: everything\ndata: \{"tables":\[/);
    expect(told).not.toContain('secret');
    for (const watcher of watchers) watcher.destroy();
    for (let i = 0; i < 300; i++) {
      const watcher = await ask('/api/events');
      watcher.destroy();
      // As the one before goes, there is room.
      if (watcher.statusCode === 503) await sleep(20);
    }
    for (;;) {
      const watcher = await ask('/api/events');
      watcher.destroy();
      if (watcher.statusCode === 200) break;
      await sleep(20);
    }
    expect((await json<{ tables: unknown[] }>('/api/tables')).tables).toHaveLength(2);
  });

  it('lets go of a watcher that does not read what it is told', () => {
    const calls: string[] = [];
    const slow = {
      writableLength: 5_000_000,
      writeHead: () => calls.push('head'),
      write: () => calls.push('write'),
      destroy: () => calls.push('destroy'),
      on: () => undefined,
    };
    const view = new LiveView(new TableLab().ports, (text) => text);
    streamEvents(slow as unknown as ServerResponse, view);
    view.close();
    expect(calls).toEqual(['head', 'destroy']);
  });

  it('takes another port if the usual one is taken, but not instead of the one that was asked for', async () => {
    const { ports } = new TableLab();
    const said: string[] = [];
    const port = Number(new URL(run.url).port);
    const page = new PageOnlooker(port, (line) => said.push(line));
    await expect(page.begin(ports)).rejects.toThrow(`--ui: port ${port} is taken or may not be used.`);
    const pages = [undefined, undefined].map((usual) => new PageOnlooker(usual, (line) => said.push(line)));
    for (const usual of pages) await usual.begin(ports);
    for (const usual of pages) await usual.end();
    expect(said).toHaveLength(2);
    expect(said[0]).not.toBe(said[1]);
  });
});
