import type { ChangeFileName } from '../dms/raw-file.ts';
import { compareChangeFiles, compareText, parseRawFile } from '../dms/raw-file.ts';
import type { RawObject } from '../merge/raw-slice.ts';
import type { ObjectStore, ObjectSummary } from '../ports/object-store.ts';
import { isAccountedFor } from './coverage.ts';
import type { TableRow } from './row.ts';

export type LoadFile = RawObject & { kind: 'load' };
export type ChangeFile = RawObject & ChangeFileName;

export type UnsupportedFile = Pick<RawObject, 'eTag' | 'lastModified'> & { name: string; why: string; next: string };

/** The raw files of a table, by what they are. */
export interface RawListing {
  /** In the order of their names. */
  loadFiles: readonly LoadFile[];
  /** In the order in which they apply. */
  changeFiles: readonly ChangeFile[];
  /** Files that DMS should not have written like this. */
  unsupported: readonly UnsupportedFile[];
  /** Files of any kind that a person had skipped, in this version: they count for nothing. */
  skipped: readonly (ObjectSummary & { kind: 'load' | 'change' | 'unsupported'; name: string })[];
  /** Whether the whole table was listed, rather than what sorts after the row's mark. */
  whole: boolean;
  /** When the listing began, in ms since the epoch. */
  listedAt: number;
}

/**
 * Lists a table's raw files: from the row's mark on, or the whole table if that is asked for, or if a key that woke us is
 * not among what was listed though it is not accounted for (a late file, or date folders that do not sort by time).
 * @param keys decoded keys of the objects that woke us, hints only
 */
export async function listRawFiles(
  row: TableRow,
  hints: { keys: readonly string[]; whole: boolean },
  raw: ObjectStore,
  now: number,
): Promise<RawListing> {
  const prefix = rawPrefix(row.path);
  const { coverage, skipped } = row.progress;
  if (hints.whole || coverage.mark === undefined) return list(prefix, undefined, skipped, raw, now);
  const listing = await list(prefix, coverage.mark, skipped, raw, now);
  const seen = new Set(listedFiles(listing).map(({ name }) => name));
  for (const key of hints.keys) {
    const name = key.slice(prefix.length);
    if (key.startsWith(prefix) && !seen.has(name) && (await isNews(key, name, row, raw))) {
      return list(prefix, undefined, skipped, raw, now);
    }
  }
  return listing;
}

/** Whether the table has any raw object, be it none of DMS: then the sweep wakes it, and it is registered. */
export async function hasRawObjects(path: string, raw: Pick<ObjectStore, 'list'>): Promise<boolean> {
  const prefix = rawPrefix(path);
  for await (const { key } of raw.list(prefix)) if (key !== prefix) return true;
  return false;
}

/** When the newest of the raw files was last modified, in ms since the epoch; undefined if there is none. */
export function newestListed(listing: RawListing): number | undefined {
  const times = [...listedFiles(listing), ...listing.skipped].map(({ lastModified }) => lastModified.getTime());
  return times.length === 0 ? undefined : times.reduce((newest, time) => Math.max(newest, time));
}

/** All files that count. */
export function listedFiles({
  loadFiles,
  changeFiles,
  unsupported,
}: RawListing): Pick<UnsupportedFile, 'name' | 'eTag' | 'lastModified'>[] {
  return [...loadFiles, ...changeFiles, ...unsupported];
}

/** Name → eTag. */
export function versionsOf(files: readonly { name: string; eTag: string }[]): Map<string, string> {
  return new Map(files.map(({ name, eTag }) => [name, eTag]));
}

/** Prefix of the table's objects in the raw bucket. */
export function rawPrefix(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

async function isNews(key: string, name: string, row: TableRow, raw: ObjectStore): Promise<boolean> {
  const object = await raw.head(key);
  if (!object || row.progress.skipped.get(name) === object.eTag) return false;
  const file = parseRawFile(name);
  if (file.kind === 'load') return row.progress.loadFiles.get(name) !== object.eTag;
  if (file.kind === 'change')
    return !isAccountedFor({ ...file, lastModified: object.lastModified }, row.progress.coverage);
  return file.kind === 'unsupported';
}

async function list(
  prefix: string,
  mark: string | undefined,
  skips: ReadonlyMap<string, string>,
  raw: ObjectStore,
  listedAt: number,
): Promise<RawListing> {
  const loadFiles: LoadFile[] = [];
  const changeFiles: ChangeFile[] = [];
  const unsupported: UnsupportedFile[] = [];
  const skipped: RawListing['skipped'][number][] = [];
  for await (const object of raw.list(prefix, mark === undefined ? {} : { after: prefix + mark })) {
    const file = parseRawFile(object.key.slice(prefix.length));
    if (file.kind === 'ignored') continue;
    if (skips.get(file.name) === object.eTag) skipped.push({ ...object, kind: file.kind, name: file.name });
    else if (file.kind === 'load') loadFiles.push({ ...object, kind: 'load', name: file.name });
    else if (file.kind === 'change') changeFiles.push({ ...object, ...file });
    else unsupported.push({ ...file, eTag: object.eTag, lastModified: object.lastModified });
  }
  loadFiles.sort((a, b) => compareText(a.name, b.name));
  changeFiles.sort(compareChangeFiles);
  return { loadFiles, changeFiles, unsupported, skipped, whole: mark === undefined, listedAt };
}
