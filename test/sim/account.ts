/**
 * The account that Tidemark runs in: buckets, queues with their dead letters, and the table, with what AWS tells of each
 * of them to the functions.
 */
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import type { Config, Limits } from '../../lib/config.ts';
import type { TableItem } from '../../lib/ports/table-store.ts';
import { wakeUpBody } from '../../lib/queue/wake-up-message.ts';
import { deduplicationId, groupId, type WakeUp } from '../../lib/queue/wake-up.ts';
import { MemoryCatalog } from '../cloud/memory-catalog.ts';
import { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { MemoryTableStore } from '../cloud/memory-table-store.ts';
import { Queue } from '../cloud/queue.ts';
import type { Calls } from './calls.ts';
import { Consumers } from './consumers.ts';
import { contentHash } from './content-hash.ts';
import type { Counters } from './counters.ts';
import { Functions } from './functions.ts';
import type { Invariants } from './invariants.ts';
import { Notices } from './notices.ts';
import { CATALOG_DATABASE } from './registration.ts';
import { RowStream } from './row-stream.ts';
import type { Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** What is needed of the rest of the simulation. */
export interface Surroundings {
  scheduler: Scheduler;
  calls: Calls;
  counters: Counters;
  trace: Trace;
  invariants: () => Invariants;
}

export class Account {
  readonly raw: MemoryObjectStore;
  readonly lake: MemoryObjectStore;
  readonly tables: MemoryTableStore;
  readonly catalog: MemoryCatalog | undefined;
  readonly arrivals: Queue;
  readonly wakeUps: Queue;
  readonly config: Config;
  readonly #limits: Limits;
  readonly items = new Map<string, TableItem>();
  /** Commands that did not come to waking the table, or not yet. */
  commandsUnderWay = 0;
  readonly functions: Functions;
  readonly consumers: Consumers;
  /** Of a listing of raw files. */
  readonly pageKeys: number;
  readonly #dead: Queue;
  readonly #deadArrivals: Queue;
  #ids = 0;
  /** How often something happened of which nobody is told. */
  noticesLost = 0;

  constructor(
    scenario: Scenario,
    readonly surroundings: Surroundings,
  ) {
    const { clock } = surroundings.scheduler;
    const { limits, timeout, atDeadline, receives: maxReceiveCount } = scenario;
    this.pageKeys = scenario.pageKeys;
    const notices = new Notices(this, scenario.notices);
    this.raw = new MemoryObjectStore({ clock, eTagOf: contentHash, onCreated: (key) => notices.created(key) });
    this.lake = new MemoryObjectStore({ clock, eTagOf: contentHash });
    this.#dead = new Queue('dead', { fifo: true, visibilitySeconds: 1 }, clock);
    this.#deadArrivals = new Queue('dead-arrivals', { fifo: false, visibilitySeconds: 1 }, clock);
    this.arrivals = new Queue(
      'arrivals',
      {
        fifo: false,
        visibilitySeconds: ROUTE_VISIBILITY_SECONDS,
        maxReceiveCount,
        deadLetters: this.#deadArrivals,
      },
      clock,
    );
    this.wakeUps = new Queue(
      'wake-ups',
      { fifo: true, visibilitySeconds: 6 * 900, maxReceiveCount, deadLetters: this.#dead },
      clock,
    );
    this.#limits = { ...DEFAULT_LIMITS, ...LIMITS[limits] };
    this.catalog = scenario.catalog ? new MemoryCatalog() : undefined;
    this.config = {
      rawBucket: 'raw-bucket',
      rawPrefix: '',
      lakeBucket: 'lake-bucket',
      lakePrefix: '',
      ...(scenario.catalog && { catalogDatabase: CATALOG_DATABASE }),
      limits: this.#limits,
    };
    this.functions = new Functions(this);
    this.consumers = new Consumers(this, { seconds: timeout, atDeadline });
    const stream = new RowStream(this);
    this.tables = new MemoryTableStore({ onChange: (change) => stream.add(change) });
  }

  /** Whether only the sweep may find what is to be done. */
  get isNoticeLost(): boolean {
    return this.noticesLost > 0 || this.commandsUnderWay > 0;
  }

  loseNotice(): void {
    this.noticesLost++;
  }

  /** From now on lake files may be as large as ever: those that were full can be joined. */
  allowLargeFiles(): void {
    this.#limits.targetFileBytes = DEFAULT_LIMITS.targetFileBytes;
  }

  id(): string {
    return (++this.#ids).toString(16).padStart(12, '0').padEnd(32, '0');
  }

  send(wakeUp: WakeUp): void {
    this.wakeUps.send({
      body: wakeUpBody(wakeUp),
      groupId: groupId(wakeUp.table),
      deduplicationId: deduplicationId(wakeUp),
    });
  }

  /** Moves the dead letters back. */
  redrive(): void {
    const { counters } = this.surroundings;
    for (const { body, groupId: group, receiptHandle } of this.#dead.receive(Infinity)) {
      if (group === FOREIGN) continue;
      counters.add('dead letters moved back');
      this.wakeUps.send({ body, groupId: group, deduplicationId: this.id() });
      this.#dead.delete(receiptHandle);
    }
    for (const { body, receiptHandle } of this.#deadArrivals.receive(Infinity)) {
      if (body === FOREIGN) continue;
      counters.add('dead notices moved back');
      this.arrivals.send({ body });
      this.#deadArrivals.delete(receiptHandle);
    }
  }

  /** Wake-ups of ours that were given up. */
  deadWakeUps(): number {
    return this.#dead.count(({ groupId: group }) => group !== FOREIGN);
  }

  /** Notices of S3 that were given up. */
  deadNotices(): number {
    return this.#deadArrivals.count(({ body }) => body !== FOREIGN);
  }

  /** Something that is no wake-up, and no notice, at all. */
  sendForeign(): void {
    this.wakeUps.send({ body: '{"table":"elsewhere/a/b/"}', groupId: FOREIGN, deduplicationId: this.id() });
    this.arrivals.send({ body: FOREIGN });
  }
}

const FOREIGN = 'foreign';
const ROUTE_VISIBILITY_SECONDS = 240;

const LIMITS: Readonly<Record<Scenario['limits'], Partial<Limits>>> = {
  usual: {},
  growing: { deadBytesShare: 1, smallRowGroups: 1000 },
  sliced: { valuesPerMerge: 8 },
  streamed: { valuesPerMerge: 8, targetFileBytes: 1 },
  single: { filesPerMerge: 1 },
  'small files': { targetFileBytes: 1 },
};
