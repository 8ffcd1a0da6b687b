import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { SYSTEM_RANDOM } from '../../lib/system.ts';
import { FolderLock } from '../../lib/local/folder-lock.ts';
import { FolderTableStore } from '../../lib/local/folder-table-store.ts';
import { describeTableStore } from '../contracts/table-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

function storeOn(root: string): FolderTableStore {
  const lock = new FolderLock(join(root, 'tables.lock'), SYSTEM_RANDOM);
  return new FolderTableStore(join(root, 'tables'), { lock, random: SYSTEM_RANDOM });
}

describeTableStore('a folder', async () => storeOn(await temporaryFolder()));

describe('a controller table that is a folder', () => {
  it('names the file of an item after its path, so that a person finds it', async () => {
    const root = await temporaryFolder();
    await storeOn(root).create({ path: 'raw/sales/orders/' });
    expect(await readdir(join(root, 'tables'))).toEqual(['raw%2Fsales%2Forders%2F.json']);
  });

  it('keeps items whose paths are too long for the name of a file apart', async () => {
    const store = storeOn(await temporaryFolder());
    const paths = ['a', 'b'].map((end) => `raw/sales/${'漢'.repeat(300)}${end}/`);
    for (const path of paths) await store.create({ path });
    for (const path of paths) expect(await store.get(path)).toEqual({ path });
  });

  it('says which file is not JSON', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'tables'));
    await writeFile(join(root, 'tables', 'raw%2Fsales%2Forders%2F.json'), '{"path": ');
    await expect(storeOn(root).get('raw/sales/orders/')).rejects.toThrow('raw%2Fsales%2Forders%2F.json is not JSON');
  });

  it('has no items before the first one is created', async () => {
    const items = [];
    for await (const item of storeOn(await temporaryFolder()).scan()) items.push(item);
    expect(items).toEqual([]);
  });
});
