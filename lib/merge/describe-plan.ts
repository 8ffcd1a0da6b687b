import type { Limits } from '../config.ts';
import type { OpenLakeFile } from '../lake/lake-file.ts';
import { groupBytes } from './file-edits.ts';
import type { FindingCounts } from './locate.ts';
import type { ChangeFile, FileWrite, GroupPlan, JoinFiles, MergePlan, RowCounts } from './plan.ts';

/** A plan as people read it, and as JSON. */
export interface PlanDescription {
  rows: RowCounts;
  finding?: FindingCounts;
  /** All writes of a phase are made before the next begins. */
  phases: FileDescription[][];
  bytes: BytesEstimate;
}

export interface FileDescription {
  /** Key of the lake file; of a new one, which has no name before it is written, its folder. */
  file: string;
  layout: 'grow' | 'anew' | 'create' | 'load' | 'join' | 'empty';
  reason: string;
  groups: GroupDescription;
  rows: { removed: number; replaced: number; added: number };
  bytes: BytesEstimate;
}

/** Row groups: numbers of those that the file has; of those that are added, how many. */
export interface GroupDescription {
  kept: number[];
  /** With rows removed, replaced or added. */
  replaced: number[];
  /** Those that become one. */
  joined: number[][];
  dropped: number[];
  added: number;
}

/**
 * Bytes that a merge would send, and have the store copy. A replaced row group counts as a whole, though only its pages
 * that change are encoded again: it is seldom more than that.
 */
export interface BytesEstimate {
  written: number;
  copied: number;
}

/** @param rowBytes of a row of the raw files, on average */
export function describePlan(plan: MergePlan, rowBytes: number, limits: Limits): PlanDescription {
  const phases = plan.phases.map((phase) => phase.map((write) => describeWrite(write, rowBytes, limits)));
  return {
    rows: plan.counts,
    ...(plan.finding && { finding: plan.finding }),
    phases,
    bytes: summed(phases.flat().map(({ bytes }) => bytes)),
  };
}

function describeWrite(write: FileWrite, rowBytes: number, limits: Limits): FileDescription {
  switch (write.kind) {
    case 'empty': {
      const bytes = { written: EMPTY_FILE_BYTES, copied: 0 };
      return { ...described(write.file.key, 'empty', write.reason), bytes };
    }
    case 'create':
      return newFile(write, write.rows.length, rowBytes, limits);
    case 'load':
      return newFile(write, write.slice.to - write.slice.from, rowBytes, limits);
    case 'join':
      return joinedFile(write);
    case 'change':
      return changedFile(write, rowBytes, limits);
  }
}

/** A footer of some columns. */
const EMPTY_FILE_BYTES = 1024;

function described(file: string, layout: FileDescription['layout'], reason: string) {
  return { file, layout, reason, groups: noGroups(), rows: { removed: 0, replaced: 0, added: 0 } };
}

function noGroups(): GroupDescription {
  return { kept: [], replaced: [], joined: [], dropped: [], added: 0 };
}

function newFile(
  { kind, folder, reason }: FileWrite & { kind: 'create' | 'load' },
  rows: number,
  rowBytes: number,
  { rowsPerRowGroup }: Limits,
): FileDescription {
  return {
    ...described(folder, kind, reason),
    groups: { ...noGroups(), added: Math.ceil(rows / rowsPerRowGroup) },
    rows: { removed: 0, replaced: 0, added: rows },
    bytes: { written: Math.round(rows * rowBytes) + EMPTY_FILE_BYTES, copied: 0 },
  };
}

function joinedFile({ folder, sources, groups, reason }: JoinFiles): FileDescription {
  const written = sources.reduce((sum, file) => sum + liveBytes(file) + file.footer.byteLength, 0);
  const rows = sources.reduce((sum, file) => sum + file.rows, 0);
  return {
    ...described(folder, 'join', reason),
    groups: { ...noGroups(), added: groups.length },
    rows: { removed: 0, replaced: 0, added: rows },
    bytes: { written, copied: 0 },
  };
}

function changedFile(write: ChangeFile, rowBytes: number, { rowsPerRowGroup }: Limits): FileDescription {
  const { file, layout, reason, appended } = write;
  const groups = noGroups();
  const rows = { removed: 0, replaced: 0, added: appended.length };
  let written = file.footer.byteLength + Math.round(appended.length * rowBytes);
  let moved = 0;
  write.groups.forEach((plan, i) => {
    const bytes = groupBytesOf(file, i);
    noteGroup(groups, plan, i);
    if (plan.kind === 'keep') moved += bytes;
    // `joined` is the rest of a `join` before it.
    if (plan.kind === 'join' || plan.kind === 'joined') written += bytes;
    if (plan.kind === 'drop') rows.removed += file.footer.rowGroups[i]?.rows ?? 0;
    if (plan.kind !== 'encode') return;
    written += bytes + Math.round(plan.appended.length * rowBytes);
    rows.removed += plan.removed.size;
    rows.replaced += plan.replaced.size;
    rows.added += plan.appended.length;
  });
  groups.added = Math.ceil(appended.length / rowsPerRowGroup);
  const copied = layout === 'grow' ? file.size : moved;
  return { ...described(file.key, layout, reason), groups, rows, bytes: { written, copied } };
}

function noteGroup(groups: GroupDescription, plan: GroupPlan, i: number): void {
  if (plan.kind === 'keep') groups.kept.push(i);
  else if (plan.kind === 'drop') groups.dropped.push(i);
  else if (plan.kind === 'encode') groups.replaced.push(i);
  else if (plan.kind === 'join') groups.joined.push([...plan.groups]);
}

function groupBytesOf({ footer }: OpenLakeFile, i: number): number {
  const group = footer.rowGroups[i];
  return group ? groupBytes(group) : 0;
}

function liveBytes({ footer }: OpenLakeFile): number {
  return footer.rowGroups.reduce((sum, group) => sum + groupBytes(group), 0);
}

function summed(estimates: readonly BytesEstimate[]): BytesEstimate {
  const sum = (of: keyof BytesEstimate): number => estimates.reduce((total, bytes) => total + bytes[of], 0);
  return { written: sum('written'), copied: sum('copied') };
}
