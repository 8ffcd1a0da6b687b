import type { Freshness } from './freshness.ts';

/** What the reconciling of one table did. Rows are counted by their effect on the lake. */
export interface MergeReport extends Partial<Freshness> {
  /** `<schema>/<table>` */
  table: string;
  loadFiles: number;
  changeFiles: number;
  /** Of the change files, those that came late: a file with a later name was merged before. */
  lateFiles: number;
  /** Raw files that were listed to be merged and were gone when they were to be read. */
  vanishedFiles: number;
  rowsInserted: number;
  rowsUpdated: number;
  rowsDeleted: number;
  /** U and D rows of a table without a primary key. */
  rowsIgnored: number;
  rowGroupsRewritten: number;
  rowGroupsCopied: number;
  bytesRead: number;
  bytesWritten: number;
  bytesCopied: number;
  copyMs: number;
  durationMs: number;
}
