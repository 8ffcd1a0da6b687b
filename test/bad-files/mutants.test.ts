import { describe, expect, it } from '@jest/globals';
import { MUTANT_LIMITS, runMutants } from './mutants.ts';

const COUNT = 60;

/** More of them: `npm run test:mutants -- --count 5000`. */
describe('a valid file with one fault, among the files of another table', () => {
  it('blocks its table or is merged, in time and memory, and the other table is right', async () => {
    const figures = await runMutants({ count: COUNT, seed: 1, processes: 2 });
    expect(figures.faults).toEqual([]);
    expect(figures.blocked + figures.merged).toBe(COUNT);
    // Neither would mean that the faults are not what they are meant to be.
    expect(figures.blocked).toBeGreaterThan(COUNT / 3);
    expect(figures.merged).toBeGreaterThan(COUNT / 12);
    expect(figures.peakMiB).toBeLessThan(MUTANT_LIMITS.residentMiBMax);
  }, 120_000);
});
