import type { Attribute, TableItem } from '../ports/table-store.ts';
import { foreignText } from '../ports/table-store.ts';
import type { Blocked, BuiltWith, CatalogState, IntendedWrite, Progress, RawGone, Replay, TableRow } from './row.ts';
import { digestText, NO_NAMES, parseDigest } from './name-digest.ts';
import { NEVER_LOADED } from './row.ts';

/**
 * A table's row as an item of the controller table.
 *
 * `path`, `bucket`, `prefix`, `folder`, `PrimaryKey`, `PartitionKey`, `LastFullLoadDate`, `LastIncrementalFile`,
 * `ActiveFlag` and `out_path` have the names and forms that users of the hourly solution know: keys as `'id'`, `'a,b'` or
 * `'null'`, flags as `'true'` and `'false'`. `OnTruncate` is `'empty'` or, as if it were absent, `'keep'`.
 */
export function rowOfItem(item: TableItem): TableRow {
  const { path } = item;
  return {
    path,
    settings: {
      primaryKey: columnNames(item.PrimaryKey),
      partitionKey: columnNames(item.PartitionKey),
      active: text(item.ActiveFlag).trim().toLowerCase() === 'true',
      outPath: outPathOf(item.out_path),
      onTruncate: text(item.OnTruncate).trim().toLowerCase() === 'empty' ? 'empty' : 'keep',
      illegible: TEXT_ATTRIBUTES.filter((name) => typeof item[name] === 'object'),
    },
    progress: progressOf(item, path),
  };
}

/** The item of a table that is seen for the first time: inactive, so that a person confirms its keys. */
export function newItem(
  table: { bucket: string; prefix: string; schema: string; table: string },
  path: string,
): TableItem {
  return {
    path,
    bucket: table.bucket,
    prefix: table.prefix,
    folder: `${table.schema}/${table.table}`,
    PrimaryKey: 'null',
    PartitionKey: 'null',
    LastFullLoadDate: NEVER_LOADED,
    LastIncrementalFile: incrementalFile(path, undefined),
    ActiveFlag: 'false',
    Version: 0,
  };
}

/** Attributes that people edit; each update is made on the condition that they are as they were read. */
export const EDITED_ATTRIBUTES = ['PrimaryKey', 'PartitionKey', 'ActiveFlag', 'out_path', 'OnTruncate'] as const;

/** A list of keys, say, must not be taken for no keys: the table would be built anew without them. */
const TEXT_ATTRIBUTES = ['PrimaryKey', 'PartitionKey', 'out_path'] as const;

/** Names of columns as `PrimaryKey` and `PartitionKey` hold them. */
export function columnNamesText(names: readonly string[]): string {
  return names.length === 0 ? 'null' : names.join(',');
}

/** Attributes that hold a row's progress; those that are undefined are absent. */
export function progressAttributes(path: string, progress: Progress): Record<string, Attribute | undefined> {
  const { coverage, intent, blocked, partial, builtWith, loadFiles, supersededLoadFiles, skipped } = progress;
  const { nameDigest } = progress;
  return {
    LastFullLoadDate: progress.lastFullLoadDate,
    LastIncrementalFile: incrementalFile(path, progress.lastChangeFile),
    Version: progress.version,
    Generation: progress.generation,
    Since: progress.since || undefined,
    LastChangeAt: progress.lastChangeAt,
    LoadFiles: loadFiles.size > 0 ? Object.fromEntries(loadFiles) : undefined,
    SupersededLoadFiles: supersededLoadFiles.size > 0 ? Object.fromEntries(supersededLoadFiles) : undefined,
    SupersededUntil: progress.supersededUntil,
    LoadedUntil: progress.loadedUntil,
    SkippedFiles: skipped.size > 0 ? Object.fromEntries(skipped) : undefined,
    LowWaterMark: coverage.mark,
    SweptAt: coverage.sweptAt || undefined,
    MergedFiles: coverage.names.size > 0 ? [...coverage.names] : undefined,
    Adopted: progress.adopted || undefined,
    TakenOver: progress.takenOver || undefined,
    ChangeFiles: progress.changeFiles || undefined,
    ChangeFileNames: progress.changeFiles && nameDigest !== undefined ? digestText(nameDigest) : undefined,
    Partial: partial && { ...partial },
    Replay: progress.replay && replayAttribute(progress.replay),
    RawFilesGone: progress.rawGone && { ...progress.rawGone },
    PartitionForms: progress.partitionForms?.length ? progress.partitionForms : undefined,
    BuiltWith: builtWith && builtWithAttribute(builtWith),
    Intent:
      intent.length > 0
        ? intent.map(({ key, replaces }) => [key, replaces === 'absent' ? '' : replaces.eTag])
        : undefined,
    FreshSince: progress.freshSince || undefined,
    BegunWith: progress.begunWith,
    RowsToday: progress.today && { ...progress.today },
    Attempts: progress.attempts || undefined,
    CleanUpAt: progress.cleanUpAt,
    Blocked: blocked && { ...blocked },
    Catalog: progress.catalog && catalogAttribute(progress.catalog),
  };
}

function progressOf(item: TableItem, path: string): Progress {
  const incremental = text(item.LastIncrementalFile);
  const at = incremental.lastIndexOf(path);
  const name = at < 0 ? incremental.slice(incremental.lastIndexOf('/') + 1) : incremental.slice(at + path.length);
  const partial = record(item.Partial);
  const builtWith = record(item.BuiltWith);
  const blocked = record(item.Blocked);
  const replay = record(item.Replay);
  const rawGone = record(item.RawFilesGone);
  const today = record(item.RowsToday);
  const catalog = record(item.Catalog);
  return {
    version: item.Version === undefined ? undefined : number(item.Version),
    generation: number(item.Generation),
    lastFullLoadDate: text(item.LastFullLoadDate) || NEVER_LOADED,
    lastChangeFile: name === '' || name === NO_CHANGE_FILE ? undefined : name,
    lastChangeAt: item.LastChangeAt === undefined ? undefined : number(item.LastChangeAt),
    since: number(item.Since),
    loadFiles: textMap(item.LoadFiles),
    supersededLoadFiles: textMap(item.SupersededLoadFiles),
    supersededUntil: item.SupersededUntil === undefined ? undefined : number(item.SupersededUntil),
    loadedUntil: item.LoadedUntil === undefined ? undefined : number(item.LoadedUntil),
    skipped: textMap(item.SkippedFiles),
    coverage: {
      mark: item.LowWaterMark === undefined ? undefined : text(item.LowWaterMark),
      sweptAt: number(item.SweptAt),
      names: new Set(list(item.MergedFiles).map(text)),
    },
    adopted: item.Adopted === true,
    takenOver: item.TakenOver === true,
    changeFiles: number(item.ChangeFiles),
    nameDigest: item.ChangeFiles === undefined ? NO_NAMES : parseDigest(text(item.ChangeFileNames)),
    partial: partial && {
      file: text(partial.file),
      eTag: text(partial.eTag),
      rows: number(partial.rows),
      ...(partial.isBad === true && { isBad: true }),
    },
    replay: replay && replayOf(replay),
    rawGone: rawGone && { since: text(rawGone.since), lake: lakeOf(rawGone.lake) },
    partitionForms: item.PartitionForms === undefined ? undefined : list(item.PartitionForms).map(text),
    builtWith: builtWith && {
      primaryKey: columnNames(builtWith.PrimaryKey),
      partitionKey: columnNames(builtWith.PartitionKey),
      outPath: outPathOf(builtWith.out_path),
    },
    intent: list(item.Intent).map(intendedWrite),
    freshSince: number(item.FreshSince),
    begunWith: item.BegunWith === undefined ? undefined : number(item.BegunWith),
    today: today && { day: text(today.day), rows: number(today.rows) },
    attempts: number(item.Attempts),
    cleanUpAt: item.CleanUpAt === undefined ? undefined : number(item.CleanUpAt),
    blocked: blocked && blockedOf(blocked),
    catalog: catalog && catalogOf(catalog),
  };
}

/** What the hourly solution writes for "none yet". */
const NO_CHANGE_FILE = '0.parquet';

function incrementalFile(path: string, name: string | undefined): string {
  return path + (name ?? NO_CHANGE_FILE);
}

function columnNames(attribute: Attribute | undefined): string[] {
  const names = text(attribute)
    .split(',')
    .map((name) => name.trim());
  return names.filter((name) => name !== '' && name !== 'null');
}

function outPathOf(attribute: Attribute | undefined): string | undefined {
  const outPath = text(attribute).trim();
  return outPath === '' || outPath === 'null' ? undefined : outPath;
}

function builtWithAttribute({ primaryKey, partitionKey, outPath }: BuiltWith): Attribute {
  return {
    PrimaryKey: columnNamesText(primaryKey),
    PartitionKey: columnNamesText(partitionKey),
    ...(outPath !== undefined && { out_path: outPath }),
  };
}

function intendedWrite(attribute: Attribute): IntendedWrite {
  const [key, eTag] = list(attribute);
  return { key: text(key), replaces: text(eTag) === '' ? 'absent' : { eTag: text(eTag) } };
}

function blockedOf(blocked: Readonly<Record<string, Attribute>>): Blocked {
  return {
    file: text(blocked.file),
    eTag: text(blocked.eTag),
    reason: text(blocked.reason),
    next: text(blocked.next),
    since: text(blocked.since),
    settings: text(blocked.settings),
  };
}

function replayAttribute({ loadFiles, changeFiles, until }: Replay): Attribute {
  return { loadFiles, changeFiles, ...(until !== undefined && { until }) };
}

function replayOf({ loadFiles, changeFiles, until }: Readonly<Record<string, Attribute>>): Replay {
  const name = text(until);
  return { loadFiles: number(loadFiles), changeFiles: number(changeFiles), until: name === '' ? undefined : name };
}

function lakeOf(attribute: Attribute | undefined): RawGone['lake'] {
  return attribute === 'emptying' || attribute === 'emptied' ? attribute : 'kept';
}

function catalogAttribute({ table, definition, partitionTypes, due, tries, failed }: CatalogState): Attribute {
  return {
    table,
    ...(definition !== undefined && { definition }),
    ...(partitionTypes.length > 0 && { partitionTypes }),
    ...(due && { due }),
    ...(tries > 0 && { tries }),
    ...(failed && { failed: { ...failed } }),
  };
}

function catalogOf(catalog: Readonly<Record<string, Attribute>>): CatalogState {
  const failed = record(catalog.failed);
  return {
    table: text(catalog.table),
    definition: text(catalog.definition) || undefined,
    partitionTypes: list(catalog.partitionTypes).map(text),
    due: catalog.due === true,
    tries: number(catalog.tries),
    failed: failed && {
      reason: text(failed.reason),
      next: text(failed.next),
      since: text(failed.since),
      triedAt: number(failed.triedAt),
    },
  };
}

// People edit these items, so whatever has another form than ours counts as absent.

function text(attribute: Attribute | undefined): string {
  return typeof attribute === 'string' || typeof attribute === 'number' || typeof attribute === 'boolean'
    ? String(attribute)
    : '';
}

function number(attribute: Attribute | undefined): number {
  const value = Number(text(attribute) || 0);
  return Number.isFinite(value) ? value : 0;
}

function list(attribute: Attribute | undefined): readonly Attribute[] {
  return Array.isArray(attribute) ? (attribute as readonly Attribute[]) : [];
}

function record(attribute: Attribute | undefined): Readonly<Record<string, Attribute>> | undefined {
  if (typeof attribute !== 'object' || Array.isArray(attribute) || foreignText(attribute) !== undefined)
    return undefined;
  return attribute as Readonly<Record<string, Attribute>>;
}

function textMap(attribute: Attribute | undefined): Map<string, string> {
  return new Map(Object.entries(record(attribute) ?? {}).map(([name, value]) => [name, text(value)]));
}
