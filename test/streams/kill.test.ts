import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { killAndRestart } from './kill.ts';
import { Oracle } from './oracle.ts';

const SIZE = { tablesMax: 3, runsMax: 4, changeFilesMax: 15, rowsPerFileMax: 40, rowsPerLoadFileMax: 400 };

/** Longer: `npm run test:streams -- --kill 50`. */
describe('tidemark local --once, killed at random moments and started again', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.create();
  });
  afterAll(() => {
    oracle.close();
  });

  it('ends with the lake that SQL gives, and never shows a key twice on the way', async () => {
    const { kills, faults } = await killAndRestart({ kills: 5, seed: 1, size: SIZE }, oracle);
    expect(faults).toEqual([]);
    expect(kills).toBe(5);
  }, 120_000);
});
