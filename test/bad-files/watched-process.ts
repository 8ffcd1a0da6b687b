import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalJob, LocalResult } from './local-process.ts';

/** How a run ended that did not come to its end. */
export interface Ended {
  /** `hung`, `took too much memory`, or how the process died. */
  fault: string;
  /** What the process wrote to stderr. */
  said: string[];
  ms: number;
}

export interface WatchLimits {
  /** A run that takes longer hangs. */
  msMax: number;
  /** A run is ended at once that takes more, before it exhausts the machine. */
  residentMiBMax: number;
}

const LOOK_EVERY_MS = 50;
const PAGE_BYTES = 4096;

/**
 * A process that runs `local --once`, one folder after the other, and is watched from outside: a loop without end and a
 * heap that runs out stop every timer of their own process. It is started anew after it had to be ended.
 */
export class WatchedProcess {
  #child: ChildProcess | undefined;

  /** @param nodeOptions of the process, such as the size of its heap */
  constructor(
    private readonly limits: WatchLimits,
    private readonly nodeOptions: readonly string[] = [],
  ) {}

  async run(job: LocalJob): Promise<LocalResult | Ended> {
    const child = (this.#child ??= start(this.nodeOptions));
    const started = performance.now();
    const said: string[] = [];
    const onError = (chunk: Buffer) => void said.push(chunk.toString());
    let ended: string | undefined;
    const end = (fault: string) => {
      ended ??= fault;
      child.kill('SIGKILL');
    };
    const watch = setInterval(() => {
      if (performance.now() - started > this.limits.msMax) end('hung');
      else if (residentMiB(child) > this.limits.residentMiBMax) end('took too much memory');
    }, LOOK_EVERY_MS);
    child.stderr?.on('data', onError);
    try {
      return await new Promise((resolve, reject) => {
        child.once('message', (result) => resolve(result as LocalResult));
        child.once('error', reject);
        child.once('exit', (code, signal) => {
          this.#child = undefined;
          const fault = ended ?? `died: ${signal ?? `exit code ${String(code)}`}`;
          resolve({ fault, said, ms: performance.now() - started });
        });
        child.send(job);
      });
    } finally {
      clearInterval(watch);
      child.stderr?.off('data', onError);
      for (const event of ['message', 'error', 'exit']) child.removeAllListeners(event);
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await gone;
  }
}

function start(nodeOptions: readonly string[]): ChildProcess {
  const module = join(import.meta.dirname, 'local-process.ts');
  return fork(module, [], {
    execArgv: ['--import', 'tsx', ...nodeOptions],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
}

/** 0 where there is no /proc. */
function residentMiB({ pid }: ChildProcess): number {
  try {
    const resident = readFileSync(`/proc/${String(pid)}/statm`, 'utf8').split(' ')[1];
    return (Number(resident) * PAGE_BYTES) / 2 ** 20;
  } catch {
    return 0;
  }
}
