import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ALL_TYPES, createAllTypes, insertTyped } from '../../lib/mysql/all-types.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { KilledProcess } from './killed-process.ts';
import { MysqlLab } from './lab.ts';
import { RandomSql } from './random-sql.ts';

const FIRST_SEED = Number(process.env['TIDEMARK_TEST_MYSQL_SEED']);
const STREAMS = Number(process.env['TIDEMARK_TEST_MYSQL_STREAMS']);
const SEEDS = Array.from({ length: STREAMS }, (_, i) => FIRST_SEED + i);

const STAND_IN = resolve(import.meta.dirname, 'stand-in-process.ts');
const TIDEMARK = resolve(import.meta.dirname, '../../lib/cli/main.ts');
const TRANSACTIONS = 250;
const KILLS = 4;
/** Small, so that a full load is many files and a kill falls between them. */
const FILE_BYTES_MAX = 30_000;

describe('a stream of random SQL', () => {
  it.each(SEEDS)(
    'ends in the lake as in the database, with both processes killed again and again: seed %i',
    async (seed) => {
      const lab = await MysqlLab.open(`stream${seed}`, {
        alltypes: { primaryKey: ['id'] },
        part: { primaryKey: ['id'], partitionKey: ['day'] },
      });
      const processes: KilledProcess[] = [];
      try {
        await fill(lab, new RandomSql(seed));
        const settings = JSON.stringify({ ...lab.standInSettings(), fileBytesMax: FILE_BYTES_MAX });
        const standIn = new KilledProcess(STAND_IN, settings);
        const merging = new KilledProcess(
          ...[TIDEMARK, 'local', '--raw', lab.raw, '--lake', lab.lake, '--tables', lab.tablesFile],
        );
        processes.push(standIn, merging);
        let going = true;
        const changes = runStream(lab, new RandomSql(seed + 1_000_000), () => going);
        const random = new SeededRandom(seed);
        for (let kill = 0; kill < KILLS; kill++) {
          await sleep(random.integer(600, 3_000));
          if (kill < 2 || random.chance(0.5)) await standIn.restart();
          if (random.chance(0.6)) await merging.restart();
        }
        going = false;
        await changes;
        await standIn.kill();
        await merging.kill();

        await lab.replicate();
        expect(await lab.merge()).toEqual([]);
        expect(await lab.differences()).toEqual([]);
      } finally {
        for (const process of processes) process.end();
        await lab.close();
      }
    },
    180_000,
  );
});

async function fill(lab: MysqlLab, sql: RandomSql): Promise<void> {
  await createAllTypes(lab.connection, 'alltypes');
  await lab.sql('CREATE TABLE part (id int PRIMARY KEY, day date, amount decimal(12,2))');
  await lab.sql('START TRANSACTION');
  for (let id = 1; id <= 150; id++) {
    await lab.sql(insertTyped('alltypes', id, (column) => sql.literal(column)));
    await lab.sql(`INSERT INTO part VALUES (${id}, '2026-03-0${1 + (id % 4)}', ${id})`);
  }
  await lab.sql('COMMIT');
  expect(ALL_TYPES.length).toBeGreaterThan(35);
}

/** So many transactions at least, and on while the processes are being killed. */
async function runStream(lab: MysqlLab, sql: RandomSql, going: () => boolean): Promise<void> {
  for (let n = 0; n < TRANSACTIONS || going(); n++) {
    await lab.sql(...sql.transaction());
    await sleep(10);
  }
}
