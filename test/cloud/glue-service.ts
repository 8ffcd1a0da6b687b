/** The Glue Data Catalog's JSON interface: the requests that Tidemark and its tests send, and how Glue refuses them. */
import type { PartitionInput, TableInput } from '@aws-sdk/client-glue';
import type { Answer, Request } from './http.ts';

interface GlueInput {
  DatabaseName: string;
  DatabaseInput: { Name: string };
  Name: string;
  TableName: string;
  TableInput: TableInput & { Name: string };
  VersionId?: string;
  ExcludeColumnSchema?: boolean;
  NextToken?: string;
  PartitionInputList: PartitionInput[];
  Entries: { PartitionValueList: string[]; PartitionInput: PartitionInput }[];
  PartitionsToDelete: { Values: string[] }[];
}

interface StoredTable {
  input: TableInput;
  version: number;
  partitions: Map<string, PartitionInput>;
}

/** How many Glue takes in one call (AWS Glue web API reference). */
const LIMITS = { create: 100, update: 100, delete: 25 };
const PAGE = 50;

class GlueFailure extends Error {
  override readonly name = 'GlueFailure';
  constructor(
    readonly code: string,
    message = code,
  ) {
    super(message);
  }
}

export class GlueService {
  /** Tables by name, by database. */
  readonly databases = new Map<string, Map<string, StoredTable>>();
  /** What Glue answers instead, if anything: the exception's name. */
  refusal: ((operation: string) => string | undefined) | undefined;

  handle(request: Request): Answer {
    const operation = glueOperationOf(request);
    try {
      const refusal = this.refusal?.(operation);
      if (refusal !== undefined) throw new GlueFailure(refusal, `${operation} is refused`);
      return jsonAnswer(200, this.#answer(operation, JSON.parse(request.body.toString()) as GlueInput));
    } catch (error) {
      if (!(error instanceof GlueFailure)) throw error;
      return jsonAnswer(400, { __type: error.code, Message: error.message });
    }
  }

  #answer(operation: string, input: GlueInput): unknown {
    switch (operation) {
      case 'CreateDatabase': {
        const { Name } = input.DatabaseInput;
        if (this.databases.has(Name)) throw new GlueFailure('AlreadyExistsException');
        this.databases.set(Name, new Map());
        return {};
      }
      case 'GetTable': {
        const { input: table, version } = this.#table(input.DatabaseName, input.Name);
        return { Table: { ...table, DatabaseName: input.DatabaseName, VersionId: String(version) } };
      }
      case 'CreateTable': {
        const tables = this.#tables(input.DatabaseName);
        const name = nameOf(input);
        if (tables.has(name)) throw new GlueFailure('AlreadyExistsException');
        tables.set(name, { input: input.TableInput, version: 0, partitions: new Map() });
        return {};
      }
      case 'UpdateTable': {
        const table = this.#table(input.DatabaseName, nameOf(input));
        if (input.VersionId !== undefined && input.VersionId !== String(table.version))
          throw new GlueFailure('ConcurrentModificationException');
        const keys = ({ PartitionKeys = [] }: TableInput): string => JSON.stringify(PartitionKeys);
        // Nobody has seen Glue take other keys for a table with partitions.
        if (table.partitions.size > 0 && keys(table.input) !== keys(input.TableInput))
          throw new GlueFailure('InvalidInputException', 'partition keys of a table that has partitions');
        table.input = input.TableInput;
        table.version++;
        return {};
      }
      default:
        return this.#answerPartitions(operation, input, this.#table(input.DatabaseName, input.TableName));
    }
  }

  #answerPartitions(operation: string, input: GlueInput, { input: table, partitions }: StoredTable): unknown {
    switch (operation) {
      case 'GetPartitions': {
        const start = Number(input.NextToken ?? 0);
        const found = [...partitions.values()].slice(start, start + PAGE).map((partition) => {
          const { Columns, ...storage } = partition.StorageDescriptor ?? {};
          return input.ExcludeColumnSchema ? { ...partition, StorageDescriptor: storage } : { ...partition, Columns };
        });
        const end = start + PAGE;
        return { Partitions: found, ...(end < partitions.size && { NextToken: String(end) }) };
      }
      case 'BatchCreatePartition':
        return each(input.PartitionInputList, LIMITS.create, (partition) => {
          const values = partition.Values ?? [];
          if (values.length !== table.PartitionKeys?.length)
            return failure(
              values,
              'InvalidInputException',
              `The number of partition keys do not match: [${values.join(', ')}]`,
            );
          if (partitions.has(values.join('\n'))) return failure(values, 'AlreadyExistsException');
          partitions.set(values.join('\n'), partition);
          return undefined;
        });
      case 'BatchUpdatePartition':
        return each(input.Entries, LIMITS.update, ({ PartitionValueList: values, PartitionInput: partition }) => {
          if (!partitions.has(values.join('\n'))) return failure(values, 'EntityNotFoundException');
          partitions.set(values.join('\n'), partition);
          return undefined;
        });
      case 'BatchDeletePartition':
        return each(input.PartitionsToDelete, LIMITS.delete, ({ Values }) =>
          partitions.delete(Values.join('\n')) ? undefined : failure(Values, 'EntityNotFoundException'),
        );
      default:
        throw new Error(`the cloud for tests does not know Glue's ${operation}`);
    }
  }

  #tables(database: string): Map<string, StoredTable> {
    const tables = this.databases.get(database);
    if (!tables) throw new GlueFailure('EntityNotFoundException', `Database ${database} not found.`);
    return tables;
  }

  #table(database: string, name: string): StoredTable {
    const table = this.#tables(database).get(name);
    if (!table) throw new GlueFailure('EntityNotFoundException', `Table ${name} not found.`);
    return table;
  }
}

export function isGlue({ headers }: Request): boolean {
  return headers['x-amz-target']?.startsWith('AWSGlue.') === true;
}

export function glueOperationOf({ headers }: Request): string {
  return headers['x-amz-target']!.replace('AWSGlue.', '');
}

function nameOf({ TableInput }: GlueInput): string {
  if (TableInput.Name !== TableInput.Name.toLowerCase()) throw new GlueFailure('InvalidInputException');
  return TableInput.Name;
}

function each<T>(items: readonly T[], limit: number, work: (item: T) => object | undefined): unknown {
  if (items.length > limit) throw new GlueFailure('ValidationException', `at most ${limit}`);
  return { Errors: items.flatMap((item) => work(item) ?? []) };
}

function failure(values: readonly string[], code: string, message = code): object {
  return { PartitionValues: values, ErrorDetail: { ErrorCode: code, ErrorMessage: message } };
}

function jsonAnswer(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}
