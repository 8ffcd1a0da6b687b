import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../lib/config.ts';
import { runLocal } from '../../lib/local/run.ts';
import type { RandomSource } from '../../lib/ports/clock.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import type { Oracle } from './oracle.ts';
import type { Stream } from './random-stream.ts';
import { applySteps, tableFiles, tablesFile } from './raw-folder.ts';

/**
 * Lets a stream arrive in its runs, merges after each with `tidemark local --once`, and holds the lake against the oracle:
 * each time, or at the end alone, which takes half as long.
 * @returns what went wrong, in words; the folders stay for a look if anything did.
 */
export async function mergeStream(
  stream: Stream,
  oracle: Oracle,
  compareAfter: 'each run' | 'last run',
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), `tidemark-stream-${stream.seed}-`));
  const folders = { raw: join(folder, 'raw'), lake: join(folder, 'lake') };
  const tables = join(folder, 'tables.json');
  const random = seededIds(stream.seed);
  await mkdir(folders.raw);
  for (let run = 0; run < stream.runs; run++) {
    await applySteps(stream, run, folders.raw);
    await writeFile(tables, tablesFile(stream, run));
    const faults = await merge({ ...folders, tables }, stream.limits, random);
    if (compareAfter === 'each run' || run === stream.runs - 1) {
      faults.push(...(await compare(stream, run, folders, oracle)));
    }
    if (faults.length > 0) return [`after run ${run + 1} of ${stream.runs} in ${folder}`, ...faults];
  }
  await rm(folder, { recursive: true });
  return [];
}

async function merge(
  options: { raw: string; lake: string; tables: string },
  limits: Limits,
  random: RandomSource,
): Promise<string[]> {
  const said: string[] = [];
  const exitCode = await runLocal(
    { ...options, once: true, json: true },
    { out: () => undefined, err: (line) => said.push(line), limits, random },
  );
  return exitCode === 0 ? [] : [`tidemark local --once ended with ${exitCode}: ${said.join('\n')}`];
}

async function compare(
  stream: Stream,
  run: number,
  folders: { raw: string; lake: string },
  oracle: Oracle,
): Promise<string[]> {
  const faults: string[] = [];
  for (const table of stream.tables.filter(({ activeFrom }) => activeFrom <= run)) {
    const differences = await oracle.differences(await tableFiles(table, run, folders));
    if (differences.length === 0) continue;
    const keys = `key ${table.primaryKey.join(', ') || 'none'}, partition ${table.partitionKey.join(', ') || 'none'}`;
    faults.push(`${table.name} (${keys}):`, ...differences.map((difference) => `    ${difference}`));
  }
  return faults;
}

/** The names of lake files come of ids: with these a seed gives them again, but for tables that run side by side. */
function seededIds(seed: number): RandomSource {
  const random = new SeededRandom(seed);
  return { id: () => random.bits(128).toString(16).padStart(32, '0') };
}
