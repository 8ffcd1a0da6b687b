import { commandText, TABLE } from '../command-text.ts';
import type { TableName } from '../dms/object-key.ts';
import { TableBlocked } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import { lakePrefix } from './lake-table.ts';
import { hasRawObjects } from './raw-listing.ts';
import { Refused } from './refused.ts';
import type { StoredRow } from './row-store.ts';
import { asRead } from './row-store.ts';

export interface PlannedForgetting {
  /** As it was read. */
  row: StoredRow;
  /** Prefix of lake files that stay; undefined if there is none. */
  lake: string | undefined;
  /** The entry in the catalog that stays, `<database>.<table>`; undefined if there is none. */
  catalog: string | undefined;
}

/**
 * Decides whether a table may be forgotten: its row be removed, and nothing else. Only reads.
 * @throws Refused where it would be registered anew, or where what its row knows is still needed.
 */
export async function planForgetting(
  row: StoredRow,
  name: TableName,
  { raw, lake, config }: Pick<Ports, 'raw' | 'lake' | 'config'>,
): Promise<PlannedForgetting> {
  const { path, settings, progress } = row;
  // What is in the lake then would be merged into it once more.
  if (await hasRawObjects(path, raw))
    throw new Refused(
      'It has raw files: the next sweep would register it anew, without knowing what of them is merged.',
      `To have it rest: ${commandText('deactivate', TABLE)}. To forget it, have DMS write it no more, and remove its raw files first.`,
    );
  if (settings.active && progress.builtWith)
    throw new Refused(
      'It is active, and raw files of it were merged: what comes later would wait until somebody activates it.',
      `Where nothing more is to come: ${commandText('deactivate', TABLE)}; then forget it.`,
    );
  if (progress.intent.length > 0)
    throw new Refused(
      'A merge has claimed lake files and did not come to its commit: only the row knows which of them count for nothing.',
      `Have that settled first: ${commandText('activate', TABLE)}; then deactivate and forget it.`,
    );
  const prefix = prefixOf(row, name, config);
  const hasLake = prefix !== undefined && (await hasObjects(prefix, lake));
  return { row, lake: hasLake ? prefix : undefined, catalog: progress.catalog?.table };
}

/**
 * Removes the row, if it is as it was read.
 * @throws Refused if it is not.
 */
export async function forget({ row }: PlannedForgetting, { tables }: Pick<Ports, 'tables'>): Promise<void> {
  try {
    await tables.delete(row.path, asRead(row));
  } catch (error) {
    if (!(error instanceof TableItemChanged)) throw error;
    throw new Refused(
      'Its row was changed at the same time.',
      `Nothing was removed. See how it stands now: ${commandText('tables', TABLE)}; then try again.`,
      { cause: error },
    );
  }
}

/** Where `out_path` leads out of the lake, nothing was ever written. */
function prefixOf(row: StoredRow, name: TableName, config: Ports['config']): string | undefined {
  try {
    return lakePrefix(row, name, config);
  } catch (error) {
    if (!(error instanceof TableBlocked)) throw error;
    return undefined;
  }
}

async function hasObjects(prefix: string, lake: Pick<Ports['lake'], 'list'>): Promise<boolean> {
  for await (const { key } of lake.list(prefix)) if (key !== prefix) return true;
  return false;
}
