import type { Column, PartitionInput, StorageDescriptor, Table, TableInput } from '@aws-sdk/client-glue';
import type { CatalogColumn, CatalogName, CatalogPartition, CatalogTable, RegisteredTable } from '../ports/catalog.ts';

/** A table of Parquet files as Glue takes it, with Hive's classes for them, as Athena's CREATE EXTERNAL TABLE makes it. */
export function tableInput({ table: Name }: CatalogName, table: CatalogTable): TableInput {
  return {
    Name,
    ...(table.description !== undefined && { Description: table.description }),
    TableType: 'EXTERNAL_TABLE',
    StorageDescriptor: storageDescriptor(table),
    PartitionKeys: table.partitionColumns.map(columnInput),
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
