import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HistoryStore } from '../ports/history-store.ts';
import type { HistoryEntry } from '../table/history-entry.ts';
import { isErrno } from './errno.ts';
import { readableFileName } from './readable-file-name.ts';

/** Half of what a table's history may take, in bytes: some thousand entries. */
const FILE_BYTES_MAX = 512 * 1024;

/**
 * Histories as a folder: for each table a file of one line of JSON per entry, oldest first, to which is only appended. A
 * full file is set aside as `….old.ndjson`, in place of the one set aside before, so that the older half goes.
 */
export class FolderHistoryStore implements HistoryStore {
  readonly #folder: string;

  /** @param folder absolute path; made when it is first written to. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  add(path: string, entry: HistoryEntry): Promise<void> {
    return Promise.resolve().then(() => {
      mkdirSync(this.#folder, { recursive: true });
      const file = this.#file(path);
      if (sizeOf(file) >= FILE_BYTES_MAX) setAside(file, this.#file(path, '.old'));
      // One short write at the file's end: lines of two processes do not mix.
      appendFileSync(file, `${JSON.stringify(entry)}\n`);
    });
  }

  list(path: string, { limit, since }: { limit: number; since?: Date | undefined }): Promise<HistoryEntry[]> {
    return Promise.resolve().then(() => {
      const entries = [this.#file(path, '.old'), this.#file(path)].flatMap(entriesOf);
      const from = since?.toISOString() ?? '';
      const wanted = entries.filter(({ at }) => at >= from).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
      return wanted.reverse().slice(0, limit);
    });
  }

  #file(path: string, suffix = ''): string {
    return join(this.#folder, `${readableFileName(path)}${suffix}.ndjson`);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Another process may have been faster. */
function setAside(file: string, to: string): void {
  try {
    renameSync(file, to);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** A line that is none of ours, or was cut off, is passed over: the others still tell. */
function entriesOf(file: string): HistoryEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => entryOf(line) ?? []);
}

function entryOf(line: string): HistoryEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<HistoryEntry> | null;
    return typeof entry?.at === 'string' ? (entry as HistoryEntry) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
