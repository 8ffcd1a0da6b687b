/** The contents of raw files, and what a table's item says of them. */
import type { TableItem } from '../../lib/ports/table-store.ts';
import type { Columns } from './columns.ts';
import type { Row } from './row.ts';

/** One content of a raw file. */
export interface RawVersion {
  /** Relative to the table's folder. */
  name: string;
  kind: 'load' | 'change';
  eTag: string;
  rows: readonly Row[];
  columns: Columns;
  /** The table must stop before it, or in its midst. */
  isBad: boolean;
  /** Nothing can be made of it. */
  isUnreadable: boolean;
  /** It is bad for the types that the lake has. */
  isOfOtherType: boolean;
  /** Milliseconds since the epoch, whole seconds. */
  lastModified: number;
  /** In steps of the schedule. */
  putAt: number;
}

/** Names of the change files that a table's item names as merged. */
export function mergedNames(item: TableItem | undefined): string[] {
  return (item?.MergedFiles ?? []) as string[];
}

/** The newest change file that a table's item says is merged, after the table's path; `0.parquet` for none. */
export function lastFile({ LastIncrementalFile: last }: TableItem): string {
  return typeof last === 'string' ? last : '';
}

/** Load files that a table's item says are merged: name → eTag. */
export function loadFiles(item: TableItem): Readonly<Record<string, string>> {
  return (item.LoadFiles ?? {}) as Record<string, string>;
}

/** Whether a table's item says that this content counts for nothing. */
export function isSkipped({ name, eTag }: RawVersion, item: TableItem): boolean {
  return ((item.SkippedFiles ?? {}) as Record<string, string>)[name] === eTag;
}

/** Whether a table's item says that a change file is merged in this generation. */
export function isMerged(version: RawVersion, item: TableItem): boolean {
  const { name, lastModified } = version;
  if (isSkipped(version, item) || lastModified < Number(item.Since ?? 0)) return false;
  const mark = item.LowWaterMark as string | undefined;
  const isBelow = mark !== undefined && name <= mark && lastModified < Number(item.SweptAt ?? 0);
  return isBelow || mergedNames(item).includes(name);
}

/** Load files first; the names of both sort as they apply. */
export function inOrder(a: RawVersion, b: RawVersion): number {
  if (a.kind !== b.kind) return a.kind === 'load' ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
