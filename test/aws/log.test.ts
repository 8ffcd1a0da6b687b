import { describe, expect, it } from '@jest/globals';

import { jsonLog } from '../../lib/aws/log.ts';
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
    log.warn('careful');
    expect(last()).toMatchObject({ level: 'warn', message: 'careful' });
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
