import { aboutTable } from '../command-text.ts';
import { mapConcurrently } from '../concurrency.ts';
import { tableOfPath } from '../dms/object-key.ts';
import type { Ports } from '../ports/ports.ts';
import type { TableItem } from '../ports/table-store.ts';
import { pendingChanges, pendingLoads } from './pending.ts';
import { rowOfItem } from './item.ts';
import { listRawFiles } from './raw-listing.ts';
import type { Blocked, CatalogFailure, CatalogState, TableRow } from './row.ts';
import { NEVER_LOADED } from './row.ts';
import { illegibleSettings } from './legible-settings.ts';
import { rawGoneNote } from './vanished.ts';

export const TABLE_STATES = ['blocked', 'merging', 'active', 'inactive'] as const;

/** How a table stands, by its row. */
export interface TableStatus {
  /** `<schema>/<table>` */
  table: string;
  /** `merging`: a merge has claimed what it writes, or has merged a part of a file. */
  state: (typeof TABLE_STATES)[number];
  primaryKey: readonly string[];
  partitionKey: readonly string[];
  /** `yyyy-MM-dd HH:mm:ss`, UTC: of the newest load file merged. */
  lastFullLoad?: string;
  /** The newest change file merged, relative to the table's folder. */
  lastChangeFile?: string;
  /** Rows inserted, updated and deleted since midnight, UTC; absent if they were never counted. */
  rowsToday?: number;
  /** Set if blocked: by which file (empty: the settings or the lake), why, what to do, and since when (ISO 8601). */
  blocked?: Pick<Blocked, 'file' | 'reason' | 'next' | 'since'>;
  /** What else a person should know. */
  note?: string;
  /** Where the table is registered, or is to be, and why it could not be (ISO 8601: since when); if tables are. */
  catalog?: { table: string; failed?: Omit<CatalogFailure, 'triedAt'> };
  /** If it was asked for, of tables that are not inactive. */
  lag?: Lag;
}

/** What the lake is behind the raw files. */
export interface Lag {
  /** Raw files that wait to be merged. */
  files: number;
  /** Since when the oldest of them waits, in seconds; 0 if none does. */
  seconds: number;
}

const REQUESTS_AT_ONCE = 8;

/** Which tables are to be listed, and what of them. */
export interface TablesWanted {
  lag: boolean;
  /** Paths of tables: no others are read; all unless given. */
  paths?: readonly string[] | undefined;
  /** All unless given. */
  states?: readonly TableStatus['state'][] | undefined;
}

/**
 * How registered tables stand, by name. Reads the controller table alone, unless the lag is asked for: then also a
 * listing of each table's raw files, from its row's mark on (all of them where the table is blocked or half merged), so
 * that of files that came late it may not know.
 * @returns `others`: rows of other raw buckets or prefixes, which are none of ours
 */
export async function listTables(
  { lag, paths, states }: TablesWanted,
  ports: Pick<Ports, 'raw' | 'tables' | 'clock' | 'config'>,
): Promise<{ tables: TableStatus[]; others: number }> {
  const found: { row: TableRow; status: TableStatus }[] = [];
  let others = 0;
  for await (const item of paths ? itemsAt(paths, ports.tables) : ports.tables.scan()) {
    const name = tableOfPath(item.path, ports.config);
    if (!name) {
      others++;
      continue;
    }
    const row = rowOfItem(item);
    const status = statusOf(`${name.schema}/${name.table}`, row, ports);
    if (states?.includes(status.state) ?? true) found.push({ row, status });
  }
  const tables = await mapConcurrently(found, REQUESTS_AT_ONCE, async ({ row, status }) =>
    lag && status.state !== 'inactive' ? { ...status, lag: await lagOf(row, ports) } : status,
  );
  return { tables: tables.sort((a, b) => (a.table < b.table ? -1 : 1)), others };
}

/** Those that are registered. */
async function* itemsAt(paths: readonly string[], tables: Ports['tables']): AsyncIterable<TableItem> {
  for (const item of await mapConcurrently([...new Set(paths)], REQUESTS_AT_ONCE, (path) => tables.get(path)))
    if (item) yield item;
}

/** How a table stands by its row alone. @param table `<schema>/<table>` */
export function statusOf(
  table: string,
  { settings, progress }: TableRow,
  { config, clock }: Pick<Ports, 'config' | 'clock'>,
): TableStatus {
  const { lastFullLoadDate, lastChangeFile, today, blocked, catalog } = progress;
  // Once a merge has come to it, that is what blocks the table.
  const illegible = blocked ? undefined : illegibleSettings(settings);
  const note = illegible ? aboutTable(`${illegible.reason} ${illegible.next}`, table) : rawGoneNote(progress);
  return {
    table,
    state: stateOf({ settings, progress }),
    primaryKey: settings.primaryKey,
    partitionKey: settings.partitionKey,
    ...(lastFullLoadDate !== NEVER_LOADED && { lastFullLoad: lastFullLoadDate }),
    ...(lastChangeFile !== undefined && { lastChangeFile }),
    ...(today && { rowsToday: today.day === utcDay(clock.now()) ? today.rows : 0 }),
    ...(note !== undefined && { note }),
    ...(blocked && {
      blocked: { file: blocked.file, reason: blocked.reason, next: blocked.next, since: blocked.since },
    }),
    ...(catalog && config.catalogDatabase !== undefined && { catalog: catalogStatus(catalog) }),
  };
}

function catalogStatus({ table, failed }: CatalogState): NonNullable<TableStatus['catalog']> {
  return { table, ...(failed && { failed: { reason: failed.reason, next: failed.next, since: failed.since } }) };
}

/** `yyyy-MM-dd` */
function utcDay(now: number): string {
  return new Date(now).toISOString().slice(0, 'yyyy-MM-dd'.length);
}

function stateOf({ settings, progress }: Pick<TableRow, 'settings' | 'progress'>): TableStatus['state'] {
  if (!settings.active) return 'inactive';
  if (progress.blocked) return 'blocked';
  return progress.intent.length > 0 || progress.partial ? 'merging' : 'active';
}

async function lagOf(row: TableRow, { raw, clock }: Pick<Ports, 'raw' | 'clock'>): Promise<Lag> {
  const { progress } = row;
  const { blocked, partial } = progress;
  const now = clock.now();
  const whole = blocked !== undefined || partial !== undefined;
  const listing = await listRawFiles(row, { keys: [], whole }, raw, now);
  const files = [...pendingLoads(progress, listing), ...pendingChanges(progress, listing), ...listing.unsupported];
  const oldest = files.reduce((first, { lastModified }) => Math.min(first, lastModified.getTime()), now);
  return { files: files.length, seconds: Math.max(0, Math.round((now - oldest) / 1000)) };
}
