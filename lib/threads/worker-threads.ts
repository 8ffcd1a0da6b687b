import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { TaskName, Tasks, Threads } from '../ports/threads.ts';
import { ThreadLost } from '../ports/threads.ts';
import type { TaskAnswer, TaskMessage } from './worker.ts';
import { serveTasks } from './worker.ts';

/**
 * Worker threads, started when the first task comes; they do not keep the process alive.
 *
 * A worker runs this very module, or the bundle that it is part of: there is no file of its own to be found at run time.
 */
export class WorkerThreads implements Threads {
  readonly count: number;
  private readonly workers: PooledWorker[] = [];
  private readonly waiting: Job[] = [];
  private isClosed = false;

  /** @param count of threads */
  constructor(count: number) {
    this.count = count;
  }

  run<T extends TaskName>(
    name: T,
    task: Parameters<Tasks[T]>[0],
    bytes: readonly Uint8Array[] = [],
  ): Promise<ReturnType<Tasks[T]>> {
    if (this.isClosed) return Promise.reject(new ThreadLost('the worker threads were ended'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ name, task, bytes, resolve: resolve as (result: unknown) => void, reject });
      this.next();
    });
  }

  /** Ends the threads. Tasks that are under way fail. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const job of this.waiting.splice(0)) job.reject(new ThreadLost('the worker threads were ended'));
    await Promise.all(this.workers.splice(0).map(({ worker }) => worker.terminate()));
  }

  private next(): void {
    if (this.waiting.length === 0) return;
    let free = this.workers.find(({ jobs }) => jobs.length === 0);
    if (!free && this.workers.length < this.count) this.workers.push((free = this.start()));
    free ??= this.workers.find(({ jobs }) => jobs.length < JOBS_PER_WORKER);
    const job = free && this.waiting.shift();
    if (!free || !job) return;
    free.jobs.push(job);
    free.worker.ref();
    const message: TaskMessage = { name: job.name, task: job.task };
    try {
      free.worker.postMessage(message, movable(job.bytes));
    } catch (error) {
      // It will get no answer: the next one belongs to another job.
      free.jobs.pop();
      if (free.jobs.length === 0) free.worker.unref();
      job.reject(new ThreadLost('a task could not be sent to a worker thread', { cause: error }));
    }
    this.next();
  }

  private start(): PooledWorker {
    const worker = startWorker();
    const pooled: PooledWorker = { worker, jobs: [] };
    worker.unref();
    worker.on('message', (answer: TaskAnswer) => {
      const job = pooled.jobs.shift();
      if (pooled.jobs.length === 0) worker.unref();
      if ('error' in answer) job?.reject(asError(answer.error));
      else job?.resolve(answer.result);
      this.next();
    });
    const onEnd = (cause: unknown): void => {
      const at = this.workers.indexOf(pooled);
      if (at >= 0) this.workers.splice(at, 1);
      for (const job of pooled.jobs.splice(0))
        job.reject(new ThreadLost('a worker thread ended before its task was done', { cause }));
      this.next();
    };
    worker.on('error', onEnd);
    // An answer that cannot be read is an answer lost: which one it was for is known, but not what it was.
    worker.on('messageerror', () => void worker.terminate());
    worker.on('exit', onEnd);
    return pooled;
  }
}

interface PooledWorker {
  worker: Worker;
  /** Answered in this order. */
  jobs: Job[];
}

/** The next one is there when one is done. */
const JOBS_PER_WORKER = 2;

interface Job {
  name: TaskName;
  task: unknown;
  bytes: readonly Uint8Array[];
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

const ROLE = 'tidemark row groups';

/** Run from its source, the module needs the loader that made sense of it here: loaders are not passed on to threads. */
function startWorker(): Worker {
  const url = import.meta.url;
  if (!url.endsWith('.ts')) return new Worker(new URL(url), { workerData: ROLE });
  const loader = import.meta.resolve('tsx/esm/api');
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${JSON.stringify(url)})))`;
  return new Worker(start, { eval: true, workerData: ROLE, execArgv: [] });
}

/** Buffers that belong to these bytes alone; Node.js keeps small ones in a buffer for many. */
function movable(bytes: readonly Uint8Array[]): ArrayBuffer[] {
  return bytes.flatMap(({ buffer, byteLength }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  );
}

function asError({ name, message }: { name: string; message: string }): Error {
  return Object.assign(new Error(message), { name });
}

if (!isMainThread && workerData === ROLE && parentPort) serveTasks(parentPort);
