import { DEFAULT_LIMITS, type Limits } from '../../lib/config.ts';
import { SeededRandom } from '../../lib/sample/seeded-random.ts';
import { randomTable, type StreamTable, type TableSize } from './random-table.ts';

/** Tables and what DMS writes for them, cut into runs. The same seed gives the same stream, byte for byte. */
export interface Stream {
  seed: number;
  runs: number;
  tables: readonly StreamTable[];
  /** Limits so small that few rows meet them, or those of every day. */
  limits: Limits;
}

export interface StreamSize extends Omit<TableSize, 'runs'> {
  tablesMax: number;
  runsMax: number;
}

/** Of a size at which dozens of streams take seconds. */
export const QUICK: StreamSize = {
  tablesMax: 3,
  runsMax: 3,
  changeFilesMax: 6,
  rowsPerFileMax: 12,
  rowsPerLoadFileMax: 30,
};

const THOROUGH: StreamSize = {
  tablesMax: 4,
  runsMax: 4,
  changeFilesMax: 10,
  rowsPerFileMax: 25,
  rowsPerLoadFileMax: 60,
};

export function randomStream(seed: number, size: StreamSize = THOROUGH): Stream {
  const random = new SeededRandom(seed);
  const runs = random.integer(1, size.runsMax);
  const tables = Array.from({ length: random.integer(1, size.tablesMax) }, (_, index) =>
    randomTable(random, `${random.pick(['shop', 'Sales_2025'])}/table_${index}`, { ...size, runs }),
  );
  return { seed, runs, tables, limits: randomLimits(random) };
}

function randomLimits(random: SeededRandom): Limits {
  if (random.chance(0.4)) return DEFAULT_LIMITS;
  return {
    rowsPerRowGroup: random.pick([2, 7, 50]),
    targetFileBytes: random.pick([1, 3_000, 20_000, 1_000_000]),
    deadBytesShare: random.pick([0, 0.1, 1 / 3, 0.9]),
    smallRowGroups: random.pick([0, 2, 32]),
    valuesPerMerge: random.pick([60, 300, 100_000]),
    filesPerMerge: random.pick([1, 2, 5, 500]),
    tablesAtOnce: random.pick([1, 4]),
  };
}
