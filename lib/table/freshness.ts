import type { Progress } from './row.ts';

/**
 * How long raw files waited: from their LastModified to the commit that took them in. Of an object that was uploaded in
 * parts S3 says when the upload began ("Multipart upload overview", S3 user guide), so for load files it is an upper bound.
 */
export interface Freshness {
  /** Files that it is told of. */
  freshFiles: number;
  freshnessP50Ms: number;
  freshnessP99Ms: number;
  freshnessMaxMs: number;
}

/**
 * The waits, in ms, of files that this commit took in. Files that lay there before the table was merged for the first
 * time, or that are merged again, did not wait for a merge: they say nothing.
 * @param now the time of the commit
 */
export function waits(files: readonly { lastModified: Date }[], { freshSince }: Progress, now: number): number[] {
  const times = files.map(({ lastModified }) => lastModified.getTime());
  return times.filter((time) => time >= freshSince).map((time) => Math.max(0, now - time));
}

/** From when on a table's files wait for its merges, if these begin, or begin anew, at `now`. */
export function freshSince(now: number): number {
  return now - FIRST_WAIT_MS;
}

/** What woke a new table arrived shortly before. */
const FIRST_WAIT_MS = 60_000;

/** @param waits in ms; undefined if there are none */
export function freshnessOf(waits: readonly number[]): Freshness | undefined {
  if (waits.length === 0) return undefined;
  const sorted = [...waits].sort((a, b) => a - b);
  const percentile = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return {
    freshFiles: waits.length,
    freshnessP50Ms: percentile(0.5),
    freshnessP99Ms: percentile(0.99),
    freshnessMaxMs: percentile(1),
  };
}
