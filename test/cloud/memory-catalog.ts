import type {
  Catalog,
  CatalogName,
  CatalogPartition,
  CatalogTable,
  RegisteredPartition,
  RegisteredTable,
} from '../../lib/ports/catalog.ts';
import { CatalogChanged, PARTITIONS_MAX } from '../../lib/ports/catalog.ts';
import type { FaultHook } from './fault.ts';
import { noFaults, underFault } from './fault.ts';

interface Entry {
  table: RegisteredTable;
  /** By their values. */
  partitions: Map<string, CatalogPartition>;
}

/** The catalog port on a map. */
export class MemoryCatalog implements Catalog {
  readonly #entries = new Map<string, Entry>();
  #versions = 0;

  /** @param fault asked before each call; the service is called `glue` */
  constructor(private readonly fault: FaultHook = noFaults) {}

  /** `<database>.<table>` of all tables. */
  names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  /** A table as the catalog shows it: its columns as `name type`, and the values of its partitions. */
  shown(name: string): { columns: string[]; partitionColumns: string[]; partitions: string[] } | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    const text = (columns: CatalogTable['columns']): string[] =>
      columns.map((column) => `${column.name} ${column.type}`);
    return {
      columns: text(entry.table.columns),
      partitionColumns: text(entry.table.partitionColumns),
      partitions: [...entry.partitions.values()].map(({ values }) => values.join(' ')).sort(),
    };
  }

  /** What a person does by hand. */
  remove(name: string): void {
    this.#entries.delete(name);
  }

  /** The locations and columns of a table's partitions. */
  partitionsOf(name: string): CatalogPartition[] {
    return [...(this.#entries.get(name)?.partitions.values() ?? [])];
  }

  table(name: CatalogName): Promise<RegisteredTable | undefined> {
    return this.#call('table', name, () => this.#entries.get(textOf(name))?.table);
  }

  createTable(name: CatalogName, table: CatalogTable): Promise<void> {
    return this.#call('createTable', name, () => {
      if (this.#entries.has(textOf(name))) throw new CatalogChanged(name);
      this.#entries.set(textOf(name), { table: this.#versioned(table), partitions: new Map() });
    });
  }

  replaceTable(name: CatalogName, table: CatalogTable, version: string): Promise<void> {
    return this.#call('replaceTable', name, () => {
      const entry = this.#entries.get(textOf(name));
      if (entry?.table.version !== version) throw new CatalogChanged(name);
      entry.table = this.#versioned(table);
    });
  }

  async *partitions(name: CatalogName): AsyncIterable<RegisteredPartition> {
    const found = await this.#call('partitions', name, () => [...this.#entry(name).partitions.values()]);
    yield* found.map(({ values, parameters }) => ({ values, parameters }));
  }

  createPartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void> {
    return this.#call('createPartitions', name, () => {
      const { table, partitions: known } = this.#entry(name);
      for (const partition of atMost(partitions)) {
        if (partition.values.length !== table.partitionColumns.length)
          throw new Error(`${textOf(name)} has no partitions of ${partition.values.length} values`);
        if (!known.has(partition.values.join('\n'))) known.set(partition.values.join('\n'), partition);
      }
    });
  }

  updatePartitions(name: CatalogName, partitions: readonly CatalogPartition[]): Promise<void> {
    return this.#call('updatePartitions', name, () => {
      const { partitions: known } = this.#entry(name);
      for (const partition of atMost(partitions))
        if (known.has(partition.values.join('\n'))) known.set(partition.values.join('\n'), partition);
    });
  }

  deletePartitions(name: CatalogName, partitions: readonly (readonly string[])[]): Promise<void> {
    return this.#call('deletePartitions', name, () => {
      const { partitions: known } = this.#entry(name);
      for (const values of atMost(partitions)) known.delete(values.join('\n'));
    });
  }

  #entry(name: CatalogName): Entry {
    const entry = this.#entries.get(textOf(name));
    if (!entry) throw new CatalogChanged(name);
    return entry;
  }

  #versioned({ description, location, columns, partitionColumns, parameters }: CatalogTable): RegisteredTable {
    const table = { location, columns, partitionColumns, parameters, version: String(this.#versions++) };
    return description === undefined ? table : { ...table, description };
  }

  #call<T>(operation: string, name: CatalogName, effect: () => T): Promise<T> {
    return underFault(this.fault, { service: 'glue', name: operation, target: textOf(name) }, effect);
  }
}

function textOf({ database, table }: CatalogName): string {
  return `${database}.${table}`;
}

function atMost<T>(items: readonly T[]): readonly T[] {
  if (items.length > PARTITIONS_MAX) throw new Error(`${items.length} partitions in one call`);
  return items;
}
