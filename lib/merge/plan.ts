import type { Hold } from '../lake/file-metadata.ts';
import type { LakeFile, OpenLakeFile } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import type { FindingCounts } from './locate.ts';
import type { RawSlice } from './raw-slice.ts';

/**
 * What a merge is going to write, as data: nothing is written while a plan is made, and what carries it out
 * (`write-lake-file.ts`) decides nothing.
 */
export interface MergePlan {
  /** Columns inside the files that are written: those of the table without the partition columns. */
  columns: readonly Column[];
  /**
   * Columns whose chunks get bloom filters: those of the key whose order says little, such as texts and UUIDs.
   */
  bloomFilterColumns: ReadonlySet<string>;
  /**
   * The writes, in phases: all of a phase are made before the next begins. Old rows leave before a full load replaces
   * them (rows may be missing, never twice); a row that changes partition is in its new place before it leaves the old.
   */
  phases: readonly (readonly FileWrite[])[];
  counts: RowCounts;
  /** What finding the changed keys took; absent where rows are only appended. */
  finding?: FindingCounts;
}

export interface RowCounts {
  inserted: number;
  updated: number;
  deleted: number;
  /** U and D of a table without a primary key. */
  ignored: number;
}

export type FileWrite = CreateFile | LoadFile | ChangeFile | JoinFiles | EmptyFile;

/** All rows go, whatever they are. */
export interface EmptyFile {
  kind: 'empty';
  file: LakeFile;
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

/** A new file of all rows of a slice, which is read as it is written: it may be larger than memory. */
export interface LoadFile {
  kind: 'load';
  folder: string;
  slice: RawSlice;
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
  /** Keys of files whose rows were taken into this one and may still be in them as well. */
  joined?: readonly string[];
  /**
   * `grow`: the new version begins with the old one and names kept row groups where they are. `anew`: it holds only what
   * is still in use.
   */
  layout: 'grow' | 'anew';
  reason: string;
}

/** A new file of all rows of several files of a partition, which count no more from then on and are emptied after it. */
export interface JoinFiles {
  kind: 'join';
  folder: string;
  sources: readonly OpenLakeFile[];
  groups: readonly JoinedGroup[];
  holds: readonly Hold[];
  /** Keys of the sources, relative to the table's folder. */
  joined: readonly string[];
  reason: string;
}

/** A row group of a source whose bytes are taken over, or several that become one (or several full ones). */
export type JoinedGroup = { kind: 'take'; part: StoredGroup } | { kind: 'encode'; parts: readonly StoredGroup[] };

/** A row group of a lake file. */
export interface StoredGroup {
  file: OpenLakeFile;
  /** Its number in the file. */
  group: number;
}

export type GroupPlan =
  | { kind: 'keep' }
  | { kind: 'drop' }
  /** Becomes one row group (or several full ones) with the groups after it; `groups` are the numbers of all of them. */
  | { kind: 'join'; groups: readonly number[] }
  | { kind: 'joined' }
  | {
      kind: 'encode';
      /** Rows of the group that go. */
      removed: ReadonlySet<number>;
      /** Rows of the group that are replaced, by the row of the batch that takes their place. */
      replaced: ReadonlyMap<number, number>;
      /** Rows of the batch that go to the end of the group. */
      appended: readonly number[];
    };

/** Whether the file that is written replaces none. */
export function isNewFile(write: FileWrite): write is CreateFile | LoadFile | JoinFiles {
  return write.kind === 'create' || write.kind === 'load' || write.kind === 'join';
}

export const NO_ROWS: RowCounts = { inserted: 0, updated: 0, deleted: 0, ignored: 0 };
