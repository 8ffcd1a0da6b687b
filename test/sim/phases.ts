/** What a table, or a process, is at: faults must come in each of these. */
import type { CallTarget } from './calls.ts';
import type { Process } from './process.ts';
import type { SourceTable } from './source-table.ts';

export function phasesOf(
  { of, isCompacting }: Process,
  { store, name, target }: CallTarget,
  tables: readonly SourceTable[],
): string[] {
  const table = tables.find((one) => target.includes(`${one.name}/`));
  const item = table?.item;
  const rawGone = item?.RawFilesGone as { lake: string } | undefined;
  const phases = {
    'a replay': item?.Replay !== undefined,
    'a lake that is emptied': rawGone?.lake === 'emptying',
    'a blocked table': item?.Blocked !== undefined,
    'a half merged file': item?.Partial !== undefined,
    'a take-over': of === 'merge' && item?.Intent !== undefined && item.Attempts !== undefined,
    'a rebuild': of === 'merge' && table?.model.isLakeOld === true && Number(item?.Generation) > 1,
    compacting: isCompacting && store === 'lake' && name !== 'list',
    'a removal of a lake file': store === 'lake' && name === 'delete',
    'a command': of === 'command',
    'the sweep': of === 'sweep',
    'the stream of rows': of === 'wake',
    'the notices': of === 'route',
    'the catalog': store === 'catalog',
  };
  return Object.entries(phases).flatMap(([phase, isIn]) => (isIn ? phase : []));
}
