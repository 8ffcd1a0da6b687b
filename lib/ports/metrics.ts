/**
 * What Tidemark counts and measures while it works, for dashboards and alarms. `METRICS` is the one list of names: the
 * stack's dashboard and alarms name nothing else.
 *
 * Adapters: `lib/aws/emf-metrics.ts`. Folders have none (`NO_METRICS`).
 */
export interface Metrics {
  /**
   * Hands over what happened, at once: a process that is stopped afterwards has lost nothing. A number is one sample, an
   * array many, so that percentiles can be told. Never throws: what cannot be measured must not stop a merge.
   * @param table `<schema>/<table>` if it happened to one table
   */
  add(measures: Measures, table?: string): void;
}

/** Each in the unit that `METRICS` names. */
export type Measures = { readonly [Name in MetricName]?: number | readonly number[] };

export type MetricName = keyof typeof METRICS;

/** Name → unit, as CloudWatch names units. */
export const METRICS = {
  /** From a raw file's LastModified to the commit that took it in; one sample per file. */
  Freshness: 'Milliseconds',
  LoadFiles: 'Count',
  ChangeFiles: 'Count',
  /** Change files that came after one with a later name was merged. */
  LateFiles: 'Count',
  /** Raw files that were gone when they were to be merged. */
  VanishedFiles: 'Count',
  RowsInserted: 'Count',
  RowsUpdated: 'Count',
  RowsDeleted: 'Count',
  /** U and D rows of tables without a primary key. */
  RowsIgnored: 'Count',
  BytesRead: 'Bytes',
  BytesWritten: 'Bytes',
  /** Bytes that S3 took over from a lake file's older version by itself. */
  BytesCopied: 'Bytes',
  /** One sample per table and run of merge that changed the table. */
  MergeDuration: 'Milliseconds',
  /** A gauge. The sweep counts them all; merge says 1 whenever it meets one. */
  BlockedTables: 'Count',
  /** Conditional writes and updates that someone else was faster than; the merge looks again. */
  Conflicts: 'Count',
  /** Merges that did not come to their commit and were taken over from. */
  TakeOvers: 'Count',
  /** Reconciles that failed, of which the wake-ups are delivered again. */
  FailedMerges: 'Count',
  /** Lake files laid out anew by compactions. */
  FilesCompacted: 'Count',
  /** Tables registered in the catalog, anew or with what they gained. */
  CatalogChanges: 'Count',
  /** Tables that the catalog did not take; they are tried again. */
  CatalogFailures: 'Count',
} as const;

export const NO_METRICS: Metrics = { add: () => undefined };
