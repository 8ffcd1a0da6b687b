/** The ports as a container of a function has them: the account's stores, table and queue behind the scheduler. */
import type { Attribute, TableItem, TableItemChange, TableStore } from '../../lib/ports/table-store.ts';
import { TableItemChanged } from '../../lib/ports/table-store.ts';
import type {
  ObjectStore,
  ObjectSummary,
  Piece,
  Pieces,
  Replaces,
  WrittenObject,
} from '../../lib/ports/object-store.ts';
import { ObjectChanged } from '../../lib/ports/object-store.ts';
import type { WakeUpQueue } from '../../lib/ports/wake-up-queue.ts';
import type { WakeUp } from '../../lib/queue/wake-up.ts';
import type { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import type { MemoryTableStore } from '../cloud/memory-table-store.ts';
import type { Calls } from './calls.ts';
import type { Process } from './process.ts';

/** Told of every effect, when it has just happened. */
export interface Observer {
  rawListed(process: Process, prefix: string): void;
  lakeChanged(process: Process, key: string, before: Uint8Array | undefined): Promise<void>;
  rowChanged(process: Process, before: TableItem | undefined, after: TableItem): void;
  /** A version is replaced or removed by an invocation that never saw it. */
  unseen(key: string, eTag: string): void;
}

/** Where a container's calls come from at the moment. */
export interface Caller {
  process: () => Process;
  calls: Calls;
  observer: Observer;
}

export class SimObjectStore implements ObjectStore {
  /** Versions that an invocation knows to exist. */
  readonly #seen = new WeakMap<Process, Set<string>>();

  constructor(
    private readonly name: 'raw' | 'lake',
    private readonly store: MemoryObjectStore,
    private readonly caller: Caller,
    private readonly pageKeys = Infinity,
  ) {}

  /** Page by page, each as it is when its turn comes. */
  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<ObjectSummary> {
    const process = this.caller.process();
    let { after } = options;
    for (let isFirst = true; isFirst || after !== undefined; isFirst = false) {
      const effect = (): Promise<ObjectSummary[]> => {
        if (isFirst && this.name === 'raw') this.caller.observer.rawListed(process, prefix);
        return Promise.resolve(this.store.listed(prefix, after, this.pageKeys + 1));
      };
      const found = await this.caller.calls.make(process, { store: this.name, name: 'list', target: prefix, effect });
      const objects = found.length > this.pageKeys ? found.slice(0, -1) : found;
      for (const object of objects) this.#see(process, object);
      yield* objects;
      after = objects.length < found.length ? objects.at(-1)?.key : undefined;
    }
  }

  async head(key: string): Promise<ObjectSummary | undefined> {
    const process = this.caller.process();
    const effect = () => this.store.head(key);
    const object = await this.caller.calls.make(process, { store: this.name, name: 'head', target: key, effect });
    if (object) this.#see(process, object);
    return object;
  }

  read(key: string, eTag: string, start: number, end: number): Promise<Uint8Array> {
    const effect = () => this.store.read(key, eTag, start, end);
    return this.caller.calls.make(this.caller.process(), { store: this.name, name: 'read', target: key, effect });
  }

  async write(key: string, pieces: Pieces, replaces: Replaces): Promise<WrittenObject> {
    const process = this.caller.process();
    const whole: Piece[] = [];
    for await (const piece of pieces) whole.push(piece);
    if (replaces !== 'absent') this.#mustHaveSeen(process, key, replaces.eTag);
    const written = await this.caller.calls.make(process, {
      store: this.name,
      name: 'write',
      target: `${key} over ${replaces === 'absent' ? 'nothing' : replaces.eTag}`,
      effect: async () => {
        const before = this.store.bytes(key);
        const object = await this.store.write(key, whole, replaces);
        await this.caller.observer.lakeChanged(process, key, before);
        return object;
      },
      writes: {
        again: async (object) => {
          const there = await this.store.head(key);
          if (there?.eTag !== object.eTag) throw new ObjectChanged(key, JSON.stringify(replaces));
          return object;
        },
      },
    });
    this.#see(process, { key, eTag: written.eTag });
    return written;
  }

  delete(key: string, eTag: string): Promise<void> {
    const process = this.caller.process();
    this.#mustHaveSeen(process, key, eTag);
    const effect = async (): Promise<void> => {
      const before = this.store.bytes(key);
      await this.store.delete(key, eTag);
      if (before) await this.caller.observer.lakeChanged(process, key, before);
    };
    const again = () => this.store.delete(key, eTag);
    return this.caller.calls.make(process, {
      store: this.name,
      name: 'delete',
      target: `${key} of ${eTag}`,
      effect,
      writes: { again },
    });
  }

  #see(process: Process, { key, eTag }: Pick<ObjectSummary, 'key' | 'eTag'>): void {
    const seen = this.#seen.get(process) ?? new Set<string>();
    seen.add(`${eTag} ${key}`);
    this.#seen.set(process, seen);
  }

  #mustHaveSeen(process: Process, key: string, eTag: string): void {
    if (this.#seen.get(process)?.has(`${eTag} ${key}`) !== true) this.caller.observer.unseen(key, eTag);
  }
}

export class SimTableStore implements TableStore {
  constructor(
    private readonly store: MemoryTableStore,
    /** What the store holds, to be looked at only. */
    private readonly items: ReadonlyMap<string, TableItem>,
    private readonly caller: Caller,
  ) {}

  get(path: string): Promise<TableItem | undefined> {
    const call = { store: 'tables' as const, name: 'get', target: path, effect: () => this.store.get(path) };
    return this.caller.calls.make(this.caller.process(), call);
  }

  async *scan(): AsyncIterable<TableItem> {
    const effect = async (): Promise<TableItem[]> => {
      const items: TableItem[] = [];
      for await (const item of this.store.scan()) items.push(item);
      return items;
    };
    yield* await this.caller.calls.make(this.caller.process(), { store: 'tables', name: 'scan', target: '', effect });
  }

  create(item: TableItem): Promise<TableItem> {
    const effect = () => this.store.create(item);
    const call = { store: 'tables' as const, name: 'create', target: item.path, effect, writes: { again: effect } };
    return this.caller.calls.make(this.caller.process(), call);
  }

  update(path: string, change: TableItemChange, expected: Record<string, Attribute | undefined>): Promise<void> {
    const process = this.caller.process();
    return this.caller.calls.make(process, {
      store: 'tables',
      name: 'update',
      target: path,
      detail: () => describe(change),
      effect: async () => {
        const before = this.items.get(path);
        await this.store.update(path, change, expected);
        this.caller.observer.rowChanged(process, before, this.items.get(path)!);
      },
      writes: {
        again: () => {
          if (this.items.get(path)?.WriteId !== change.set.WriteId) throw new TableItemChanged(path);
          return Promise.resolve();
        },
      },
    });
  }

  delete(path: string, expected: Record<string, Attribute | undefined>): Promise<void> {
    const effect = () => this.store.delete(path, expected);
    const call = { store: 'tables' as const, name: 'delete', target: path, effect, writes: { again: effect } };
    return this.caller.calls.make(this.caller.process(), call);
  }
}

function describe({ set, remove }: TableItemChange): string {
  return JSON.stringify({ ...set, WriteId: undefined, ...(remove.length > 0 && { without: remove }) });
}

export class SimQueue implements WakeUpQueue {
  constructor(
    private readonly queue: WakeUpQueue,
    private readonly caller: Caller,
  ) {}

  send(wakeUps: readonly WakeUp[]): Promise<void> {
    const effect = () => this.queue.send(wakeUps);
    const target = wakeUps.map(({ table, key, cause }) => key ?? `${table} (${cause})`).join(', ');
    const call = { store: 'queue' as const, name: 'send', target, effect, writes: { again: effect } };
    return this.caller.calls.make(this.caller.process(), call);
  }

  extend(receiptHandles: readonly string[], seconds: number): Promise<void> {
    if (receiptHandles.length === 0) return Promise.resolve();
    const effect = () => this.queue.extend(receiptHandles, seconds);
    const target = `${receiptHandles.join(', ')} by ${seconds} s`;
    const call = { store: 'queue' as const, name: 'extend', target, effect, writes: { again: effect } };
    return this.caller.calls.make(this.caller.process(), call);
  }
}
