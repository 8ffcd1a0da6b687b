import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { parseObjectKey, tableOfPath } from '../../lib/dms/object-key.ts';
import { routeArrivals } from '../../lib/queue/route.ts';
import { parseS3Event } from '../../lib/queue/s3-event.ts';
import { groupId } from '../../lib/queue/wake-up.ts';
import { parseWakeUp } from '../../lib/queue/wake-up-message.ts';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import { formEncode } from '../../lib/form-encoding.ts';
import { notification, record } from '../queue/s3-messages.ts';
import { loadBytes, TableLab } from '../table/table-lab.ts';

/*
 * Who may write to a queue must not thereby write to tables: a message says which table to look at, and nothing else.
 */

const config = { rawBucket: 'raw', rawPrefix: 'dms/', lakeBucket: 'lake', lakePrefix: '', limits: DEFAULT_LIMITS };
const TABLE = 'raw/dms/db/t/';

/** What `parse` gives, or undefined if it refuses; anything but an error with a reason fails. */
function unlessRefused<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect((error as Error).message).toMatch(/./);
    return undefined;
  }
}

const part = fc.constantFrom('raw', 'dms', 'db', 't', 'u', '..', '.', '', '%2e%2e', 'awsdms_x', '\0', 'ö', '__proto__');
const path = fc.array(part, { maxLength: 8 }).map((parts) => parts.join('/'));
const anything = fc.oneof(fc.anything(), path, fc.constant(TABLE), fc.constant('dms/db/t/LOAD1.parquet'));

describe('a wake-up', () => {
  it('of any form names a table of this bucket and prefix, and a key of that table, or is refused', () => {
    const body = fc.record(
      { table: anything, key: anything, cause: anything, compact: anything },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(body, fc.anything()), (message) => {
        const wakeUp = unlessRefused(() => parseWakeUp(JSON.stringify(message ?? null), config));
        if (!wakeUp) return;
        expect(wakeUp.table).toBe(`raw/dms/${wakeUp.name.schema}/${wakeUp.name.table}/`);
        for (const name of [wakeUp.name.schema, wakeUp.name.table]) expect(name).not.toMatch(/^\.{0,2}$|[/\0]/);
        expect(`raw/${wakeUp.key ?? wakeUp.table.slice('raw/'.length)}`.startsWith(wakeUp.table)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused in the group of another table', () => {
    const body = JSON.stringify({ table: TABLE, cause: 'x' });
    expect(parseWakeUp(body, config, groupId(TABLE))).toMatchObject({ table: TABLE });
    expect(() => parseWakeUp(body, config, groupId('raw/dms/db/u/'))).toThrow('group');
    expect(() => parseWakeUp(body, config, '')).toThrow('group');
  });

  it('that is not ours is handed back, with the reason logged, and touches no table; the others of its batch are served', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable();
    const other = await lab.activeTable({}, 'shop/other');
    for (const each of [table, other]) each.load('LOAD00000001', [[1, 'apple']]);
    const touched = new Set<string>();
    lab.onCall = ({ store, target }) => {
      if (store !== 'queue') touched.add(target);
      return 'none';
    };
    const message = (messageId: string, body: unknown, group?: string) => ({
      messageId,
      receiptHandle: messageId,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1', MessageGroupId: group },
    });
    const messages = [
      message('unparsable', 'hello'),
      message('foreign', { table: 'theirs/shop/other/', cause: 'x' }, groupId('theirs/shop/other/')),
      message('climbs', { table: 'raw-bucket/shop/../other/', cause: 'x' }),
      message('wrong group', { table: other.path, cause: 'x' }, groupId(table.path)),
      message('wrong key', { table: table.path, key: other.rawKey('LOAD00000001.parquet'), cause: 'x' }),
      message('good', { table: table.path, cause: 'x' }, groupId(table.path)),
    ];
    const deadline = lab.clock.now() + 60_000;
    const { failed, outcomes } = await reconcileBatch(messages, { deadline, requestId: 'r' }, lab.ports);
    expect(failed).toEqual(['unparsable', 'foreign', 'climbs', 'wrong group', 'wrong key']);
    expect(lab.said.map(({ facts }) => facts)).toEqual(
      failed.map((messageId) => ({ messageId, reason: expect.stringMatching(/./) })),
    );
    expect(outcomes.map((outcome) => outcome.path)).toEqual([table.path]);
    expect([...touched].filter((target) => target.includes('other'))).toEqual([]);
    expect(await table.rows()).toEqual(['1 apple']);
  });
});

describe('an S3 event', () => {
  it('of any form gives objects with bucket and key, or is refused', () => {
    const object = fc.record({ key: anything, eTag: anything, sequencer: anything }, { requiredKeys: [] });
    const s3 = fc.record({ bucket: fc.record({ name: anything }), object });
    const entry = fc.record({ eventSource: fc.constant('aws:s3'), eventName: fc.constant('ObjectCreated:Put'), s3 });
    const event = fc.oneof(fc.record({ Records: fc.array(entry, { maxLength: 3 }) }), fc.anything());
    fc.assert(
      fc.property(event, (message) => {
        for (const { bucket, key } of unlessRefused(() => parseS3Event(JSON.stringify(message ?? null))) ?? [])
          expect([typeof bucket, typeof key]).toEqual(['string', 'string']);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leads only to the table that its key is of, decoded once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(path, fc.string({ unit: 'grapheme' })), async (key) => {
        const sent: string[] = [];
        const ports = {
          config,
          queue: {
            send: (wakeUps: readonly { table: string; key?: string }[]) => {
              for (const wakeUp of wakeUps) sent.push(wakeUp.table, wakeUp.key ?? '');
              return Promise.resolve();
            },
            extend: () => Promise.resolve(),
          },
          log: { info: () => undefined, warn: () => undefined, error: () => undefined },
        };
        const body = notification(record(formEncode(`dms/${key}`)));
        expect(await routeArrivals([{ messageId: '1', body }], ports)).toEqual({ failed: [] });
        const object = parseObjectKey(`dms/${key}`, 'dms/');
        const table = object.kind === 'table' && `raw/dms/${object.schema}/${object.table}/`;
        expect(sent).toEqual(table ? [table, `dms/${key}`] : []);
        expect(table === false || tableOfPath(table, config) !== undefined).toBe(true);
      }),
    );
  });

  it.each([
    ['a%2520b', 'a%20b'],
    ['a%252Fb', 'a%2Fb'],
    ['a%252E%252E', 'a%2E%2E'],
    ['a%2Bb', 'a+b'],
  ])('has its key decoded once: %s is %s', async (encoded, name) => {
    const lab = new TableLab();
    const table = await lab.activeTable({}, `shop/${name}`);
    table.put('LOAD00000001.parquet', loadBytes([[1, 'apple']]));
    lab.arrivals.length = 0;
    const event = notification(record(`shop/${encoded}/LOAD00000001.parquet`, { bucket: 'raw-bucket' }));
    await routeArrivals([{ messageId: '1', body: event }], lab.ports);
    const [outcome] = await lab.settle();
    expect(outcome?.path).toBe(table.path);
    expect(await table.rows()).toEqual(['1 apple']);
  });
});
