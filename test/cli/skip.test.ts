import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { runSkip } from '../../lib/cli/skip.ts';
import { openPlace } from '../../lib/place/place.ts';
import { configureTable } from '../../lib/table/configure.ts';
import { lakeRows, putDmsFile } from '../local/dms-folder.ts';
import { rawAndLake } from '../local/temporary-folder.ts';
import { tidemark } from './terminal.ts';

const TABLE = 'sales/orders';
const BAD = '20260301-100000000.parquet';
const GOOD = '20260301-110000000.parquet';

describe('tidemark skip on folders', () => {
  let raw: string;
  let lake: string;

  /** A table that a bad file blocks. */
  beforeEach(async () => {
    ({ raw, lake } = await rawAndLake());
    await putDmsFile(raw, `${TABLE}/LOAD00000001.parquet`, [{ id: 1, item: 'apple' }]);
    await writeFile(join(raw, TABLE, BAD), 'not Parquet');
    await putDmsFile(raw, `${TABLE}/${GOOD}`, [{ Op: 'U', id: 1, item: 'fig' }]);
    const place = await openPlace({ raw, lake }, { err: () => undefined });
    await configureTable(TABLE, { primaryKey: ['id'], active: true }, place.ports);
    const { state } = await place.bringUpToDate({ table: `raw/${TABLE}/`, cause: 'test' });
    if (state !== 'blocked') throw new Error(`the table is ${state}`);
  });

  async function skip(file: string, options: { undo?: boolean; json?: boolean } = {}) {
    const [out, err]: [string[], string[]] = [[], []];
    const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
    return {
      exitCode: await runSkip(TABLE, file, { raw, lake, ...options }, io),
      out: out.join(),
      err: err.join('\n'),
    };
  }

  it('has the table go on without the file', async () => {
    expect(await skip(BAD)).toEqual({ exitCode: 0, out: `${TABLE}: ${BAD} is skipped.`, err: '' });
    expect(await lakeRows(lake, TABLE)).toEqual([{ id: 1, item: 'fig' }]);
  });

  it('is taken back with --undo: the file is in the way again', async () => {
    await skip(BAD);
    const { exitCode, out, err } = await skip(BAD, { undo: true });
    expect([exitCode, out]).toEqual([2, `${TABLE}: ${BAD} counts again.`]);
    expect(err).toContain(`blocked by ${BAD}`);
  });

  it('says so where there is nothing to do', async () => {
    expect(await skip(BAD, { undo: true })).toEqual({
      exitCode: 1,
      out: '',
      err: `${TABLE}: nothing is taken back: ${BAD} is not skipped.\n  What to do: Nothing: no file of the table is.`,
    });
    await skip(BAD);
    expect(await skip(BAD)).toEqual({ exitCode: 0, out: `${TABLE}: ${BAD} was skipped already.`, err: '' });
    expect((await skip(GOOD, { undo: true })).err).toContain(`What to do: Give one of these: ${BAD}.`);
  });

  it('says in JSON what was done and how the table stands', async () => {
    const { out } = await skip(BAD, { json: true });
    expect(JSON.parse(out)).toEqual({ table: TABLE, file: BAD, outcome: 'skipped', isRebuilt: false, state: 'active' });
  });

  it.each([
    ['is not there', 'nowhere.parquet', 'There is no file nowhere.parquet'],
    ['is merged', 'LOAD00000001.parquet', 'merged already'],
  ])('is refused with 1 and what to do where the file %s', async (_, file, reason) => {
    const { exitCode, err } = await skip(file);
    expect([exitCode, err]).toEqual([1, expect.stringMatching(new RegExp(`${reason}[^]*What to do: `))]);
  });

  it('is a command of its own process', async () => {
    const args = ['skip', TABLE, BAD, '--raw', raw, '--lake', lake];
    const { exitCode, stdout } = await tidemark(args);
    expect([exitCode, stdout]).toEqual([0, `${TABLE}: ${BAD} is skipped.\n`]);
  });
});
