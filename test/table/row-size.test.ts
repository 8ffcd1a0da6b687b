/** DynamoDB takes no item over 400 KB: whatever a table's raw files are called, its row stays below that, or says why not. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Attribute, TableItem } from '../../lib/ports/table-store.ts';
import { decideLoad } from '../../lib/table/full-load.ts';
import { progressAttributes, rowOfItem } from '../../lib/table/item.ts';
import type { LoadFile } from '../../lib/table/raw-listing.ts';
import { loadBytes, TableLab } from './table-lab.ts';

const ITEM_BYTES_MAX = 400 * 1024;

/** As the developer guide counts them ("DynamoDB item sizes and formats"). */
function sizeOf(value: Attribute | TableItem): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return 21;
  if (typeof value === 'boolean') return 1;
  const parts: [string, Attribute][] = Array.isArray(value)
    ? (value as Attribute[]).map((one) => ['', one])
    : Object.entries(value);
  return parts.reduce((sum, [name, one]) => sum + 1 + Buffer.byteLength(name) + sizeOf(one), 3);
}

/** A lab whose table refuses what DynamoDB would; and the largest item seen. */
function limitedLab(): { lab: TableLab; largest: () => number } {
  const lab = new TableLab();
  const update = lab.tables.update.bind(lab.tables);
  let largest = 0;
  lab.tables.update = async (path, change, expected) => {
    const before = Object.entries((await lab.tables.get(path)) ?? {}).filter(([name]) => !change.remove.includes(name));
    const item: TableItem = { ...Object.fromEntries(before), ...change.set, path };
    largest = Math.max(largest, sizeOf(item));
    if (sizeOf(item) > ITEM_BYTES_MAX) throw new Error('Item size to update has exceeded the maximum allowed size');
    await update(path, change, expected);
  };
  return { lab, largest: () => largest };
}

describe("a table's row", () => {
  it('has room for change files of the longest keys there are', async () => {
    const { lab, largest } = limitedLab();
    const table = await lab.activeTable();
    const folder = `${'f'.repeat(240)}/`.repeat(4);
    for (let i = 0; i < 1000; i++) table.change(`${folder}20260301-${100_000_000 + i}`, [['I', i, 'x']]);
    await lab.settle();
    expect(await table.rows()).toHaveLength(1000);
    expect(largest()).toBeLessThan(ITEM_BYTES_MAX / 2);
  }, 60_000);

  it('has room for however many change files come late', async () => {
    const { lab, largest } = limitedLab();
    const table = await lab.activeTable();
    const folder = `${'f'.repeat(240)}/`.repeat(4);
    table.load('LOAD00000001', [[0, 'x']]);
    table.change(`${folder}20260302-100000000`, [['I', 1000, 'x']]);
    await lab.settle();
    for (let i = 1; i <= 420; i++) table.change(`${folder}20260301-${100_000_000 + i}`, [['I', i, 'x']]);
    await lab.settle();
    expect(await table.rows()).toHaveLength(422);
    expect(await table.item()).toMatchObject({ Generation: 2, ChangeFiles: 421 });
    expect(largest()).toBeLessThan(ITEM_BYTES_MAX);
  }, 60_000);

  it('has room for two loads of 1,500 files each, and the names of change files', () => {
    const eTags = (load: number): [string, string][] =>
      Array.from({ length: 1500 }, (_, i) => [
        `LOAD${(i + 1).toString(16).toUpperCase().padStart(8, '0')}.parquet`,
        `"${createHash('md5').update(`${load} ${i}`).digest('hex')}"`,
      ]);
    const names = Array.from({ length: 2000 }, (_, i) => `20260301-${100_000_000 + i}.parquet`);
    const path = 'raw-bucket/shop/orders/';
    const item = { path, LoadFiles: Object.fromEntries(eTags(1)), MergedFiles: names, ChangeFiles: 1, LastChangeAt: 1 };
    const row = rowOfItem(item);
    const loadFiles = eTags(2).map(([name, eTag]): LoadFile => {
      return { kind: 'load', name, key: `shop/orders/${name}`, eTag, size: 1, lastModified: new Date(2) };
    });
    const listing = { loadFiles, changeFiles: [], unsupported: [], skipped: [], whole: true, listedAt: 3 };
    const step = decideLoad(row, listing);
    expect(step).toMatchObject({ kind: 'new generation', reason: 'LOAD00000001.parquet was loaded again' });
    const after = progressAttributes(path, { ...row.progress, supersededLoadFiles: new Map(eTags(2)) });
    const kept = Object.entries(after).filter((entry): entry is [string, Attribute] => entry[1] !== undefined);
    expect(sizeOf({ ...Object.fromEntries(kept), path })).toBeLessThan(ITEM_BYTES_MAX);
  });

  it('that has no room for the names of load files blocks the table and says so', async () => {
    const { lab } = limitedLab();
    const table = await lab.activeTable();
    const folder = `${'s'.repeat(250)}/`.repeat(3);
    for (let i = 0; i < 300; i++)
      table.put(`${folder}LOAD${(i + 1).toString(16).toUpperCase().padStart(8, '0')}.parquet`, loadBytes([[i, 'x']]));
    expect((await lab.settle()).at(-1)).toMatchObject({
      state: 'blocked',
      blocked: {
        reason: expect.stringMatching(
          /^Names and eTags of the table's 300 load files, .* its row has room for 180 KiB\.$/,
        ),
        next: "Raise MaxFileSize in the DMS endpoint's settings and reload the table.",
      },
    });
  });
});
