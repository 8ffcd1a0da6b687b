import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { deduplicationId, groupId } from '../../lib/queue/wake-up.ts';
import { parseWakeUp, wakeUpBody } from '../../lib/queue/wake-up-message.ts';

const config = { rawBucket: 'raw', rawPrefix: 'dms/', lakeBucket: 'lake', lakePrefix: '', limits: DEFAULT_LIMITS };
/** Amazon SQS API reference, SendMessage: MessageGroupId and MessageDeduplicationId. */
const LEGAL_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 500, maxLength: 2000 }));

describe("a wake-up's ids", () => {
  it('have 1 to 128 characters that SQS allows, whatever the path and the cause', () => {
    fc.assert(
      fc.property(anyText, anyText, (table, cause) => {
        expect(groupId(table)).toMatch(LEGAL_ID);
        expect(deduplicationId({ table, cause })).toMatch(LEGAL_ID);
      }),
    );
  });

  it('are the same for the same table and cause, and others for others', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(groupId(a) === groupId(b)).toBe(a === b);
        const same = deduplicationId({ table: 't', cause: a }) === deduplicationId({ table: 't', cause: b });
        expect(same).toBe(a === b);
      }),
    );
    expect(deduplicationId({ table: 'b/db/t/', cause: 'x' })).not.toBe(
      deduplicationId({ table: 'b/db/u/', cause: 'x' }),
    );
  });

  it('do not depend on the hint where to look', () => {
    const wakeUp = { table: 'raw/dms/db/t/', cause: 'x' };
    expect(deduplicationId({ ...wakeUp, key: 'k' })).toBe(deduplicationId(wakeUp));
  });
});

describe("a wake-up's message", () => {
  it.each([
    ['with a key', { table: 'raw/dms/db/t/', key: 'dms/db/t/LOAD1.parquet', cause: 'raw/dms/db/t/LOAD1.parquet A' }],
    ['without one', { table: 'raw/dms/db/t/', cause: 'sweep' }],
    ['to compact', { table: 'raw/dms/db/t/', cause: 'by hand', compact: { purge: true, join: false } }],
    ['with odd names', { table: 'raw/dms/d"b/ö 🦆/', key: 'dms/d"b/ö 🦆/LOAD1.parquet', cause: '\n' }],
  ])('says what was sent, %s', (_, wakeUp) => {
    const parsed = parseWakeUp(wakeUpBody(wakeUp), config);
    expect(parsed).toMatchObject(wakeUp);
    expect(`raw/dms/${parsed.name.schema}/${parsed.name.table}/`).toBe(wakeUp.table);
  });

  const body = (message: object) => JSON.stringify({ table: 'raw/dms/db/t/', cause: 'x', ...message });
  it.each([
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no table', body({ table: undefined })],
    ['a table that is no text', body({ table: 5 })],
    ['no cause', body({ cause: undefined })],
    ['a key that is no text', body({ key: {} })],
    ['compacting that is no request', body({ compact: true })],
    ['compacting without saying how', body({ compact: {} })],
    ['half a request', body({ compact: { purge: true } })],
    ['a request of another form', body({ compact: { purge: 'yes', join: false } })],
    ['a request for something unknown', body({ compact: { purge: false, join: false, sort: true } })],
    ["another bucket's table", body({ table: 'theirs/dms/db/t/' })],
    ['a table outside the prefix', body({ table: 'raw/db/t/' })],
    ['a control table', body({ table: 'raw/dms/db/awsdms_status/' })],
    ['a folder above tables', body({ table: 'raw/dms/db/' })],
    ['a folder inside of a table', body({ table: 'raw/dms/db/t/x/' })],
    ["another table's key", body({ key: 'dms/db/u/LOAD1.parquet' })],
    ['a key outside the prefix', body({ key: 'db/t/LOAD1.parquet' })],
    ['a key that climbs out', body({ key: 'dms/../db/t/LOAD1.parquet' })],
    ["a control table's key", body({ key: 'dms/db/awsdms_status/LOAD1.parquet' })],
  ])('is not trusted: %s', (_, text) => {
    expect(() => parseWakeUp(text, config)).toThrow();
  });

  it('is not trusted: garbage', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parseWakeUp(text, config)).toThrow();
      }),
    );
  });
});
