import type { Hold } from '../lake/file-metadata.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';

/**
 * What a merge is going to write, as data: nothing is written while a plan is made, and what carries it out
 * (`write-lake-file.ts`) decides nothing.
 */
export interface MergePlan {
  /** Columns inside the files that are written: those of the table without the partition columns. */
  columns: readonly Column[];
  /**
   * The writes, in phases: all of a phase are made before the next begins. Old rows leave before a full load replaces
   * them (rows may be missing, never twice); a row that changes partition is in its new place before it leaves the old.
   */
  phases: readonly (readonly FileWrite[])[];
  counts: RowCounts;
}

export interface RowCounts {
  inserted: number;
  updated: number;
  deleted: number;
  /** U and D of a table without a primary key. */
  ignored: number;
}

export type FileWrite = CreateFile | ChangeFile | EmptyFile;

/** All rows go, whatever they are. */
export interface EmptyFile {
  kind: 'empty';
  file: OpenLakeFile;
  reason: string;
}

export interface CreateFile {
  kind: 'create';
  folder: string;
  /** Rows of the batch. */
  rows: readonly number[];
  holds: readonly Hold[];
  reason: string;
}

export interface ChangeFile {
  kind: 'change';
  file: OpenLakeFile;
  /** One for each row group of the file. */
  groups: readonly GroupPlan[];
  /** Rows of the batch that go to the end of the file, in row groups of their own. */
  appended: readonly number[];
  holds: readonly Hold[];
  /**
   * `grow`: the new version begins with the old one and names kept row groups where they are. `anew`: it holds only what
   * is still in use.
   */
  layout: 'grow' | 'anew';
  reason: string;
}

export type GroupPlan =
  | { kind: 'keep' }
  | { kind: 'drop' }
  | {
      kind: 'encode';
      /** Rows of the group that go. */
      removed: ReadonlySet<number>;
      /** Rows of the group that are replaced, by the row of the batch that takes their place. */
      replaced: ReadonlyMap<number, number>;
      /** Rows of the batch that go to the end of the group. */
      appended: readonly number[];
    };

export const NO_ROWS: RowCounts = { inserted: 0, updated: 0, deleted: 0, ignored: 0 };
