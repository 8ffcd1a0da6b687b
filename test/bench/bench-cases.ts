import type { BenchTable, Operations } from './bench-table.ts';
import type { FigureName } from './case-figures.ts';

/** How much is measured; the targets are for the full size. */
export interface BenchSize {
  /** Of the table `orders`. */
  rows: number;
  /** Measured runs of a case, after its warm-up. */
  iterations: number;
  /** Change files that one run of the stream finds. */
  streamFiles: number;
  /** Of Tidemark and of DuckDB. */
  threads: number;
  /** Whether the table of ten times as many rows is measured too. */
  large: boolean;
}

export interface BenchCase {
  name: string;
  /** What changes, in a few words. */
  title: string;
  table: BenchTable;
  /** Bytes after which a lake file is full; as deployed unless given. */
  targetFileBytes?: number;
  /** What one run merges: the load files into an empty lake, or change files into a table that is there. */
  work: { kind: 'load' } | { kind: 'changes'; operations: Operations; files: number };
  /** Runs before those that are measured; the first of them is the cold one. */
  warmUps: number;
  /** Whether DuckDB's time for the same is taken, run by run; its rows are compared in any case. */
  timesDuckDb: boolean;
  /** The case on the small table with which this one is compared. */
  small?: string;
  targets: Target[];
}

export interface Target {
  figure: FigureName;
  /** The figure may be no more (`≤`) or no less (`≥`) than that. */
  bound: '≤' | '≥';
  value: number;
}

const ONE_FILE = 1024 ** 3;
const LARGE_FACTOR = 10;
const MEMORY: Target = { figure: 'peak MiB', bound: '≤', value: 512 };

/** In the order in which they are measured: a case that is compared with another one comes after it. */
export function benchCases({ rows, streamFiles, large }: BenchSize): BenchCase[] {
  const orders: BenchTable = { name: 'orders', key: 'sequence', rows };
  const largeOrders: BenchTable = { ...orders, rows: rows * LARGE_FACTOR };
  const byUuid: BenchTable = { name: 'orders_by_uuid', key: 'uuid', rows };
  // A small table has not room for all of them.
  const upTo = (operations: number) => Math.min(operations, Math.floor(rows / 20));
  const updates = (count: number, changing: Operations['changing'] = 'all columns'): Operations => ({
    updates: upTo(count),
    inserts: 0,
    deletes: 0,
    of: 'all rows',
    changing,
  });
  const hotEnd = (count: number): Operations => ({
    updates: count * 0.6,
    inserts: count * 0.3,
    deletes: count * 0.1,
    of: 'newest rows',
    changing: 'all columns',
  });
  const uuidChanges: Operations = {
    updates: upTo(8_000),
    inserts: upTo(1_000),
    deletes: upTo(1_000),
    of: 'all rows',
    changing: 'all columns',
  };
  const oneFile = { table: orders, targetFileBytes: ONE_FILE, timesDuckDb: true };
  const changes = (operations: Operations, files = 1) => ({ kind: 'changes', operations, files }) as const;
  const comparedWith = (small: string): Pick<BenchCase, 'small' | 'targets'> => ({
    small,
    targets: [
      { figure: '× small ms', bound: '≤', value: 1.3 },
      { figure: '× small bytes', bound: '≤', value: 1.1 },
      MEMORY,
    ],
  });
  const cases: BenchCase[] = [
    {
      ...oneFile,
      name: 'full-load',
      title: 'full load',
      work: { kind: 'load' },
      warmUps: 1,
      targets: [
        { figure: 'ratio', bound: '≤', value: 1.8 },
        { figure: 'rows/s/core', bound: '≥', value: 500_000 },
        MEMORY,
      ],
    },
    {
      ...oneFile,
      name: 'scattered-10',
      title: '10 changed rows, scattered',
      work: changes(updates(10)),
      warmUps: 5,
      targets: [
        { figure: 'ratio', bound: '≤', value: 0.05 },
        { figure: 'with copy', bound: '≤', value: 0.15 },
        { figure: '% written', bound: '≤', value: 3 },
        MEMORY,
      ],
    },
    {
      ...oneFile,
      name: 'hot-end',
      title: '1,000 operations at the hot end',
      work: changes(hotEnd(1_000)),
      warmUps: 5,
      targets: [
        { figure: 'ratio', bound: '≤', value: 0.04 },
        { figure: 'with copy', bound: '≤', value: 0.12 },
        { figure: '% written', bound: '≤', value: 1 },
        MEMORY,
      ],
    },
    {
      ...oneFile,
      name: 'scattered-1000',
      title: '1,000 changed rows over every row group',
      work: changes(updates(1_000)),
      warmUps: 2,
      targets: [{ figure: 'ratio', bound: '≤', value: 0.8 }, MEMORY],
    },
    {
      ...oneFile,
      name: 'two-columns',
      title: '1,000 updates of two columns',
      work: changes(updates(1_000, 'product and amount')),
      warmUps: 2,
      targets: [{ figure: 'ratio', bound: '≤', value: 0.5 }, MEMORY],
    },
    {
      ...oneFile,
      name: 'uuid',
      title: '10,000 UUID-keyed changes',
      table: byUuid,
      work: changes(uuidChanges),
      warmUps: 2,
      targets: [{ figure: 'ratio', bound: '≤', value: 1.5 }, MEMORY],
    },
    {
      ...oneFile,
      name: 'stream',
      title: `${streamFiles.toLocaleString('en')} files × 100 at the hot end`,
      work: changes(hotEnd(100), streamFiles),
      warmUps: 1,
      timesDuckDb: false,
      targets: [{ figure: 'files/s', bound: '≥', value: 40 }, MEMORY],
    },
    {
      name: 'scattered-10-large',
      title: '10 changed rows, table × 10',
      table: largeOrders,
      work: changes(updates(10)),
      warmUps: 5,
      timesDuckDb: false,
      ...comparedWith('scattered-10'),
    },
    {
      name: 'hot-end-large',
      title: '1,000 at the hot end, table × 10',
      table: largeOrders,
      work: changes(hotEnd(1_000)),
      warmUps: 5,
      timesDuckDb: false,
      ...comparedWith('hot-end'),
    },
  ];
  return large ? cases : cases.filter(({ table }) => table !== largeOrders);
}
