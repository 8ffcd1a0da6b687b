import { commandText, TABLE } from '../command-text.ts';
import type { TableName } from '../dms/object-key.ts';
import { openRawFile } from '../merge/raw-slice.ts';
import type { Ports } from '../ports/ports.ts';
import { TableItemChanged } from '../ports/table-store.ts';
import { saveSettings } from './configure.ts';
import { decideLoad } from './full-load.ts';
import { newItem, rowOfItem } from './item.ts';
import { newestFiles, requireKeyColumns } from './key-columns.ts';
import { isSuperseded } from './pending.ts';
import type { ChangeFile, LoadFile, RawListing } from './raw-listing.ts';
import { listRawFiles } from './raw-listing.ts';
import { rebuiltFrom } from './rebuild.ts';
import { orRefused, Refused } from './refused.ts';
import type { StoredRow } from './row-store.ts';
import { readOrRegisterRow } from './row-store.ts';
import { wasEdited } from './row.ts';

/** Columns that a person names; undefined: those that the row has. */
export interface ActivationRequest {
  primaryKey: readonly string[] | undefined;
  partitionKey: readonly string[] | undefined;
}

export interface PlannedActivation {
  settings: { primaryKey: readonly string[]; partitionKey: readonly string[]; active: true };
  /** The row as it was read; of a table that is not registered yet, as it will be. */
  row: StoredRow;
  isRegistered: boolean;
  /** Whether the row has other settings now. */
  isChange: boolean;
  /** Whether the lake holds the table with other keys, so that it is built anew. */
  isRebuild: boolean;
  /** Files of the full load, in which the primary key must tell rows apart. */
  loadFiles: readonly LoadFile[];
  /** All change files. */
  changeFiles: readonly ChangeFile[];
}

type ReadingPorts = Pick<Ports, 'raw' | 'tables' | 'clock' | 'config'>;

/**
 * Decides what activating a table changes; reads its row, a listing of its raw files, and the footers of the newest.
 * @throws Refused if it has no raw files or they lack the columns, or if it would have to be built anew and cannot be.
 */
export async function planActivation(
  path: string,
  name: TableName,
  request: ActivationRequest,
  { raw, tables, clock, config }: ReadingPorts,
): Promise<PlannedActivation> {
  const known = await tables.get(path);
  const item = known ?? newItem({ bucket: config.rawBucket, prefix: config.rawPrefix, ...name }, path);
  const row = { ...rowOfItem(item), item };
  const settings = { ...settingsFor(row, request), active: true as const };
  const listing = await listRawFiles(row, { keys: [], whole: true }, raw, clock.now());
  await checkColumns(settings, listing, raw);
  const edited = { ...row, settings: { ...row.settings, ...settings } };
  const isRebuild = wasEdited(edited);
  if (isRebuild) {
    const load = orRefused(() => decideLoad(edited, listing));
    if (load?.kind !== 'new generation') orRefused(() => rebuiltFrom(edited, listing, 'its keys are to change'));
  }
  return {
    settings,
    row,
    isRegistered: known !== undefined,
    isChange: JSON.stringify(row.settings) !== JSON.stringify(edited.settings),
    isRebuild,
    loadFiles: listing.loadFiles.filter((file) => !isSuperseded(file, row.progress)),
    changeFiles: listing.changeFiles,
  };
}

/**
 * Sets keys and ActiveFlag in one update of the row, registering the table first if it is not; the caller wakes it.
 * @throws Refused if somebody edited the row since it was read.
 */
export async function activate(
  { row, settings, isRegistered }: PlannedActivation,
  name: TableName,
  { tables, random, config }: Pick<Ports, 'tables' | 'random' | 'config'>,
): Promise<void> {
  if (!isRegistered) await readOrRegisterRow(row.path, name, tables, config);
  try {
    // On the condition of what was planned from: somebody may have registered it meanwhile, and set its keys.
    await saveSettings(row, settings, { tables, random });
  } catch (error) {
    if (!(error instanceof TableItemChanged)) throw error;
    throw new Refused(
      'Somebody edited its row at the same time.',
      `Nothing was changed. See how it stands now: ${commandText('tables', TABLE)}; then try again.`,
      { cause: error },
    );
  }
}

function settingsFor({ settings, progress }: StoredRow, { primaryKey, partitionKey }: ActivationRequest) {
  // Without a key rows are appended for ever: that is said, not assumed.
  if (!primaryKey && settings.primaryKey.length === 0 && !progress.builtWith)
    throw new Refused(
      'No primary key is given, and its row has none.',
      'Give --primary-key with the columns that tell its rows apart, or --no-primary-key: then inserts are appended, and updates and deletes are not applied.',
    );
  return { primaryKey: primaryKey ?? settings.primaryKey, partitionKey: partitionKey ?? settings.partitionKey };
}

async function checkColumns(
  keys: PlannedActivation['settings'],
  listing: RawListing,
  raw: Ports['raw'],
): Promise<void> {
  const files = newestFiles(listing);
  if (files.length === 0)
    throw new Refused(
      'The table has no raw files, so its columns are not known.',
      `Wait until DMS has written its first file. Where DMS has: are bucket, folder and name right? See ${commandText('plan', TABLE)}.`,
    );
  for (const object of files) {
    const file = await openRawFile(raw, object);
    orRefused(() => requireKeyColumns(file, keys, OPTIONS), 'Name columns that its files have, with these options.');
  }
}

const OPTIONS = { PrimaryKey: '--primary-key', PartitionKey: '--partition-key' };
