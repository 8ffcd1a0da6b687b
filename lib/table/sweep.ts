import type { Config } from '../config.ts';
import type { TableName } from '../dms/object-key.ts';
import { parseObjectKey, tableOfPath, tablePath } from '../dms/object-key.ts';
import { parseRawFile } from '../dms/raw-file.ts';
import type { ObjectSummary } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import { isAccountedFor } from './coverage.ts';
import { isRowDueInCatalog } from './catalog-due.ts';
import { isCleanUpDue } from './clean-up.ts';
import { rowOfItem } from './item.ts';
import type { TableRow } from './row.ts';
import { hasPassed, isMerged, isPendingLoad } from './pending.ts';
import { wasEdited } from './row.ts';
import { isBack, isTruncated } from './vanished.ts';

export interface SweepReport {
  /** Tables that have files below the raw prefix. */
  tables: number;
  woken: number;
  /** Registered tables that are blocked. */
  blocked: number;
}

/**
 * The safety net: lists the whole raw prefix and wakes every table that is not registered yet, or has files that its row
 * does not account for (their events were lost) or accounts for though they were not merged, or lost all its raw files or has
 * them back, or is blocked, or whose last merge did not come to its commit, or which is still to be registered in the catalog,
 * or has lake files to be removed.
 * @param cause tells this sweep from every other.
 */
export async function sweep(
  cause: string,
  { raw, tables, queue, clock, log, metrics, config }: Omit<Ports, 'lake' | 'threads' | 'history'>,
): Promise<SweepReport> {
  const rows = new Map<string, TableRow>();
  for await (const item of tables.scan()) rows.set(item.path, rowOfItem(item));
  const blocked = [...rows.values()].filter((row) => isBlocked(row) && tableOfPath(row.path, config));
  metrics.add({ BlockedTables: blocked.length });
  const found = new Set<string>();
  const woken = new Set<string>();
  // At once: should the listing take longer than the function may run, what was found is not lost.
  const wake = async (table: string): Promise<void> => {
    woken.add(table);
    await queue.send([{ table, cause: `sweep ${cause}` }]);
  };
  // Also where no raw file is left: the one that was in the way may have been removed.
  for (const row of rows.values()) {
    const name = tableOfPath(row.path, config);
    if (name && isUnfinished(row, name, config, clock.now())) await wake(row.path);
  }
  const withFiles = new Set<string>();
  const merged = new Map<string, number>();
  for await (const object of raw.list(config.rawPrefix)) {
    const key = parseObjectKey(object.key, config.rawPrefix);
    if (key.kind === 'other') continue;
    const path = tablePath(config.rawBucket, config.rawPrefix, key.schema, key.table);
    found.add(path);
    if (parseRawFile(key.file).kind !== 'ignored') withFiles.add(path);
    const row = rows.get(path);
    if (!woken.has(path) && needsWaking(row, object, key.file)) await wake(path);
    if (row && isSaidMerged(row, object, key.file)) merged.set(path, (merged.get(path) ?? 0) + 1);
  }
  for (const row of rows.values()) {
    if (!row.settings.active || woken.has(row.path) || !tableOfPath(row.path, config)) continue;
    const hasFiles = withFiles.has(row.path);
    if (
      isTruncated(row, hasFiles, config) ||
      isBack(row, hasFiles) ||
      hasPassed(row.progress, merged.get(row.path) ?? 0)
    )
      await wake(row.path);
  }
  if (found.size === 0) {
    log.warn('the raw folder holds no tables: check BucketName and BucketFolder of the DMS endpoint', {
      expected: `${config.rawBucket}/${config.rawPrefix}<schema>/<table>/LOAD00000001.parquet`,
    });
  }
  return { tables: found.size, woken: woken.size, blocked: blocked.length };
}

function isBlocked({ settings, progress }: TableRow): boolean {
  return settings.active && progress.blocked !== undefined;
}

/** Whether there is something to be done for a table whatever raw files it has. */
function isUnfinished(row: TableRow, name: TableName, config: Config, now: number): boolean {
  const { blocked, intent, partial, replay, rawGone } = row.progress;
  const isHalfDone = intent.length > 0 || partial !== undefined || replay !== undefined || rawGone?.lake === 'emptying';
  const isToBeTried = blocked !== undefined || wasEdited(row) || isRowDueInCatalog(row, name, config);
  return row.settings.active && (isHalfDone || isToBeTried || isCleanUpDue(row.progress, now));
}

function isSaidMerged({ progress }: TableRow, object: ObjectSummary, name: string): boolean {
  const file = parseRawFile(name);
  if (file.kind !== 'change' || progress.skipped.get(name) === object.eTag) return false;
  return isMerged({ ...file, lastModified: object.lastModified }, progress);
}

function needsWaking(row: TableRow | undefined, object: ObjectSummary, name: string): boolean {
  if (!row) return true;
  const { settings, progress } = row;
  if (!settings.active) return false;
  const file = parseRawFile(name);
  if (progress.skipped.get(name) === object.eTag) return false;
  switch (file.kind) {
    case 'load':
      return isPendingLoad({ ...object, name }, progress);
    case 'change':
      return (
        object.lastModified.getTime() >= progress.since &&
        !isAccountedFor({ ...file, lastModified: object.lastModified }, progress.coverage)
      );
    case 'unsupported':
      return true;
    case 'ignored':
      return false;
  }
}
