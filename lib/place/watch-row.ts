import { TableBlocked } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import { decide } from '../table/decide.ts';
import { pendingChanges, pendingLoads } from '../table/pending.ts';
import { rowOfItem } from '../table/item.ts';
import { listRawFiles } from '../table/raw-listing.ts';
import type { Blocked, TableRow } from '../table/row.ts';
import { settingsText } from '../table/row.ts';
import type { Brought } from './place.ts';

export interface Watching {
  sleep: (milliseconds: number) => Promise<unknown>;
  onProgress?: ((row: TableRow) => void) | undefined;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** What blocked it before the wake-up and is still there: it is given this time to be looked at again. */
const BLOCKED_BEFORE_MS = 20_000;
/** Longer than a merge may run, and than a failed one waits for its next try. */
const STALLED_MS = 20 * 60_000;

/**
 * Watches a table that others merge until there is nothing to be done for it. What is true is in its row and in the
 * listing of its raw files; both are only read.
 * @param before the row as it was before the table was woken
 */
export async function watchRow(
  path: string,
  before: TableRow | undefined,
  { raw, tables, clock }: Pick<Ports, 'raw' | 'tables' | 'clock'>,
  { sleep, onProgress }: Watching,
): Promise<Brought> {
  const wokenAt = clock.now();
  let changedAt = wokenAt;
  let seen = before;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    await sleep(pauseMs);
    const item = await tables.get(path);
    const row = item && rowOfItem(item);
    if (row && !isSame(row, seen)) {
      [seen, changedAt, pauseMs] = [row, clock.now(), FIRST_PAUSE_MS];
      onProgress?.(row);
    }
    const unchangedMs = clock.now() - changedAt;
    if (row && !row.settings.active) return { state: 'inactive' };
    const blocked = row?.progress.blocked;
    const isNew = blocked !== undefined && blocked.since !== before?.progress.blocked?.since;
    if (
      blocked &&
      (isNew || (unchangedMs >= BLOCKED_BEFORE_MS && (await isStillThere(row, blocked, raw, clock.now()))))
    ) {
      const { file, reason, next } = blocked;
      return { state: 'blocked', blocked: { file, reason, next } };
    }
    if (row && !blocked && row.progress.intent.length === 0 && (await isUpToDate(row, raw, clock.now())))
      return { state: 'active' };
    if (unchangedMs >= STALLED_MS) return { state: 'unfinished' };
  }
}

function isSame(row: TableRow, seen: TableRow | undefined): boolean {
  return row.progress.version === seen?.progress.version && row.settings.active === seen?.settings.active;
}

/** Whether the obstacle is neither replaced, removed nor skipped, so that a merge would say nothing new of it. */
async function isStillThere(row: TableRow, blocked: Blocked, raw: Ports['raw'], now: number): Promise<boolean> {
  if (blocked.settings !== settingsText(row.settings)) return false;
  if (blocked.file === '') return true;
  const listing = await listRawFiles(row, { keys: [], whole: true }, raw, now);
  const { progress } = row;
  const waiting = [...pendingLoads(progress, listing), ...pendingChanges(progress, listing), ...listing.unsupported];
  return waiting.some(({ name, eTag }) => name === blocked.file && eTag === blocked.eTag);
}

async function isUpToDate(row: TableRow, raw: Ports['raw'], now: number): Promise<boolean> {
  try {
    return decide(row, await listRawFiles(row, { keys: [], whole: true }, raw, now)).kind === 'nothing';
  } catch (error) {
    // The merge will find the same and say so in the row.
    if (error instanceof TableBlocked) return false;
    throw error;
  }
}
