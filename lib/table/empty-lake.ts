import type { FileWrite } from '../merge/plan.ts';
import { NO_ROWS } from '../merge/plan.ts';
import type { Column } from '../parquet/column-type.ts';
import { lakeType, mergeColumns } from '../parquet/widening.ts';
import { carryOut } from './carry-out.ts';
import { cleanUpDue } from './clean-up.ts';
import type { CompactionSite } from './compact.ts';
import { readLakeFiles, updateIndex } from './lake-table.ts';
import type { LakeFiles } from './lake-table.ts';
import type { Meter } from './meter.ts';
import { requireTime } from './require-time.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';
import { builtWithSettings, newGeneration, NEVER_LOADED } from './row.ts';
import type { Progress, RawGone, TableRow } from './row.ts';
import { storedColumns } from './stored-columns.ts';

/**
 * The progress of a table whose rows are all to go, since its raw files are: a generation without files. It is saved before
 * the lake is touched, so that whatever is loaded from then on is loaded whole, also where emptying did not come to its end.
 */
export function withoutRows({ progress, settings }: TableRow, since: RawGone['since']): Partial<Progress> {
  return {
    ...newGeneration(progress.generation + 1),
    lastFullLoadDate: NEVER_LOADED,
    skipped: new Map(),
    builtWith: builtWithSettings(settings),
    rawGone: { since, lake: 'emptying' },
  };
}

/**
 * Empties all lake files of a table, by claim, write and commit. Run again, it goes on.
 * @throws ObjectChanged, TableItemChanged if another consumer took over; OutOfTime
 */
export async function emptyLake(
  row: StoredRow,
  { prefix, deadline, access, ports }: CompactionSite,
  meter: Meter,
): Promise<StoredRow> {
  const { rawGone } = row.progress;
  const lakeFiles = await readLakeFiles(row, prefix, access);
  await requireTime(row, deadline, ports);
  const filled = [...lakeFiles.current, ...lakeFiles.stale].filter(({ rows }) => rows > 0);
  const reason = 'all raw files are gone';
  const phase = filled.map((file): FileWrite => ({ kind: 'empty', file, reason }));
  const plan = {
    // Files without rows still tell readers the table's columns.
    ...storedColumns(row, columnsOfNewest(lakeFiles)),
    phases: phase.length > 0 ? [phase] : [],
    counts: { ...NO_ROWS, deleted: filled.reduce((sum, { rows }) => sum + rows, 0) },
  };
  const batch = { values: new Map() };
  const { claimed, written } = await carryOut(row, { plan, batch }, prefix, deadline, meter, access, ports);
  const emptied = rawGone && { ...rawGone, lake: 'emptied' as const };
  // The commit point.
  const { tables, random, clock } = ports;
  const progress = { intent: [], attempts: 0, rawGone: emptied, ...cleanUpDue(true, clock.now()) };
  const done = await saveProgress(claimed, progress, tables, random);
  meter.merged({ loadFiles: 0, changeFiles: 0, lateFiles: 0 }, plan.counts);
  for (const object of await updateIndex(lakeFiles, written, access)) meter.wrote(object);
  return done;
}

function columnsOfNewest({ current, stale }: LakeFiles): Column[] {
  const files = [...current, ...stale];
  const newest = files.reduce((most, { generation }) => Math.max(most, generation), 0);
  let columns: Column[] = [];
  for (const file of files)
    if (file.generation === newest)
      columns = mergeColumns(
        columns,
        file.columns.map(({ name, type }) => ({ name, type: lakeType(type) })),
      );
  return columns;
}
