import { isDeepStrictEqual } from 'node:util';
import type { Attribute, TableItem, TableItemChange, TableStore } from '../../lib/ports/table-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';
import type { RowChange } from '../../lib/table/wake.ts';
import type { FaultHook } from './fault.ts';
import { noFaults, underFault } from './fault.ts';

/** The table store port on a map. Items are copied in and out, as a service would. */
export class MemoryTableStore implements TableStore {
  /** Called after each change of an item, as the table's stream would tell it. */
  onChange: ((change: RowChange) => void) | undefined;

  readonly #items = new Map<string, TableItem>();
  readonly #fault: FaultHook;
  #changes = 0;

  constructor(options: { onChange?: (change: RowChange) => void; fault?: FaultHook } = {}) {
    this.onChange = options.onChange;
    this.#fault = options.fault ?? noFaults;
  }

  /** What a person does by hand: sets attributes (undefined removes one) without a condition. */
  edit(path: string, attributes: Record<string, Attribute | undefined>): void {
    const item: Record<string, Attribute> = { ...this.#items.get(path), path };
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined) Reflect.deleteProperty(item, name);
      else item[name] = value;
    }
    this.#store({ ...item, path });
  }

  /** What a person does by hand: deletes an item. */
  remove(path: string): void {
    const before = this.#items.get(path);
    if (!before) return;
    this.#items.delete(path);
    this.onChange?.({ sequenceNumber: String(++this.#changes), before });
  }

  get(path: string): Promise<TableItem | undefined> {
    return this.#call('get', path, () => {
      const item = this.#items.get(path);
      return item && copyOf(item);
    });
  }

  async *scan(): AsyncIterable<TableItem> {
    const items = await this.#call('scan', '', () => [...this.#items.values()].map(copyOf));
    yield* items;
  }

  create(item: TableItem): Promise<TableItem> {
    return this.#call('create', item.path, () => {
      if (!this.#items.has(item.path)) this.#store(item);
      return copyOf(this.#items.get(item.path)!);
    });
  }

  update(path: string, change: TableItemChange, expected: Record<string, Attribute | undefined>): Promise<void> {
    return this.#call('update', path, () => {
      const item = this.#items.get(path);
      if (!item) throw new TableItemChanged(path);
      for (const [name, value] of Object.entries(expected))
        if (!same(item[name], value)) throw new TableItemChanged(path);
      const next: Record<string, Attribute> = { ...item, ...change.set };
      for (const name of change.remove) Reflect.deleteProperty(next, name);
      this.#store({ ...next, path });
    });
  }

  #store(item: TableItem): void {
    const before = this.#items.get(item.path);
    const after = copyOf(item);
    this.#items.set(item.path, after);
    if (isDeepStrictEqual(before, after)) return; // a stream tells of changes only
    this.onChange?.({ sequenceNumber: String(++this.#changes), ...(before && { before }), after });
  }

  #call<T>(name: string, target: string, effect: () => T): Promise<T> {
    return underFault(this.#fault, { service: 'dynamodb', name, target }, effect);
  }
}

/** By hand: `structuredClone` makes objects of another realm under jest, which equal no others, and JSON takes longer. */
function copyOf<T extends Attribute | TableItem>(value: T): T {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as Attribute[]).map(copyOf) as unknown as T;
  const copy: Record<string, Attribute> = {};
  const attributes: [string, Attribute | undefined][] = Object.entries(value);
  for (const [name, attribute] of attributes) if (attribute !== undefined) copy[name] = copyOf(attribute);
  return copy as T;
}

function same(a: Attribute | undefined, b: Attribute | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return isDeepStrictEqual(copyOf(a), copyOf(b));
}
