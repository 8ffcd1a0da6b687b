import type { HistoryEntry } from '../table/history-entry.ts';

/**
 * What was done to each table, for people (`tidemark history`). Nothing depends on it: entries are added at best effort,
 * after what they tell of is committed, and old ones go by themselves.
 *
 * Adapters: `lib/aws/dynamodb-history-store.ts`, `lib/local/folder-history-store.ts`.
 */
export interface HistoryStore {
  /** Adds an entry to the history of the table at `path`; takes two seconds at most. Callers go on without if it throws. */
  add(path: string, entry: HistoryEntry): Promise<void>;

  /** The newest entries of a table, newest first: at most `limit`, and none from before `since`. */
  list(path: string, options: { limit: number; since?: Date | undefined }): Promise<HistoryEntry[]>;
}
