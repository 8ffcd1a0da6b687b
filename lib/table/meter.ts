import type { GroupCounts } from '../merge/write-lake-file.ts';
import type { ObjectStore, WrittenObject } from '../ports/object-store.ts';
import type { RowCounts } from '../merge/plan.ts';
import type { Measures, Metrics } from '../ports/metrics.ts';
import type { CompactReport } from './compact.ts';
import { freshnessOf } from './freshness.ts';
import type { Befallen } from './history-entry.ts';
import type { MergeReport } from './report.ts';

export type MergedFiles = Pick<MergeReport, 'loadFiles' | 'changeFiles' | 'lateFiles'>;

/**
 * Adds up what the reconciling of one table reads, writes and changes. What a commit did is handed to the metrics at once:
 * whatever comes after, it is done.
 */
export class Meter {
  /** Merges that came to their commit. */
  merges = 0;
  readonly groups: GroupCounts = { encoded: 0, kept: 0 };
  readonly befallen: Befallen = {};
  /** How long the files merged had waited, in ms. */
  readonly #waits: number[] = [];
  readonly #table: string;
  readonly #metrics: Metrics;

  /** @param table `<schema>/<table>` */
  constructor(table: string, metrics: Metrics) {
    this.#table = table;
    this.#metrics = metrics;
  }

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
    this.#measure({ VanishedFiles: files });
  }

  /** @param waits of the files, in ms */
  merged(files: MergedFiles, counts: RowCounts, waits: readonly number[] = []): void {
    this.merges++;
    this.#waits.push(...waits);
    this.sums.loadFiles += files.loadFiles;
    this.sums.changeFiles += files.changeFiles;
    this.sums.lateFiles += files.lateFiles;
    this.sums.rowsInserted += counts.inserted;
    this.sums.rowsUpdated += counts.updated;
    this.sums.rowsDeleted += counts.deleted;
    this.sums.rowsIgnored += counts.ignored;
    this.#measure({
      Freshness: waits,
      LoadFiles: files.loadFiles,
      ChangeFiles: files.changeFiles,
      LateFiles: files.lateFiles,
      RowsInserted: counts.inserted,
      RowsUpdated: counts.updated,
      RowsDeleted: counts.deleted,
      RowsIgnored: counts.ignored,
    });
  }

  /** Someone else was faster. */
  overtaken(): void {
    this.#measure({ Conflicts: 1 });
  }

  /** A merge that was not committed was taken over from. */
  tookOver(): void {
    this.#measure({ TakeOvers: 1 });
  }

  compacted({ filesLaidOut, filesJoined }: CompactReport): void {
    this.#measure({ FilesCompacted: filesLaidOut + filesJoined });
  }

  /** What was merged in `durationMs`; undefined if nothing was. Called once, at the end. */
  report(durationMs: number): MergeReport | undefined {
    if (this.merges === 0) return undefined;
    const { bytesRead, bytesWritten, bytesCopied, copyMs, ...rows } = this.sums;
    this.#measure({
      BytesRead: bytesRead,
      BytesWritten: bytesWritten,
      BytesCopied: bytesCopied,
      MergeDuration: durationMs,
    });
    return {
      table: this.#table,
      ...rows,
      rowGroupsRewritten: this.groups.encoded,
      rowGroupsCopied: this.groups.kept,
      bytesRead,
      bytesWritten,
      bytesCopied,
      copyMs: Math.round(copyMs),
      durationMs: Math.round(durationMs),
      ...freshnessOf(this.#waits),
    };
  }

  /** What did not happen is not said: CloudWatch charges for every metric that has a value. */
  #measure(measures: Measures): void {
    const said = Object.entries(measures).filter(([, value]) =>
      typeof value === 'number' ? value > 0 : value.length > 0,
    );
    if (said.length > 0) this.#metrics.add(Object.fromEntries(said), this.#table);
  }
}
