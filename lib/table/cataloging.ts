import { definitionDigest, tableDefinition } from '../catalog/table-definition.ts';
import { catalogName, catalogNameText } from '../catalog/catalog-name.ts';
import { registerTable } from '../catalog/register-table.ts';
import type { TableName } from '../dms/object-key.ts';
import { legible, messageOf, OutOfTime } from '../errors.ts';
import type { Catalog } from '../ports/catalog.ts';
import { CatalogRefused } from '../ports/catalog.ts';
import type { Ports } from '../ports/ports.ts';
import { ObjectChanged } from '../ports/object-store.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import type { CatalogView } from './catalog-state.ts';
import type { Deadline } from './deadline.ts';
import type { StoredRow } from './row-store.ts';
import { readOrRegisterRow, saveProgress } from './row-store.ts';
import type { CatalogState } from './row.ts';

/** Where a table is registered from. */
export interface CatalogSite {
  name: TableName;
  deadline: Deadline;
  ports: Pick<Ports, 'tables' | 'random' | 'clock' | 'log' | 'metrics' | 'config' | 'catalog'>;
}

/** What failed is left alone for so long: a catalog that refuses is not asked at every merge. */
const PAUSE_MS = 60_000;
/** A request to the catalog is not begun with less left. */
const REQUEST_MS = 10_000;

/**
 * Registers in the catalog what is due of a table, and notes in its row that it is done, or why it could not be. No
 * failure of the catalog is one of the merge.
 * @param view what the lake is; undefined if there is nothing of which columns could be told. It may throw.
 * @throws OutOfTime if the deadline is near: what is due stays so; TableItemChanged if another consumer went on with the
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
  const isPaused = before?.failed !== undefined && now < before.failed.triedAt + PAUSE_MS;
  if (!catalog || isPaused) return row;
  const check = (): void => {
    if (deadline.leavesNoTimeFor(REQUEST_MS))
      throw new OutOfTime('no time is left to register the table in the catalog');
  };
  const table = catalogNameText(catalogName(config.catalogDatabase ?? '', name));
  let state: CatalogState = {
    partitionTypes: [],
    due: true,
    definition: undefined,
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
    state = { ...state, definition: definitionDigest(known.schema), due: false, failed: undefined };
    ports.log.info('table registered in the catalog', { table: row.path, name: table });
    ports.metrics.add({ CatalogChanges: 1 }, tableText(name));
  } catch (error) {
    // Due it stays, unless another consumer went on, whose work this one may have undone.
    if (error instanceof OutOfTime) await markDue(row.path, site);
    if (error instanceof OutOfTime || error instanceof ObjectChanged) throw error;
    state = failedState(row.path, state, error, site);
    ports.metrics.add({ CatalogFailures: 1 }, tableText(name));
  }
  return saveState(row, state, site);
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
  { ports: { clock, log } }: CatalogSite,
): CatalogState {
  const reason = legible(messageOf(error));
  const next = error instanceof CatalogRefused ? error.next : '';
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

/** Notes how the table stands in the catalog. Whoever was overtaken may have undone what the other registered. */
async function saveState(row: StoredRow, catalog: CatalogState, site: CatalogSite): Promise<StoredRow> {
  const { tables, random } = site.ports;
  try {
    return await saveProgress(row, { catalog }, tables, random);
  } catch (error) {
    if (error instanceof TableItemChanged) await markDue(row.path, site);
    throw error;
  }
}

const MARK_ATTEMPTS_MAX = 5;

async function markDue(path: string, { name, ports: { tables, random, config } }: CatalogSite): Promise<void> {
  for (let attempt = 1; attempt <= MARK_ATTEMPTS_MAX; attempt++) {
    const row = await readOrRegisterRow(path, name, tables, config);
    const { catalog } = row.progress;
    if (!catalog || catalog.due) return;
    try {
      await saveProgress(row, { catalog: { ...catalog, due: true } }, tables, random);
      return;
    } catch (error) {
      if (!(error instanceof TableItemChanged)) throw error;
    }
  }
}
