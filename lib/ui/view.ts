/**
 * What the page shows, as JSON. Names, counts, sizes and times; values of rows are in `NewestRows` alone. Times are
 * milliseconds since the epoch.
 */
import type { FollowedFile } from '../local/followed-files.ts';
import type { TableStatus } from '../table/list-tables.ts';

export interface TableView extends TableStatus {
  /** Files that are not merged. */
  waiting: number;
  /** When a merge of this run committed last. */
  mergedAt?: number;
  /** Raised by every change of the table's row. */
  version: number;
  /** The command that activates it, if it is inactive. */
  activation?: string;
}

/** A line of the stream: one file, or the merge of files that were there before the run began. */
export interface FileView {
  id: number;
  /** `<schema>/<table>` */
  table: string;
  /** Relative to the table's folder; absent for files that were there before. */
  file?: string;
  /** Of the file. */
  bytes?: number;
  appearedAt: number;
  state: FollowedFile['state'];
  mergedAt?: number;
  /** What the merge that took it did, all its files together. */
  merge?: MergeView;
}

export interface MergeView {
  files: number;
  inserted: number;
  updated: number;
  deleted: number;
  ignored: number;
}

/** How long one file took from its appearance to the lake. */
export interface Freshness {
  at: number;
  seconds: number;
  table: string;
}

/** The newest are last. */
export interface Recent {
  files: readonly FileView[];
  freshness: readonly Freshness[];
}

/** Everything that changed since the update before. */
export interface Update extends Recent {
  tables: readonly TableView[];
  /** Names of tables that were forgotten. */
  gone: readonly string[];
}

/** The last rows of the lake file that was written last, newest first. */
export interface NewestRows {
  /** `<schema>/<table>` */
  table: string;
  /** Key in the lake; absent if the table has no rows yet. */
  file?: string;
  writtenAt?: number;
  columns: readonly { name: string; type: string }[];
  /** Columns that are not shown. */
  moreColumns: number;
  /** By column; null where there is no value. Long values end in `…`. */
  rows: readonly (readonly (string | null)[])[];
  /** Of the file. */
  rowsInFile: number;
  /** Why rows are not shown, if they are not. */
  note?: string;
}
