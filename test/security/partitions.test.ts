import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NULL_VALUE, partitionFolder } from '../../lib/lake/partition.ts';
import { FolderLock } from '../../lib/local/folder-lock.ts';
import { FolderObjectStore } from '../../lib/local/folder-object-store.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { TEXT, utf8 } from '../parquet/sample-types.ts';
import { TableLab } from '../table/table-lab.ts';

const folder = (name: string, value: string | null) =>
  partitionFolder([{ name, type: TEXT }], [value === null ? null : utf8(value)]);

const sly = fc.constantFrom(
  '..',
  '.',
  '/',
  '\\',
  '\0',
  '../..',
  '%2e%2e',
  '%2F',
  'é',
  'e\u0301',
  '\u202e',
  '',
  ' ',
  '=',
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  sly,
  fc.array(sly).map((all) => all.join('')),
);
const wellFormed = text.map((value) => Buffer.from(value).toString());
const columnName = wellFormed.filter((value) => value !== '');

describe('the folder of a partition', () => {
  it('is one folder below that of the table, whatever the value and the name of the column', () => {
    fc.assert(
      fc.property(columnName, wellFormed, (name, value) => {
        const made = folder(name, value);
        expect(made.indexOf('/')).toBe(made.length - 1);
        expect(made.slice(0, -1)).not.toMatch(/^\.{0,2}$/);
        // eslint-disable-next-line no-control-regex -- control characters are what this is about
        expect(made).not.toMatch(/[\u0000-\u001f\u007f\\]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is of no other value, composed or not; only null, the empty text and the name that stands for them share one', () => {
    const same = (value: string) => (value === '' ? NULL_VALUE : value);
    fc.assert(
      fc.property(wellFormed, wellFormed, (one, other) => {
        expect(folder('p', one) === folder('p', other)).toBe(same(one) === same(other));
      }),
      { numRuns: 2_000 },
    );
    expect(folder('p', 'é')).not.toBe(folder('p', 'é'.normalize('NFD')));
  });

  it('leads out of the table on no file system', async () => {
    const [root, state] = [await temporaryFolder(), await temporaryFolder()];
    const store = new FolderObjectStore(join(root, 'lake'), {
      lock: new FolderLock(join(state, 'lock'), SYSTEM_RANDOM),
      clock: SYSTEM_CLOCK,
      random: SYSTEM_RANDOM,
    });
    await fc.assert(
      fc.asyncProperty(columnName, wellFormed, async (name, value) => {
        const key = `shop/orders/${folder(name, value)}${SYSTEM_RANDOM.id()}.parquet`;
        if (key.split('/').some((part) => Buffer.byteLength(part) > 255)) return;
        await store.write(key, [new Uint8Array(1)], 'absent');
        expect(await store.head(key)).toMatchObject({ key, size: 1 });
      }),
      { numRuns: 100 },
    );
    expect(await readdir(root)).toEqual(['lake']);
    expect(await readdir(join(root, 'lake'))).toEqual(['shop']);
    expect(await readdir(join(root, 'lake/shop'))).toEqual(['orders']);
  });

  it('for which there is no room blocks the table', async () => {
    const lab = new TableLab();
    const table = await lab.activeTable({ partitionKey: ['day'] });
    table.load('LOAD00000001', [[1, 'apple', 'x'.repeat(5_000)]]);
    const [outcome] = await lab.settle();
    expect(outcome).toMatchObject({ state: 'blocked', blocked: { reason: expect.stringContaining('too long') } });
    expect(lab.lake.keys()).toEqual([]);
  });
});
