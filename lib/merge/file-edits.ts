import type { Hold } from '../lake/file-metadata.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import type { Limits } from '../config.ts';
import type { ChangeFile, GroupPlan } from './plan.ts';

const UNCHANGED_ROWS = { kind: 'encode', removed: new Set<number>(), replaced: new Map<number, number>() } as const;

/** Changes to the rows of one lake file, gathered before they become a plan. */
export class FileEdits {
  private readonly removed = new Map<number, Set<number>>();
  private readonly replaced = new Map<number, Map<number, number>>();
  private appended: number[] = [];
  readonly holds: Hold[] = [];
  /** Whether a row leaves this file for another partition. */
  losesMovedRows = false;

  constructor(readonly file: OpenLakeFile) {}

  /** New rows, by their number in the batch. */
  append(rows: readonly number[]): void {
    this.appended = this.appended.concat(rows);
  }

  remove(group: number, row: number): void {
    const rows = this.removed.get(group) ?? new Set<number>();
    this.removed.set(group, rows.add(row));
  }

  replace(group: number, row: number, by: number): void {
    const rows = this.replaced.get(group) ?? new Map<number, number>();
    this.replaced.set(group, rows.set(row, by));
  }

  /**
   * @param columns that the file is to have
   * @param reason for people
   */
  plan(columns: readonly Column[], limits: Limits, reason: string): ChangeFile {
    const { rowGroups } = this.file.footer;
    const encodeAll = !keepsChunks(this.file, columns);
    const groups = rowGroups.map((group, i): GroupPlan => {
      const removed = this.removed.get(i) ?? new Set<number>();
      const replaced = this.replaced.get(i) ?? new Map<number, number>();
      if (removed.size === group.rows) return { kind: 'drop' };
      if (!encodeAll && removed.size === 0 && replaced.size === 0) return { kind: 'keep' };
      return { kind: 'encode', removed, replaced, appended: [] };
    });
    const last = groups.at(-1);
    const joined = this.appended.length > 0 && last && last.kind !== 'drop' && this.lastGroupHasRoom(limits);
    if (joined)
      groups[groups.length - 1] = { ...(last.kind === 'encode' ? last : UNCHANGED_ROWS), appended: this.appended };
    const layout = encodeAll || this.deadShare(groups) > limits.deadBytesShare ? 'anew' : 'grow';
    const appended = joined ? [] : this.appended;
    return { kind: 'change', file: this.file, groups, appended, holds: this.holds, layout, reason };
  }

  /** A last row group that is not full takes new rows, so that small groups do not pile up. */
  private lastGroupHasRoom({ rowsPerRowGroup }: Limits): boolean {
    const rows = this.file.footer.rowGroups.at(-1)?.rows ?? rowsPerRowGroup;
    return rows + this.appended.length <= rowsPerRowGroup;
  }

  /** Share of the grown file that no footer would name any more, were it grown. */
  private deadShare(groups: readonly GroupPlan[]): number {
    let kept = 0;
    let encoded = 0;
    this.file.footer.rowGroups.forEach((group, i) => {
      const bytes = group.chunks.reduce((sum, chunk) => sum + chunk.end - chunk.start, 0);
      if (groups[i]?.kind === 'keep') kept += bytes;
      if (groups[i]?.kind === 'encode') encoded += bytes;
    });
    return (this.file.size - kept) / (this.file.size + encoded);
  }
}

/** Whether the file's chunks can stay as they are: the same types, and OPTIONAL as all lake columns. */
function keepsChunks(file: OpenLakeFile, columns: readonly Column[]): boolean {
  return file.footer.columns.every((stored) => {
    const column = columns.find(({ name }) => name === stored.name);
    return column !== undefined && !stored.required && sameType(stored.type, column.type);
  });
}
