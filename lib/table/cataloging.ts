import { isDeepStrictEqual } from 'node:util';
import { definitionDigest, tableDefinition } from '../catalog/table-definition.ts';
import { catalogName, catalogNameText } from '../catalog/catalog-name.ts';
import { registerTable } from '../catalog/register-table.ts';
import { aboutTable, commandText } from '../command-text.ts';
import type { TableName } from '../dms/object-key.ts';
import { legible, messageOf, OutOfTime, TableBlocked } from '../errors.ts';
import type { Catalog } from '../ports/catalog.ts';
import { CatalogRefused } from '../ports/catalog.ts';
import type { Ports } from '../ports/ports.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import type { CatalogView } from './catalog-state.ts';
import type { Deadline } from './deadline.ts';
import type { StoredRow } from './row-store.ts';
import { rereadRow, saveProgress } from './row-store.ts';
import type { CatalogState } from './row.ts';

/** Where a table is registered from. */
export interface CatalogSite {
  name: TableName;
  deadline: Deadline;
  ports: Pick<Ports, 'tables' | 'random' | 'clock' | 'log' | 'metrics' | 'config' | 'catalog'>;
}

/**
 * What failed is left alone for so long: a catalog that refuses is not asked at every merge. What takes more time than an
 * invocation has is left alone ever longer, up to an hour.
 */
const PAUSE_MS = 60_000;
const PAUSES_MAX = 60;
/** Invocations in a row that run out of time: then it is a failure, which a person is told of. */
const TRIES_MAX = 10;
/** A request to the catalog is not begun with less left. */
const REQUEST_MS = 10_000;

/**
 * Registers in the catalog what is due of a table, and notes in its row that it is done, or why it could not be. No
 * failure of the catalog is one of the merge.
 * @param view what the lake is; undefined if there is nothing of which columns could be told. It may throw.
 * @throws OutOfTime if the deadline is near: what is due stays so, and what is registered, too; not for ever, or a table
 *   that no invocation has time for would be woken again and again; TableItemChanged if another consumer went on with the
 *   table meanwhile.
 */
export async function registerInCatalog(
  row: StoredRow,
  view: () => Promise<CatalogView | undefined>,
  site: CatalogSite,
): Promise<StoredRow> {
  const { name, deadline, ports } = site;
  const { catalog, clock, config } = ports;
  const before = row.progress.catalog;
  const now = clock.now();
  if (!catalog || (before && isPaused(before, now))) return row;
  const check = (): void => {
    if (deadline.leavesNoTimeFor(REQUEST_MS))
      throw new OutOfTime('no time is left to register the table in the catalog');
  };
  const table = catalogNameText(catalogName(config.catalogDatabase ?? '', name));
  let state: CatalogState = {
    partitionTypes: [],
    due: true,
    definition: undefined,
    tries: 0,
    failed: undefined,
    ...before,
    table,
  };
  try {
    check();
    const known = await view();
    if (!known) return row;
    state = { ...state, partitionTypes: known.schema.partitionColumns.map(({ type }) => type) };
    await registerView(known, catalog, check);
    state = { ...state, definition: definitionDigest(known.schema), due: false, tries: 0, failed: undefined };
    ports.log.info('table registered in the catalog', { table: row.path, name: table });
    ports.metrics.add({ CatalogChanges: 1 }, tableText(name));
  } catch (error) {
    if (error instanceof ObjectChanged) throw error;
    if (error instanceof OutOfTime) {
      state = { ...state, due: true, tries: state.tries + 1 };
      if (state.tries < TRIES_MAX) {
        await noteInRow(row.path, site, (catalog = state) => ({ ...catalog, due: true, tries: state.tries }));
        throw error;
      }
    }
    state = failedState(row.path, state, error instanceof OutOfTime ? tooSlow(state, error) : error, site);
    ports.metrics.add({ CatalogFailures: 1 }, tableText(name));
  }
  return saveState(row, state, site);
}

function isPaused({ failed, tries }: CatalogState, now: number): boolean {
  const pauses = Math.min(Math.max(tries, 1), PAUSES_MAX);
  return failed !== undefined && now < failed.triedAt + pauses * PAUSE_MS;
}

function tooSlow({ tries }: CatalogState, cause: OutOfTime): CatalogRefused {
  return new CatalogRefused(`There was not time enough to register it, ${tries} times in a row.`, {
    next: 'Give merge more time (mergeTimeout), or the table fewer partitions. What is registered stays, and it is tried again.',
    cause,
  });
}

/** `<schema>/<table>`, as metrics name tables. */
function tableText({ schema, table }: TableName): string {
  return `${schema}/${table}`;
}

async function registerView(
  { asOf, schema, folders, newFolders }: CatalogView,
  catalog: Catalog,
  check: () => void,
): Promise<void> {
  const definition = tableDefinition(schema, asOf);
  await registerTable({ name: schema.name, definition, folders, newFolders }, catalog, check);
}

function failedState(
  path: string,
  state: CatalogState,
  error: unknown,
  { name, ports: { clock, log } }: CatalogSite,
): CatalogState {
  const reason = legible(messageOf(error));
  const next = nextOf(error, tableText(name));
  log.error('a table could not be registered in the catalog', {
    table: path,
    name: state.table,
    reason,
    next,
    error,
  });
  const now = clock.now();
  const since = state.failed?.since ?? new Date(now).toISOString();
  return { ...state, due: true, failed: { reason, next, since, triedAt: now } };
}

function nextOf(error: unknown, table: string): string {
  if (error instanceof CatalogRefused || error instanceof TableBlocked) return aboutTable(error.next, table);
  return `Nothing: it is tried again by the next merge, and by the sweep. Where it goes on failing, the log of merge has the whole error; ${commandText('tables', table)} says how it stands.`;
}

/** Notes how the table stands in the catalog. Whoever was overtaken may have undone what the other registered. */
async function saveState(row: StoredRow, catalog: CatalogState, site: CatalogSite): Promise<StoredRow> {
  const { tables, random } = site.ports;
  try {
    return await saveProgress(row, { catalog }, tables, random);
  } catch (error) {
    if (error instanceof TableItemChanged)
      await noteInRow(row.path, site, (catalog) => catalog && { ...catalog, due: true });
    throw error;
  }
}

const NOTE_ATTEMPTS_MAX = 5;

/** Notes that something is due, in the row as it is now: another consumer may have gone on, whose work this one undid. */
async function noteInRow(
  path: string,
  { ports: { tables, random } }: CatalogSite,
  noted: (catalog: CatalogState | undefined) => CatalogState | undefined,
): Promise<void> {
  for (let attempt = 1; attempt <= NOTE_ATTEMPTS_MAX; attempt++) {
    const row = await rereadRow(path, tables);
    const before = row.progress.catalog;
    const catalog = noted(before);
    if (!catalog || isDeepStrictEqual(catalog, before)) return;
    try {
      await saveProgress(row, { catalog }, tables, random);
      return;
    } catch (error) {
      if (!(error instanceof TableItemChanged)) throw error;
    }
  }
}
