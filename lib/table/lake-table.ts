import type { Config } from '../config.ts';
import { TableBlocked } from '../errors.ts';
import { footerCacheOf } from '../lake/footer-cache.ts';
import type { FooterCache } from '../lake/footer-cache.ts';
import { entryOf } from '../lake/index-entry.ts';
import type { IndexEntry } from '../lake/index-entry.ts';
import type { KnownLakeFile } from '../lake/known-lake-file.ts';
import { indexedFile, joinedKeys, openedFile } from '../lake/known-lake-file.ts';
import { listTableFolder, openLakeFiles, relativeKey } from '../lake/lake-file.ts';
import { shardCacheOf } from '../lake/shard-cache.ts';
import type { ShardCache } from '../lake/shard-cache.ts';
import type { IndexedFile, TableIndex } from '../lake/table-index.ts';
import { INDEX_FILES_MIN, readIndex, writeIndex } from '../lake/table-index.ts';
import type { Column } from '../parquet/column-type.ts';
import { lakeType, mergeColumns } from '../parquet/widening.ts';
import type { Footer } from '../parquet/footer.ts';
import type { ObjectStore, ObjectSummary, WrittenObject } from '../ports/object-store.ts';
import type { Log } from '../ports/log.ts';
import { readFileMetadata } from '../lake/file-metadata.ts';
import type { TableName } from '../dms/object-key.ts';
import { requireOwnFiles, requireOwnFolders } from './lake-owner.ts';
import type { TableRow } from './row.ts';

/** A table's files in the lake, as far as planning knows them. */
export interface LakeFiles {
  /** Prefix of the table's files in the lake bucket. */
  prefix: string;
  /** Files of the row's generation. */
  current: readonly KnownLakeFile[];
  /** Files of other generations, and those whose rows were taken into another file: they count for nothing. */
  stale: readonly KnownLakeFile[];
  /** All columns that the current files hold, in the order of their first appearance, each in its widest type. */
  columns: readonly Column[];
  index: TableIndex;
}

/** A version of a lake file that was just written. */
export interface WrittenFile extends Pick<ObjectSummary, 'key' | 'eTag' | 'size'> {
  footer: Footer;
}

/** The lake, and what is remembered of it from merge to merge. */
export interface LakeAccess {
  lake: ObjectStore;
  footers: FooterCache;
  shards: ShardCache;
  log: Log;
}

/** @param lake the store itself, not one that wraps it: what is remembered belongs to it */
export function lakeAccess(lake: ObjectStore, log: Log): LakeAccess {
  return { lake, footers: footerCacheOf(lake), shards: shardCacheOf(lake), log };
}

/**
 * Lists a table's files; footers are read of those only that neither the index nor an earlier read tells of.
 * @throws TableBlocked if some are of another table, or one is no lake file.
 */
export async function readLakeFiles(row: TableRow, prefix: string, access: LakeAccess): Promise<LakeFiles> {
  const { lake, footers } = access;
  const folder = await listTableFolder(lake, prefix);
  requireOwnFolders(prefix, folder.files);
  const index = await readIndex(folder, row.settings.primaryKey, access);
  const unknown = folder.files.filter(({ key }) => !index.entries.has(key));
  const opened = new Map((await openLakeFiles(lake, unknown, footers)).map((file) => [file.key, openedFile(file)]));
  const files = folder.files.flatMap((file) => {
    const entry = index.entries.get(file.key);
    return entry ? indexedFile(file, entry, lake, footers) : (opened.get(file.key) ?? []);
  });
  requireOwnFiles(row, prefix, files);
  const ofGeneration = files.filter(({ generation }) => generation === row.progress.generation);
  // Also what a file says that counts no more itself.
  const joined = joinedKeys(ofGeneration);
  const current = ofGeneration.filter((file) => !joined.has(relativeKey(file)));
  const counting = new Set(current);
  const stale = files.filter((file) => !counting.has(file));
  let columns: Column[] = [];
  for (const file of current) columns = mergeColumns(columns, file.columns.map(withLakeType));
  return { prefix, current, stale, columns, index };
}

/** Files whose rows are in another file now and still in them as well: a join was not brought to its end. */
export function joinedLeftovers({ current, stale }: LakeFiles): KnownLakeFile[] {
  const joined = joinedKeys([...current, ...stale]);
  return stale.filter((file) => file.rows > 0 && joined.has(relativeKey(file)));
}

/** Notes in the table's index what a merge has written. Never fails: the index is a cache. */
export async function updateIndex(
  { current, stale, index }: LakeFiles,
  written: readonly WrittenFile[],
  access: LakeAccess,
): Promise<WrittenObject[]> {
  const before = [...current, ...stale];
  const known = new Set(before.map(({ key }) => key));
  const created = written.filter(({ key }) => !known.has(key));
  if (before.length + created.length <= INDEX_FILES_MIN) return [];
  const byKey = new Map(written.map((file) => [file.key, file]));
  const files = await Promise.all(
    before.map(async (file): Promise<IndexedFile> => {
      const version = byKey.get(file.key);
      return version ? indexed(version, index) : { ...file, entry: await knownEntry(file, index) };
    }),
  );
  return writeIndex(index, [...files, ...created.map((file) => indexed(file, index))], access);
}

function indexed({ key, eTag, size, footer }: WrittenFile, { keyNames }: TableIndex): IndexedFile {
  return { key, eTag, size, entry: entryOf({ footer, metadata: readFileMetadata(footer.metadata) }, keyNames) };
}

async function knownEntry(file: KnownLakeFile, { entries, keyNames }: TableIndex): Promise<IndexEntry> {
  return entries.get(file.key) ?? entryOf(await file.open(), keyNames);
}

/**
 * Prefix of a table's files in the lake bucket: `<lake prefix><schema>/<table>/`, or where a row of the hourly solution
 * says that they are. Never higher than that, so that no table's folder holds the usual ones of others.
 * @throws TableBlocked if that is not two folders below the lake prefix.
 */
export function lakePrefix(row: TableRow, { schema, table }: TableName, config: Config): string {
  const { outPath } = row.settings;
  if (outPath === undefined) return `${config.lakePrefix}${schema}/${table}/`;
  const path = outPath.replace(/^s3a?:\/\//, '').replace(/\/*$/, '/');
  const top = `${config.lakeBucket}/${config.lakePrefix}`;
  const isBelow = path.startsWith(top) && path.length > top.length;
  const below = path.slice(top.length);
  const leadsElsewhere = /(^|\/)\.{0,2}\//.test(below);
  const isTooHigh = below.indexOf('/') === below.length - 1;
  if (isBelow && !leadsElsewhere && !isTooHigh) return path.slice(config.lakeBucket.length + 1);
  const fault =
    isBelow && !leadsElsewhere
      ? `is where the tables of a schema are: a table's folder is two folders below the lake, ${top}`
      : `is not a folder below the lake, ${top}`;
  throw new TableBlocked('', `out_path is ${outPath}, which ${fault}.`, {
    next: `Set out_path to ${top}<folder>/<folder>/, or remove it to use ${top}${schema}/${table}/.`,
  });
}

function withLakeType({ name, type }: Column): Column {
  return { name, type: lakeType(type) };
}
