import { parseObjectKey, tablePath } from '../dms/object-key.ts';
import { parseRawFile } from '../dms/raw-file.ts';
import type { ObjectSummary } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import { rowOfItem } from '../table/item.ts';
import { pendingChanges, pendingLoads } from '../table/pending.ts';
import type { ChangeFile, LoadFile, RawListing } from '../table/raw-listing.ts';
import type { TableRow } from '../table/row.ts';

/** A raw file as a listing has it. */
export type ListedFile = LoadFile | ChangeFile | UnsupportedFile;
type UnsupportedFile = Pick<LoadFile, 'name' | 'eTag' | 'lastModified' | 'size'> & { kind: 'unsupported' };

/** @param name relative to the table's folder  @returns undefined if it is no file of a table */
export function listedFile(object: ObjectSummary, name: string): ListedFile | undefined {
  const found = parseRawFile(name);
  return found.kind === 'ignored' ? undefined : { ...object, ...found };
}

/** Names of the files that are still to be merged, as a merge would find them. */
export function pendingNames(files: readonly ListedFile[], { progress }: Pick<TableRow, 'progress'>): Set<string> {
  const unsupported = files.filter(({ kind }) => kind === 'unsupported');
  const listing: RawListing = {
    loadFiles: files.filter((file) => file.kind === 'load'),
    changeFiles: files.filter((file) => file.kind === 'change'),
    unsupported: [],
    skipped: [],
    whole: false,
    listedAt: 0,
  };
  const pending = [...pendingLoads(progress, listing), ...pendingChanges(progress, listing), ...unsupported];
  return new Set(pending.map(({ name }) => name));
}

/** Of each table of the raw folder, the files that are there and not merged, one table after the other. */
export async function* pendingFiles(
  ports: Pick<Ports, 'raw' | 'tables' | 'config'>,
): AsyncIterable<{ path: string; files: ListedFile[] }> {
  const { rawBucket, rawPrefix } = ports.config;
  let [path, listed]: [string, ListedFile[]] = ['', []];
  // A listing is in the order of keys: a table's files come together.
  for await (const object of ports.raw.list(rawPrefix)) {
    const key = parseObjectKey(object.key, rawPrefix);
    const file = key.kind === 'table' ? listedFile(object, key.file) : undefined;
    if (key.kind === 'other' || !file) continue;
    const ofTable = tablePath(rawBucket, rawPrefix, key.schema, key.table);
    if (ofTable !== path && listed.length > 0) yield { path, files: await pendingOf(path, listed, ports) };
    if (ofTable !== path) [path, listed] = [ofTable, []];
    listed.push(file);
  }
  if (listed.length > 0) yield { path, files: await pendingOf(path, listed, ports) };
}

async function pendingOf(
  path: string,
  listed: readonly ListedFile[],
  { tables }: Pick<Ports, 'tables'>,
): Promise<ListedFile[]> {
  const item = await tables.get(path);
  if (!item) return [...listed];
  const row = rowOfItem(item);
  const pending = pendingNames(listed, row);
  return listed.filter(({ name, eTag }) => pending.has(name) && row.progress.skipped.get(name) !== eTag);
}
