import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Job, JobResult } from './worker.ts';

/**
 * Runs jobs on threads of their own, as many side by side as there are threads.
 * @param next the next job, given those that are done; undefined if that was all
 */
export async function runJobs(
  bundle: string,
  threads: number,
  next: () => Job | undefined,
  done: (result: JobResult) => void,
): Promise<void> {
  await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(bundle, { execArgv: ['--enable-source-maps'], resourceLimits: YOUNG });
      try {
        for (let job = next(); job; job = next()) {
          worker.postMessage(job);
          const [result] = (await once(worker, 'message')) as [JobResult];
          done(result);
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
}

/** Schedules leave much behind and keep nothing. */
const YOUNG = { maxYoungGenerationSizeMb: 64 };
