/**
 * The process that bad files are given to: runs `local --once` on one folder after the other and tells of each how it
 * ended, how long it took and what memory it came to. `WatchedProcess` is its other side.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { DEFAULT_LIMITS, type Limits } from '../../lib/config.ts';
import { runLocal } from '../../lib/local/run.ts';

export interface LocalJob {
  raw: string;
  lake: string;
  /** File of `--tables`. */
  tables: string;
  limits?: Partial<Limits>;
}

export interface LocalResult {
  exitCode: number;
  /** Lines for people, on stderr. */
  said: string[];
  ms: number;
  /** The most resident memory during the run, in MiB; during the life of the process where there is no /proc. */
  peakMiB: number;
}

process.on('message', (job: LocalJob) => void run(job).then((result) => process.send?.(result)));

async function run({ raw, lake, tables, limits }: LocalJob): Promise<LocalResult> {
  const said: string[] = [];
  (globalThis as { gc?: () => void }).gc?.();
  forgetPeak();
  const started = performance.now();
  const exitCode = await runLocal(
    { raw, lake, tables, once: true, verbose: true },
    { out: () => undefined, err: (line) => said.push(line), limits: { ...DEFAULT_LIMITS, ...limits } },
  );
  return { exitCode, said, ms: performance.now() - started, peakMiB: peakMiB() };
}

/** Linux begins anew to look for the peak when it is told so (proc(5), clear_refs). */
function forgetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

function peakMiB(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}
