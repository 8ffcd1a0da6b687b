import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from '@jest/globals';

const made: string[] = [];

afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

/** An empty folder of its own, removed after the tests of the file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tidemark-test-')));
  made.push(folder);
  return folder;
}

/** Empty folders for raw files and a lake, side by side in a folder of their own. */
export async function rawAndLake(): Promise<{ root: string; raw: string; lake: string }> {
  const root = await temporaryFolder();
  const [raw, lake] = [join(root, 'raw'), join(root, 'lake')];
  await mkdir(raw);
  await mkdir(lake);
  return { root, raw, lake };
}
