/** Whether a table is as its raw files say, or why it may be otherwise. */
import type { TableItem } from '../../lib/ports/table-store.ts';
import type { LakeView } from './lake-view.ts';
import type { RawVersion } from './raw-version.ts';
import { isMerged } from './raw-version.ts';
import { keyKindOf } from './row.ts';
import type { SourceTable } from './source-table.ts';

/** How a table differs from what all its files make; undefined if it is up to date. */
export function arrears(table: SourceTable, view: LakeView): string | undefined {
  const { path, model, lakeFolder, key, item } = table;
  if (!item) return `${path} is not registered`;
  for (const attribute of ['Blocked', 'Intent', 'Partial', 'Replay'])
    if (item[attribute] !== undefined) return `${path} has ${attribute} ${JSON.stringify(item[attribute])}`;
  const loads = (item.LoadFiles ?? {}) as Record<string, string>;
  for (const version of model.current(item)) {
    const isDone = version.kind === 'load' ? loads[version.name] === version.eTag : isDoneIn(item, table, version);
    if (!isDone) return `${path} has ${version.name}, which its row does not say is merged`;
  }
  const difference = model.difference(model.expected(key, item), view.rows(lakeFolder), key, item);
  if (difference) return `the lake of ${path} ${difference}`;
  const wrongKey = item.BuiltWith && keyKindOf((item.BuiltWith as { PrimaryKey: string }).PrimaryKey) !== key;
  if (wrongKey) return `${path} is built with other keys than its row has`;
  return ofColumns(table, view) ?? ofMissingFiles(table, item);
}

/** Where a file went that a merge had begun with, some may have its columns, and the others get them with the next one. */
function ofColumns({ path, lakeFolder, model }: SourceTable, view: LakeView): string | undefined {
  if (model.isDoubtful) return undefined;
  const columns = [...view.columns(lakeFolder)];
  const names = new Set(columns.map((text) => text.split(' ')[0]));
  return names.size < columns.length ? `files of ${path} differ in their columns: ${columns.join('; ')}` : undefined;
}

/** A row need not know any more of files that are gone. */
function isDoneIn(item: TableItem, { model }: SourceTable, version: RawVersion): boolean {
  return isMerged(version, item) || model.present.get(version.name) !== version;
}

function ofMissingFiles({ path, model }: SourceTable, item: TableItem): string | undefined {
  const said = (item.RawFilesGone as { lake: string } | undefined)?.lake;
  if (model.present.size > 0) return said && `${path} is said to have no raw files, and has`;
  if (said === undefined) return model.isPartGone() ? `${path} is not said to have no raw files` : undefined;
  const due = item.OnTruncate === 'empty' ? 'emptied' : 'kept';
  return said === due || said === 'emptied' ? undefined : `the lake of ${path} is ${said} instead of ${due}`;
}

/**
 * Whether a table may be blocked, though no file of it is bad: it must be built anew, or a late file must be put in its place,
 * and what it was made from is not all there, or not known.
 */
export function isRightlyBlocked({ model, item }: SourceTable): boolean {
  const blocked = item?.Blocked as { file: string } | undefined;
  if (!blocked || !(model.isPartGone() || model.isPieceMissing() || item?.TakenOver === true)) return false;
  return blocked.file === '' || model.present.get(blocked.file)?.kind === 'change';
}

/** How the lake of a table that is blocked differs from what its row says is merged. */
export function lostWhileBlocked(
  { model, item, lakeFolder, isAhead }: SourceTable,
  view: LakeView,
): string | undefined {
  if (!item?.BuiltWith || isAhead || model.isLakeOld || item.Intent !== undefined) return undefined;
  const key = keyKindOf((item.BuiltWith as { PrimaryKey: string }).PrimaryKey);
  return model.difference(model.expectedBy(item, key), view.rows(lakeFolder), key, item);
}
