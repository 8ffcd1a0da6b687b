import type { Ports } from '../ports/ports.ts';
import type { CompactReport } from './compact.ts';
import type { HistoryEntry } from './history-entry.ts';
import type { MergeReport } from './report.ts';

/** What came of looking at a table; undefined and empty: nothing. */
export interface Remembered extends Omit<HistoryEntry, 'at' | 'requestId' | 'report' | 'compacted'> {
  report: MergeReport | undefined;
  compacted: CompactReport | undefined;
}

/** Adds to a table's history what was done, if anything was: one write at most, and none that a merge depends on. */
export async function remember(
  path: string,
  { report, compacted, ...befallen }: Remembered,
  requestId: string,
  { history, clock, log }: Pick<Ports, 'history' | 'clock' | 'log'>,
): Promise<void> {
  const done = { ...(report && { report }), ...(isNews(compacted) && { compacted }), ...befallen };
  if (Object.keys(done).length === 0) return;
  try {
    await history.add(path, { at: new Date(clock.now()).toISOString(), requestId, ...done });
  } catch (error) {
    log.warn('what was done to a table could not be added to its history', { table: path, error });
  }
}

function isNews(compacted: CompactReport | undefined): compacted is CompactReport {
  return (
    compacted !== undefined && (compacted.filesWritten + compacted.filesLaidOut > 0 || compacted.givenUp !== undefined)
  );
}
