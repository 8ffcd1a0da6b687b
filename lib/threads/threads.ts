import type { Threads } from '../ports/threads.ts';
import { OWN_THREAD } from './own-thread.ts';
import { WorkerThreads } from './worker-threads.ts';

/** A thread for each core, four at most: more of them wait for the store. */
export function threadsFor(cores: number): Threads {
  const count = Math.min(Math.floor(cores), THREADS_MAX);
  return count > 1 ? new WorkerThreads(count) : OWN_THREAD;
}

const THREADS_MAX = 4;
