/**
 * The account that Tidemark runs in: buckets with their notices, queues with their dead letters, the table with its
 * stream, and the functions that AWS Lambda invokes with what comes, in containers that are used again.
 */
import { DEFAULT_LIMITS } from '../../lib/config.ts';
import type { Config, Limits } from '../../lib/config.ts';
import type { TableItem } from '../../lib/ports/table-store.ts';
import { NO_METRICS } from '../../lib/ports/metrics.ts';
import type { Ports } from '../../lib/ports/ports.ts';
import type { WakeUpQueue } from '../../lib/ports/wake-up-queue.ts';
import { messageOf } from '../../lib/errors.ts';
import { routeArrivals } from '../../lib/queue/route.ts';
import { wakeUpBody } from '../../lib/queue/wake-up-message.ts';
import { deduplicationId, groupId, type WakeUp } from '../../lib/queue/wake-up.ts';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import { Refused } from '../../lib/table/refused.ts';
import type { ReplayRequest } from '../../lib/table/replay.ts';
import { setBack } from '../../lib/table/replay.ts';
import type { PlannedSkip } from '../../lib/table/skip.ts';
import { skipFile } from '../../lib/table/skip.ts';
import { sweep } from '../../lib/table/sweep.ts';
import type { RowChange } from '../../lib/table/wake.ts';
import { wakeEditedTables } from '../../lib/table/wake.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import { MemoryObjectStore } from '../cloud/memory-object-store.ts';
import { MemoryTableStore } from '../cloud/memory-table-store.ts';
import type { ReceivedMessage } from '../cloud/queue.ts';
import { Queue } from '../cloud/queue.ts';
import type { Calls } from './calls.ts';
import { Process } from './calls.ts';
import { contentHash } from './content-hash.ts';
import type { Counters } from './counters.ts';
import type { Invariants } from './invariants.ts';
import type { Scenario } from './scenario.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import { SimObjectStore, SimQueue, SimTableStore } from './sim-ports.ts';
import type { Trace } from './trace.ts';

const FOREIGN = 'foreign';
const ROUTE_VISIBILITY_SECONDS = 240;
const STREAM_DELAY_MS = 1000;

type FunctionName = 'route' | 'merge' | 'wake' | 'sweep' | 'command';

/** How many of a function run at the same time. */
const CONCURRENCY = { route: 2, merge: 3 } as const;

const LIMITS: Readonly<Record<Scenario['limits'], Partial<Limits>>> = {
  usual: {},
  growing: { deadBytesShare: 1, smallRowGroups: 1000 },
  sliced: { valuesPerMerge: 8 },
  single: { filesPerMerge: 1 },
};

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
  readonly arrivals: Queue;
  readonly wakeUps: Queue;
  readonly dead: Queue;
  readonly config: Config;
  readonly items = new Map<string, TableItem>();
  /** Whether something happened of which nobody is told. */
  isNoticeLost = false;
  /** Tables that merges work on, as often as there are. */
  readonly #merging = new Map<string, Set<RunningMerge>>();
  readonly #containers: Container[] = [];
  readonly #network: Actor;
  readonly #running = { route: 0, merge: 0, wake: 0, sweep: 0, command: 0 };
  #stream: RowChange[] = [];
  #streamReadyAt = 0;
  #ids = 0;
  #invocations = 0;
  readonly #fullTimeout: number;
  timeoutSeconds: number;

  constructor(
    scenario: Scenario,
    readonly surroundings: Surroundings,
  ) {
    const { scheduler } = surroundings;
    const { clock } = scheduler;
    const { notices, limits, timeout, receives: maxReceiveCount } = scenario;
    this.raw = new MemoryObjectStore({ clock, eTagOf: contentHash, onCreated: (key) => this.#notify(key, notices) });
    this.lake = new MemoryObjectStore({ clock, eTagOf: contentHash });
    this.tables = new MemoryTableStore({ onChange: (change) => this.#changed(change) });
    this.dead = new Queue('dead', { fifo: true, visibilitySeconds: 1 }, clock);
    const deadArrivals = new Queue('dead-arrivals', { fifo: false, visibilitySeconds: 1 }, clock);
    this.arrivals = new Queue(
      'arrivals',
      {
        fifo: false,
        visibilitySeconds: ROUTE_VISIBILITY_SECONDS,
        maxReceiveCount: 5,
        deadLetters: deadArrivals,
      },
      clock,
    );
    this.wakeUps = new Queue(
      'wake-ups',
      { fifo: true, visibilitySeconds: 6 * 900, maxReceiveCount, deadLetters: this.dead },
      clock,
    );
    this.#network = scheduler.actor('network');
    this.#fullTimeout = 900;
    this.timeoutSeconds = timeout;
    this.config = {
      rawBucket: 'raw-bucket',
      rawPrefix: '',
      lakeBucket: 'lake-bucket',
      lakePrefix: '',
      limits: { ...DEFAULT_LIMITS, ...LIMITS[limits] },
    };
    this.#poll('route', this.arrivals);
    this.#poll('merge', this.wakeUps);
    scheduler.addSource({
      actor: scheduler.actor('stream'),
      readyAt: () => (this.#stream.length > 0 && this.#running.wake === 0 ? this.#streamReadyAt : undefined),
      run: () => this.#wake(),
    });
  }

  /** A whole invocation's time again. */
  restoreTimeout(): void {
    this.timeoutSeconds = this.#fullTimeout;
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
    for (const { body, groupId: group, receiptHandle } of this.dead.receive(Infinity)) {
      if (group === FOREIGN) continue;
      this.surroundings.counters.add('dead letters moved back');
      this.wakeUps.send({ body, groupId: group, deduplicationId: this.id() });
      this.dead.delete(receiptHandle);
    }
  }

  /** Wake-ups of ours that were given up. */
  deadWakeUps(): number {
    return this.dead.count(({ groupId: group }) => group !== FOREIGN);
  }

  /** Something that is no wake-up at all. */
  sendForeign(): void {
    this.wakeUps.send({ body: '{"table":"elsewhere/a/b/"}', groupId: FOREIGN, deduplicationId: this.id() });
    this.arrivals.send({ body: 'no notification' });
  }

  sweep(): void {
    this.#invoke('sweep', async (ports) => {
      await sweep(ports.random.id(), ports);
      return () => undefined;
    });
  }

  replay(path: string, request: ReplayRequest): void {
    this.#command(path, 'replays', async (ports) => (await setBack(path, request, ports)).progress !== undefined);
  }

  skip(path: string, file: string): void {
    const isDone = ({ outcome }: PlannedSkip): boolean => outcome === 'skipped';
    this.#command(path, 'files skipped', async (ports) => isDone(await skipFile(path, file, { undo: false }, ports)));
  }

  /** What a person does by a command, that then wakes the table. Should it die in between, the sweep finds what it did. */
  #command(path: string, counter: string, work: (ports: Ports) => Promise<boolean>): void {
    const wasLost = this.isNoticeLost;
    this.isNoticeLost = true;
    this.#invoke('command', async (ports) => {
      const { counters, trace } = this.surroundings;
      try {
        if (await work(ports)) counters.add(counter);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        counters.add('commands refused');
        trace.note(() => `  refused: ${error.message}`);
      }
      await ports.queue.send([{ table: path, cause: ports.random.id() }]);
      this.isNoticeLost = wasLost;
      return () => undefined;
    });
  }

  #poll(name: 'route' | 'merge', queue: Queue): void {
    const { scheduler } = this.surroundings;
    scheduler.addSource({
      actor: scheduler.actor(`poller of ${queue.name}`),
      readyAt: () => (this.#running[name] < CONCURRENCY[name] ? queue.nextVisibleAt() : undefined),
      run: () => {
        const before = this.deadWakeUps();
        const messages = queue.receive(scheduler.random.integer(1, 10));
        this.surroundings.counters.add('wake-ups dead', this.deadWakeUps() - before);
        if (messages.length > 0) this.#invokeWith(name, messages, queue);
      },
    });
  }

  #invokeWith(name: 'route' | 'merge', messages: readonly ReceivedMessage[], queue: Queue): void {
    this.#invoke(name, async (ports, process) => {
      const received = messages.map(({ receiveCount, ...message }) => ({
        ...message,
        attributes: { ApproximateReceiveCount: String(receiveCount) },
      }));
      const failed = await (name === 'route' ? this.#route(ports, received) : this.#merge(ports, process, received));
      return () => {
        for (const { messageId, receiptHandle } of messages)
          if (!failed.includes(messageId)) queue.delete(receiptHandle);
      };
    });
  }

  async #route(ports: Ports, messages: readonly ReceivedMessageOnly[]): Promise<string[]> {
    return (await routeArrivals(messages, ports)).failed;
  }

  async #merge(ports: Ports, process: Process, messages: readonly ReceivedMessageOnly[]): Promise<string[]> {
    const paths = [...new Set(messages.map(({ body }) => (JSON.parse(body) as WakeUp).table))];
    const merge = { process, isAlone: paths.length === 1, until: ports.clock.now() + this.timeoutSeconds * 1000 };
    for (const path of paths) this.#beginMerge(path, merge);
    const deadline = ports.clock.now() + this.timeoutSeconds * 1000;
    const { failed } = await reconcileBatch(messages, { deadline, requestId: ports.random.id() }, ports);
    for (const path of paths) this.#merging.get(path)?.delete(merge);
    return failed;
  }

  /** The queue's groups keep a table from two merges, unless one of them is slow. */
  #beginMerge(path: string, merge: RunningMerge): void {
    const { counters, invariants, scheduler } = this.surroundings;
    const others = [...(this.#merging.get(path) ?? [])].filter(({ process }) => process.alive);
    if (others.length > 0) counters.add('two merges of one table at a time');
    if (others.some(({ process, isAlone, until }) => isAlone && !process.isSlow && scheduler.clock.now() < until))
      invariants().fail('a second merge of a table begins though the first one is not slow');
    this.#merging.set(path, new Set([...others, merge]));
  }

  #wake(): void {
    const { scheduler, trace } = this.surroundings;
    const changes = this.#stream.slice(0, scheduler.random.integer(1, 10));
    this.#streamReadyAt = scheduler.clock.now() + 1000; // should it fail
    this.#invoke('wake', async (ports) => {
      const { failed } = await wakeEditedTables(changes, ports);
      return () => {
        const at = changes.findIndex(({ sequenceNumber }) => sequenceNumber === failed[0]);
        trace.note(() => `the stream goes on after ${at < 0 ? changes.length : at} changes`);
        this.#stream = this.#stream.slice(at < 0 ? changes.length : at);
      };
    });
  }

  /** @param work ends with what Lambda does once the function has answered */
  #invoke(name: FunctionName, work: (ports: Ports, process: Process) => Promise<() => void>): void {
    const { scheduler, trace } = this.surroundings;
    const container = this.#container();
    const actor = scheduler.actor(`${name}-${++this.#invocations}`);
    const ended = (): void => {
      this.#running[name]--;
      container.process = undefined;
    };
    const process = new Process(actor, () => {
      ended();
      this.#containers.splice(this.#containers.indexOf(container), 1);
    });
    container.process = process;
    this.#running[name]++;
    this.surroundings.counters.add(`invocation: ${name}`);
    trace.note(() => `${actor.name} begins`);
    work(container.ports, process).then(
      (settle) => {
        ended();
        settle();
        trace.note(() => `${actor.name} ends`);
      },
      (error: unknown) => {
        ended();
        trace.note(() => `${actor.name} fails: ${String(error)}`);
      },
    );
  }

  #container(): Container {
    const { scheduler } = this.surroundings;
    const idle = this.#containers.filter((container) => container.process === undefined);
    if (idle.length > 0 && scheduler.random.chance(0.8)) return scheduler.random.pick(idle);
    const container: Container = { process: undefined, ports: this.#ports(() => container.process!) };
    this.#containers.push(container);
    return container;
  }

  #ports(process: () => Process): Ports {
    const { calls, scheduler, counters, trace } = this.surroundings;
    const caller = { process, calls, observer: this.surroundings.invariants() };
    const queue: WakeUpQueue = {
      send: (wakeUps) => {
        for (const wakeUp of wakeUps) {
          if (wakeUp.cause.startsWith('more')) counters.add('merges out of time');
          this.send(wakeUp);
        }
        return Promise.resolve();
      },
      extend: (receiptHandles, seconds) => {
        for (const handle of receiptHandles) this.wakeUps.changeVisibility(handle, seconds);
        return Promise.resolve();
      },
    };
    const note = (message: string, facts: Record<string, unknown> = {}): void => {
      trace.note(() => `  ${process().actor.name} says: ${message} ${messageOf(facts.reason ?? facts.error ?? '')}`);
      const counter = COUNTED[message];
      if (counter !== undefined) counters.add(counter);
    };
    return {
      raw: new SimObjectStore('raw', this.raw, caller),
      lake: new SimObjectStore('lake', this.lake, caller),
      tables: new SimTableStore(this.tables, this.items, caller),
      queue: new SimQueue(queue, caller),
      clock: scheduler.clock,
      random: { id: () => this.id() },
      log: { info: note, warn: note, error: note },
      history: { add: () => Promise.resolve(), list: () => Promise.resolve([]) },
      metrics: NO_METRICS,
      threads: OWN_THREAD,
      config: this.config,
    };
  }

  #changed(change: RowChange): void {
    if (change.after) this.items.set(change.after.path, change.after);
    const { clock, random } = this.surroundings.scheduler;
    // A batch is delivered some time after its first change, with what came since.
    if (this.#stream.length === 0) this.#streamReadyAt = clock.now() + random.pick([0, STREAM_DELAY_MS]);
    this.#stream.push(change);
  }

  #notify(key: string, notices: Scenario['notices']): void {
    const { scheduler, counters } = this.surroundings;
    const { random, clock } = scheduler;
    const object = { key: encodeURIComponent(key), sequencer: this.id() };
    const s3 = { bucket: { name: this.config.rawBucket }, object };
    const body = JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] });
    if (notices === 'lossy' && random.chance(0.4)) {
      this.isNoticeLost = true;
      counters.add('notices lost');
      return;
    }
    const times = notices === 'doubled' ? 2 : 1;
    const delayMax = notices === 'late' || notices === 'doubled' ? 20 * 60_000 : 0;
    for (let i = 0; i < times; i++) {
      const readyAt = clock.now() + random.integer(0, delayMax);
      this.surroundings.scheduler.add({
        actor: this.#network,
        readyAt,
        run: () => void this.arrivals.send({ body }),
      });
    }
  }
}

type ReceivedMessageOnly = Omit<ReceivedMessage, 'receiveCount'> & { attributes: { ApproximateReceiveCount: string } };

interface RunningMerge {
  process: Process;
  /** Whether its batch is of one table. */
  isAlone: boolean;
  /** When it must have ended. */
  until: number;
}

/** Remembers from invocation to invocation what modules remember. */
interface Container {
  process: Process | undefined;
  readonly ports: Ports;
}

/** What the code under test says of itself, and how it is counted. */
const COUNTED: Readonly<Record<string, string>> = {
  'a change file came late': 'late files merged',
  'taking over a merge that was not committed': 'tables taken over',
  'the table is built anew': 'tables built anew',
  'table compacted': 'tables compacted',
};
