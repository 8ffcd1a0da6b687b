import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const TIDEMARK = join(import.meta.dirname, '../../lib/cli/tidemark.js');

/** Remembers what a command writes. */
export function recorded() {
  const [out, err]: [string[], string[]] = [[], []];
  return { out, err, io: { out: (line: string) => out.push(line), err: (line: string) => err.push(line) } };
}

/** Runs the command as a process of its own. */
export async function tidemark(
  args: readonly string[],
  { bin = TIDEMARK, cwd, env }: { bin?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    env: env ?? process.env,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  return { exitCode: child.exitCode, stdout, stderr };
}
