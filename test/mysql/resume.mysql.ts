import { readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DuckDb } from '../parquet/duckdb.ts';
import { MysqlLab } from './lab.ts';

const ROWS = 60;
/** Of the moments that are looked at, a little over so many. */
const MOMENTS = 15;

describe('the stand-in for DMS, killed between any two writes', () => {
  let lab: MysqlLab;
  let duckDb: DuckDb;
  beforeEach(async () => {
    lab = await MysqlLab.open('resume', {});
    duckDb = await DuckDb.open();
    await lab.sql('CREATE TABLE item (id int)', 'CREATE TABLE jar (id int)', 'INSERT INTO item VALUES (0)');
  });
  afterEach(async () => {
    await duckDb.close();
    await lab.close();
  });

  it('goes on from the position that it wrote last, and no change is missing', async () => {
    const { positionFile } = lab.standInSettings();
    const standIn = await lab.startStandIn();
    await standIn.stop();
    // What a kill would leave, after each file that is placed: the files so far, and the position written before.
    const left: { files: readonly string[]; position: string }[] = [];
    const files = (await lab.rawFiles('item')).map((name) => `resume/item/${name}`);
    const onFile = (key: string): void => {
      files.push(key);
      left.push({ files: [...files], position: readFileSync(positionFile, 'utf8') });
    };
    const watched = await lab.startStandIn({ intervalMs: 5, onFile });
    for (let id = 1; id <= ROWS; id++) {
      await lab.sql('START TRANSACTION', `INSERT INTO item VALUES (${id})`, `INSERT INTO jar VALUES (${id})`, 'COMMIT');
      if (id % 4 === 0) await watched.caughtUp();
    }
    await watched.caughtUp();
    await watched.stop();

    expect(left.length).toBeGreaterThan(10);
    // Odd, so that a cut's first file and its last take turns.
    const step = 2 * Math.floor(left.length / MOMENTS / 2) + 1;
    for (const [i, { files: placed, position }] of left.entries()) {
      if (i % step !== 0) continue;
      const raw = join(lab.folder, `left-${i}`);
      for (const key of placed) {
        await mkdir(dirname(join(raw, key)), { recursive: true });
        await cp(join(lab.raw, key), join(raw, key));
      }
      await writeFile(`${raw}.json`, position);
      await lab.replicate({ raw, positionFile: `${raw}.json` });
      const ids = (table: string) =>
        duckDb.query(`SELECT count(DISTINCT id) FROM '${join(raw, 'resume', table, '*.parquet')}'`);
      expect(await ids('jar')).toEqual([[String(ROWS)]]);
      expect(await ids('item')).toEqual([[String(ROWS + 1)]]);
    }
  }, 120_000);
});
