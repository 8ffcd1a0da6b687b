import type { GroupCounts } from '../merge/write-lake-file.ts';
import type { ObjectStore, WrittenObject } from '../ports/object-store.ts';
import type { RowCounts } from '../merge/plan.ts';
import type { MergeReport } from './report.ts';

/** Adds up what the reconciling of one table reads, writes and changes. */
export class Meter {
  /** Merges that came to their commit. */
  merges = 0;
  readonly groups: GroupCounts = { encoded: 0, kept: 0 };
  private readonly sums = {
    loadFiles: 0,
    changeFiles: 0,
    lateFiles: 0,
    vanishedFiles: 0,
    rowsInserted: 0,
    rowsUpdated: 0,
    rowsDeleted: 0,
    rowsIgnored: 0,
    bytesRead: 0,
    bytesWritten: 0,
    bytesCopied: 0,
    copyMs: 0,
  };

  /** The same store; bytes read are counted. */
  reading(store: ObjectStore): ObjectStore {
    return {
      list: (prefix, options) => store.list(prefix, options),
      head: (key) => store.head(key),
      read: async (key, eTag, start, end) => {
        const bytes = await store.read(key, eTag, start, end);
        this.sums.bytesRead += bytes.length;
        return bytes;
      },
      write: (key, pieces, replaces) => store.write(key, pieces, replaces),
      delete: (key, eTag) => store.delete(key, eTag),
    };
  }

  wrote({ bytesWritten, bytesCopied, copyMs }: WrittenObject): void {
    this.sums.bytesWritten += bytesWritten;
    this.sums.bytesCopied += bytesCopied;
    this.sums.copyMs += copyMs;
  }

  vanished(files: number): void {
    this.sums.vanishedFiles += files;
  }

  merged(files: Pick<MergeReport, 'loadFiles' | 'changeFiles' | 'lateFiles'>, counts: RowCounts): void {
    this.merges++;
    this.sums.loadFiles += files.loadFiles;
    this.sums.changeFiles += files.changeFiles;
    this.sums.lateFiles += files.lateFiles;
    this.sums.rowsInserted += counts.inserted;
    this.sums.rowsUpdated += counts.updated;
    this.sums.rowsDeleted += counts.deleted;
    this.sums.rowsIgnored += counts.ignored;
  }

  report(table: string, durationMs: number): MergeReport {
    const { bytesRead, bytesWritten, bytesCopied, copyMs, ...rows } = this.sums;
    return {
      table,
      ...rows,
      rowGroupsRewritten: this.groups.encoded,
      rowGroupsCopied: this.groups.kept,
      bytesRead,
      bytesWritten,
      bytesCopied,
      copyMs: Math.round(copyMs),
      durationMs: Math.round(durationMs),
    };
  }
}
