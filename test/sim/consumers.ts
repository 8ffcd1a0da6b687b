/** Who receives what the queues hold: route and merge, several invocations of each at a time. */
import type { Ports } from '../../lib/ports/ports.ts';
import { routeArrivals } from '../../lib/queue/route.ts';
import type { WakeUp } from '../../lib/queue/wake-up.ts';
import type { TableOutcome } from '../../lib/table/reconcile-batch.ts';
import { reconcileBatch } from '../../lib/table/reconcile-batch.ts';
import type { Queue, ReceivedMessage } from '../cloud/queue.ts';
import type { Account } from './account.ts';
import type { Process } from './process.ts';
import type { Scenario } from './scenario.ts';
import type { Action } from './scheduler.ts';

/** A message as Lambda hands it to a function. */
type Message = Omit<ReceivedMessage, 'receiveCount' | 'groupId'> & {
  attributes: { ApproximateReceiveCount: string; MessageGroupId: string | undefined };
};

interface RunningMerge {
  process: Process;
  /** Whether its batch is of one table. */
  isAlone: boolean;
  /** When it must have ended. */
  until: number;
}

export class Consumers {
  /** Merges of a table that are under way, or died so. */
  readonly #merging = new Map<string, Set<RunningMerge>>();

  constructor(
    private readonly account: Account,
    /** What an invocation of merge has, and what becomes of one that has used it up. */
    private timeout: { seconds: number; atDeadline: Scenario['atDeadline'] },
  ) {
    this.#poll('route', account.arrivals);
    this.#poll('merge', account.wakeUps);
  }

  /** From now on an invocation has time for all that it is to do. */
  allowWholeTime(): void {
    this.timeout = { seconds: FULL_TIMEOUT_SECONDS, atDeadline: 'stops' };
  }

  /** Whether a merge that may be of this table has not ended. */
  isMerging(path: string): boolean {
    return this.#alive(path).length > 0;
  }

  #poll(name: 'route' | 'merge', queue: Queue): void {
    const { account } = this;
    const { scheduler, counters } = account.surroundings;
    scheduler.addSource({
      actor: scheduler.actor(`poller of ${queue.name}`),
      readyAt: () => (account.functions.running(name) < CONCURRENCY[name] ? queue.nextVisibleAt() : undefined),
      run: () => {
        const dead = { wakeUps: account.deadWakeUps(), notices: account.deadNotices() };
        const messages = queue.receive(scheduler.random.integer(1, 10));
        counters.add('wake-ups dead', account.deadWakeUps() - dead.wakeUps);
        counters.add('notices dead', account.deadNotices() - dead.notices);
        if (messages.length > 0) this.#invoke(name, messages, queue);
      },
    });
  }

  #invoke(name: 'route' | 'merge', messages: readonly ReceivedMessage[], queue: Queue): void {
    this.account.functions.invoke(name, async (ports, process) => {
      const received = messages.map(({ receiveCount, groupId, ...message }) => ({
        ...message,
        attributes: { ApproximateReceiveCount: String(receiveCount), MessageGroupId: groupId },
      }));
      const failed = await (name === 'route' ? this.#route(ports, received) : this.#merge(ports, process, received));
      return () => {
        for (const { messageId, receiptHandle } of messages)
          if (!failed.includes(messageId)) queue.delete(receiptHandle);
      };
    });
  }

  async #route(ports: Ports, messages: readonly Message[]): Promise<string[]> {
    return (await routeArrivals(messages, ports)).failed;
  }

  async #merge(ports: Ports, process: Process, messages: readonly Message[]): Promise<string[]> {
    const wakeUps = messages.map(({ body }) => JSON.parse(body) as WakeUp);
    const tables = wakeUps.map(({ table }) => table);
    process.isCompacting = wakeUps.some(({ compact }) => compact !== undefined);
    const paths = [...new Set(tables)];
    const deadline = ports.clock.now() + this.timeout.seconds * 1000;
    const killing = this.#killAt(deadline, process);
    const merge = { process, isAlone: paths.length === 1, until: deadline };
    for (const path of paths) this.#begin(path, merge);
    const invocation = { deadline, requestId: ports.random.id() };
    const { failed, outcomes } = await reconcileBatch(messages, invocation, ports).finally(() => {
      if (killing) this.account.surroundings.scheduler.remove(killing);
    });
    for (const path of paths) this.#merging.get(path)?.delete(merge);
    const failures = messages.map(({ messageId }) => failed.includes(messageId));
    this.#settled(tables, failures, outcomes);
    return failed;
  }

  /** Nobody waits for an invocation that is not at its end in time. */
  #killAt(deadline: number, process: Process): Action | undefined {
    if (this.timeout.atDeadline === 'stops') return undefined;
    const { scheduler, calls, counters, trace } = this.account.surroundings;
    const at = deadline + scheduler.random.pick([0, RESERVE_MS]);
    const run = (): void => {
      if (!process.alive) return;
      counters.add('merges killed at their deadline');
      trace.note(() => `${process.actor.name} is killed: its time is up`);
      calls.kill(process);
    };
    const killing: Action = { actor: scheduler.actor('timeout'), readyAt: at, endsBy: at, run };
    scheduler.add(killing);
    return killing;
  }

  /** Handed back is what was not merged, and nothing else. @param failures of the messages of these tables */
  #settled(tables: readonly string[], failures: readonly boolean[], outcomes: readonly TableOutcome[]): void {
    const { counters, invariants } = this.account.surroundings;
    const merged = new Set(outcomes.map(({ path }) => path));
    for (const [i, table] of tables.entries()) {
      if (failures[i] && merged.has(table))
        invariants().fail(`wake-ups of ${table} are handed back though it is merged`);
      if (!failures[i] && !merged.has(table))
        invariants().fail(`wake-ups of ${table} are deleted though it is not merged`);
    }
    if (merged.size > 0 && failures.includes(true)) counters.add('batches that failed in part');
  }

  /** The queue's groups keep a table from two merges, unless one of them is slow. */
  #begin(path: string, merge: RunningMerge): void {
    const { counters, invariants, scheduler } = this.account.surroundings;
    const others = this.#alive(path);
    if (others.length > 0) counters.add('two merges of one table at a time');
    if (others.some(({ process, isAlone, until }) => isAlone && !process.isSlow && scheduler.clock.now() < until))
      invariants().fail('a second merge of a table begins though the first one is not slow');
    this.#merging.set(path, new Set([...others, merge]));
  }

  #alive(path: string): RunningMerge[] {
    return [...(this.#merging.get(path) ?? [])].filter(({ process }) => process.alive);
  }
}

/** How many of a function run at the same time. */
const CONCURRENCY = { route: 2, merge: 3 } as const;
const FULL_TIMEOUT_SECONDS = 900;
/** What merge keeps free before it is stopped. */
const RESERVE_MS = 15_000;
