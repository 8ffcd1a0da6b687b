import type { TableName } from '../dms/object-key.ts';
import { OutOfTime } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import { carryOut } from './carry-out.ts';
import { catalogAfter } from './catalog-state.ts';
import { registerInCatalog } from './cataloging.ts';
import { cleanUpDue, hasOldFiles, removeOldEmptyFiles } from './clean-up.ts';
import { committed } from './commit.ts';
import type { Deadline } from './deadline.ts';
import { freshSince, waits } from './freshness.ts';
import { updateIndex } from './lake-table.ts';
import type { LakeAccess } from './lake-table.ts';
import type { Meter } from './meter.ts';
import type { MergeStep, PlannedStep } from './plan-step.ts';
import { planStep } from './plan-step.ts';
import type { RawListing } from './raw-listing.ts';
import { newestListed } from './raw-listing.ts';
import type { StoredRow } from './row-store.ts';
import { saveProgress } from './row-store.ts';
import { isNotBegun } from './row.ts';
import type { NewGeneration, Step } from './step.ts';
import { readUntil } from './timely-store.ts';

/** Where a table's steps are taken. */
export interface StepSite {
  path: string;
  name: TableName;
  /** Of the table's files in the lake. */
  prefix: string;
  /** How often the table was looked at in vain. */
  failures: number;
  deadline: Deadline;
  meter: Meter;
  access: LakeAccess;
  ports: Ports;
}

/**
 * Takes one step of a table: plan, claim, write, commit; or what the row alone is to say.
 * @returns the row after it; or that the whole table must be listed first
 * @throws whatever planning, claiming and writing throw (`planStep`, `carryOut`, `saveProgress`).
 */
export function takeStep(
  step: Exclude<Step, { kind: 'nothing' | 'list whole' }>,
  row: StoredRow,
  listing: RawListing,
  site: StepSite,
): Promise<StoredRow | 'list whole'> {
  switch (step.kind) {
    case 'new generation':
      return beginGeneration(row, step, site);
    case 'recognised':
      return accountFor(row, step, site);
    default:
      return mergeStep(row, listing, step, site);
  }
}

async function mergeStep(
  row: StoredRow,
  listing: RawListing,
  step: MergeStep,
  site: StepSite,
): Promise<StoredRow | 'list whole'> {
  const { path, name, prefix, deadline, meter, access, ports } = site;
  const { tables, random, clock, log, catalog } = ports;
  if (step.kind === 'late') {
    // A listing of several pages tells of no one moment: what went in between may have been listed before.
    if (step.older && !(await ports.raw.head(step.older.key))) return 'list whole';
    log.warn('a change file came late', { table: path, file: step.file.name, later: step.later.length });
  }
  const plan = await planInTime(row, listing, step, site);
  if ('instead' in plan)
    return plan.instead.kind === 'list whole' ? 'list whole' : beginGeneration(row, plan.instead, site);
  const { lakeFiles, planned } = plan;
  const { claimed, written } = await carryOut(row, planned, prefix, deadline, meter, access, ports);
  const now = clock.now();
  const { counts } = planned.plan;
  const commit = committed(claimed.progress, planned.slices, counts, now);
  // The commit point: from here on these files are merged.
  const inCatalog = catalog && catalogAfter(row, name, lakeFiles, planned, ports);
  const progress = {
    ...commit,
    ...cleanUpDue(hasOldFiles(lakeFiles), now),
    ...((isNotBegun(row.progress) || row.progress.begunWith === undefined) && { begunWith: newestListed(listing) }),
    ...(inCatalog && { catalog: inCatalog.state }),
  };
  const done = await saveProgress(claimed, progress, tables, random);
  const whole = planned.slices.filter(({ file, to }) => to === file.rows);
  const loadFiles = whole.filter(({ file }) => file.kind === 'load').length;
  const changeFiles = whole.length - loadFiles;
  meter.merged(
    { loadFiles, changeFiles, lateFiles: step.kind === 'late' ? changeFiles : 0 },
    counts,
    waits(
      whole.map(({ file }) => file),
      row.progress,
      now,
    ),
  );
  if (row.progress.replay) meter.befallen.replayed = true;
  if (row.progress.blocked) meter.befallen.released = true;
  await removeOldEmptyFiles(lakeFiles, deadline, ports);
  for (const object of await updateIndex(lakeFiles, written, access)) meter.wrote(object);
  return inCatalog?.state.due ? registerInCatalog(done, () => Promise.resolve(inCatalog.view), site) : done;
}

/** @throws OutOfTime if planning alone takes too long: that is counted in the row, and the next one takes less. */
async function planInTime(
  row: StoredRow,
  listing: RawListing,
  step: MergeStep,
  { prefix, failures, deadline, access, ports }: StepSite,
): Promise<PlannedStep> {
  const [lake, raw] = [readUntil(deadline, access.lake), readUntil(deadline, ports.raw)];
  const attempts = Math.max(row.progress.attempts, failures);
  try {
    const plan = await planStep(row, prefix, listing, step, attempts, { ...access, lake }, { ...ports, raw });
    if ('planned' in plan) deadline.check();
    return plan;
  } catch (error) {
    if (error instanceof OutOfTime)
      await saveProgress(row, { attempts: row.progress.attempts + 1 }, ports.tables, ports.random);
    throw error;
  }
}

async function beginGeneration(row: StoredRow, step: NewGeneration, { path, meter, ports }: StepSite) {
  const { tables, random, clock, log } = ports;
  log.warn('the table is built anew', { table: path, reason: step.reason });
  const progress = { ...step.progress, freshSince: freshSince(clock.now()) };
  const begun = await saveProgress(row, progress, tables, random);
  meter.befallen.builtAnew = step.reason;
  return begun;
}

function accountFor(
  row: StoredRow,
  { coverage, files }: Step & { kind: 'recognised' },
  { path, ports: { tables, random, log } }: StepSite,
): Promise<StoredRow> {
  const names = files.slice(0, NAMES_LOGGED).map(({ name }) => name);
  log.warn('merged files have another date and are not merged again', {
    table: path,
    count: files.length,
    files: names,
  });
  return saveProgress(row, { coverage }, tables, random);
}

/** Names of files in one line of the log. */
export const NAMES_LOGGED = 5;
