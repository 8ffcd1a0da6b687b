/**
 * Whatever is lost, doubled, late, slow, broken or dead on the way, the lake ends as the raw files say, and at no moment does
 * a reader find it otherwise than promised. `run.ts` says how to run more of it.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { patched } from './bundle.ts';
import { Counters } from './counters.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { scenarios } from './scenarios.ts';
import { traced } from './simulate.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the command as a process of its own; the error has what it printed. */
async function simulated(...options: string[]): Promise<string> {
  const command = ['--import', 'tsx', 'test/sim/run.ts', ...options];
  return (await promisify(execFile)(process.execPath, command, { cwd: ROOT, maxBuffer: 2 ** 26 })).stdout;
}

describe('the simulation', () => {
  it('finds nothing wrong in random schedules, and takes the rare paths often enough', async () => {
    const printed = await simulated('--count', '2000', '--seed', '1', '--workers', '2');
    expect(printed).toMatch(/2,000 schedules in .* 0 failures/);
  }, 180_000);

  it('does the same again for the same seed, to the byte', async () => {
    for (const scenario of fc.sample(scenarios, { seed: 5, numRuns: 25 })) {
      const [first, second] = [await traced(scenario, new Counters()), await traced(scenario, new Counters())];
      expect(first.lines.length).toBeGreaterThan(10);
      expect(second).toEqual(first);
    }
  });

  it('finds planted bugs', async () => {
    const bugs = ['what was appended', 'the first operation', 'no group', 'taking over leaves the'];
    const printed = await simulated('--planted', ...bugs.flatMap((bug) => ['--bug', bug]), '--workers', '2');
    expect(printed).toContain('4 of 4 planted bugs found');
  }, 180_000);

  it('gives a failure again by the command that it prints', async () => {
    const bug = ['--bug', 'first operation'];
    const failed = await simulated('--count', '50', '--workers', '1', ...bug).catch((error: unknown) => error);
    const { stdout } = failed as { stdout: string };
    const [, command = ''] = /npm run test:sim -- (.*)/.exec(stdout) ?? [];
    const again = await simulated(...command.split(' '), ...bug).catch((error: unknown) => error);
    expect((again as { stdout: string }).stdout).toContain(/^Violation: .*$/m.exec(stdout)?.[0]);
  }, 180_000);
});

describe('each planted bug', () => {
  it.each(PLANTED_BUGS)('fits the sources: $name', async ({ patches }) => {
    for (const patch of patches) {
      const source = await readFile(ROOT + patch.file, 'utf8');
      expect(patched(source, patch)).not.toBe(source);
    }
  });
});
