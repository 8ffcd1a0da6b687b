import { appendFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FolderHistoryStore } from '../../lib/local/folder-history-store.ts';
import { describeHistoryStore } from '../contracts/history-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

describeHistoryStore('a folder', async () => new FolderHistoryStore(join(await temporaryFolder(), 'history')));

describe('a history that is a folder', () => {
  const PATH = 'raw/sales/orders/';
  const at = (i: number) => new Date(Date.parse('2026-03-01T10:00:00Z') + i).toISOString();

  it('passes over a line that was cut off or is none of ours', async () => {
    const folder = await temporaryFolder();
    const store = new FolderHistoryStore(folder);
    await store.add(PATH, { at: at(0), requestId: 'a' });
    await appendFile(join(folder, 'raw%2Fsales%2Forders%2F.ndjson'), '{"at": "2026-\nnull\n[1]\n');
    await store.add(PATH, { at: at(1), requestId: 'b' });
    expect(await store.list(PATH, { limit: 9 })).toEqual([
      { at: at(1), requestId: 'b' },
      { at: at(0), requestId: 'a' },
    ]);
  });

  it('is bounded: the oldest entries go, the newest stay', async () => {
    const folder = await temporaryFolder();
    const store = new FolderHistoryStore(folder);
    const failed = 'x'.repeat(10_000);
    for (let i = 0; i < 300; i++) await store.add(PATH, { at: at(i), requestId: String(i), failed });
    const files = await readdir(folder);
    expect(files).toHaveLength(2);
    for (const name of files) expect((await stat(join(folder, name))).size).toBeLessThan(600_000);
    const kept = await store.list(PATH, { limit: 300 });
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.map(({ requestId }) => Number(requestId))).toEqual(kept.map((_, i) => 299 - i));
  });
});
