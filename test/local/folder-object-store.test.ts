import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { FolderLock } from '../../lib/local/folder-lock.ts';
import { FolderObjectStore } from '../../lib/local/folder-object-store.ts';
import { UnusableKey } from '../../lib/local/key-path.ts';
import { ObjectChanged, type Piece } from '../../lib/ports/object-store.ts';
import { describeObjectStore, piecesOf } from '../contracts/object-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

function storeOn(root: string, clock = SYSTEM_CLOCK): FolderObjectStore {
  const state = join(root, '_tidemark');
  const lock = new FolderLock(join(state, 'lake.lock'), SYSTEM_RANDOM);
  return new FolderObjectStore(root, { lock, clock, random: SYSTEM_RANDOM, hidden: [state] });
}

describeObjectStore('a folder', async () => storeOn(await temporaryFolder()));

describe('a bucket that is a folder', () => {
  let root: string;
  let store: FolderObjectStore;

  beforeEach(async () => {
    root = await temporaryFolder();
    store = storeOn(root);
  });

  async function put(key: string, text: string): Promise<void> {
    await mkdir(dirname(join(root, key)), { recursive: true });
    await writeFile(join(root, key), text);
  }

  async function keys(prefix = '', after?: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of store.list(prefix, after === undefined ? {} : { after })) found.push(key);
    return found;
  }

  it('dates a file by when it came here, though it brings an older date from where it was', async () => {
    const before = Date.now() - 1000;
    await put('a', 'copied');
    await utimes(join(root, 'a'), new Date('2020-01-01'), new Date('2020-01-01'));
    expect((await store.head('a'))?.lastModified.getTime()).toBeGreaterThan(before);
  });

  it('lists files by whole keys, so that a-b comes before what is in the folder a', async () => {
    for (const key of ['a/z', 'a-b', 'a.b', 'a/b/c', 'a0', 'a/b-c', 'a']) {
      if (key !== 'a') await put(key, key);
    }
    expect(await keys()).toEqual(['a-b', 'a.b', 'a/b-c', 'a/b/c', 'a/z', 'a0']);
    expect(await keys('', 'a/b-c')).toEqual(['a/b/c', 'a/z', 'a0']);
    expect(await keys('', 'a/b/c')).toEqual(['a/z', 'a0']);
    expect(await keys('a/b')).toEqual(['a/b-c', 'a/b/c']);
  });

  it('lists nothing of a folder that is not there', async () => {
    expect(await keys('none/of/these/')).toEqual([]);
    expect(await store.head('none/of/these')).toBeUndefined();
  });

  it('holds no object where there is a folder', async () => {
    await put('a/b', 'b');
    expect(await store.head('a')).toBeUndefined();
    expect(await store.head('a/b/c')).toBeUndefined();
  });

  it('leaves out its state, temporary files and links to folders', async () => {
    await put('_tidemark/tables/a.json', '{}');
    await put('a/.tidemark-1-2-0f.tmp', 'half');
    await put('a/b', 'b');
    await symlink(root, join(root, 'a/round-in-circles'));
    await symlink(join(root, 'a/b'), join(root, 'a/c'));
    expect(await keys()).toEqual(['a/b', 'a/c']);
  });

  it('takes a link that leads nowhere, or in a circle, for no object', async () => {
    await put('a/b', 'b');
    await symlink('circle', join(root, 'a/circle'));
    await symlink('none', join(root, 'a/nowhere'));
    expect(await keys()).toEqual(['a/b']);
    for (const key of ['a/circle', 'a/nowhere', 'a/circle/c']) {
      expect(await store.head(key)).toBeUndefined();
      await expect(store.read(key, 'any', 0, 1)).rejects.toThrow(ObjectChanged);
    }
    await store.write('a/circle', [Buffer.from('new')], 'absent');
    expect(await keys()).toEqual(['a/b', 'a/circle']);
  });

  it('prepares new versions in files that no reader of Parquet files takes for data', async () => {
    let names: string[] = [];
    async function* pieces(): AsyncIterable<Piece> {
      yield Buffer.from('half');
      names = await readdir(join(root, 'sales'));
    }
    await store.write('sales/1.parquet', pieces(), 'absent');
    expect(names).toEqual([expect.stringMatching(new RegExp(`^\\.tidemark-${process.pid}-.*\\.tmp$`))]);
    expect(await readdir(join(root, 'sales'))).toEqual(['1.parquet']);
  });

  it('leaves no temporary file when it was overtaken', async () => {
    await put('a/b', 'theirs');
    await expect(store.write('a/b', piecesOf(Buffer.from('ours')), 'absent')).rejects.toThrow(ObjectChanged);
    expect(await readdir(join(root, 'a'))).toEqual(['b']);
  });

  it('never repeats an eTag, even if its clock stands still and inodes come back', async () => {
    store = storeOn(root, { now: () => 1_700_000_000_000 });
    const eTags = new Set<string>();
    let { eTag } = await store.write('a', piecesOf(Buffer.from('same')), 'absent');
    for (let round = 0; round < 50; round++) {
      eTags.add(eTag);
      if (round % 2 === 0) ({ eTag } = await store.write('a', piecesOf(Buffer.from('same')), { eTag }));
      else {
        await store.delete('a', eTag);
        ({ eTag } = await store.write('a', piecesOf(Buffer.from('same')), 'absent'));
      }
    }
    expect(eTags.size).toBe(50);
  });

  it('gives a new version a later time than the version it replaces, though that came from a faster clock', async () => {
    await put('a', 'same');
    const tomorrow = Date.now() / 1000 + 86_400;
    await utimes(join(root, 'a'), tomorrow, tomorrow);
    const before = (await store.head('a'))!;
    await store.write('a', piecesOf(Buffer.from('same')), before);
    expect((await stat(join(root, 'a'))).mtimeMs).toBeGreaterThan(before.lastModified.getTime());
  });

  it('keeps the eTag of a file that is only read, and notices one that another program writes into', async () => {
    await put('a', 'one');
    const { eTag } = (await store.head('a'))!;
    await store.read('a', eTag, 0, 3);
    expect((await store.head('a'))?.eTag).toBe(eTag);
    await appendFile(join(root, 'a'), 'more');
    await expect(store.read('a', eTag, 0, 3)).rejects.toThrow(ObjectChanged);
    await expect(store.write('a', piecesOf({ start: 0, end: 3 }), { eTag })).rejects.toThrow(ObjectChanged);
  });

  it('refuses a range beyond the end of the version', async () => {
    const { eTag } = await store.write('a', piecesOf(Buffer.from('123')), 'absent');
    await expect(store.read('a', eTag, 0, 4)).rejects.toThrow('a has no bytes up to 4: it ends at 3.');
    await expect(store.write('a', piecesOf({ start: 0, end: 4 }), { eTag })).rejects.toThrow('it ends at 3');
    await expect(store.write('b', piecesOf({ start: 0, end: 4 }), 'absent')).rejects.toThrow('no old version to copy');
    expect(await readdir(root)).not.toContain('b');
  });

  it.each([
    ['../escape', 'would lead to another folder'],
    ['a/../../escape', 'would lead to another folder'],
    ['a/./b', 'would lead to another folder'],
    ['', 'it is empty'],
    ['/absolute', 'begins or ends with a slash'],
    ['a//b', 'two slashes in a row'],
    ['folder/', 'begins or ends with a slash'],
    ['a\0b', 'NUL'],
    ['lone \ud800 surrogate', 'not Unicode text'],
    ['a/.tidemark-1-2-0f.tmp', 'the name of a temporary file'],
    [`day=${'ü'.repeat(130)}/1.parquet`, "has 264 bytes, and a file's name has at most 255"],
  ])('refuses the key %j', async (key, why) => {
    const refusals = [
      store.head(key),
      store.read(key, 'eTag', 0, 1),
      store.write(key, piecesOf(), 'absent'),
      store.delete(key, 'eTag'),
    ];
    for (const refusal of refusals) {
      const error: unknown = await refusal.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UnusableKey);
      expect((error as UnusableKey).message).toContain(why);
    }
    expect(existsSync(join(root, '../escape'))).toBe(false);
  });
});
