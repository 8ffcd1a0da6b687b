/**
 * The catalog in which query engines look tables up: AWS Glue's Data Catalog. Names and types are Hive's.
 *
 * Adapter: `lib/aws/glue-catalog.ts`. It and the one that tests use pass the same contract (`test/contracts/catalog.ts`).
 */
export interface Catalog {
  /** The table of that name as it is now; undefined if there is none, or no such database. */
  table(name: CatalogName): Promise<RegisteredTable | undefined>;

  /**
   * Adds a table, and its database if that is not there.
   * @throws CatalogChanged if the table is there already.
   */
  createTable(name: CatalogName, table: CatalogTable): Promise<void>;

  /**
   * Replaces a version of a table. Its partitions stay as they are.
   * @throws CatalogChanged if it is no longer that version, or gone.
   */
  replaceTable(name: CatalogName, table: CatalogTable, version: string): Promise<void>;

  /** All partitions of a table, all pages, in no particular order. */
  partitions(name: CatalogName): AsyncIterable<RegisteredPartition>;

  /**
   * Adds at most `PARTITIONS_MAX` partitions; those that are there already stay as they are.
   * @throws CatalogChanged if the table is gone.
   */
  createPartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void>;

  /** Replaces at most `PARTITIONS_MAX` partitions by those of the same values; what is gone is passed over. */
  updatePartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void>;

  /** Removes at most `PARTITIONS_MAX` partitions by their values; what is gone is passed over. */
  deletePartitions(name: CatalogName, partitions: readonly (readonly string[])[]): Promise<void>;
}

/** Partitions of one call. */
export const PARTITIONS_MAX = 100;

/** In lower case. */
export interface CatalogName {
  database: string;
  table: string;
}

export interface CatalogColumn {
  /** In lower case. */
  name: string;
  /** As Hive writes it: `bigint`, `decimal(10,2)`. */
  type: string;
  comment?: string;
}

/** A table of Parquet files, which engines read by the names of their columns. */
export interface CatalogTable {
  description?: string;
  /** `s3://<bucket>/<folder>/` */
  location: string;
  /** Inside the files. */
  columns: readonly CatalogColumn[];
  /** In the order of the folders. */
  partitionColumns: readonly CatalogColumn[];
  parameters: Readonly<Record<string, string>>;
}

export interface RegisteredTable extends CatalogTable {
  /** Names this state of the table. */
  version: string;
}

export interface CatalogPartition extends RegisteredPartition {
  location: string;
  /** Those inside its files. */
  columns: readonly CatalogColumn[];
}

export interface RegisteredPartition {
  /** The text of each partition column, in their order. */
  values: readonly string[];
  parameters: Readonly<Record<string, string>>;
}

/** Someone else changed the table in the catalog. Read it again. */
export class CatalogChanged extends Error {
  override readonly name = 'CatalogChanged';
  constructor({ database, table }: CatalogName, options?: ErrorOptions) {
    super(`${database}.${table} is not as it was read in the catalog: someone else changed it.`, options);
  }
}

/** The catalog does not take what is to be registered, and will not until something is done about it. */
export class CatalogRefused extends Error {
  override readonly name = 'CatalogRefused';
  readonly next: string;
  constructor(reason: string, options: { next: string; cause?: unknown }) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.next = options.next;
  }
}
