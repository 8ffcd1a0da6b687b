import { NULL_VALUE, partitionTexts } from '../lake/partition.ts';
import { commandText, TABLE } from '../command-text.ts';
import type { Catalog, CatalogName, CatalogPartition, CatalogTable } from '../ports/catalog.ts';
import { CatalogRefused, PARTITIONS_MAX } from '../ports/catalog.ts';
import { columnsDigest } from './table-definition.ts';

/** A table as it is in the catalog, and how it is reached. */
export interface PartitionedTable {
  name: CatalogName;
  table: CatalogTable;
  catalog: Catalog;
  /** Called before each request; throws when there is no time left. */
  check: () => void;
}

/** Adds the partitions of these folders; those that are there stay as they are. */
export async function registerPartitions(folders: readonly string[], site: PartitionedTable): Promise<void> {
  const { name, catalog } = site;
  await inCalls(partitionsOf(folders, site.table), site, (partitions) => catalog.createPartitions(name, partitions));
}

/**
 * Makes the table's partitions those of its folders, each with the table's columns: an engine that finds a column of
 * another type in a partition than in the table refuses it (Athena user guide, "Update tables with partitions"). Of
 * partitions without a folder those that Tidemark made go.
 */
export async function registerAllPartitions(folders: readonly string[], site: PartitionedTable): Promise<void> {
  const { name, table, catalog } = site;
  const missing = new Map(partitionsOf(folders, table).map((partition) => [keyOf(partition.values), partition]));
  const digest = columnsDigest(table);
  const outdated: CatalogPartition[] = [];
  const left: (readonly string[])[] = [];
  site.check();
  for await (const { values, parameters } of catalog.partitions(name)) {
    site.check();
    const partition = missing.get(keyOf(values));
    missing.delete(keyOf(values));
    if (partition && parameters[COLUMNS_PARAMETER] !== digest) outdated.push(partition);
    if (!partition && parameters[COLUMNS_PARAMETER] !== undefined) left.push(values);
  }
  await inCalls([...missing.values()], site, (partitions) => catalog.createPartitions(name, partitions));
  await inCalls(outdated, site, (partitions) => catalog.updatePartitions(name, partitions));
  await inCalls(left, site, (values) => catalog.deletePartitions(name, values));
}

export async function removeAllPartitions(name: CatalogName, catalog: Catalog, check: () => void): Promise<void> {
  const all: (readonly string[])[] = [];
  check();
  for await (const { values } of catalog.partitions(name)) {
    check();
    all.push(values);
  }
  await inCalls(all, { check }, (values) => catalog.deletePartitions(name, values));
}

/** Says which columns a partition was registered with. */
const COLUMNS_PARAMETER = 'tidemark.columns';

/** Folders that are none of the table's partitions are passed over, as engines do. */
function partitionsOf(folders: readonly string[], table: CatalogTable): CatalogPartition[] {
  const parameters = { classification: 'parquet', [COLUMNS_PARAMETER]: columnsDigest(table) };
  const byValues = new Map<string, CatalogPartition>();
  for (const folder of folders) {
    const values = valuesOf(folder, table);
    if (!values) continue;
    const partition = { values, location: table.location + folder, columns: table.columns, parameters };
    // Which they are is a row's value, and not to be told.
    if (byValues.has(keyOf(values)))
      throw new CatalogRefused(
        `Two folders below ${table.location} are of one partition: their names differ in case only.`,
        {
          next: `The catalog knows one folder for a partition. Have the table built anew: ${commandText('replay', TABLE, '--all')}.`,
        },
      );
    byValues.set(keyOf(values), partition);
  }
  return [...byValues.values()];
}

function valuesOf(folder: string, { partitionColumns }: CatalogTable): string[] | undefined {
  const texts = [...partitionTexts(folder)];
  const isOfTable =
    texts.length === partitionColumns.length &&
    texts.every(([name], i) => name.toLowerCase() === partitionColumns[i]?.name);
  return isOfTable ? texts.map(([, text]) => text ?? NULL_VALUE) : undefined;
}

function keyOf(values: readonly string[]): string {
  return JSON.stringify(values);
}

async function inCalls<T>(
  items: readonly T[],
  { check }: Pick<PartitionedTable, 'check'>,
  call: (some: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < items.length; i += PARTITIONS_MAX) {
    check();
    await call(items.slice(i, i + PARTITIONS_MAX));
  }
}
