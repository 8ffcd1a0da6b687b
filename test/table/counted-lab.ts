import type { Limits } from '../../lib/config.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import type { LabTable } from './table-lab.ts';
import { TableLab } from './table-lab.ts';

/** Calls of one merge by what they are for (`lake read footer`), and the bytes that they move. */
export interface Cost {
  requests: Record<string, number>;
  bytes: { readRaw: number; readLake: number; written: number; copied: number };
}

/** A lab whose merges are counted, call by call, and that can forget all that a process remembers. */
export class CountedLab extends TableLab {
  private cost = noCost();

  constructor(limits: Partial<Limits> = {}) {
    super(limits);
    // What the lake looked like after each write is of no use here, and much for a thousand files.
    this.lake.onCreated = undefined;
    this.onCall = ({ store, name, target }) => {
      // Reads and writes are counted where their bytes are known; the queue is no store.
      if (store !== 'queue' && name !== 'read' && name !== 'write')
        this.count(`${store} ${name}${store === 'lake' ? kindOf(target) : ''}`);
      return 'none';
    };
    this.ports.history = {
      add: (path, entry) => {
        this.count('history add');
        return this.history.add(path, entry);
      },
      list: (path, options) => this.history.list(path, options),
    };
    this.startProcess();
  }

  /** As a new process would begin: what a process remembers of a lake belongs to its connection. */
  startProcess(): void {
    this.ports.raw = this.counting('raw', this.raw);
    this.ports.lake = this.counting('lake', this.lake);
  }

  /** What one invocation of `merge` costs, woken by these raw files. */
  async costOf(table: LabTable, keys: readonly string[]): Promise<Cost> {
    this.cost = noCost();
    const { failed } = await table.merge(keys);
    if (failed.length > 0) throw new Error('the merge failed');
    return this.cost;
  }

  private counting(store: 'raw' | 'lake', objects: ObjectStore): ObjectStore {
    return {
      list: (prefix, options) => objects.list(prefix, options),
      head: (key) => objects.head(key),
      read: async (key, eTag, start, end) => {
        const bytes = await objects.read(key, eTag, start, end);
        const size = (store === 'raw' ? this.raw : this.lake).bytes(key)!.length;
        this.count(`${store} read${store === 'raw' ? '' : kindOf(key) || partOf(start, end, size)}`);
        this.cost.bytes[store === 'raw' ? 'readRaw' : 'readLake'] += bytes.length;
        return bytes;
      },
      write: async (key, pieces, replaces) => {
        const object = await objects.write(key, pieces, replaces);
        this.count(`${store} write${kindOf(key)}`);
        this.cost.bytes.written += object.bytesWritten;
        this.cost.bytes.copied += object.bytesCopied;
        return object;
      },
      delete: (key, eTag) => objects.delete(key, eTag),
    };
  }

  private count(what: string): void {
    this.cost.requests[what] = (this.cost.requests[what] ?? 0) + 1;
  }
}

function noCost(): Cost {
  return { requests: {}, bytes: { readRaw: 0, readLake: 0, written: 0, copied: 0 } };
}

function kindOf(key: string): string {
  return /\/_[^/]*$/.test(key) ? ' index' : '';
}

function partOf(start: number, end: number, size: number): string {
  if (end < size) return ' range';
  return start === 0 ? ' whole file' : ' footer';
}
