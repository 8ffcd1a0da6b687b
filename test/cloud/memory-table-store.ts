import type { Attribute, TableItem, TableItemChange, TableStore } from '../../lib/ports/table-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';
import type { RowChange } from '../../lib/table/wake.ts';
import type { FaultHook } from './fault.ts';
import { noFaults, underFault } from './fault.ts';

/** The table store port on a map. Items are copied in, and those given out cannot be changed. */
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
    return this.#call('get', path, () => this.#items.get(path));
  }

  async *scan(): AsyncIterable<TableItem> {
    const items = await this.#call('scan', '', () => [...this.#items.values()]);
    yield* items;
  }

  create(item: TableItem): Promise<TableItem> {
    return this.#call('create', item.path, () => {
      if (!this.#items.has(item.path)) this.#store(item);
      return this.#items.get(item.path)!;
    });
  }

  update(path: string, change: TableItemChange, expected: Record<string, Attribute | undefined>): Promise<void> {
    return this.#call('update', path, () => {
      const item = this.#items.get(path);
      if (!item || !isAs(expected, item)) throw new TableItemChanged(path);
      const next: Record<string, Attribute> = {};
      for (const name in item) if (!change.remove.includes(name)) next[name] = item[name]!;
      Object.assign(next, change.set);
      this.#store({ ...next, path });
    });
  }

  delete(path: string, expected: Record<string, Attribute | undefined>): Promise<void> {
    return this.#call('delete', path, () => {
      const item = this.#items.get(path);
      if (item && !isAs(expected, item)) throw new TableItemChanged(path);
      this.remove(path);
    });
  }

  #store(item: TableItem): void {
    const before = this.#items.get(item.path);
    const after = frozen(item);
    this.#items.set(item.path, after);
    if (isSame(before, after)) return; // a stream tells of changes only
    this.onChange?.({ sequenceNumber: String(++this.#changes), ...(before && { before }), after });
  }

  #call<T>(name: string, target: string, effect: () => T): Promise<T> {
    return underFault(this.#fault, { service: 'dynamodb', name, target }, effect);
  }
}

function isAs(expected: Record<string, Attribute | undefined>, item: TableItem): boolean {
  return Object.entries(expected).every(([name, value]) => isSame(item[name], value));
}

/** A copy that nobody can change; what is such a copy already is left as it is. */
function frozen<T extends Attribute | TableItem>(value: T): T {
  if (typeof value !== 'object' || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return Object.freeze((value as Attribute[]).map(frozen)) as unknown as T;
  const copy: Record<string, Attribute> = {};
  const attributes = value as Readonly<Record<string, Attribute | undefined>>;
  for (const name in attributes) if (attributes[name] !== undefined) copy[name] = frozen(attributes[name]);
  return Object.freeze(copy) as T;
}

type Value = Attribute | TableItem | undefined;

/** Whether two values are the same to a reader; attributes have no order. */
export function isSame(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b)) return false;
  const [one, other] = [a as Readonly<Record<string, Attribute>>, b as Readonly<Record<string, Attribute>>];
  for (const name in other) if (one[name] === undefined && other[name] !== undefined) return false;
  for (const name in one) if (!isSame(one[name], other[name])) return false;
  return true;
}
