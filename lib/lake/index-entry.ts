import type { FooterColumn } from '../parquet/footer.ts';
import type { ChunkStatistics } from '../parquet/statistics.ts';
import type { FileMetadata } from './file-metadata.ts';
import type { DescribedChunk } from './file-statistics.ts';
import { fileStatistics } from './file-statistics.ts';

/** What a merge needs to know of a lake file that it does not open: whether it must, and what the file has in it. */
export interface IndexEntry {
  /** Length of footer, its length field and the magic number, in bytes: with it one request reads the footer. */
  footerBytes: number;
  rows: number;
  /** In the file's own types. */
  columns: readonly FooterColumn[];
  /**
   * Nulls and bounds of the key columns over the whole file, in the file's types, by the column's name in the file. Key
   * columns that the file does not have are absent.
   */
  statistics: ReadonlyMap<string, ChunkStatistics>;
  /** What Tidemark noted in the footer; absent in files of another writer. */
  metadata: FileMetadata | undefined;
}

/** An opened lake file, as far as its entry is made of it. */
export interface DescribedFile {
  footer: {
    byteLength: number;
    columns: readonly FooterColumn[];
    rowGroups: readonly { rows: number; chunks: readonly DescribedChunk[] }[];
  };
  metadata: FileMetadata | undefined;
}

/** @param keyNames names of the primary key's columns as people wrote them: without regard to case */
export function entryOf({ footer, metadata }: DescribedFile, keyNames: readonly string[]): IndexEntry {
  const { byteLength, columns, rowGroups } = footer;
  const folded = new Set(foldedNames(keyNames));
  const statistics = new Map<string, ChunkStatistics>();
  columns.forEach(({ name, type }, i) => {
    if (!folded.has(name.toLowerCase())) return;
    const chunks = rowGroups.flatMap((group) => group.chunks.slice(i, i + 1));
    statistics.set(name, fileStatistics(chunks, type));
  });
  const rows = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  return { footerBytes: byteLength, rows, columns, statistics, metadata };
}

/** Key names such that those of the same columns are equal, in whichever order and case people wrote them. */
export function foldedNames(keyNames: readonly string[]): string[] {
  return [...new Set(keyNames.map((name) => name.toLowerCase()))].sort();
}
