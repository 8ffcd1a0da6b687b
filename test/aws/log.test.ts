import { describe, expect, it } from '@jest/globals';

import type { Context } from 'aws-lambda';
import { jsonLog } from '../../lib/aws/log.ts';
import { inRequest } from '../../lib/aws/request.ts';
import { VirtualClock } from '../cloud/virtual-clock.ts';

describe('the log', () => {
  const lines: string[] = [];
  const log = jsonLog(new VirtualClock(new Date('2026-03-01T10:00:00Z')), (line) => lines.push(line));
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1)!) as Record<string, unknown>;

  it('writes one line of JSON for each entry', () => {
    log.info('merged\na table', { table: 'sales/orders', rows: 3, bytes: 5n, level: 'not mine' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(last()).toEqual({
      level: 'info',
      message: 'merged\na table',
      time: '2026-03-01T10:00:00.000Z',
      table: 'sales/orders',
      rows: 3,
      bytes: '5',
    });
    log.warn('careful', { empty: '', none: undefined, zero: 0 });
    expect(last()).toMatchObject({ empty: '', zero: 0 });
    log.warn('careful');
    expect(last()).toMatchObject({ level: 'warn', message: 'careful' });
  });

  it('writes nothing below its level', () => {
    const written: string[] = [];
    const quiet = jsonLog(new VirtualClock(), (line) => written.push(line), 'warn');
    quiet.info('of interest');
    quiet.warn('careful');
    quiet.error('failed');
    expect(written.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['warn', 'error']);
  });

  it('names the request that was under way, whatever else was', async () => {
    const handler = inRequest(async (event: string) => {
      await Promise.resolve();
      log.info(event);
    });
    const context = (awsRequestId: string) => ({ awsRequestId }) as Context;
    await Promise.all([handler('one', context('r1')), handler('two', context('r2'))]);
    expect(lines.slice(-2).map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { message: 'one', requestId: 'r1' },
      { message: 'two', requestId: 'r2' },
    ]);
    log.info('afterwards');
    expect(last()).not.toHaveProperty('requestId');
  });

  it('writes an error with its causes, and nothing else that hangs on it', () => {
    const root = Object.assign(new TypeError('root'), { $response: { body: 'secret' } });
    const error = new Error('top', { cause: new Error('middle', { cause: root }) });
    log.error('failed', { error, also: new AggregateError([root], 'several') });
    expect(last()).toMatchObject({
      level: 'error',
      error: {
        name: 'Error',
        message: 'top',
        cause: { message: 'middle', cause: { name: 'TypeError', message: 'root' } },
      },
      also: { message: 'several', errors: [{ message: 'root' }] },
    });
    expect(lines.at(-1)).not.toContain('secret');
    log.error('failed', { error: new Error('top', { cause: 'plain text' }) });
    expect(last()).toMatchObject({ error: { cause: 'plain text' } });
  });
});
