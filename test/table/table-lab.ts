import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Limits } from '../../lib/config.ts';
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import { formEncode } from '../../lib/form-encoding.ts';
import { partitionTexts } from '../../lib/lake/partition.ts';
import type { LogFacts } from '../../lib/ports/log.ts';
import type { Measures } from '../../lib/ports/metrics.ts';
import type { Ports } from '../../lib/ports/ports.ts';
import type { TableItem } from '../../lib/ports/table-store.ts';
import type { WakeUp } from '../../lib/queue/wake-up.ts';
import { routeArrivals } from '../../lib/queue/route.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { wakeUpBody } from '../../lib/queue/wake-up-message.ts';
import type { DmsColumn, DmsValue } from '../../lib/sample/dms-column.ts';
import { OP_COLUMN } from '../../lib/sample/dms-column.ts';
import { writeDmsFile } from '../../lib/sample/dms-file.ts';
import type { TableSettings } from '../../lib/table/configure.ts';
import { configureTable } from '../../lib/table/configure.ts';
import type { TableOutcome } from '../../lib/table/reconcile-batch.ts';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import type { RowChange } from '../../lib/table/wake.ts';
import { wakeEditedTables } from '../../lib/table/wake.ts';
import type { Fault, Operation } from '../cloud/fault.ts';
import { MemoryHistoryStore } from '../cloud/memory-history-store.ts';
import { MemoryCatalog } from '../cloud/memory-catalog.ts';
import { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { MemoryWakeUpQueue } from '../cloud/memory-queue.ts';
import { MemoryTableStore } from '../cloud/memory-table-store.ts';
import { VirtualClock } from '../cloud/virtual-clock.ts';

/** `id`, `item` and, where a table is partitioned, `day`; what is left out is null. */
export type OrderRow = readonly [id: number | null, item?: string | null, day?: string | null];
export type Change = readonly [op: 'I' | 'U' | 'D', ...row: OrderRow];

export const ID: DmsColumn = { name: 'id', type: { kind: 'int32' } };
export const ITEM: DmsColumn = { name: 'item', type: { kind: 'string' } };
export const DAY: DmsColumn = { name: 'day', type: { kind: 'string' } };

/** A call that the code under test makes to the outside. */
export interface Call extends Omit<Operation, 'service'> {
  store: 'raw' | 'lake' | 'tables' | 'queue' | 'catalog';
}

/** A lake's files as they are at one moment. */
export type Snapshot = ReadonlyMap<string, Uint8Array>;

export type LakeRow = Record<string, unknown>;

const RAW_BUCKET = 'raw-bucket';
const FUNCTION_TIMEOUT_MS = 15 * 60_000;

/**
 * The tables of one raw bucket and their lake, in memory: raw files are put as DMS puts them, consumers are run as AWS
 * would run them, and the lake is read as any engine reads it. Time passes only by a second a raw file, and as it is told.
 */
export class TableLab {
  readonly clock = new VirtualClock();
  readonly raw: MemoryObjectStore;
  readonly lake: MemoryObjectStore;
  readonly tables: MemoryTableStore;
  readonly queue: MemoryWakeUpQueue;
  /** Where tables are registered once `registersTables` was called. */
  readonly catalog: MemoryCatalog;
  readonly ports: Ports;
  /** What was logged as a warning or an error. */
  readonly said: { message: string; facts: LogFacts }[] = [];
  readonly history = new MemoryHistoryStore();
  readonly measured: { measures: Measures; table?: string }[] = [];
  /** The lake after each write to it. */
  readonly views: Snapshot[] = [];
  /** Asked before each call that the code under test makes. */
  onCall: (call: Call) => Fault | Promise<Fault> = () => 'none';
  /** Raw keys that were created and of which nobody was told yet. */
  readonly arrivals: string[] = [];
  readonly rowChanges: RowChange[] = [];
  #ids = 0;

  /** @param rawETagOf of a raw file's bytes; left out, no two files have the same */
  constructor(
    limits: Partial<Limits> = {},
    prefixes = { raw: '', lake: '' },
    rawETagOf?: (bytes: Uint8Array) => string,
  ) {
    const { clock } = this;
    const hook = (store: Call['store']) => (operation: Operation) => this.onCall({ ...operation, store });
    this.raw = new MemoryObjectStore({
      clock,
      fault: hook('raw'),
      onCreated: (key) => this.arrivals.push(key),
      ...(rawETagOf && { eTagOf: rawETagOf }),
    });
    this.lake = new MemoryObjectStore({
      clock,
      fault: hook('lake'),
      onCreated: () => this.views.push(this.snapshot()),
    });
    this.tables = new MemoryTableStore({ fault: hook('tables'), onChange: (change) => this.rowChanges.push(change) });
    this.queue = new MemoryWakeUpQueue({ clock, fault: hook('queue'), visibilitySeconds: 6 * 15 * 60 });
    this.catalog = new MemoryCatalog(hook('catalog'));
    const note = (message: string, facts: LogFacts = {}) => void this.said.push({ message, facts });
    this.ports = {
      raw: this.raw,
      lake: this.lake,
      tables: this.tables,
      queue: this.queue,
      clock,
      random: { id: () => (++this.#ids).toString(16).padStart(12, '0').padEnd(32, '0') },
      log: { info: () => undefined, warn: note, error: note },
      history: this.history,
      metrics: {
        add: (measures, table) => void this.measured.push({ measures, ...(table !== undefined && { table }) }),
      },
      threads: OWN_THREAD,
      config: {
        rawBucket: RAW_BUCKET,
        rawPrefix: prefixes.raw,
        lakeBucket: 'lake-bucket',
        lakePrefix: prefixes.lake,
        limits: { ...DEFAULT_LIMITS, ...limits },
      },
    };
  }

  /** From now on tables are registered in the catalog. */
  registersTables(catalogDatabase = 'lake_{schema}'): void {
    this.ports.catalog = this.catalog;
    this.ports.config = { ...this.ports.config, catalogDatabase };
  }

  /** A table of this lab. */
  table(name = 'shop/orders'): LabTable {
    return new LabTable(this, name);
  }

  /** A table that is registered and active, with `id` as its key unless settings say otherwise. */
  async activeTable(settings: TableSettings = {}, name?: string): Promise<LabTable> {
    const table = this.table(name);
    await table.configure({ primaryKey: ['id'], active: true, ...settings });
    this.rowChanges.length = 0;
    return table;
  }

  /** One invocation of `merge`, with these wake-ups as its batch. */
  async merge(
    wakeUps: readonly WakeUp[],
    { remainingMs = FUNCTION_TIMEOUT_MS, requestId = this.ports.random.id() } = {},
  ): Promise<{ failed: string[]; outcomes: TableOutcome[] }> {
    const messages = wakeUps.map((wakeUp, i) => ({
      messageId: `message-${i}`,
      receiptHandle: `receipt-${i}`,
      body: wakeUpBody(wakeUp),
    }));
    return reconcileBatch(messages, { deadline: this.clock.now() + remainingMs, requestId }, this.ports);
  }

  /** `route` takes what has arrived, `wake` what was edited. */
  async deliver(): Promise<void> {
    const created = this.arrivals.splice(0);
    const messages = created.map((key, i) => ({
      messageId: String(i),
      body: createdEvent(key, this.ports.random.id()),
    }));
    await routeArrivals(messages, this.ports);
    await wakeEditedTables(this.rowChanges.splice(0), this.ports);
  }

  /** Every function does what there is for it to do, until nothing is left. @returns what the merges did, in order */
  async settle(): Promise<TableOutcome[]> {
    const outcomes: TableOutcome[] = [];
    for (let turn = 0; turn < 1000; turn++) {
      await this.deliver();
      const messages = this.queue.receive();
      if (messages.length === 0) return outcomes;
      const deadline = this.clock.now() + FUNCTION_TIMEOUT_MS;
      const answer = await reconcileBatch(messages, { deadline, requestId: this.ports.random.id() }, this.ports);
      for (const { messageId, receiptHandle } of messages)
        if (!answer.failed.includes(messageId)) this.queue.delete(receiptHandle);
      outcomes.push(...answer.outcomes);
    }
    throw new Error('the tables wake each other for ever');
  }

  snapshot(): Snapshot {
    return new Map(this.lake.keys().map((key) => [key, this.lake.bytes(key)!]));
  }
}

/** One table of a lab, from its raw folder to its lake folder. */
export class LabTable {
  readonly path: string;
  readonly #rawFolder: string;
  readonly #lakeFolder: string;

  constructor(
    readonly lab: TableLab,
    readonly name: string,
  ) {
    const { rawPrefix, lakePrefix } = lab.ports.config;
    this.#rawFolder = `${rawPrefix}${name}/`;
    this.#lakeFolder = `${lakePrefix}${name}/`;
    this.path = `${RAW_BUCKET}/${this.#rawFolder}`;
  }

  configure(settings: TableSettings): Promise<void> {
    return configureTable(this.name, settings, this.lab.ports);
  }

  /** Key of a raw file in the raw bucket. */
  rawKey(file: string): string {
    return this.#rawFolder + file;
  }

  /** Puts any bytes as a raw file, a second after whatever was before. */
  put(file: string, bytes: Uint8Array, lastModified?: Date): string {
    this.lab.clock.advance(1000);
    this.lab.raw.put(this.rawKey(file), bytes, lastModified);
    return this.rawKey(file);
  }

  /** Puts a file of these columns. */
  putFile(file: string, columns: readonly DmsColumn[], rows: readonly (readonly DmsValue[])[]): string {
    return this.put(file, writeDmsFile({ columns, rows }));
  }

  /** Puts a load file: `LOAD00000001`, without `Op`. */
  load(file: string, rows: readonly OrderRow[], lastModified?: Date): string {
    return this.put(`${file}.parquet`, loadBytes(rows), lastModified);
  }

  /** Puts a change file: `20260301-100000000`. */
  change(file: string, changes: readonly Change[], lastModified?: Date): string {
    return this.put(`${file}.parquet`, changeBytes(changes), lastModified);
  }

  /** One invocation of `merge` for this table, woken by these objects, or by the sweep if there are none. */
  async merge(keys: readonly string[] = [], options: { remainingMs?: number; requestId?: string } = {}) {
    const cause = this.lab.ports.random.id();
    const wakeUps = keys.map((key) => ({ table: this.path, key, cause }));
    const { failed, outcomes } = await this.lab.merge(
      wakeUps.length > 0 ? wakeUps : [{ table: this.path, cause }],
      options,
    );
    return { failed, outcome: outcomes[0] };
  }

  async item(): Promise<TableItem> {
    const item = await this.lab.tables.get(this.path);
    if (!item) throw new Error(`${this.path} is not registered`);
    return item;
  }

  /** Keys of the lake files, relative to the table's folder. */
  lakeFiles(): string[] {
    const keys = this.lab.lake.keys(this.#lakeFolder).filter(isVisible);
    return keys.map((key) => key.slice(this.#lakeFolder.length));
  }

  /** What a reader of the lake folder finds, column by column; partition columns as text. */
  async records(view: Snapshot = this.lab.snapshot()): Promise<LakeRow[]> {
    const records: LakeRow[] = [];
    for (const [key, bytes] of view) {
      if (!key.startsWith(this.#lakeFolder) || !isVisible(key)) continue;
      const partition = Object.fromEntries(partitionTexts(key.slice(this.#lakeFolder.length)));
      for (const row of await readParquet(bytes)) records.push({ ...row, ...partition });
    }
    return records;
  }

  /** The same as text, `1 apple`, with the day where there is one, in order. */
  async rows(view?: Snapshot): Promise<string[]> {
    const records = await this.records(view);
    return records.map(({ id, item, day }) => [id, item, ...(day ? [day] : [])].map(String).join(' ')).sort(byId);
  }

  /** Keys that any reader has found twice, after any write to the lake so far. */
  async keysSeenTwice(): Promise<string[]> {
    const twice = new Set<string>();
    for (const view of this.lab.views) {
      const seen = new Set<string>();
      for (const { id } of await this.records(view)) {
        if (seen.has(String(id))) twice.add(String(id));
        seen.add(String(id));
      }
    }
    return [...twice];
  }
}

/** Readers pass over files whose name begins with an underscore, such as the table's index. */
function isVisible(key: string): boolean {
  return !/\/_[^/=]*$/.test(key);
}

export function loadBytes(rows: readonly OrderRow[]): Uint8Array {
  return writeDmsFile({ columns: [ID, ITEM, DAY], rows: rows.map(filled) });
}

export function changeBytes(changes: readonly Change[]): Uint8Array {
  return writeDmsFile({
    columns: [OP_COLUMN, ID, ITEM, DAY],
    rows: changes.map(([op, ...row]) => [op, ...filled(row)]),
  });
}

function filled([id, item = null, day = null]: OrderRow): DmsValue[] {
  return [id, item, day];
}

/** Contents never change, so each is read once, however many views show it. */
const contents = new WeakMap<Uint8Array, Promise<LakeRow[]>>();

export function readParquet(bytes: Uint8Array): Promise<LakeRow[]> {
  const known = contents.get(bytes);
  if (known) return known;
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = parquetReadObjects({ file, compressors });
  contents.set(bytes, rows);
  return rows;
}

function byId(a: string, b: string): number {
  return parseInt(a) - parseInt(b) || (a < b ? -1 : 1);
}

function createdEvent(key: string, sequencer: string): string {
  const object = { key: formEncode(key), sequencer };
  const s3 = { bucket: { name: RAW_BUCKET }, object };
  return JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] });
}
