/**
 * The catalog port on the AWS Glue Data Catalog (AWS Glue web API reference). A table is replaced by naming the version
 * that was read. Old versions are not kept: Glue bounds how many a table may have.
 */
import type { GetTableCommandOutput, GlueClient, PartitionError } from '@aws-sdk/client-glue';
import {
  AccessDeniedException,
  AlreadyExistsException,
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchUpdatePartitionCommand,
  ConcurrentModificationException,
  CreateDatabaseCommand,
  CreateTableCommand,
  EntityNotFoundException,
  GetTableCommand,
  GlueServiceException,
  paginateGetPartitions,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import type {
  Catalog,
  CatalogName,
  CatalogPartition,
  CatalogTable,
  RegisteredPartition,
  RegisteredTable,
} from '../ports/catalog.ts';
import { CatalogChanged, CatalogRefused } from '../ports/catalog.ts';
import { partitionInput, registeredTable, tableInput } from './glue-table-input.ts';

/** Partitions of one BatchDeletePartition. */
const DELETED_MAX = 25;

export class GlueCatalog implements Catalog {
  constructor(private readonly glue: GlueClient) {}

  async table(name: CatalogName): Promise<RegisteredTable | undefined> {
    try {
      const { Table } = await this.#get(name);
      return Table && registeredTable(Table);
    } catch (error) {
      if (error instanceof EntityNotFoundException) return undefined;
      throw explained(error, name);
    }
  }

  async createTable(name: CatalogName, table: CatalogTable): Promise<void> {
    const create = new CreateTableCommand({ DatabaseName: name.database, TableInput: tableInput(name, table) });
    try {
      try {
        await this.glue.send(create);
      } catch (error) {
        if (!(error instanceof EntityNotFoundException)) throw error;
        await this.#createDatabase(name.database);
        await this.glue.send(create);
      }
    } catch (error) {
      if (error instanceof AlreadyExistsException) throw new CatalogChanged(name, { cause: error });
      throw explained(error, name);
    }
  }

  async replaceTable(name: CatalogName, table: CatalogTable, version: string): Promise<void> {
    try {
      const { Table: present } = await this.#get(name);
      if (present?.VersionId !== version) throw new CatalogChanged(name);
      const update = new UpdateTableCommand({
        DatabaseName: name.database,
        TableInput: tableInput(name, table, present),
        VersionId: version,
        SkipArchive: true,
      });
      await this.glue.send(update);
    } catch (error) {
      const isOvertaken = error instanceof ConcurrentModificationException || error instanceof EntityNotFoundException;
      if (isOvertaken) throw new CatalogChanged(name, { cause: error });
      throw explained(error, name);
    }
  }

  async *partitions(name: CatalogName): AsyncIterable<RegisteredPartition> {
    const request = { DatabaseName: name.database, TableName: name.table, ExcludeColumnSchema: true };
    try {
      for await (const { Partitions = [] } of paginateGetPartitions({ client: this.glue }, request))
        for (const { Values = [], Parameters = {} } of Partitions) yield { values: Values, parameters: Parameters };
    } catch (error) {
      throw partitionsExplained(error, name);
    }
  }

  async createPartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void> {
    const PartitionInputList = partitions.map(partitionInput);
    const create = new BatchCreatePartitionCommand({
      DatabaseName: name.database,
      TableName: name.table,
      PartitionInputList,
    });
    try {
      requireNone((await this.glue.send(create)).Errors, 'AlreadyExistsException', name);
    } catch (error) {
      throw partitionsExplained(error, name);
    }
  }

  async updatePartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void> {
    const Entries = partitions.map((partition) => ({
      PartitionValueList: [...partition.values],
      PartitionInput: partitionInput(partition),
    }));
    const update = new BatchUpdatePartitionCommand({ DatabaseName: name.database, TableName: name.table, Entries });
    try {
      requireNone((await this.glue.send(update)).Errors, 'EntityNotFoundException', name);
    } catch (error) {
      throw partitionsExplained(error, name);
    }
  }

  async deletePartitions(name: CatalogName, partitions: readonly (readonly string[])[]): Promise<void> {
    for (let i = 0; i < partitions.length; i += DELETED_MAX) {
      const PartitionsToDelete = partitions.slice(i, i + DELETED_MAX).map((values) => ({ Values: [...values] }));
      const remove = new BatchDeletePartitionCommand({
        DatabaseName: name.database,
        TableName: name.table,
        PartitionsToDelete,
      });
      try {
        requireNone((await this.glue.send(remove)).Errors, 'EntityNotFoundException', name);
      } catch (error) {
        throw partitionsExplained(error, name);
      }
    }
  }

  #get({ database, table }: CatalogName): Promise<GetTableCommandOutput> {
    return this.glue.send(new GetTableCommand({ DatabaseName: database, Name: table }));
  }

  async #createDatabase(Name: string): Promise<void> {
    const DatabaseInput = { Name, Description: 'Tables of a lake that Tidemark keeps' };
    try {
      await this.glue.send(new CreateDatabaseCommand({ DatabaseInput }));
    } catch (error) {
      if (!(error instanceof AlreadyExistsException)) throw error;
    }
  }
}

/** A batch tells of the partitions that failed in its answer. */
function requireNone(errors: readonly PartitionError[] | undefined, expected: string, name: CatalogName): void {
  const codes = (errors ?? []).map(({ ErrorDetail }) => ErrorDetail?.ErrorCode ?? 'an error');
  const refused = codes.filter((code) => code !== expected);
  if (refused.length > 0) throw new PartitionsRefused(name, refused.length, [...new Set(refused)].join(', '));
}

/** Partition values are values of rows, which Glue's messages may quote: neither they nor the error are kept. */
class PartitionsRefused extends Error {
  override readonly name = 'PartitionsRefused';
  constructor({ database, table }: CatalogName, count: number | undefined, code: string) {
    const what = count === undefined ? 'partitions' : count === 1 ? 'a partition' : `${count} partitions`;
    super(`AWS Glue refused ${what} of ${database}.${table}: ${code} (its message may quote rows and is left out)`);
  }
}

function partitionsExplained(error: unknown, name: CatalogName): unknown {
  if (error instanceof EntityNotFoundException) return new CatalogChanged(name);
  if (error instanceof AccessDeniedException) return explained(error, name);
  // An answer that is no JSON is quoted by the parser.
  const mayQuote = error instanceof GlueServiceException || error instanceof SyntaxError;
  return mayQuote ? new PartitionsRefused(name, undefined, error.name) : error;
}

function explained(error: unknown, { database, table }: CatalogName): unknown {
  if (!(error instanceof AccessDeniedException)) return error;
  return new CatalogRefused(`AWS Glue refused access to ${database}.${table}: ${error.message}`, {
    next: 'Where Lake Formation guards the catalog, grant merge\'s role what resources/DEPLOYING.md says under "The catalog".',
    cause: error,
  });
}
