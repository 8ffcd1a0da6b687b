/** Whether columns are a key of a full load, in as little memory as it is given. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listRawFiles } from '../../lib/table/raw-listing.ts';
import { newItem, rowOfItem } from '../../lib/table/item.ts';
import { checkKey, keyToCheck, passesFor } from '../../lib/verify/check-key.ts';
import type { OrderRow } from '../table/table-lab.ts';
import { ID, TableLab } from '../table/table-lab.ts';

describe('checking a key', () => {
  let lab: TableLab;
  beforeEach(() => {
    lab = new TableLab();
  });

  async function check(primaryKey: string[], keysAtOnce: number, onProgress?: (read: number, of: number) => void) {
    const { path } = lab.table('shop/orders');
    const row = rowOfItem(newItem({ bucket: 'raw', prefix: '', schema: 'shop', table: 'orders' }, path));
    const { loadFiles } = await listRawFiles(row, { keys: [], whole: true }, lab.ports.raw, lab.clock.now());
    const files = loadFiles.map((object) => ({ object }));
    const key = await keyToCheck(files, primaryKey, lab.ports.raw);
    return { key, findings: await checkKey(key, lab.ports.raw, keysAtOnce, onProgress) };
  }

  const put = (file: string, rows: readonly OrderRow[]) => lab.table('shop/orders').load(file, rows);

  it('counts rows that repeat a key, also of another load file, and rows without one', async () => {
    put('LOAD00000001', [[1, 'a'], [2, 'a'], [3, null]]); // prettier-ignore
    put('LOAD00000002', [[1, 'b'], [4, 'a']]); // prettier-ignore
    expect((await check(['id'], 100)).findings).toEqual({ rows: 5, repeated: 1, empty: 0, passes: 1 });
    expect((await check(['item'], 100)).findings).toEqual({ rows: 5, repeated: 2, empty: 1, passes: 1 });
    expect((await check(['id', 'item'], 100)).findings).toEqual({ rows: 5, repeated: 0, empty: 1, passes: 1 });
  });

  it('takes a column that another load file has in another case for the same', async () => {
    put('LOAD00000001', [[1, 'a'], [2, 'b']]); // prettier-ignore
    lab.table('shop/orders').putFile('LOAD00000002.parquet', [{ ...ID, name: 'ID' }], [[2], [3]]);
    expect((await check(['Id'], 100)).findings).toMatchObject({ rows: 4, repeated: 1, empty: 0 });
  });

  it('comes to the same in several passes, as it says beforehand, and tells how far it is', async () => {
    put('LOAD00000001', Array.from({ length: 2000 }, (_, i) => [i % 1500, 'x'] as const)); // prettier-ignore
    const seen: [number, number][] = [];
    const { key, findings } = await check(['id'], 400, (read, of) => seen.push([read, of]));
    expect(findings).toMatchObject({ rows: 2000, repeated: 500, empty: 0 });
    expect(passesFor(key, 400)).toBe(6);
    expect(findings.passes).toBeGreaterThanOrEqual(6);
    expect(seen.every(([read, of]) => read <= of)).toBe(true);
    expect(seen.at(-1)![0]).toBe(seen.at(-1)![1]);
  });

  it('counts as a set does, whatever the keys and however little room there is', async () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.option(fc.constantFrom('a', 'b'))), { minLength: 1, maxLength: 60 }); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 2, max: 30 }), async (given, keysAtOnce) => {
        lab = new TableLab();
        put('LOAD00000001', given);
        const { findings } = await check(['id', 'item'], keysAtOnce);
        const whole = given.filter(([, item]) => item !== null);
        const keys = new Set(whole.map((row) => row.join()));
        expect(findings).toMatchObject({
          rows: given.length,
          repeated: whole.length - keys.size,
          empty: given.length - whole.length,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('fetches the columns of the key alone', async () => {
    put('LOAD00000001', Array.from({ length: 3000 }, (_, i) => [i, `${'a long text that is no part of the key '.repeat(20)}${i}`] as const)); // prettier-ignore
    let bytes = 0;
    const { raw } = lab.ports;
    const path = lab.table('shop/orders').path;
    const row = rowOfItem(newItem({ bucket: 'raw', prefix: '', schema: 'shop', table: 'orders' }, path));
    const { loadFiles } = await listRawFiles(row, { keys: [], whole: true }, raw, lab.clock.now());
    const counting = {
      ...raw,
      read: (key: string, eTag: string, start: number, end: number) => {
        bytes += end - start;
        return raw.read(key, eTag, start, end);
      },
    };
    const files = loadFiles.map((object) => ({ object }));
    await checkKey(await keyToCheck(files, ['id'], counting), counting, 10_000);
    expect(bytes).toBeLessThan(0.2 * loadFiles[0]!.size);
  });
});
