import type { ObjectStore, Piece, Pieces, Replaces, WrittenObject } from '../../lib/ports/object-store.ts';
import type { TableStore } from '../../lib/ports/table-store.ts';

/** Milliseconds by what a merge waits for. */
export type Phases = {
  /** Before the first claim: listing, footers, key columns, the change files, the plan. */
  finding: number;
  /** Until the row groups that are written are there: decoding and encoding. */
  encoding: number;
  /** The store, without what it copies. */
  writing: number;
  copying: number;
};

/** Tells the phases of merges apart by the calls to their ports. */
export class PhaseTimer {
  #phases: Phases = none();
  /** Since when something is found, in ms; undefined while it is written. */
  #findingSince: number | undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();

  start(): void {
    this.#phases = none();
    this.#findingSince = performance.now();
  }

  /** The phases since the start. */
  take(): Phases {
    return this.#phases;
  }

  /** A merge updates the table's row twice: to claim what it writes, and to commit. */
  timingTables(tables: TableStore): TableStore {
    return {
      get: (path) => tables.get(path),
      scan: () => tables.scan(),
      create: (item) => tables.create(item),
      delete: (path, expected) => tables.delete(path, expected),
      update: async (path, change, expected) => {
        const since = this.#findingSince;
        const now = performance.now();
        if (since !== undefined) this.#phases.finding += now - since;
        await tables.update(path, change, expected);
        this.#phases.writing += performance.now() - now;
        this.#findingSince = since === undefined ? performance.now() : undefined;
      },
    };
  }

  timingLake(lake: ObjectStore): ObjectStore {
    return {
      list: (prefix, options) => lake.list(prefix, options),
      head: (key) => lake.head(key),
      read: (key, eTag, start, end) => lake.read(key, eTag, start, end),
      delete: (key, eTag) => lake.delete(key, eTag),
      // One after the other: copying that overlaps with other work could not be told apart from it.
      write: (key, pieces, replaces) => {
        const written = this.#lastWrite.then(() => this.#write(lake, key, pieces, replaces));
        this.#lastWrite = written.catch(() => undefined);
        return written;
      },
    };
  }

  async #write(lake: ObjectStore, key: string, pieces: Pieces, replaces: Replaces): Promise<WrittenObject> {
    const started = performance.now();
    const before = this.#phases.encoding;
    const written = await lake.write(key, this.#waitingFor(pieces), replaces);
    const waited = this.#phases.encoding - before;
    this.#phases.copying += written.copyMs;
    this.#phases.writing += Math.max(0, performance.now() - started - waited - written.copyMs);
    return written;
  }

  async *#waitingFor(pieces: Pieces): AsyncGenerator<Piece> {
    let since = performance.now();
    for await (const piece of pieces) {
      this.#phases.encoding += performance.now() - since;
      yield piece;
      since = performance.now();
    }
    this.#phases.encoding += performance.now() - since;
  }
}

function none(): Phases {
  return { finding: 0, encoding: 0, writing: 0, copying: 0 };
}
