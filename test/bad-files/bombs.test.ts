import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { BOMBS } from './bombs.ts';
import { runWorstFile } from './run-worst-files.ts';
import { WatchedProcess } from './watched-process.ts';
import { WORST_FILES } from './worst-files.ts';

const MS_MAX = 20_000;
const MIB_MAX = 1024;

/** In another process, whose memory is measured, without what one file has left there for the next. */
describe('a small file that is large when it is read takes neither long nor much memory, and stops no other table', () => {
  let watched: WatchedProcess;
  let root: string;
  beforeAll(async () => {
    watched = new WatchedProcess({ msMax: MS_MAX, residentMiBMax: 1.5 * MIB_MAX }, ['--expose-gc']);
    root = await temporaryFolder();
  });
  afterAll(() => watched.close());

  it.each(
    BOMBS.flatMap((bomb, i) => {
      const file = i % 2 === 0 && !bomb.isChange ? 'LOAD00000001.parquet' : '20260301-101500123.parquet';
      return { ...bomb, file, folder: `bomb-${i}` };
    }),
  )('$what ($file)', async ({ bytes, refused, file, folder }) => {
    const [raw, lake, tables] = ['raw', 'lake', 'tables.json'].map((name) => join(root, folder, name)) as [
      string,
      string,
      string,
    ];
    await putDmsFile(raw, 'shop/other/LOAD00000001.parquet', [{ id: 1, item: 'pen' }]);
    await mkdir(join(raw, 'shop/bomb'));
    await writeFile(join(raw, 'shop/bomb', file), bytes());
    const settings = { primaryKey: ['id'], active: true };
    await writeFile(tables, JSON.stringify({ 'shop/bomb': settings, 'shop/other': settings }));

    const result = await watched.run({ raw, lake, tables });
    expect(result).not.toHaveProperty('fault');
    if ('fault' in result) return;
    const { exitCode, said, peakMiB } = result;
    expect(refused ? [2] : [0, 2]).toContain(exitCode);
    const blocked = said.filter((line) => line.startsWith(`shop/bomb is blocked by ${file}: `));
    expect(blocked).toHaveLength(exitCode === 2 ? 1 : 0);
    expect(peakMiB).toBeLessThan(MIB_MAX);
    expect(await lakeRows(lake, 'shop/other')).toEqual([{ id: 1, item: 'pen' }]);
  });
});

/** A few of those that `npm run test:mutants -- --bombs` gives to runs of their own. */
describe('a file that is within all limits, or just beyond one, is merged rightly or refused within a gigabyte', () => {
  it.each(
    WORST_FILES.filter(({ what }) =>
      ['JSON of 20 KB', 'texts of 20 bytes', 'a page of', 'a value of 1 MiB'].some((begin) => what.startsWith(begin)),
    ),
  )('$what', async (worst) => {
    const { load, change } = await runWorstFile(worst, { nodeOptions: [], msMax: 4 * MS_MAX });
    expect([load.fault, change?.fault]).toEqual([undefined, undefined]);
  });
});
