import type { RowGroup } from '../parquet/footer.ts';
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
  const close = (): void => {
    const [first] = run;
    if (first !== undefined && run.length > 1) {
      for (const i of run) joined[i] = { kind: 'joined' };
      joined[first] = { kind: 'join', groups: run };
      fewer += run.length - 1;
    }
    run = [];
    rows = 0;
  };
  groups.forEach((plan, i) => {
    const inGroup = rowGroups[i]?.rows ?? 0;
    // One that goes is no neighbour.
    if (plan.kind === 'drop') return;
    if (plan.kind !== 'keep' || rows + inGroup > rowsPerRowGroup) close();
    if (plan.kind !== 'keep') return;
    run.push(i);
    rows += inGroup;
  });
  close();
  return { groups: joined, fewer };
}
