import type { Column, PartitionInput, StorageDescriptor, Table, TableInput } from '@aws-sdk/client-glue';
import type { CatalogColumn, CatalogName, CatalogPartition, CatalogTable, RegisteredTable } from '../ports/catalog.ts';

/**
 * A table of Parquet files as Glue takes it, with Hive's classes for them, as Athena's CREATE EXTERNAL TABLE makes it.
 * @param present the table that it replaces: Glue drops whatever an update leaves out, so all that is not Tidemark's to
 *   say is taken over (AWS Glue web API reference, UpdateTable)
 */
export function tableInput({ table: Name }: CatalogName, table: CatalogTable, present?: Table): TableInput {
  const { Owner, Retention, LastAccessTime, LastAnalyzedTime, PartitionKeys = [] } = present ?? {};
  const storage = present?.StorageDescriptor ?? {};
  const before = new Map([...(storage.Columns ?? []), ...PartitionKeys].map((column) => [column.Name, column]));
  const column = (wanted: CatalogColumn): Column => ({ ...before.get(wanted.name), ...columnInput(wanted) });
  const ours = storageDescriptor(table);
  return {
    Owner,
    Retention,
    LastAccessTime,
    LastAnalyzedTime,
    Name,
    ...(table.description !== undefined && { Description: table.description }),
    TableType: 'EXTERNAL_TABLE',
    StorageDescriptor: {
      ...storage,
      ...ours,
      Columns: table.columns.map(column),
      // A schema of the registry would stand in for the columns.
      SchemaReference: undefined,
      SerdeInfo: {
        ...storage.SerdeInfo,
        ...ours.SerdeInfo,
        Parameters: { ...storage.SerdeInfo?.Parameters, ...ours.SerdeInfo?.Parameters },
      },
    },
    PartitionKeys: table.partitionColumns.map(column),
    Parameters: { ...table.parameters },
  };
}

export function partitionInput({ values, location, columns, parameters }: CatalogPartition): PartitionInput {
  return {
    Values: [...values],
    StorageDescriptor: storageDescriptor({ location, columns }),
    Parameters: { ...parameters },
  };
}

export function registeredTable(table: Table): RegisteredTable {
  const { StorageDescriptor: storage, PartitionKeys = [], Parameters = {}, VersionId = '', Description } = table;
  return {
    ...(Description !== undefined && { description: Description }),
    location: storage?.Location ?? '',
    columns: (storage?.Columns ?? []).map(catalogColumn),
    partitionColumns: PartitionKeys.map(catalogColumn),
    parameters: Parameters,
    version: VersionId,
  };
}

function storageDescriptor({ location, columns }: Pick<CatalogTable, 'location' | 'columns'>): StorageDescriptor {
  return {
    Columns: columns.map(columnInput),
    Location: location,
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      // Columns are found by name: their order differs from file to file.
      Parameters: { 'serialization.format': '1', 'parquet.column.index.access': 'false' },
    },
  };
}

function columnInput({ name, type, comment }: CatalogColumn): Column {
  return { Name: name, Type: type, ...(comment !== undefined && { Comment: comment }) };
}

function catalogColumn({ Name = '', Type = '', Comment }: Column): CatalogColumn {
  return { name: Name, type: Type, ...(Comment !== undefined && { comment: Comment }) };
}
