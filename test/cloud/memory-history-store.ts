import type { HistoryStore } from '../../lib/ports/history-store.ts';
import type { HistoryEntry } from '../../lib/table/history-entry.ts';

/** Histories in memory; a test may have every call fail. */
export class MemoryHistoryStore implements HistoryStore {
  failure: Error | undefined;
  readonly #entries = new Map<string, HistoryEntry[]>();

  add(path: string, entry: HistoryEntry): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.#entries.set(path, [entry, ...(this.#entries.get(path) ?? [])]);
    return Promise.resolve();
  }

  list(path: string, { limit, since }: { limit: number; since?: Date | undefined }): Promise<HistoryEntry[]> {
    if (this.failure) return Promise.reject(this.failure);
    const from = since?.toISOString() ?? '';
    const entries = (this.#entries.get(path) ?? []).filter(({ at }) => at >= from);
    return Promise.resolve(entries.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, limit));
  }
}
