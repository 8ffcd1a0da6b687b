import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import type { OpenLakeFile } from '../../lib/lake/lake-file.ts';
import { describePlan } from '../../lib/merge/describe-plan.ts';
import type { FileWrite, GroupPlan, MergePlan } from '../../lib/merge/plan.ts';
import type { RawSlice } from '../../lib/merge/raw-slice.ts';

const LIMITS = { ...DEFAULT_LIMITS, rowsPerRowGroup: 10 };
const ROW_BYTES = 7;

/** A file whose row groups have so many rows and ten bytes a row; its footer has 50 bytes, and 30 more are dead. */
function lakeFile(key: string, ...rows: number[]): OpenLakeFile {
  let end = 4;
  const rowGroups = rows.map((count) => {
    const chunk = { start: end, end: (end += count * 10) };
    return { rows: count, chunks: [chunk] };
  });
  const total = rows.reduce((sum, count) => sum + count, 0);
  return { key, folder: '', size: end + 80, rows: total, footer: { rowGroups, byteLength: 50 } } as OpenLakeFile;
}

const KEEP: GroupPlan = { kind: 'keep' };
const encode = (removed: number[], replaced: number[], appended: number[]): GroupPlan => ({
  kind: 'encode',
  removed: new Set(removed),
  replaced: new Map(replaced.map((row) => [row, 0])),
  appended,
});

function describedPlan(...phases: FileWrite[][]) {
  const plan: MergePlan = {
    columns: [],
    bloomFilterColumns: new Set(),
    phases,
    counts: { inserted: 1, updated: 2, deleted: 3, ignored: 4 },
    finding: { files: 9, filesOpened: 2, rowGroups: 30, rowGroupsDecoded: 3 },
  };
  return describePlan(plan, ROW_BYTES, LIMITS);
}

const change = { kind: 'change', appended: [], holds: [], reason: 'changed rows' } as const;
const NO_GROUPS = { kept: [], replaced: [], joined: [], dropped: [], added: 0 };

describe('a description of a plan', () => {
  it('says which row groups of a growing file stay, change, go and come, and that the store copies the old version', () => {
    const file = lakeFile('t/a.parquet', 10, 10, 10, 5);
    const groups = [KEEP, encode([1], [2, 3], []), { kind: 'drop' } as const, encode([], [], [0, 1])];
    const { phases, bytes } = describedPlan([{ ...change, file, groups, layout: 'grow', appended: [2, 3, 4] }]);
    const written = 50 + 100 + (50 + 2 * ROW_BYTES) + 3 * ROW_BYTES;
    expect(phases).toEqual([
      [
        {
          file: 't/a.parquet',
          layout: 'grow',
          reason: 'changed rows',
          groups: { kept: [0], replaced: [1, 3], joined: [], dropped: [2], added: 1 },
          rows: { removed: 11, replaced: 2, added: 5 },
          bytes: { written, copied: file.size },
        },
      ],
    ]);
    expect(bytes).toEqual({ written, copied: file.size });
  });

  it('says which row groups are joined where a file is laid out anew, and that only what stays is copied', () => {
    const file = lakeFile('t/a.parquet', 10, 2, 3);
    const groups = [KEEP, { kind: 'join', groups: [1, 2] } as const, { kind: 'joined' } as const];
    expect(describedPlan([{ ...change, file, groups, layout: 'anew' }]).phases[0]).toMatchObject([
      {
        layout: 'anew',
        groups: { ...NO_GROUPS, kept: [0], joined: [[1, 2]] },
        bytes: { written: 50 + 50, copied: 100 },
      },
    ]);
  });

  it('says what new files take, and which are emptied', () => {
    const slice = { from: 5, to: 30 } as RawSlice;
    const part = { holds: [], reason: 'new' };
    const sources = [lakeFile('t/b.parquet', 4), lakeFile('t/c.parquet', 5)];
    const [first, second] = describedPlan(
      [{ kind: 'empty', file: sources[0]!, reason: 'replaced' }],
      [
        { ...part, kind: 'create', folder: 'day=mon/', rows: [0, 1, 2] },
        { ...part, kind: 'load', folder: '', slice },
        {
          ...part,
          kind: 'join',
          folder: 'day=tue/',
          sources,
          joined: [],
          groups: sources.map((file) => ({ kind: 'take', part: { file, group: 0 } })),
        },
      ],
    ).phases;
    expect(first).toMatchObject([{ file: 't/b.parquet', layout: 'empty', reason: 'replaced', groups: NO_GROUPS }]);
    expect(second).toMatchObject([
      { file: 'day=mon/', layout: 'create', groups: { added: 1 }, rows: { added: 3 } },
      { file: '', layout: 'load', groups: { added: 3 }, rows: { added: 25 } },
      {
        file: 'day=tue/',
        layout: 'join',
        groups: { added: 2 },
        rows: { added: 9 },
        bytes: { written: 190, copied: 0 },
      },
    ]);
  });

  it('carries what the plan counts', () => {
    expect(describedPlan()).toEqual({
      rows: { inserted: 1, updated: 2, deleted: 3, ignored: 4 },
      finding: { files: 9, filesOpened: 2, rowGroups: 30, rowGroupsDecoded: 3 },
      phases: [],
      bytes: { written: 0, copied: 0 },
    });
  });
});
