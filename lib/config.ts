/** Where the raw files and the lake are, and how much one merge may take. */
export interface Config {
  rawBucket: string;
  /** Prefix of the schemas in the raw bucket: empty, or ending in '/'. DMS calls it BucketFolder. */
  rawPrefix: string;
  lakeBucket: string;
  /** Prefix of the schemas in the lake bucket: empty, or ending in '/'. */
  lakePrefix: string;
  /**
   * Whether raw files expire by a rule of the raw bucket (the setting `rawRetentionDays`): then a table without any is one that
   * did not change for long, and none that was truncated.
   */
  rawFilesExpire?: boolean;
  /**
   * Name of the databases in the catalog that tables are registered in, where `{schema}` stands for the table's schema;
   * absent: tables are not registered.
   */
  catalogDatabase?: string | undefined;
  limits: Limits;
}

export interface Limits {
  /** Rows in a row group that Tidemark writes. */
  rowsPerRowGroup: number;
  /** New rows go to the last file of their partition until it has this size, in bytes, or a full footer (`footer-room.ts`). */
  targetFileBytes: number;
  /** Share of a lake file, from 0 to 1, that bytes no longer in use may take before it is laid out anew. */
  deadBytesShare: number;
  /** Row groups of a lake file that could be joined to others before it is laid out anew. */
  smallRowGroups: number;
  /** Values (rows × columns) of raw files that one merge holds in memory; a larger file is merged in slices. */
  valuesPerMerge: number;
  /** Raw files that one merge takes. */
  filesPerMerge: number;
  /** Tables of one batch that are reconciled side by side. */
  tablesAtOnce: number;
}

export const DEFAULT_LIMITS: Limits = {
  rowsPerRowGroup: 8192,
  targetFileBytes: 128 * 1024 * 1024,
  deadBytesShare: 1 / 3,
  smallRowGroups: 32,
  valuesPerMerge: 1_000_000,
  filesPerMerge: 500,
  tablesAtOnce: 4,
};
