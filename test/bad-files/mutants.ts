import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TableSettings } from '../../lib/table/configure.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { DuckDb } from '../parquet/duckdb.ts';
import { lakeRows, type Order, putDmsFile } from '../local/dms-folder.ts';
import { readParquet } from '../table/table-lab.ts';
import { mutate } from './mutate.ts';
import type { TableFiles } from './valid-files.ts';
import { dmsFiles, duckDbFiles, filesOfPagesV2 } from './valid-files.ts';
import { WatchedProcess } from './watched-process.ts';

/** No run may take longer, nor more memory. */
export const MUTANT_LIMITS = { msMax: 10_000, residentMiBMax: 1024 };

export interface MutantFigures {
  mutants: number;
  blocked: number;
  merged: number;
  slowestMs: number;
  peakMiB: number;
  /** What must not be, with the number of the mutant that gives it again. */
  faults: string[];
}

const LOAD = 'LOAD00000001.parquet';
const CHANGE = '20260301-101500123.parquet';
const MUTATED = 'shop/mutated';
const NEIGHBOUR = 'shop/neighbour';
const NEIGHBOUR_LOAD: Order[] = Array.from({ length: 20 }, (_, id) => ({ id, item: `item ${id}` }));
const NEIGHBOUR_CHANGES: Order[] = [
  { Op: 'U', id: 3, item: 'new' },
  { Op: 'D', id: 4, item: null },
  { Op: 'I', id: 20, item: 'last' },
];
const NEIGHBOUR_ROWS: Order[] = [
  ...NEIGHBOUR_LOAD.filter(({ id }) => id !== 4).map((row) => (row.id === 3 ? { id: 3, item: 'new' } : row)),
  { id: 20, item: 'last' },
];

/** Ways to merge the mutated table; small limits have it merged in slices. */
const SETTINGS: readonly TableSettings[] = [
  { primaryKey: ['id'], active: true },
  { primaryKey: ['id'], partitionKey: ['day'], active: true },
  { primaryKey: ['item', 'id'], active: true },
  { active: true },
];

/**
 * Gives files with one fault each to whole runs of `local --once`, next to a table of good files: each run must end in
 * time and memory, with the other table right, and the mutated one merged or blocked by a file and for a reason.
 * @param seed of the first mutant; mutant i of a run is the first one of a run from seed + i
 * @param onProgress after each mutant
 */
export async function runMutants(
  { count, seed, processes }: { count: number; seed: number; processes: number },
  onProgress: (figures: MutantFigures) => void = () => undefined,
): Promise<MutantFigures> {
  const figures: MutantFigures = { mutants: 0, blocked: 0, merged: 0, slowestMs: 0, peakMiB: 0, faults: [] };
  const duckDb = await DuckDb.open();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-mutants-'));
  let next = seed;
  const work = async (): Promise<void> => {
    const watched = new WatchedProcess(MUTANT_LIMITS);
    try {
      while (next < seed + count) {
        await runMutant(next++, folder, watched, duckDb, figures);
        onProgress(figures);
      }
    } finally {
      await watched.close();
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  await duckDb.close();
  await rm(folder, { recursive: true });
  return figures;
}

async function runMutant(
  seed: number,
  folder: string,
  watched: WatchedProcess,
  duckDb: DuckDb,
  figures: MutantFigures,
): Promise<void> {
  const random = new SeededRandom(seed);
  const files = await validFiles(random, duckDb);
  const mutated = random.pick(['load', 'change'] as const);
  const { fault, bytes } = mutate(files[mutated], random);
  const settings = random.pick(SETTINGS);
  const limits = random.pick([{}, { valuesPerMerge: 700 }, { valuesPerMerge: 700, targetFileBytes: 4_000 }]);

  const root = join(folder, String(seed));
  const [raw, lake, tables] = [join(root, 'raw'), join(root, 'lake'), join(root, 'tables.json')];
  await putDmsFile(raw, `${NEIGHBOUR}/${LOAD}`, NEIGHBOUR_LOAD);
  await putDmsFile(raw, `${NEIGHBOUR}/${CHANGE}`, NEIGHBOUR_CHANGES);
  await mkdir(join(raw, MUTATED));
  await writeFile(join(raw, MUTATED, LOAD), mutated === 'load' ? bytes : files.load);
  await writeFile(join(raw, MUTATED, CHANGE), mutated === 'change' ? bytes : files.change);
  await writeFile(tables, JSON.stringify({ [MUTATED]: settings, [NEIGHBOUR]: { primaryKey: ['id'], active: true } }));

  const result = await watched.run({ raw, lake, tables, limits });
  const complain = (what: string): void => {
    figures.faults.push(`--seed ${seed} --count 1 (${files.made}; ${mutated} file: ${fault}): ${what}`);
  };
  figures.mutants++;
  figures.slowestMs = Math.max(figures.slowestMs, result.ms);
  if ('fault' in result) {
    complain(`${result.fault}; ${result.said.join('').slice(-500)}`);
  } else {
    const { exitCode, said, ms, peakMiB } = result;
    figures.peakMiB = Math.max(figures.peakMiB, peakMiB);
    if (exitCode === 0) figures.merged++;
    if (exitCode === 2) figures.blocked++;
    if (exitCode !== 0 && exitCode !== 2) complain(`exit code ${exitCode}: ${said.join('\n')}`);
    if (ms > MUTANT_LIMITS.msMax) complain(`took ${Math.round(ms)} ms`);
    if (peakMiB > MUTANT_LIMITS.residentMiBMax) complain(`took ${Math.round(peakMiB)} MiB`);
    // Should another type of a column be all that is wrong with the load file, the changes do not fit it.
    const culprits = mutated === 'load' ? [LOAD, CHANGE] : [CHANGE];
    if (exitCode === 2 && !culprits.some((name) => said.some((line) => isBlockedBy(name, line))))
      complain(`blocked, but not by ${culprits.join(' or ')}: ${said.join('\n')}`);
    if (exitCode === 0) await readAll(join(lake, MUTATED)).catch((error: unknown) => complain(String(error)));
  }
  const neighbour = await lakeRows(lake, NEIGHBOUR);
  if (JSON.stringify(neighbour) !== JSON.stringify(NEIGHBOUR_ROWS))
    complain(`the other table holds ${JSON.stringify(neighbour)}`);
  await rm(root, { recursive: true });
}

/** Whether a line says that the mutated table is blocked by this file, for a reason that names it. */
function isBlockedBy(name: string, line: string): boolean {
  const begin = `${MUTATED} is blocked by ${name}: `;
  return line.startsWith(begin) && line.slice(begin.length).includes(name);
}

/** Whatever a value became, the lake must be one that can be read. */
async function readAll(lakeFolder: string): Promise<void> {
  const entries = await readdir(lakeFolder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name.endsWith('.parquet') && !entry.name.startsWith('_'))
      await readParquet(await readFile(path));
  }
}

function validFiles(random: SeededRandom, duckDb: DuckDb): TableFiles | Promise<TableFiles> {
  const kind = random.next();
  if (kind < 0.6) return dmsFiles(random);
  return kind < 0.8 ? filesOfPagesV2(random) : duckDbFiles(random, duckDb);
}
