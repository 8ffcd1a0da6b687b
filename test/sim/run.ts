/**
 * The simulation, as long as wanted:
 *
 *     npm run test:sim -- --seconds 600
 *     npm run test:sim -- --count 5000 --seed 7 --workers 2
 *     npm run test:sim -- --seed 7 --path 12:0:3        one schedule again, with its trace
 *     npm run test:sim -- --count 1000000 --keep-going  not only up to the first failure
 *     npm run test:sim -- --planted                     whether planted bugs are found
 *
 * Exit code 0 if nothing failed and all that must happen sometimes did. A failure is made small and printed with its
 * trace and the command that gives it again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSimulation } from './bundle.ts';
import { Counters, tooRare } from './counters.ts';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts';
import { runJobs } from './pool.ts';
import type { Failure, Job, JobResult } from './worker.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    path: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    'keep-going': { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    /** Part of the name of a planted bug: with it the schedules are run. */
    bug: { type: 'string', multiple: true },
  },
});
const SCHEDULES_PER_JOB = 250;
const PLANTED_SCHEDULES_MAX = 2_000;

const seed = Number(values.seed);
const workers = Number(values.workers);
const folder = await mkdtemp(join(tmpdir(), 'tidemark-sim-'));
try {
  const isRight = values.planted ? await findPlanted() : await simulateMany();
  process.exitCode = isRight ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}

async function simulateMany(): Promise<boolean> {
  const bundle = join(folder, 'simulation.mjs');
  const bugs = PLANTED_BUGS.filter(({ name }) => values.bug?.some((part) => name.includes(part)));
  await bundleSimulation(
    bundle,
    bugs.flatMap(({ patches }) => patches),
  );
  const { path } = values;
  const counters = new Counters();
  const started = performance.now();
  const until = values.seconds === undefined ? Infinity : started + Number(values.seconds) * 1000;
  const count = path !== undefined ? 1 : Number(values.count ?? (values.seconds === undefined ? 3000 : Infinity));
  let begun = 0;
  let schedules = 0;
  let failures = 0;
  const next = (): Job | undefined => {
    if ((failures > 0 && !values['keep-going']) || begun >= count || performance.now() > until) return undefined;
    const job = { seed: seed + begun / SCHEDULES_PER_JOB, schedules: Math.min(SCHEDULES_PER_JOB, count - begun) };
    begun += SCHEDULES_PER_JOB;
    return { ...job, shrinks: true, ...(path !== undefined && { path }) };
  };
  let cpuSeconds = 0;
  const done = (result: JobResult): void => {
    schedules += result.schedules;
    cpuSeconds += result.cpuMs / 1000;
    counters.merge(result.counts);
    if (!result.failure) return;
    failures++;
    printFailure(result.failure);
  };
  const isOne = path !== undefined;
  await runJobs(bundle, isOne ? 1 : workers, next, done, { sourceMaps: isOne });
  const seconds = (performance.now() - started) / 1000;
  const rare = path === undefined && failures === 0 ? tooRare(counters, schedules) : [];
  for (const line of rare) print(`too rare: ${line}`);
  for (const [what, times] of [...counters.counts].sort()) print(`  ${times.toLocaleString('en')} ${what}`);
  const faults = [...counters.counts].reduce((sum, [what, times]) => sum + (what.startsWith('fault') ? times : 0), 0);
  print(
    `${schedules.toLocaleString('en')} schedules in ${seconds.toFixed(1)} s, ${Math.round(schedules / seconds)} a second with ` +
      `${workers} workers, ${Math.round(schedules / cpuSeconds)} a second of processor time, ` +
      `${faults.toLocaleString('en')} faults, ${failures} failures`,
  );
  return failures === 0 && rare.length === 0;
}

/** Each planted bug must be found within so many schedules. */
async function findPlanted(): Promise<boolean> {
  const found = new Map<PlantedBug, JobResult>();
  const waiting = PLANTED_BUGS.filter(({ name }) => (values.bug ?? ['']).some((part) => name.includes(part)));
  const total = waiting.length;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let bug = waiting.shift(); bug; bug = waiting.shift()) {
        const planted = bug;
        const bundle = join(folder, `${PLANTED_BUGS.indexOf(bug)}.mjs`);
        try {
          await bundleSimulation(bundle, bug.patches);
        } catch (error) {
          print(`${bug.name}: NOT PLANTED: ${String(error)}`);
          continue;
        }
        let job: Job | undefined = { seed, schedules: PLANTED_SCHEDULES_MAX, shrinks: false };
        const next = (): Job | undefined => {
          const once = job;
          job = undefined;
          return once;
        };
        await runJobs(bundle, 1, next, (result) => {
          const reason = result.failure?.reason.split('\n')[0];
          const text = reason === undefined ? 'NOT FOUND' : `found after ${result.schedules} schedules: ${reason}`;
          print(`${planted.name}: ${text.slice(0, 200)}`);
          if (result.failure) found.set(planted, result);
        });
      }
    }),
  );
  print(`${found.size} of ${total} planted bugs found within ${PLANTED_SCHEDULES_MAX} schedules each`);
  return found.size === total;
}

function printFailure({ seed: failedSeed, path, scenario, reason, trace }: Failure): void {
  print(JSON.stringify(scenario, undefined, 1));
  print(trace.join('\n'));
  print(reason);
  print(`npm run test:sim -- --seed ${failedSeed} --path ${path}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
