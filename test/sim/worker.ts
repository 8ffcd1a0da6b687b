/** A process of a simulation: it takes jobs, runs their schedules, and answers with what came of them. */
import fc from 'fast-check';
import { Counters } from './counters.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { simulate, traced } from './simulate.ts';

export interface Job {
  /** Of fast-check's choices: the same seed makes the same schedules. */
  seed: number;
  schedules: number;
  /** Of the one schedule to be run again. */
  path?: string;
  /** Whether a schedule that fails is to be made small. */
  shrinks: boolean;
}

export interface JobResult {
  schedules: number;
  counts: [string, number][];
  /** Of processor time, user and system. */
  cpuMs: number;
  failure?: Failure;
}

export interface Failure {
  seed: number;
  path: string;
  scenario: Scenario;
  reason: string;
  trace: string[];
}

export async function runJob({ seed, schedules, path, shrinks }: Job): Promise<JobResult> {
  const counters = new Counters();
  const before = process.cpuUsage();
  const property = fc.asyncProperty(scenarios, (scenario) => simulate(scenario, counters));
  const { numRuns, counterexample, counterexamplePath } = await fc.check(property, {
    seed,
    numRuns: schedules,
    endOnFailure: !shrinks,
    ...(path !== undefined && { path, endOnFailure: true }),
  });
  const { user, system } = process.cpuUsage(before);
  const result = { schedules: numRuns, counts: [...counters.counts], cpuMs: (user + system) / 1000 };
  if (!counterexample) return result;
  const [scenario] = counterexample;
  const { lines, violation = 'it did not fail again: the simulation is not deterministic' } = await traced(
    scenario,
    new Counters(),
  );
  return {
    ...result,
    failure: { seed, path: counterexamplePath, scenario, reason: violation, trace: lines },
  };
}

if (process.send)
  process.on('message', (job: Job) => {
    void runJob(job).then((result) => process.send?.(result));
  });
