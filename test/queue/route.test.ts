import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { ArrivalMessage } from '../../lib/queue/route.ts';
import { routeArrivals } from '../../lib/queue/route.ts';
import { parseWakeUp } from '../../lib/queue/wake-up-message.ts';
import { MemoryWakeUpQueue } from '../cloud/memory-queue.ts';
import { testEvent } from '../cloud/s3-event.ts';
import { notification, record } from './s3-messages.ts';

const config = { rawBucket: 'raw', rawPrefix: 'dms/', lakeBucket: 'lake', lakePrefix: '', limits: DEFAULT_LIMITS };

function setUp(options: ConstructorParameters<typeof MemoryWakeUpQueue>[0] = {}) {
  const queue = new MemoryWakeUpQueue(options);
  const errors: unknown[] = [];
  const log: Log = { info: () => undefined, warn: () => undefined, error: (_, facts) => errors.push(facts) };
  const route = (messages: readonly ArrivalMessage[]) => routeArrivals(messages, { queue, log, config });
  /** Tables and keys of the wake-ups, group after group. */
  const received = () => {
    const wakeUps: { table: string; key?: string | undefined }[] = [];
    for (let batch = queue.receive(); batch.length > 0; batch = queue.receive()) {
      for (const { body, receiptHandle } of batch) {
        const { table, key } = parseWakeUp(body, config);
        wakeUps.push({ table, key });
        queue.delete(receiptHandle);
      }
    }
    return wakeUps;
  };
  return { route, received, errors, queue };
}

const PRODUCT = 'raw/dms/db/product/';
const STORE = 'raw/dms/db/store/';

describe('routing arrivals', () => {
  it('sends one wake-up for each object of a table, to the group of its table', async () => {
    const { route, received } = setUp();
    const outcome = await route([
      {
        messageId: '1',
        body: notification(record('dms/db/product/LOAD1.parquet'), record('dms/db/store/LOAD1.parquet')),
      },
      { messageId: '2', body: notification(record('dms/db/product/2014/10/29/20141029-1134010000.parquet')) },
    ]);
    expect(outcome).toEqual({ failed: [] });
    const wakeUps = received();
    expect(wakeUps).toHaveLength(3);
    expect(wakeUps).toEqual(
      expect.arrayContaining([
        { table: PRODUCT, key: 'dms/db/product/LOAD1.parquet' },
        { table: PRODUCT, key: 'dms/db/product/2014/10/29/20141029-1134010000.parquet' },
        { table: STORE, key: 'dms/db/store/LOAD1.parquet' },
      ]),
    );
  });

  it('sends an event delivered twice once, and a key created again once more', async () => {
    const { route, queue } = setUp();
    const created = (sequencer: string) =>
      notification(record('dms/db/product/LOAD1.parquet', { object: { sequencer } }));
    await route([
      { messageId: '1', body: created('A') },
      { messageId: '2', body: created('A') },
    ]);
    await route([{ messageId: '3', body: created('A') }]);
    expect(queue.size).toBe(1);
    await route([{ messageId: '4', body: created('B') }]);
    expect(queue.size).toBe(2);
  });

  it('decodes keys before it looks for their table', async () => {
    const { route, received } = setUp();
    await route([{ messageId: '1', body: notification(record('dms/db/my+table%2B1/LOAD1.parquet')) }]);
    expect(received()).toEqual([{ table: 'raw/dms/db/my table+1/', key: 'dms/db/my table+1/LOAD1.parquet' }]);
  });

  it.each([
    ['the test event', testEvent('raw')],
    ['a control table', notification(record('dms/db/awsdms_status/LOAD1.parquet'))],
    ['failed validations', notification(record('dms/db/s3_validation_failures/LOAD1.parquet'))],
    ['a key outside the prefix', notification(record('other/db/product/LOAD1.parquet'))],
    ['a folder', notification(record('dms/db/product/'))],
  ])('acknowledges what belongs to no table: %s', async (_, body) => {
    const { route, queue } = setUp();
    expect(await route([{ messageId: '1', body }])).toEqual({ failed: [] });
    expect(queue.size).toBe(0);
  });

  it('hands back only the messages that it does not understand, and sends nothing for those', async () => {
    const { route, received, errors } = setUp();
    const outcome = await route([
      { messageId: 'garbage', body: 'hello' },
      { messageId: 'good', body: notification(record('dms/db/product/LOAD1.parquet')) },
      { messageId: 'foreign', body: notification(record('dms/db/product/LOAD2.parquet', { bucket: 'theirs' })) },
      {
        messageId: 'partly foreign',
        body: notification(
          record('dms/db/product/LOAD3.parquet'),
          record('dms/db/store/LOAD3.parquet', { bucket: 'theirs' }),
        ),
      },
      { messageId: 'bad escape', body: notification(record('dms/db/product/%zz')) },
    ]);
    expect(outcome).toEqual({ failed: ['garbage', 'foreign', 'partly foreign', 'bad escape'] });
    expect(received()).toEqual([{ table: PRODUCT, key: 'dms/db/product/LOAD1.parquet' }]);
    expect(errors).toMatchObject([
      { messageId: 'garbage' },
      { messageId: 'foreign', reason: expect.stringContaining('bucket theirs') },
      { messageId: 'partly foreign' },
      { messageId: 'bad escape' },
    ]);
  });

  it('fails as a whole if the queue takes nothing, so that every message comes again', async () => {
    const { route } = setUp({ fault: () => 'reject' });
    const good = { messageId: 'good', body: notification(record('dms/db/product/LOAD1.parquet')) };
    await expect(route([good])).rejects.toThrow('sqs send');
  });
});
