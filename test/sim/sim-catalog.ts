/** The catalog as a container of a function has it: each request waits for its turn, and may meet a fault. */
import type {
  Catalog,
  CatalogName,
  CatalogPartition,
  CatalogTable,
  RegisteredPartition,
  RegisteredTable,
} from '../../lib/ports/catalog.ts';
import type { MemoryCatalog } from '../cloud/memory-catalog.ts';
import type { Calls } from './calls.ts';
import type { Process } from './process.ts';

export class SimCatalog implements Catalog {
  constructor(
    private readonly catalog: MemoryCatalog,
    private readonly caller: { process: () => Process; calls: Calls },
  ) {}

  table(name: CatalogName): Promise<RegisteredTable | undefined> {
    return this.#ask('table', name, () => this.catalog.table(name));
  }

  createTable(name: CatalogName, table: CatalogTable): Promise<void> {
    return this.#change('createTable', name, () => this.catalog.createTable(name, table));
  }

  replaceTable(name: CatalogName, table: CatalogTable, version: string): Promise<void> {
    return this.#change('replaceTable', name, () => this.catalog.replaceTable(name, table, version));
  }

  async *partitions(name: CatalogName): AsyncIterable<RegisteredPartition> {
    const effect = async (): Promise<RegisteredPartition[]> => {
      const found: RegisteredPartition[] = [];
      for await (const partition of this.catalog.partitions(name)) found.push(partition);
      return found;
    };
    yield* await this.#ask('partitions', name, effect);
  }

  createPartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void> {
    return this.#change('createPartitions', name, () => this.catalog.createPartitions(name, partitions));
  }

  updatePartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void> {
    return this.#change('updatePartitions', name, () => this.catalog.updatePartitions(name, partitions));
  }

  deletePartitions(name: CatalogName, partitions: readonly (readonly string[])[]): Promise<void> {
    return this.#change('deletePartitions', name, () => this.catalog.deletePartitions(name, partitions));
  }

  #ask<T>(operation: string, name: CatalogName, effect: () => Promise<T>): Promise<T> {
    const { process, calls } = this.caller;
    return calls.make(process(), { store: 'catalog', name: operation, target: targetOf(name), effect });
  }

  /** A client that lost the answer sends the same again. */
  #change(operation: string, name: CatalogName, effect: () => Promise<void>): Promise<void> {
    const { process, calls } = this.caller;
    const target = targetOf(name);
    return calls.make(process(), { store: 'catalog', name: operation, target, effect, writes: { again: effect } });
  }
}

function targetOf({ database, table }: CatalogName): string {
  return `${database}.${table}`;
}
