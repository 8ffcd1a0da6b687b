import { mapConcurrently } from '../concurrency.ts';
import type { Footer } from '../parquet/footer.ts';
import type { ReadRange } from '../parquet/parquet-file.ts';
import type { ObjectStore, ObjectSummary } from '../ports/object-store.ts';
import type { FileFilters } from './filter-cache.ts';
import type { FooterCache } from './footer-cache.ts';
import { readFileMetadata } from './file-metadata.ts';
import type { FileMetadata } from './file-metadata.ts';
import { parseShardFileName } from './shard-name.ts';
import type { ShardName } from './shard-name.ts';

/** A file of a table's lake folder, as listed. */
export interface LakeFile extends ObjectSummary {
  /** Partition folders below the table's folder, each with its '/'; empty if there are none. */
  folder: string;
  /** The load that its rows belong to; 0 for files of another writer. */
  generation: number;
}

/** A lake file whose footer was read. */
export interface OpenLakeFile extends LakeFile {
  footer: Footer;
  /** What Tidemark noted in the footer; absent in files of another writer. */
  metadata: FileMetadata | undefined;
  rows: number;
  read: ReadRange;
  /** Bloom filters that were read before, by where they begin. */
  filters: {
    get: () => FileFilters['filters'];
    keep: (filters: FileFilters['filters']) => void;
  };
}

/** `g1-v00000012-<random>.parquet`: generation and claiming version; what a zombie would write is never named again. */
export function lakeFileName(generation: number, version: number, id: string): string {
  return `g${generation}-v${version.toString().padStart(8, '0')}-${id.slice(0, 12)}.parquet`;
}

/** Key relative to the table's folder, as a footer's note names a file. */
export function relativeKey({ key, folder }: Pick<LakeFile, 'key' | 'folder'>): string {
  return folder + key.slice(key.lastIndexOf('/') + 1);
}

const NAME = /^g(\d+)-v\d+-[0-9a-f]+\.parquet$/;

/** A text without the values of partition folders, where it names lake files: `orders/day=…/g1-v00000012-….parquet`. */
export function withoutPartitionValues(text: string): string {
  return text.replace(VALUES, '=…');
}

/** What stands after a folder's equals sign, where nothing but such folders is between it and a lake file's name. */
const VALUES = /=[^/=]*(?=\/(?:[^/=]*=[^/=]*\/)*g\d+-v\d+-[0-9a-f]+\.parquet)/g;

/** An object of a table's index, as listed. */
export interface IndexObject extends ObjectSummary, ShardName {}

/** What lies in a table's lake folder. */
export interface TableFolder {
  /** Prefix of all keys. */
  prefix: string;
  /** In the order of their keys. */
  files: LakeFile[];
  /** Some may be left from when the table had fewer files, or more. */
  indexObjects: IndexObject[];
}

/** The lake files of a table, in the order of their keys. Hidden files and folders (`_`, `.`) are none; a partition
 * column may have such a name. */
export async function listLakeFiles(lake: ObjectStore, prefix: string): Promise<LakeFile[]> {
  return (await listTableFolder(lake, prefix)).files;
}

/** The lake files of a table as `listLakeFiles` says, and the objects of its index, from one listing. */
export async function listTableFolder(lake: ObjectStore, prefix: string): Promise<TableFolder> {
  const files: LakeFile[] = [];
  const indexObjects: IndexObject[] = [];
  for await (const object of lake.list(prefix)) {
    const shard = parseShardFileName(object.key.slice(prefix.length));
    if (shard) indexObjects.push({ ...object, ...shard });
    const file = lakeFileOf(object, prefix);
    if (file) files.push(file);
  }
  return { prefix, files, indexObjects };
}

/** An object below a table's folder, if it is a lake file. */
export function lakeFileOf(object: ObjectSummary, prefix: string): LakeFile | undefined {
  const name = object.key.slice(prefix.length);
  const hidden = name.split('/').some((segment) => /^[_.][^=]*$/.test(segment));
  if (hidden || !name.endsWith('.parquet') || object.size === 0) return undefined;
  const base = name.slice(name.lastIndexOf('/') + 1);
  const folder = name.slice(0, name.length - base.length);
  return { ...object, folder, generation: Number(NAME.exec(base)?.[1] ?? 0) };
}

/**
 * Reads the footers, side by side. Footers of versions seen before are remembered.
 * @throws TableBlocked if a lake file is not one; ObjectChanged if it was replaced since it was listed.
 */
export function openLakeFiles(
  lake: ObjectStore,
  files: readonly LakeFile[],
  footers: FooterCache,
): Promise<OpenLakeFile[]> {
  return mapConcurrently(files, READS_AT_ONCE, (file) => openLakeFile(lake, file, footers));
}

/** @param footerBytes length of the footer, if it is known: then one request is enough */
export async function openLakeFile(
  lake: ObjectStore,
  file: LakeFile,
  footers: FooterCache,
  footerBytes?: number,
): Promise<OpenLakeFile> {
  const read = rangeReader(lake, file, WHOLE_BYTES_MAX);
  const footer = await footers.footer(file, read, footerBytes);
  const rows = footer.rowGroups.reduce((sum, group) => sum + group.rows, 0);
  const filters = {
    get: () => footers.filters.get(file)?.filters ?? NO_FILTERS,
    keep: (known: FileFilters['filters']) => footers.filters.keep(file, { byteLength: bytesOf(known), filters: known }),
  };
  return { ...file, footer, metadata: readFileMetadata(footer.metadata), rows, read, filters };
}

/** Reads ranges of one version; a file of at most `wholeBytesMax` is read whole, once, and kept as long as the reader. */
export function rangeReader(store: ObjectStore, { key, eTag, size }: ObjectSummary, wholeBytesMax: number): ReadRange {
  if (size > wholeBytesMax) return (start, end) => store.read(key, eTag, start, end);
  let whole: Promise<Uint8Array> | undefined;
  return async (start, end) => {
    whole ??= store.read(key, eTag, 0, size);
    return (await whole).subarray(start, end);
  };
}

const NO_FILTERS: FileFilters['filters'] = new Map();

function bytesOf(filters: FileFilters['filters']): number {
  return [...filters.values()].reduce((sum, filter) => sum + (filter?.byteLength ?? 0), 0);
}

const READS_AT_ONCE = 16;
/** A merge has all files of its table open. */
const WHOLE_BYTES_MAX = 64 * 1024;
