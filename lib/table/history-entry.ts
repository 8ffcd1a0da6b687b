import type { CompactReport } from './compact.ts';
import type { MergeReport } from './report.ts';
import type { Blocked } from './row.ts';

/** What one look at a table did that a person may want to know later. Plain JSON, a kilobyte or so; no rows' values. */
export interface HistoryEntry {
  /** When it was done: ISO 8601, UTC, with milliseconds. */
  at: string;
  /** The invocation that did it, as its log lines name it. With `at` it tells the entries of a table apart. */
  requestId: string;
  /** What was merged, if anything was. */
  report?: MergeReport;
  /** What was laid out anew, if that was asked for. */
  compacted?: CompactReport;
  /** Set if the table became blocked: by which raw file (empty: the settings or the lake), and why. */
  blocked?: Pick<Blocked, 'file' | 'reason'>;
  /** Set if what had blocked the table is out of the way. */
  released?: true;
  /** Why the table was begun anew: a new full load, a replay, edited keys. */
  builtAnew?: string;
  /** Set if what was merged had been merged before (`tidemark replay`). */
  replayed?: true;
  /** Set if it did not come to its end: why. It is tried again. */
  failed?: string;
}

/** What befell a table while it was looked at, beside what was merged. */
export type Befallen = Pick<HistoryEntry, 'blocked' | 'released' | 'builtAnew' | 'replayed'>;
