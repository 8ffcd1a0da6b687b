import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Job, JobResult } from './worker.ts';

/**
 * Runs jobs in processes of their own, as many side by side as there are cores to use. Threads of one process would share
 * those that V8 compiles and collects garbage with, and two of them would keep four cores busy.
 * @param next the next job, given those that are done; undefined if that was all
 */
export async function runJobs(
  bundle: string,
  processes: number,
  next: () => Job | undefined,
  done: (result: JobResult) => void,
  options: PoolOptions = {},
): Promise<void> {
  await Promise.all(
    Array.from({ length: processes }, async () => {
      const child = fork(bundle, {
        execArgv: [...ONE_CORE, ...(options.sourceMaps ? ['--enable-source-maps'] : [])],
        serialization: 'advanced',
      });
      const end = once(child, 'exit').then(([code]) => {
        throw new Error(`a process of the simulation ended with ${String(code)}`);
      });
      end.catch(() => undefined); // it ends when nobody waits for it any more
      try {
        for (let job = next(); job; job = next()) {
          child.send(job);
          const [result] = (await Promise.race([once(child, 'message'), end])) as [JobResult];
          done(result);
        }
      } finally {
        child.kill();
      }
    }),
  );
}

interface PoolOptions {
  /** Whether stacks name lines of the sources: then every error that is thrown takes far longer. */
  sourceMaps?: boolean;
}

/** What a schedule leaves behind is collected by its own thread, and one other compiles. */
const ONE_CORE = ['--single-threaded-gc', '--max-semi-space-size=32', '--v8-pool-size=1'];
