import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build, type BuildOptions, type Plugin } from 'esbuild';

/**
 * Runs a module of this folder, bundled as the functions are deployed, as a process of its own, so that its memory and
 * its warmth are its own, and waits for it.
 * @param job what the module gets from `takeJob`  @returns what it gives to `answer`
 * @throws Error if the process fails; what it has to say stands on stderr.
 */
export async function runProcess(module: string, job: object): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-process-'));
  const bundle = join(folder, 'process.mjs');
  await build({ entryPoints: [module], outfile: bundle, ...BUNDLE });
  const child = spawn(process.execPath, [bundle], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(job));
  const [result, [exitCode]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  await rm(folder, { recursive: true });
  if (exitCode !== 0) throw new Error(`${module} ended with ${String(exitCode)}`);
  return JSON.parse(result);
}

/** The other side: the one job that the process is started for. */
export async function takeJob(): Promise<unknown> {
  return JSON.parse(await text(process.stdin));
}

export function answer(result: object): void {
  process.stdout.write(JSON.stringify(result));
}

/** What one piece of work took. */
export interface Taken {
  ms: number;
  /** Of all threads, in user and system mode. */
  cpuMs: number;
}

export async function timed<T>(work: () => Promise<T>): Promise<Taken & { result: T }> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000, result };
}

/**
 * The most resident memory this process has had, in bytes. Linux says it exactly; elsewhere what is reported can be that
 * of the process which started this one.
 */
export function peakMemory(): number {
  const status = existsSync(STATUS) ? readFileSync(STATUS, 'utf8') : '';
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes)) * 1024;
}

const STATUS = '/proc/self/status';

/** DuckDB has native parts: it stays where it is installed. */
const DUCKDB_AS_INSTALLED: Plugin = {
  name: 'duckdb as installed',
  setup(build) {
    build.onResolve({ filter: /^@duckdb\/node-api$/ }, ({ path }) => ({
      path: import.meta.resolve(path),
      external: true,
    }));
  },
};

const BUNDLE: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  mainFields: ['module', 'main'],
  // CommonJS packages in the bundle call require.
  banner: {
    js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
  },
  plugins: [DUCKDB_AS_INSTALLED],
};
