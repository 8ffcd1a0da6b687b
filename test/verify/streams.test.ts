import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { folderPorts } from '../../lib/local/connect.ts';
import { runLocal } from '../../lib/local/run.ts';
import { namedTable } from '../../lib/local/table-name.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '../../lib/system.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import type { Verification } from '../../lib/verify/verify-table.ts';
import { verifyTable } from '../../lib/verify/verify-table.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import type { Stream } from '../streams/random-stream.ts';
import { QUICK, randomStream } from '../streams/random-stream.ts';
import { applySteps, tablesFile } from '../streams/raw-folder.ts';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Lets a stream arrive and merges it. @returns its folders */
async function merged(stream: Stream): Promise<{ raw: string; lake: string }> {
  const root = await temporaryFolder();
  const folders = { raw: join(root, 'raw'), lake: join(root, 'lake') };
  const tables = join(root, 'tables.json');
  const random = new SeededRandom(stream.seed);
  const ids = { id: () => random.bits(128).toString(16).padStart(32, '0') };
  await mkdir(folders.raw);
  for (let run = 0; run < stream.runs; run++) {
    await applySteps(stream, run, folders.raw);
    await writeFile(tables, tablesFile(stream, run));
    const io = { out: () => undefined, err: () => undefined, limits: stream.limits, random: ids };
    await runLocal({ ...folders, tables, once: true }, io);
  }
  return folders;
}

function verified(table: string, folders: { raw: string; lake: string }, keysAtOnce?: number): Promise<Verification> {
  const ports = folderPorts(
    { ...folders, state: join(folders.lake, '_tidemark') },
    { clock: SYSTEM_CLOCK, random: SYSTEM_RANDOM, log: QUIET, threads: OWN_THREAD },
  );
  const { path, name } = namedTable(table, ports.config);
  return verifyTable(path, name, keysAtOnce === undefined ? {} : { keysAtOnce }, ports);
}

/**
 * What a merge makes of random tables (all types and kinds of keys, partitioned or not, columns that come, go and widen,
 * late files, loads that come again) is what `verify` makes of their raw files, one way and the other.
 */
describe('the lake of a random stream', () => {
  const seeds = Array.from({ length: 30 }, (_, index) => index + 1);

  it.each(seeds)(
    'is equal to its raw files, and differs once a file is gone or is there twice: seed %i',
    async (seed) => {
      const stream = randomStream(seed, QUICK);
      const folders = await merged(stream);
      for (const { name, primaryKey } of stream.tables.filter((table) => table.files.length > 0)) {
        const result = await verified(name, folders);
        const { rows, state } = result;
        expect({ name, state, rows, merged: result.files }).toMatchObject({
          state: 'equal',
          rows: { expected: rows?.inLake, equal: rows?.inLake, passes: 1 },
          merged: { waiting: 0 },
        });
        const inShares = await verified(name, folders, 5);
        expect(inShares).toEqual({ ...result, rows: { ...rows, passes: inShares.rows?.passes } });

        for (const path of (await lakeFiles(folders.lake, name)).slice(0, 2)) {
          const inAll = rows?.inLake ?? 0;
          await rename(path, join(folders.lake, 'aside'));
          const lacking = (await verified(name, folders)).rows;
          const inFile = inAll - (lacking?.inLake ?? 0);
          expect(lacking).toMatchObject({ equal: inAll - inFile, ...NONE, missing: { count: inFile } });

          await rename(join(folders.lake, 'aside'), path);
          const copy = join(dirname(path), 'copy.parquet');
          await copyFile(path, copy);
          const doubled = (await verified(name, folders)).rows;
          const found = { count: inFile };
          const expected =
            primaryKey.length > 0 ? { equal: inAll - inFile, twice: found } : { equal: inAll, unexpected: found };
          expect(doubled).toMatchObject({ inLake: inAll + inFile, ...NONE, ...expected });
          await rm(copy);
        }
      }
      await rm(folders.raw, { recursive: true });
    },
  );
});

const NOTHING = { count: 0 };
const NONE = { missing: NOTHING, unexpected: NOTHING, different: NOTHING, twice: NOTHING, misplaced: NOTHING };

async function lakeFiles(lake: string, table: string): Promise<string[]> {
  const entries = await readdir(join(lake, table), { recursive: true, withFileTypes: true });
  const visible = entries.filter(({ name }) => /^[^_.].*\.parquet$/.test(name));
  return visible.map(({ parentPath, name }) => join(parentPath, name));
}
