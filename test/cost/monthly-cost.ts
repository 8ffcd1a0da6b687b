/**
 * What Tidemark costs a month on AWS, beside hourly Glue jobs: formulas with the prices of us-east-1. The requests of a merge
 * are counted (`monthly-cost.test.ts`); how long it takes on Lambda is assumed, and said in `resources/COST.md`.
 */

/** USD, us-east-1, November 2026, without free tiers. */
export const PRICES = {
  lambdaGbSecond: 0.0000133334, // arm64
  lambdaRequest: 0.2e-6,
  s3Write: 5e-6, // PUT, COPY, POST, LIST, and each request of a multipart upload
  s3Read: 0.4e-6, // GET
  sqsStandard: 0.4e-6,
  sqsFifo: 0.5e-6,
  dynamoDbWrite: 0.625e-6, // 1 KB
  dynamoDbRead: 0.125e-6, // 4 KB, strongly consistent
  logGb: 0.5,
  alarm: 0.1,
  dashboard: 3,
  metric: 0.3,
  glueDpuHour: 0.44,
} as const;

export const HOURS_A_MONTH = 730;

/** Requests of one merge of one change file. */
export interface MergeRequests {
  /** GET */
  s3Reads: number;
  /** LIST, and the requests of one conditional write. */
  s3Writes: number;
  dynamoDbReads: number;
  /** Requests that write; each costs as many units as the row has KB. */
  dynamoDbWrites: number;
}

export interface Load {
  tables: number;
  /** Change files an hour, for each table. */
  filesPerHour: number;
}

/** How long the functions run and how large things are: what is assumed rather than counted. */
export const ASSUMED = {
  mergeSeconds: 2,
  mergeGb: 2,
  routeSeconds: 0.1,
  routeGb: 0.5,
  rowKb: 2,
  logKbPerMerge: 3,
  sweepGb: 1,
  /** A page of 1,000 keys: S3's answer, and reading it. Nothing else of a sweep takes long. */
  sweepPageSeconds: 0.15,
  /** Raw files of so many days stand, as with `rawRetentionDays`. */
  rawDays: 3,
  /** One looks at a metric of each of the four functions. */
  alarmedMetrics: 18,
  metrics: 20,
  /** Long polls of Lambda on a queue where nothing happens: 5 pollers of 20 seconds. */
  idlePollsPerHour: 5 * 180,
  glueDpu: 2,
  glueMinutes: 2,
} as const;

/** USD for one change file: an arrival, a wake-up and a merge of its own. */
export function perFile(requests: MergeRequests): number {
  const { mergeSeconds, mergeGb, routeSeconds, routeGb, rowKb, logKbPerMerge } = ASSUMED;
  const functions =
    2 * PRICES.lambdaRequest + (mergeSeconds * mergeGb + routeSeconds * routeGb) * PRICES.lambdaGbSecond;
  // Sent, received, deleted; a wake-up's visibility is also set.
  const queues = 3 * PRICES.sqsStandard + 4 * PRICES.sqsFifo;
  const store = requests.s3Reads * PRICES.s3Read + requests.s3Writes * PRICES.s3Write;
  const rows = requests.dynamoDbReads * PRICES.dynamoDbRead + requests.dynamoDbWrites * rowKb * PRICES.dynamoDbWrite;
  return functions + queues + store + rows + (logKbPerMerge / 1e6) * PRICES.logGb;
}

/** USD a month before any file: polling, metrics, alarms, the dashboard, and sweeps that find nothing. */
export function idleMonth(): number {
  return watchingMonth() + sweepMonth({ tables: 0, rawFiles: 0 });
}

function watchingMonth(): number {
  const { idlePollsPerHour, alarmedMetrics, metrics } = ASSUMED;
  const polls = HOURS_A_MONTH * idlePollsPerHour * (PRICES.sqsStandard + PRICES.sqsFifo);
  return polls + alarmedMetrics * PRICES.alarm + metrics * PRICES.metric + PRICES.dashboard;
}

const KEYS_PER_PAGE = 1_000;
export const SWEEP_TIMEOUT_SECONDS = 900;

/** USD a month: each hour all rows of the controller table and all raw files that stand are listed. */
export function sweepMonth({ tables, rawFiles }: { tables: number; rawFiles: number }): number {
  const { sweepGb, sweepPageSeconds, rowKb } = ASSUMED;
  const pages = Math.max(1, Math.ceil(rawFiles / KEYS_PER_PAGE));
  const page = PRICES.s3Write + sweepPageSeconds * sweepGb * PRICES.lambdaGbSecond;
  const rows = tables * (rowKb / 4) * PRICES.dynamoDbRead;
  return HOURS_A_MONTH * (PRICES.lambdaRequest + pages * page + rows);
}

/** Raw files that a sweep can list before its time is up. */
export function rawFilesPerSweep(): number {
  return (SWEEP_TIMEOUT_SECONDS / ASSUMED.sweepPageSeconds) * KEYS_PER_PAGE;
}

/** Raw files that stand. */
export function rawFilesOf({ tables, filesPerHour }: Load): number {
  return tables * filesPerHour * 24 * ASSUMED.rawDays;
}

/** USD a month. */
export function tidemarkMonth(load: Load, requests: MergeRequests): number {
  const { tables, filesPerHour } = load;
  const sweeps = sweepMonth({ tables, rawFiles: rawFilesOf(load) });
  return watchingMonth() + sweeps + tables * filesPerHour * HOURS_A_MONTH * perFile(requests);
}

/** USD a month: each hour a job for each table that changed. */
export function glueMonth({ tables }: Load): number {
  return tables * HOURS_A_MONTH * ASSUMED.glueDpu * (ASSUMED.glueMinutes / 60) * PRICES.glueDpuHour;
}

export const LOADS: readonly Load[] = [10, 100, 1_000].flatMap((tables) =>
  [1, 60].map((filesPerHour) => ({ tables, filesPerHour })),
);

/** The worked table, as Markdown. */
export function costTable(requests: MergeRequests): string {
  const money = (usd: number): string => `$${usd < 100 ? usd.toFixed(2) : Math.round(usd).toLocaleString('en')}`;
  const lines = LOADS.map((load) => {
    const { tables, filesPerHour } = load;
    const rawFiles = rawFilesOf(load);
    const sweeps = sweepMonth({ tables, rawFiles });
    const cells = [tables.toLocaleString('en'), `${filesPerHour} an hour`, rawFiles.toLocaleString('en')];
    return `| ${[...cells, ...[sweeps, tidemarkMonth(load, requests), glueMonth(load)].map(money)].join(' | ')} |`;
  });
  return [
    '| tables | change files of each | raw files that stand | sweeps | Tidemark in all | hourly Glue jobs |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}
