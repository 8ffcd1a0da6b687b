import { describe, expect, it } from '@jest/globals';

import { connect } from '../../lib/aws/connect.ts';
import { DEFAULT_LIMITS } from '../../lib/config.ts';

describe('connecting to AWS', () => {
  it('makes every port of the configuration, without a request', () => {
    const config = {
      rawBucket: 'raw',
      rawPrefix: '',
      lakeBucket: 'lake',
      lakePrefix: 'lake/',
      limits: DEFAULT_LIMITS,
      controllerTable: 'controller',
      wakeUpsQueueUrl: 'https://sqs.example/1/wake-ups.fifo',
      historyTable: 'history',
      historyDays: 30,
      stage: 'dev',
      logLevel: 'info' as const,
      metricsPerTable: false,
      cores: 1,
    };
    const ports = connect(config);
    expect(ports.config).toMatchObject(config);
    expect(Math.abs(ports.clock.now() - Date.now())).toBeLessThan(10_000);
    expect(ports.random.id()).toMatch(/^[0-9a-f]{32}$/);
    expect(ports.random.id()).not.toBe(ports.random.id());
    expect(ports.raw).not.toBe(ports.lake);
  });
});
