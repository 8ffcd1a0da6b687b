/** What people do about a table: they edit its row, or give commands. */
import { parseRawFile } from '../../lib/dms/raw-file.ts';
import { configureTable } from '../../lib/table/configure.ts';
import type { Account } from './account.ts';
import { runReplay, runSkip } from './commands.ts';
import { isMerged, loadFiles } from './raw-version.ts';
import type { Event, KeyKind } from './scenario.ts';
import type { SourceTable } from './source-table.ts';

/** Its keys are set, and that it is to be merged. */
export function activate({ name, key, isPartitioned }: SourceTable, account: Account): Promise<void> {
  const { tables, config } = account;
  const primaryKey = key === 'none' ? [] : key.split(',');
  const settings = { primaryKey, partitionKey: isPartitioned ? ['day'] : [], active: true };
  return configureTable(name, settings, { tables, random: { id: () => account.id() }, config });
}

export function edit({ path, item }: SourceTable, attributes: Record<string, string>, account: Account): void {
  if (item) account.tables.edit(path, attributes);
}

export function setKey(table: SourceTable, key: KeyKind, account: Account): void {
  if (!isKeyable(table)) return;
  table.key = key;
  table.wasRekeyed = true;
  edit(table, { PrimaryKey: key === 'none' ? 'null' : key }, account);
}

export function setPartitioned(table: SourceTable, isPartitioned: boolean, account: Account): void {
  if (!isKeyable(table)) return;
  table.isPartitioned = isPartitioned;
  edit(table, { PartitionKey: isPartitioned ? 'day' : 'null' }, account);
}

export function replay(
  { path, model }: SourceTable,
  { what, nth }: Event & { kind: 'replay' },
  account: Account,
): void {
  const names = model.changeNames();
  const name = names[nth % names.length];
  if (what === 'all') {
    runReplay(account, path, { kind: what });
    return;
  }
  if (name === undefined) return;
  const file = parseRawFile(name);
  if (what === 'from file') runReplay(account, path, { kind: what, file: name });
  else if (file.kind === 'change') runReplay(account, path, { kind: what, order: file.order });
}

/** The file in the way, or one that is not merged. */
export function skip({ path, model, item }: SourceTable, what: 'change' | 'load', account: Account): void {
  if (!item) return;
  const blocked = (item.Blocked as { file: string } | undefined)?.file;
  const waiting = model.current(item).findLast((version) => {
    if (version.kind !== what) return false;
    return what === 'change' ? !isMerged(version, item) : loadFiles(item)[version.name] !== version.eTag;
  });
  const name = blocked || waiting?.name;
  // The first piece of a load is not told from a new load once it counts again.
  if (name === undefined || name.startsWith(FIRST_PIECE)) return;
  model.askedToSkip.add(name);
  runSkip(account, path, name, { undo: false });
}

export function takeSkipBack({ path, item }: SourceTable, account: Account): void {
  const [file] = Object.keys(item?.SkippedFiles ?? {});
  if (file !== undefined) runSkip(account, path, file, { undo: true });
}

const FIRST_PIECE = 'LOAD00000001';

/** The lake that the hourly solution left is as its row says, until Tidemark has taken it over. */
function isKeyable({ model, item }: SourceTable): boolean {
  return !model.hourly || item?.BuiltWith !== undefined;
}
