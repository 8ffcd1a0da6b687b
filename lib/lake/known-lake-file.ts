import type { FooterColumn } from '../parquet/footer.ts';
import type { ChunkStatistics } from '../parquet/statistics.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { FileMetadata } from './file-metadata.ts';
import type { FooterCache } from './footer-cache.ts';
import type { IndexEntry } from './index-entry.ts';
import type { LakeFile, OpenLakeFile } from './lake-file.ts';
import { openLakeFile } from './lake-file.ts';

/** A lake file as far as planning knows it before it is opened: from its footer, or from the table's index. */
export interface KnownLakeFile extends LakeFile {
  rows: number;
  /** Length of its footer, length field and magic number included. */
  footerBytes: number;
  columns: readonly FooterColumn[];
  /** What Tidemark noted in the footer; absent in files of another writer. */
  metadata: FileMetadata | undefined;
  /** Nulls and bounds of key columns over the whole file, in its own types; undefined if that was not looked up. */
  statistics: ReadonlyMap<string, ChunkStatistics> | undefined;
  /**
   * @throws TableBlocked if it is no lake file; ObjectChanged if it was replaced since it was listed.
   */
  open: () => Promise<OpenLakeFile>;
}

/** Keys, relative to the table's folder, of files whose rows were taken into one of these. */
export function joinedKeys(files: readonly Pick<KnownLakeFile, 'metadata'>[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ metadata }) => metadata?.joined ?? []));
}

export function openedFile(file: OpenLakeFile): KnownLakeFile {
  const { footer, ...rest } = file;
  const { byteLength: footerBytes, columns } = footer;
  return { ...rest, footerBytes, columns, statistics: undefined, open: () => Promise.resolve(file) };
}

/** A file that is opened when it is needed, with one request; then only once. */
export function indexedFile(
  file: LakeFile,
  { rows, columns, metadata, statistics, footerBytes }: IndexEntry,
  lake: ObjectStore,
  footers: FooterCache,
): KnownLakeFile {
  let opened: Promise<OpenLakeFile> | undefined;
  const open = (): Promise<OpenLakeFile> => (opened ??= openLakeFile(lake, file, footers, footerBytes));
  return { ...file, rows, footerBytes, columns, metadata, statistics, open };
}
