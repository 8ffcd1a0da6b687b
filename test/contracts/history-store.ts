/** What every history store promises (`lib/ports/history-store.ts`), as tests. */
/* eslint jest/no-standalone-expect: ["error", { "additionalTestBlockFunctions": ["it"] }] -- a contract's `it` is its own */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { HistoryStore } from '../../lib/ports/history-store.ts';
import type { HistoryEntry } from '../../lib/table/history-entry.ts';

const FIRST_MS = Date.parse('2026-03-01T10:00:00.000Z');

export function describeHistoryStore(name: string, makeStore: () => HistoryStore | Promise<HistoryStore>): void {
  describe(`${name} as a history store`, () => {
    let store: HistoryStore;
    let path: string;
    beforeEach(async () => {
      store = await makeStore();
      path = `raw/${randomUUID()}/sales "2"/orders ü/`;
    });

    /** The entry of the `i`th second. */
    const entry = (i: number, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
      at: new Date(FIRST_MS + 1000 * i).toISOString(),
      requestId: `request-${i}`,
      ...more,
    });
    const add = async (...entries: HistoryEntry[]): Promise<void> => {
      for (const each of entries) await store.add(path, each);
    };

    it('knows nothing of a table of which nothing was told', async () => {
      expect(await store.list(path, { limit: 10 })).toEqual([]);
    });

    it('tells what it was told, whole', async () => {
      const told = entry(0, {
        blocked: { file: 'LOAD00000001.parquet', reason: 'no "Parquet"\nü' },
        compacted: { filesLaidOut: 1, filesJoined: 0, filesWritten: 2, bytesBefore: 2 ** 40 + 1, bytesAfter: 0.5 },
        released: true,
      });
      await add(told);
      expect(await store.list(path, { limit: 10 })).toEqual([told]);
    });

    it('tells the newest first, as many as are wanted, from a time on, that time included', async () => {
      const entries = Array.from({ length: 9 }, (_, i) => entry(i));
      await add(...entries);
      const newest = entries.toReversed();
      expect(await store.list(path, { limit: 100 })).toEqual(newest);
      expect(await store.list(path, { limit: 3 })).toEqual(newest.slice(0, 3));
      const since = new Date(FIRST_MS + 6000);
      expect(await store.list(path, { limit: 100, since })).toEqual(newest.slice(0, 3));
      expect(await store.list(path, { limit: 2, since })).toEqual(newest.slice(0, 2));
      expect(await store.list(path, { limit: 100, since: new Date(FIRST_MS + 60_000) })).toEqual([]);
    });

    it('keeps both of two entries of the same millisecond', async () => {
      await add(entry(0, { requestId: 'a' }), entry(0, { requestId: 'b' }));
      const told = await store.list(path, { limit: 10 });
      expect(told.map(({ requestId }) => requestId).sort()).toEqual(['a', 'b']);
    });

    it('keeps tables apart', async () => {
      await add(entry(0));
      expect(await store.list(`${path}x/`, { limit: 10 })).toEqual([]);
    });
  });
}
