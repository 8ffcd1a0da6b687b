import type { RowGroup } from '../parquet/footer.ts';
import { GROUP_BYTES, uncompressedBytes } from './group-size.ts';
import type { GroupPlan } from './plan.ts';

/**
 * Joins row groups that stay as they are with their neighbours, as far as they fit into one together.
 * @returns the plans, and how many row groups fewer there are
 */
export function joinNeighbours(
  groups: readonly GroupPlan[],
  rowGroups: readonly RowGroup[],
  rowsPerRowGroup: number,
): { groups: readonly GroupPlan[]; fewer: number } {
  const joined = [...groups];
  let fewer = 0;
  let run: number[] = [];
  let rows = 0;
  let bytes = 0;
  const close = (): void => {
    const [first] = run;
    if (first !== undefined && run.length > 1) {
      for (const i of run) joined[i] = { kind: 'joined' };
      joined[first] = { kind: 'join', groups: run };
      fewer += run.length - 1;
    }
    run = [];
    rows = 0;
    bytes = 0;
  };
  groups.forEach((plan, i) => {
    const group = rowGroups[i];
    const inGroup = group?.rows ?? 0;
    const bytesInGroup = group ? uncompressedBytes(group) : 0;
    // One that goes is no neighbour.
    if (plan.kind === 'drop') return;
    if (plan.kind !== 'keep' || rows + inGroup > rowsPerRowGroup || bytes + bytesInGroup > GROUP_BYTES) close();
    if (plan.kind !== 'keep') return;
    run.push(i);
    rows += inGroup;
    bytes += bytesInGroup;
  });
  close();
  return { groups: joined, fewer };
}
