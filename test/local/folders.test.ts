import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { openFolders } from '../../lib/local/folders.ts';
import { WrongUsage } from '../../lib/local/wrong-usage.ts';
import { temporaryFolder } from './temporary-folder.ts';

describe('the folders of a run', () => {
  let root: string;

  beforeEach(async () => {
    root = await temporaryFolder();
    await mkdir(join(root, 'raw'));
  });

  const open = (raw: string, lake: string, state?: string) =>
    openFolders({
      raw: join(root, raw),
      lake: join(root, lake),
      state: state === undefined ? undefined : join(root, state),
    });

  it('are made where they are missing, the raw folder apart', async () => {
    expect(await open('raw', 'new/lake')).toEqual({
      raw: join(root, 'raw'),
      lake: join(root, 'new/lake'),
      state: join(root, 'new/lake/_tidemark'),
    });
    expect(await readdir(join(root, 'new/lake'))).toEqual(['_tidemark']);
  });

  it('may stand beside each other under similar names', async () => {
    await expect(open('raw', 'raw-lake', 'raw-lake-state')).resolves.toMatchObject({
      state: join(root, 'raw-lake-state'),
    });
    await expect(open('raw', '..lake')).resolves.toMatchObject({ lake: join(root, '..lake') });
  });

  it.each([
    ['no raw folder', 'none', 'lake', undefined, 'there is no folder'],
    ['a raw folder that is a file', 'file', 'lake', undefined, 'there is no folder'],
    ['one folder for both', 'raw', 'raw', undefined, 'the same folder'],
    ['one folder for both, with slashes after it', 'raw/', 'raw//', undefined, 'the same folder'],
    ['one folder for both, by another way', 'raw', 'none/../raw', undefined, 'the same folder'],
    ['one folder for both, through a link', 'raw', 'link', undefined, 'the same folder'],
    ['the lake inside the raw folder', 'raw', 'raw/lake', undefined, '--lake lies inside --raw'],
    ['the lake inside the raw folder, through a link', 'raw', 'link/new/lake', undefined, '--lake lies inside --raw'],
    ['the raw folder inside the lake', 'raw', '.', undefined, '--raw lies inside --lake'],
    ['the state inside the raw folder', 'raw', 'lake', 'raw/state', '--state lies inside --raw'],
    ['the state in the raw folder', 'raw', 'lake', 'raw', '--state lies inside --raw'],
    ['the state in the lake itself', 'raw', 'lake', 'lake', '--lake lies inside --state'],
    ['the state around both', 'raw', 'lake', '.', '--lake lies inside --state'],
    ['a lake that is a file', 'raw', 'file', undefined, 'is not a folder'],
  ])('are refused with %s', async (_, raw, lake, state, expected) => {
    await writeFile(join(root, 'file'), '');
    await symlink(join(root, 'raw'), join(root, 'link'));
    const error: unknown = await open(raw, lake, state).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WrongUsage);
    expect((error as WrongUsage).message).toContain(expected);
    expect(await readdir(join(root, 'raw'))).toEqual([]);
  });
});
