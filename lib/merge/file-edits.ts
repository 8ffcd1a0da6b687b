import type { Hold } from '../lake/file-metadata.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import type { Column } from '../parquet/column-type.ts';
import { sameType } from '../parquet/column-type.ts';
import type { RowGroup } from '../parquet/footer.ts';
import type { Limits } from '../config.ts';
import { rowsPerGroup, uncompressedBytes } from './group-size.ts';
import { joinNeighbours } from './join-groups.ts';
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
    const appended = this.fillLastGroup(groups, limits);
    const took = this.file.metadata?.joined ?? [];
    const change = { kind: 'change', file: this.file, appended, holds: this.holds, joined: took } as const;
    const joined = joinNeighbours(groups, rowGroups, limits.rowsPerRowGroup);
    const laidOut =
      (encodeAll && 'a column has a wider type') ||
      (deadShare(this.file, groups) > limits.deadBytesShare && 'too many bytes are no longer in use') ||
      (joined.fewer > limits.smallRowGroups && 'too many row groups are small');
    if (!laidOut) return { ...change, groups, layout: 'grow', reason };
    return { ...change, groups: joined.groups, layout: 'anew', reason: `${reason}; laid out anew: ${laidOut}` };
  }

  /**
   * A last row group that is not full takes new rows first, so that small groups do not pile up.
   * @returns the rows that are left for groups of their own
   */
  private fillLastGroup(groups: GroupPlan[], { rowsPerRowGroup }: Limits): readonly number[] {
    const last = groups.at(-1);
    const stored = this.file.footer.rowGroups.at(-1);
    if (!stored || !last || (last.kind !== 'keep' && last.kind !== 'encode')) return this.appended;
    const edited = last.kind === 'encode' ? last : UNCHANGED_ROWS;
    const { rows } = stored;
    const room = rowsPerGroup(rowsPerRowGroup, rows, uncompressedBytes(stored)) - rows + edited.removed.size;
    if (room <= 0 || this.appended.length === 0) return this.appended;
    groups[groups.length - 1] = { ...edited, appended: this.appended.slice(0, room) };
    return this.appended.slice(room);
  }
}

/** Share of a file that no footer would name any more, were it to grow by these changes. */
export function deadShare({ size, footer }: OpenLakeFile, groups: readonly GroupPlan[]): number {
  let kept = 0;
  let encoded = 0;
  footer.rowGroups.forEach((group, i) => {
    if (groups[i]?.kind === 'keep') kept += groupBytes(group);
    if (groups[i]?.kind === 'encode') encoded += groupBytes(group);
  });
  return (size - kept) / (size + encoded);
}

/** Bytes of a row group that its footer names, in the file. */
export function groupBytes({ chunks }: RowGroup): number {
  return chunks.reduce((sum, { start, end, bloomFilter }) => sum + end - start + (bloomFilter?.length ?? 0), 0);
}

/** Whether the file's chunks can stay as they are: the same types, and OPTIONAL as all lake columns. */
export function keepsChunks(file: OpenLakeFile, columns: readonly Column[]): boolean {
  return file.footer.columns.every((stored) => {
    const column = columns.find(({ name }) => name === stored.name);
    return column !== undefined && !stored.required && sameType(stored.type, column.type);
  });
}
