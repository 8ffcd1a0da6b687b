/**
 * What every table store promises (`lib/ports/table-store.ts`), as tests. `makeStore` is called before each test and may
 * answer with the same table again: paths do not meet.
 */
/* eslint jest/no-standalone-expect: ["error", { "additionalTestBlockFunctions": ["it"] }] -- a contract's `it` is its own */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect } from '@jest/globals';
import type { Attribute, TableItem, TableStore } from '../../lib/ports/table-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';
import type { Exceptions } from './exceptions.ts';
import { testsExcept } from './exceptions.ts';

export function describeTableStore(
  name: string,
  makeStore: () => TableStore | Promise<TableStore>,
  exceptions: Exceptions = {},
): void {
  const it = testsExcept(exceptions);
  describe(`${name} as a table store`, () => {
    let store: TableStore;
    let path: string;

    beforeEach(async () => {
      store = await makeStore();
      path = `bucket/${randomUUID()}/sales "2"/orders ü/`;
    });

    const create = (attributes: Record<string, Attribute>): Promise<TableItem> => store.create({ ...attributes, path });
    const update = (
      set: Record<string, Attribute>,
      expected: Record<string, Attribute | undefined>,
      remove: string[] = [],
    ): Promise<void> => store.update(path, { set: { ...set, writeId: randomUUID() }, remove }, expected);
    const stored = async (): Promise<Record<string, Attribute> | undefined> => {
      const item = await store.get(path);
      if (!item) return undefined;
      expect(item.path).toBe(path);
      return Object.fromEntries(Object.entries(item).filter(([name]) => name !== 'path' && name !== 'writeId'));
    };

    it('tells that a path has no item', async () => {
      expect(await store.get(path)).toBeUndefined();
    });

    it('creates an item and answers with it', async () => {
      expect(await create({ PrimaryKey: 'id' })).toEqual({ path, PrimaryKey: 'id' });
      expect(await store.get(path)).toEqual({ path, PrimaryKey: 'id' });
    });

    it('creates no item where one is, and answers with the one that is', async () => {
      await create({ PrimaryKey: 'id' });
      expect(await create({ PrimaryKey: 'null', folder: 'other' })).toEqual({ path, PrimaryKey: 'id' });
      expect(await stored()).toEqual({ PrimaryKey: 'id' });
    });

    it('lets one of many create an item, and tells the others which', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, (_, creator) => create({ creator })));
      expect(answers).toEqual(answers.map(() => answers[0]));
      expect(await store.get(path)).toEqual(answers[0]);
    });

    it('keeps every kind of attribute as it is', async () => {
      const attributes: Record<string, Attribute> = {
        text: 'ü "quoted" \\ \n 😀',
        'empty text': '',
        yes: true,
        no: false,
        integer: Number.MAX_SAFE_INTEGER,
        negative: -Number.MAX_SAFE_INTEGER,
        fraction: 0.1,
        zero: 0,
        small: 1.5e-7,
        list: ['a', 1, true, ['nested'], { deep: 'er' }],
        'empty list': [],
        map: { 'a/b é.parquet': 'eTag', nested: { list: [1, 2] } },
        'empty map': {},
      };
      await create(attributes);
      expect(await stored()).toEqual(attributes);
      await update({ copy: attributes }, {});
      expect(await stored()).toEqual({ ...attributes, copy: attributes });
    });

    it('sets and removes attributes and leaves the others alone', async () => {
      await create({ PrimaryKey: 'id', ActiveFlag: 'true', intent: { key: 'eTag' } });
      await update({ version: 1, PrimaryKey: 'id,line' }, {}, ['intent', 'never there']);
      expect(await stored()).toEqual({ PrimaryKey: 'id,line', ActiveFlag: 'true', version: 1 });
    });

    it('updates an item only if it is as expected', async () => {
      await create({ version: 7, ActiveFlag: 'true' });
      await expect(update({ version: 8 }, { version: 6, ActiveFlag: 'true' })).rejects.toThrow(TableItemChanged);
      await expect(update({ version: 8 }, { version: 7, ActiveFlag: 'false' })).rejects.toThrow(TableItemChanged);
      await expect(update({ version: 8 }, { version: '7' })).rejects.toThrow(TableItemChanged);
      expect(await stored()).toEqual({ version: 7, ActiveFlag: 'true' });
      await update({ version: 8 }, { version: 7, ActiveFlag: 'true' });
      expect(await stored()).toEqual({ version: 8, ActiveFlag: 'true' });
    });

    it('can expect an attribute to be absent', async () => {
      await create({ version: 7 });
      await update({ version: 8 }, { intent: undefined });
      await expect(update({ version: 9 }, { version: undefined })).rejects.toThrow(TableItemChanged);
      expect(await stored()).toEqual({ version: 8 });
    });

    it('can expect lists and maps', async () => {
      await create({ merged: ['a', 'b'], load: { 'LOAD 1.parquet': 'e1' } });
      await expect(update({ done: 1 }, { merged: ['b', 'a'] })).rejects.toThrow(TableItemChanged);
      await expect(update({ done: 1 }, { load: {} })).rejects.toThrow(TableItemChanged);
      await update({ done: 1 }, { merged: ['a', 'b'], load: { 'LOAD 1.parquet': 'e1' } });
      expect(await stored()).toMatchObject({ done: 1 });
    });

    it('updates no item that is not there', async () => {
      await expect(update({ version: 1 }, {})).rejects.toThrow(TableItemChanged);
      await expect(update({ version: 1 }, { version: undefined })).rejects.toThrow(TableItemChanged);
      expect(await store.get(path)).toBeUndefined();
    });

    it('takes any attribute name', async () => {
      const names = ['name', 'status', 'version', 'a-b', 'a.b', 'a b', '1', '#a', ':b', 'SET'];
      const set = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
      await create({});
      await update(set, Object.fromEntries(names.map((name) => [name, undefined])));
      expect(await stored()).toEqual(set);
      await update({}, set, names);
      expect(await stored()).toEqual({});
    });

    it('gives one of many writers the version they all expect', async () => {
      await create({ version: 0 });
      const writers = Array.from({ length: 8 }, (_, writer) => update({ version: 1, writer }, { version: 0 }));
      const outcomes = await Promise.allSettled(writers);
      const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      const losses = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(losses.every((reason) => reason instanceof TableItemChanged)).toBe(true);
      expect(await stored()).toEqual({ version: 1, writer: winners[0] });
    });

    it('deletes an item only if it is as expected', async () => {
      await create({ version: 7, ActiveFlag: 'true' });
      await expect(store.delete(path, { version: 6 })).rejects.toThrow(TableItemChanged);
      await expect(store.delete(path, { version: 7, ActiveFlag: undefined })).rejects.toThrow(TableItemChanged);
      expect(await stored()).toEqual({ version: 7, ActiveFlag: 'true' });
      await store.delete(path, { version: 7, ActiveFlag: 'true', intent: undefined });
      expect(await store.get(path)).toBeUndefined();
      const left: string[] = [];
      for await (const item of store.scan()) if (item.path === path) left.push(item.path);
      expect(left).toEqual([]);
    });

    it('deletes any item where nothing is expected of it', async () => {
      await create({ version: 7 });
      await store.delete(path, {});
      expect(await store.get(path)).toBeUndefined();
    });

    it('has deleted an item that is not there', async () => {
      await store.delete(path, { version: 7 });
      await store.delete(path, { version: undefined });
      await store.delete(path, {});
      expect(await store.get(path)).toBeUndefined();
    });

    it('updates no item that was deleted, and creates it anew', async () => {
      await create({ version: 7 });
      await store.delete(path, {});
      await expect(update({ version: 8 }, { version: 7 })).rejects.toThrow(TableItemChanged);
      expect(await create({ version: 0 })).toEqual({ path, version: 0 });
    });

    it('lets either a writer or who deletes an item have it', async () => {
      await create({ version: 0 });
      const [updated, deleted] = await Promise.allSettled([
        update({ version: 1 }, { version: 0 }),
        store.delete(path, { version: 0 }),
      ]);
      expect([updated.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
      expect(await stored()).toEqual(updated.status === 'fulfilled' ? { version: 1 } : undefined);
    });

    it('hands out nothing by which the item could be changed', async () => {
      await create({ merged: ['a'] });
      const item = await store.get(path);
      try {
        (item?.['merged'] as string[]).push('b');
      } catch {
        // What cannot be changed is as good as a copy.
      }
      expect(await stored()).toEqual({ merged: ['a'] });
    });

    it('scans all items, also when they are more than a page holds', async () => {
      const paths = Array.from({ length: 30 }, (_, i) => `${path}${i}/`);
      const filler = 'x'.repeat(100_000); // DynamoDB's pages end at 1 MB
      await Promise.all(paths.map((each) => store.create({ path: each, filler })));
      const found: string[] = [];
      for await (const item of store.scan()) if (item.path.startsWith(path)) found.push(item.path);
      expect(found.sort()).toEqual(paths.sort());
    });
  });
}
