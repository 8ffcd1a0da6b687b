/** AWS Lambda: functions run in containers that are used again, and remember from invocation to invocation what modules do. */
import { messageOf } from '../../lib/errors.ts';
import { NO_METRICS } from '../../lib/ports/metrics.ts';
import type { Ports } from '../../lib/ports/ports.ts';
import type { WakeUpQueue } from '../../lib/ports/wake-up-queue.ts';
import { OWN_THREAD } from '../../lib/threads/own-thread.ts';
import type { Account } from './account.ts';
import { Process, type FunctionName } from './process.ts';
import { SimCatalog } from './sim-catalog.ts';
import { SimObjectStore, SimQueue, SimTableStore } from './sim-ports.ts';

interface Container {
  process: Process | undefined;
  readonly ports: Ports;
}

export class Functions {
  readonly #containers: Container[] = [];
  readonly #running = { route: 0, merge: 0, wake: 0, sweep: 0, command: 0 };
  #invocations = 0;

  constructor(private readonly account: Account) {}

  /** How many invocations of a function are under way. */
  running(name: FunctionName): number {
    return this.#running[name];
  }

  /** @param work ends with what Lambda does once the function has answered */
  invoke(name: FunctionName, work: (ports: Ports, process: Process) => Promise<() => void>): void {
    const { scheduler, trace, counters } = this.account.surroundings;
    const container = this.#container();
    const actor = scheduler.actor(`${name}-${++this.#invocations}`);
    const ended = (): void => {
      this.#running[name]--;
      container.process = undefined;
    };
    const process = new Process(actor, name, () => {
      ended();
      this.#containers.splice(this.#containers.indexOf(container), 1);
    });
    container.process = process;
    this.#running[name]++;
    counters.add(`invocation: ${name}`);
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
    const { random } = this.account.surroundings.scheduler;
    const idle = this.#containers.filter((container) => container.process === undefined);
    if (idle.length > 0 && random.chance(0.8)) return random.pick(idle);
    const container: Container = { process: undefined, ports: this.#ports(() => container.process!) };
    this.#containers.push(container);
    return container;
  }

  #ports(process: () => Process): Ports {
    const { account } = this;
    const { calls, scheduler, counters, trace, invariants } = account.surroundings;
    const caller = { process, calls, observer: invariants() };
    const queue: WakeUpQueue = {
      send: (wakeUps) => {
        for (const wakeUp of wakeUps) {
          if (wakeUp.cause.startsWith('more')) counters.add('merges out of time');
          account.send(wakeUp);
        }
        return Promise.resolve();
      },
      extend: (receiptHandles, seconds) => {
        for (const handle of receiptHandles) account.wakeUps.changeVisibility(handle, seconds);
        return Promise.resolve();
      },
    };
    const note = (message: string, facts: Record<string, unknown> = {}): void => {
      trace.note(() => `  ${process().actor.name} says: ${message} ${messageOf(facts.reason ?? facts.error ?? '')}`);
      const counter = COUNTED[message];
      if (counter !== undefined) counters.add(counter);
    };
    return {
      raw: new SimObjectStore('raw', account.raw, caller, account.pageKeys),
      lake: new SimObjectStore('lake', account.lake, caller),
      tables: new SimTableStore(account.tables, account.items, caller),
      queue: new SimQueue(queue, caller),
      ...(account.catalog && { catalog: new SimCatalog(account.catalog, caller) }),
      clock: scheduler.clock,
      random: { id: () => account.id() },
      log: { info: note, warn: note, error: note },
      history: { add: () => Promise.resolve(), list: () => Promise.resolve([]) },
      metrics: NO_METRICS,
      threads: OWN_THREAD,
      config: account.config,
    };
  }
}

/** What the code under test says of itself, and how it is counted. */
const COUNTED: Readonly<Record<string, string>> = {
  'a change file came late': 'late files merged',
  'taking over a merge that was not committed': 'tables taken over',
  'the table is built anew': 'tables built anew',
  'table compacted': 'tables compacted',
  'table registered in the catalog': 'tables registered',
  'a table could not be registered in the catalog': 'tables refused by the catalog',
  'raw files vanished': 'tables whose raw files vanished',
  'all raw files of a table are gone': 'tables without raw files',
};
