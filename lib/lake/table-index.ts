import { createHash } from 'node:crypto';
import { mapConcurrently } from '../concurrency.ts';
import type { Log } from '../ports/log.ts';
import type { ObjectStore, ObjectSummary, WrittenObject } from '../ports/object-store.ts';
import type { IndexEntry } from './index-entry.ts';
import { foldedNames } from './index-entry.ts';
import type { IndexedVersion, IndexShard } from './index-shard.ts';
import { decodeShard, encodeShard } from './index-shard.ts';
import type { IndexObject, TableFolder } from './lake-file.ts';
import type { ShardCache } from './shard-cache.ts';
import { shardCount, shardFileName } from './shard-name.ts';

/**
 * What is known of a table's lake files without opening them, so that a merge opens only those that it must.
 *
 * The index is a pure cache in the table's folder, divided by partition, so that a merge that changes few partitions
 * writes few of its objects. An entry counts only for the very version of the file that it was made of. What is missing,
 * damaged, of another format or made for other key columns is as if it were not there: the file's footer is read. So
 * no failure to read or write it ever fails a merge, and losing it costs requests alone.
 */
export interface TableIndex {
  /** Entries of files as listed, by the file's key. */
  entries: ReadonlyMap<string, IndexEntry>;
  folder: TableFolder;
  /** Folded. */
  keyNames: readonly string[];
  /** What the objects hold, by their keys; those that are of no use are absent. */
  shards: ReadonlyMap<string, IndexShard>;
}

/** Where an index is read and written. */
export interface IndexStore {
  lake: ObjectStore;
  shards: ShardCache;
  log: Log;
}

/** A version of a lake file and its entry. */
export interface IndexedFile extends Pick<ObjectSummary, 'key' | 'eTag' | 'size'> {
  entry: IndexEntry;
}

/** Tables of at most so many lake files have no index: their footers are cheap. */
export const INDEX_FILES_MIN = 16;

/** @param keyNames names of the primary key's columns as people wrote them */
export async function readIndex(
  folder: TableFolder,
  keyNames: readonly string[],
  store: IndexStore,
): Promise<TableIndex> {
  const folded = foldedNames(keyNames);
  const shards = new Map<string, IndexShard>();
  await mapConcurrently(readableObjects(folder), REQUESTS_AT_ONCE, async (object) => {
    const shard = await readShard(object, store);
    if (shard && sameNames(shard.keyNames, folded)) shards.set(object.key, shard);
  });
  const listed = new Map(folder.files.map((file) => [file.key, file]));
  const entries = new Map<string, IndexEntry>();
  for (const shard of shards.values()) {
    for (const [name, { eTag, size, entry }] of shard.files) {
      const file = listed.get(folder.prefix + name);
      if (file?.eTag === eTag && file.size === size) entries.set(file.key, entry);
    }
  }
  return { entries, folder, keyNames: folded, shards };
}

/**
 * Writes the objects of the index whose entries are others than before, each if it is still as listed, and removes those
 * of another division. A conflict or a failure is only logged.
 * @param index as read before the merge
 * @param files all lake files as they are after it, as far as their entries are known
 * @returns what was written
 */
export async function writeIndex(
  index: TableIndex,
  files: readonly IndexedFile[],
  store: IndexStore,
): Promise<WrittenObject[]> {
  const { prefix, indexObjects } = index.folder;
  const content = divide(files, prefix);
  const changed = [...content].filter(([key, versions]) => !holdsExactly(index.shards.get(key), versions));
  const listed = new Map(indexObjects.map((object) => [object.key, object]));
  const writes = await mapConcurrently(changed, REQUESTS_AT_ONCE, ([key, versions]) =>
    writeShard(key, listed.get(key), index.keyNames, versions, store),
  );
  const written = writes.filter((write) => write !== undefined);
  // Until the new ones are all there, the old ones still spare requests.
  if (written.length < changed.length) return written;
  const left = indexObjects.filter(({ key }) => !content.has(key));
  await mapConcurrently(left, REQUESTS_AT_ONCE, ({ key, eTag }) =>
    orLogged('an object of the table index was not removed', key, () => store.lake.delete(key, eTag), store.log),
  );
  return written;
}

/** All that may be of use: the table may have had half as many shards when it was written, or be about to have fewer. */
function readableObjects({ files, indexObjects }: TableFolder): IndexObject[] {
  if (files.length <= INDEX_FILES_MIN) return [];
  const shardsMax = 2 * shardCount(files.length);
  return indexObjects.filter(({ shards, size }) => shards <= shardsMax && size > 0 && size <= OBJECT_BYTES_MAX);
}

async function readShard(
  { key, eTag, size }: IndexObject,
  { lake, shards, log }: IndexStore,
): Promise<IndexShard | undefined> {
  const known = shards.get({ key, eTag });
  if (known) return known;
  const read = (): Promise<Uint8Array> => lake.read(key, eTag, 0, size);
  const bytes = await orLogged('an object of the table index was not read', key, read, log);
  const shard = bytes && (await decodeShard(bytes));
  if (shard) shards.keep({ key, eTag }, shard);
  else if (bytes) log.info('an object of the table index is of no use', { key });
  return shard;
}

async function writeShard(
  key: string,
  listed: IndexObject | undefined,
  keyNames: readonly string[],
  versions: ReadonlyMap<string, IndexedVersion>,
  { lake, shards, log }: IndexStore,
): Promise<WrittenObject | undefined> {
  const encoded = await encodeShard(keyNames, versions);
  if (!encoded || encoded.bytes.length > OBJECT_BYTES_MAX) {
    log.info('an object of the table index would be too large', { key, files: versions.size });
    return undefined;
  }
  const replaces = listed ? { eTag: listed.eTag } : 'absent';
  const write = (): Promise<WrittenObject> => lake.write(key, [encoded.bytes], replaces);
  const written = await orLogged('an object of the table index was not written', key, write, log);
  if (written) shards.keep({ key, eTag: written.eTag }, encoded.shard);
  return written;
}

/** A store's failure is swallowed: without the index all is as right as with it. */
async function orLogged<T>(message: string, key: string, request: () => Promise<T>, log: Log): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    log.info(message, { key, error });
    return undefined;
  }
}

/** The files by the object of the index that they belong in: all of a partition in one. */
function divide(files: readonly IndexedFile[], prefix: string): Map<string, Map<string, IndexedVersion>> {
  const objects = new Map<string, Map<string, IndexedVersion>>();
  if (files.length <= INDEX_FILES_MIN) return objects;
  const shards = shardCount(files.length);
  const objectOf = new Map<string, string>();
  for (const { key, eTag, size, entry } of files) {
    const name = key.slice(prefix.length);
    const partition = name.slice(0, name.lastIndexOf('/') + 1);
    const object = objectOf.get(partition) ?? prefix + shardFileName({ shards, shard: hash(partition) % shards });
    objectOf.set(partition, object);
    const versions = objects.get(object) ?? new Map<string, IndexedVersion>();
    objects.set(object, versions.set(name, { eTag, size, entry }));
  }
  return objects;
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

/** An entry follows from the file's version, so entries of the same versions are the same. */
function holdsExactly(shard: IndexShard | undefined, versions: ReadonlyMap<string, IndexedVersion>): boolean {
  if (shard?.files.size !== versions.size) return false;
  return [...versions].every(([name, { eTag, size }]) => {
    const stored = shard.files.get(name);
    return stored?.eTag === eTag && stored.size === size;
  });
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

const REQUESTS_AT_ONCE = 16;
/** Of an object as stored. */
const OBJECT_BYTES_MAX = 8 * 1024 * 1024;
