import type { MergeReport } from '../../lib/table/report.ts';
import type { BenchCase, Target } from './bench-cases.ts';
import type { Calls } from './counted-calls.ts';
import type { Measured } from './measure-case.ts';
import type { Taken } from './measured-process.ts';
import type { Phases } from './phase-timer.ts';
import { profileOf } from './profile.ts';

/** What a case comes to; medians of the measured runs unless said otherwise. A figure that a case has not is undefined. */
export interface CaseFigures {
  case: string;
  title: string;
  /** Of the table before the first run. */
  rows: number;
  figures: Partial<Record<FigureName, number>>;
  /** Calls to the ports in the last run. */
  calls: Calls;
  profile: Phases;
  targets: (Target & { met: boolean | undefined })[];
  /** How the rows differ from DuckDB's; undefined if they do not. */
  difference: string | undefined;
}

export type FigureName =
  /** Tidemark's milliseconds, without the time that the store took to copy ranges. */
  | 'ms'
  | 'ms with copy'
  /** The slowest of the measured runs, with copying. */
  | 'slowest ms'
  /** The first run of the process, with copying. */
  | 'cold ms'
  /** Milliseconds of processor time, of all threads. */
  | 'cpu ms'
  | 'DuckDB ms'
  | 'DuckDB cpu ms'
  /** To DuckDB's time, without copying. */
  | 'ratio'
  | 'with copy'
  /** To the same case on the small table, without copying. */
  | '× small ms'
  | '× small bytes'
  | 'written MB'
  /** Of the table's bytes. */
  | '% written'
  | 'copied MB'
  | 'groups written'
  | 'groups kept'
  | 'store calls'
  /** Resident memory of the process, at most. */
  | 'peak MiB'
  | 'start MiB'
  /** By processor time, not by the clock. */
  | 'rows/s/core'
  | 'files/s';

/** @param small figures of the case on the small table, if there is one */
export function caseFigures(bench: BenchCase, measured: Measured, small: CaseFigures | undefined): CaseFigures {
  const { tidemark, duckdb, tableBytes, files, difference } = measured;
  const [cold] = tidemark.runs;
  const runs = tidemark.runs.slice(bench.warmUps);
  const of = (figure: (report: MergeReport, taken: Taken & { calls: Calls; phases: Phases }) => number): number =>
    median(runs.map((run) => figure(run.report, run)));
  const ms = of((_, taken) => withoutCopying(taken));
  const msWithCopy = of((_, taken) => taken.ms);
  const cpuMs = of((_, taken) => taken.cpuMs);
  const bytesWritten = of((report) => report.bytesWritten);
  const duckDbMs = duckdb && median(duckdb.runs.map((taken) => taken.ms));
  const figures: CaseFigures['figures'] = {
    ms,
    'ms with copy': msWithCopy,
    'slowest ms': Math.max(...runs.map((taken) => taken.ms)),
    ...(cold && { 'cold ms': cold.ms }),
    'cpu ms': cpuMs,
    ...(duckdb &&
      duckDbMs !== undefined && {
        'DuckDB ms': duckDbMs,
        'DuckDB cpu ms': median(duckdb.runs.map((taken) => taken.cpuMs)),
        ratio: ms / duckDbMs,
        'with copy': msWithCopy / duckDbMs,
      }),
    ...(small && {
      '× small ms': ms / (small.figures.ms ?? NaN),
      '× small bytes': bytesWritten / 1e6 / (small.figures['written MB'] ?? NaN),
    }),
    'written MB': bytesWritten / 1e6,
    '% written': (bytesWritten / tableBytes) * 100,
    'copied MB': of((report) => report.bytesCopied) / 1e6,
    'groups written': of((report) => report.rowGroupsRewritten),
    'groups kept': of((report) => report.rowGroupsCopied),
    'store calls': of((_, { calls }) => storeCalls(calls)),
    'peak MiB': tidemark.peakMemory / 1024 ** 2,
    'start MiB': tidemark.memoryAtStart / 1024 ** 2,
    ...(bench.work.kind === 'load'
      ? { 'rows/s/core': bench.table.rows / (cpuMs / 1000) }
      : { 'files/s': files / (msWithCopy / 1000) }),
  };
  return {
    case: bench.name,
    title: bench.title,
    rows: bench.table.rows,
    figures,
    calls: runs.at(-1)?.calls ?? {},
    profile: profileOf(runs),
    targets: bench.targets.map((target) => ({ ...target, met: isMet(target, figures) })),
    difference,
  };
}

/** Calls to the object stores; those to the controller table are no part of it. */
function storeCalls(calls: Calls): number {
  return Object.entries(calls).reduce((sum, [name, count]) => (name.startsWith('tables.') ? sum : sum + count), 0);
}

function isMet({ figure, bound, value }: Target, figures: CaseFigures['figures']): boolean | undefined {
  const found = figures[figure];
  if (found === undefined) return undefined;
  return bound === '≤' ? found <= value : found >= value;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** While the store copies, row groups are encoded: the time of both would be left out with that of the copying. */
function withoutCopying({ ms, phases }: Taken & { phases: Phases }): number {
  if (phases.copying === 0) return ms;
  const sum = phases.finding + phases.encoding + phases.writing + phases.copying;
  return Math.min(ms, ms - phases.copying + Math.max(0, sum - ms));
}
